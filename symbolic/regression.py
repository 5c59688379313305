"""The sparse regression core: everything from small Gram matrices, batched, in float64.

A data set enters once, as augmented moments M = [Θ y]ᵀW[Θ y] per block of rows; folds and
bootstraps are sums of blocks. STLSQ runs over all thresholds and bootstraps at once; best subset
scores thousands of term sets with one batched Cholesky factor each, whose last pivot squared is
the residual sum of squares.

Source: Brunton, Proctor & Kutz (2016), doi:10.1073/pnas.1517384113 (STLSQ); Fasel et al. (2022),
doi:10.1098/rspa.2021.0904 (ensembles).
"""

import functools
import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

TINY = 1e-13  # ridge on unit columns: keeps exactly dependent sets solvable
_PAD_COLUMNS = 16
_PAD_SETS = (128, 2048, 16384)


class Moments(NamedTuple):
    """Gram matrices of unit columns, one per block of rows.

    blocks: (block, p + 1, p + 1), the goal in the last place.   scale: (p + 1,), norms of the raw
    columns, that of the goal included.   rows: (block,) numbers of rows.
    """

    blocks: np.ndarray
    scale: np.ndarray
    rows: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """(p + 1, p + 1): all rows together."""
        return self.blocks.sum(0)


def moments(columns: np.ndarray, goal: np.ndarray, block: np.ndarray) -> Moments:
    """Moments of `columns` (row, p) and `goal` (row,); block: (row,) numbers from 0."""
    joined = np.concatenate([columns, goal[:, None]], axis=1)
    scale = np.linalg.norm(joined, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    joined = joined / scale
    labels = np.unique(block)
    parts = np.stack([joined[block == b].T @ joined[block == b] for b in labels])
    return Moments(parts, scale, np.array([(block == b).sum() for b in labels]))


# -- subsets -------------------------------------------------------------------------------


@jax.jit
def _errors(moment: jax.Array, subsets: jax.Array) -> jax.Array:
    """Residual sums (set,) of the sets (set, k); an index beyond the columns is no term."""
    size = moment.shape[0] - 1
    index = jnp.concatenate([subsets, jnp.full((subsets.shape[0], 1), size)], axis=1)
    real = jnp.concatenate([subsets < size, jnp.ones((subsets.shape[0], 1), bool)], axis=1)
    blocks = moment[index[:, :, None], index[:, None, :]]
    blocks = blocks * (real[:, :, None] & real[:, None, :])
    ridge = jnp.where(real, TINY, 1.0).at[:, -1].set(0.0)
    factor = jnp.linalg.cholesky(blocks + ridge[:, :, None] * jnp.eye(index.shape[1]))
    return factor[:, -1, -1] ** 2


@jax.jit
def _summed(moments: jax.Array, subsets: jax.Array) -> jax.Array:
    """The same with coefficients of their own for every moment (m, p + 1, p + 1), summed."""
    return jax.lax.map(lambda moment: _errors(moment, subsets), moments).sum(0)


def errors(moment: np.ndarray, subsets: np.ndarray) -> np.ndarray:
    """Residual sum of squares (set,) of each set of columns, relative to the goal's.

    moment: (p + 1, p + 1), or (m, p + 1, p + 1) for coefficients of their own in m groups of rows.
    subsets: (set, k) column numbers, padded with p.
    """
    size = moment.shape[-1] - 1
    moment, dummy = _padded(moment)
    left = _errors if moment.ndim == 2 else _summed
    subsets = np.where(subsets >= size, dummy, subsets)
    found, start = np.empty(len(subsets)), 0
    with jax.enable_x64(True):
        moment = jnp.asarray(moment)
        while start < len(subsets):
            rest = len(subsets) - start
            room = next((n for n in _PAD_SETS if n >= rest), _PAD_SETS[-1])
            chunk = subsets[start : start + room]
            full = np.full((room, subsets.shape[1]), dummy)
            full[: len(chunk)] = chunk
            found[start : start + room] = np.asarray(left(moment, full))[: len(chunk)]
            start += room
    return np.where(np.isnan(found), np.inf, found)


def solutions(moments: np.ndarray, subsets: np.ndarray) -> np.ndarray:
    """Least-squares coefficients (moment, set, k) of every set under every moment.

    moments: (moment, p + 1, p + 1).   subsets: (set, k), padded with p; there the result is 0.
    """
    size = moments.shape[-1] - 1
    real = subsets < size
    gram = moments[:, subsets[:, :, None], subsets[:, None, :]]
    gram = gram * (real[:, :, None] & real[:, None, :])
    right = np.where(real, moments[:, subsets, size], 0.0)
    ridge = np.where(real, TINY * np.einsum("...kk->...k", gram) + 1e-30, 1.0)
    return np.linalg.solve(gram + ridge[..., None] * np.eye(subsets.shape[1]), right[..., None])[
        ..., 0
    ]


def _padded(moment: np.ndarray) -> tuple[np.ndarray, int]:
    """The moment with zero columns before the goal, so that few shapes are compiled."""
    size = moment.shape[-1] - 1
    room = -(-size // _PAD_COLUMNS) * _PAD_COLUMNS
    wide = np.zeros((*moment.shape[:-2], room + 1, room + 1))
    kept = np.array([*range(size), room])
    wide[..., kept[:, None], kept] = moment
    return wide, room


def best_subsets(
    moment: np.ndarray, most: int, keep: int = 5, exhaustive: int = 20_000, width: int = 30
) -> list[tuple[int, ...]]:
    """The `keep` best sets of every size 1 … `most`, best first within a size.

    moment: as in `errors`.   All sets of a size where there are at most `exhaustive`; beyond that
    the `width` best of the size before, each with one more column, then improved by exchanging
    single columns.
    """
    size = moment.shape[-1] - 1
    most = min(most, size)
    found: list[tuple[int, ...]] = []
    front: list[tuple[int, ...]] = []
    for k in range(1, most + 1):
        if math.comb(size, k) <= exhaustive:
            sets = _all_sets(size, k)
        else:
            sets = _grown(front, size)
        scores = errors(moment, _rectangle(sets, most, size))
        order = np.argsort(scores, kind="stable")[:width]
        front = [tuple(int(i) for i in sets[o]) for o in order if np.isfinite(scores[o])]
        if math.comb(size, k) > exhaustive and front:
            front = _exchanged(moment, front, most, width)
        found += front[:keep]
    return found


def _all_sets(size: int, k: int) -> np.ndarray:
    return np.array(list(itertools.combinations(range(size), k))).reshape(-1, k)


def _grown(front: Sequence[tuple[int, ...]], size: int) -> np.ndarray:
    grown = {tuple(sorted((*s, i))) for s in front for i in range(size) if i not in s}
    return np.array(sorted(grown))


def _exchanged(moment, front, most: int, width: int) -> list[tuple[int, ...]]:
    """One round of exchanging each column of each set for each other column."""
    size = moment.shape[-1] - 1
    trials = {
        tuple(sorted({*s[:j], *s[j + 1 :], i}))
        for s in front[:8]
        for j in range(len(s))
        for i in range(size)
        if i not in s
    }
    sets = sorted({*front, *trials})
    scores = errors(moment, _rectangle(np.array(sets), most, size))
    return [sets[o] for o in np.argsort(scores, kind="stable")[:width]]


def _rectangle(sets: np.ndarray, most: int, dummy: int) -> np.ndarray:
    room = np.full((len(sets), max(most, sets.shape[1])), dummy)
    room[:, : sets.shape[1]] = sets
    return room


def padded(subsets: Sequence[Sequence[int]], dummy: int, most: int | None = None) -> np.ndarray:
    """Sets of different sizes as one array, filled up with `dummy`."""
    most = most or max(1, *(len(s) for s in subsets), 1)
    room = np.full((len(subsets), most), dummy)
    for row, subset in zip(room, subsets, strict=True):
        row[: len(subset)] = list(subset)
    return room


# -- sequentially thresholded least squares ------------------------------------------------


@functools.partial(jax.jit, static_argnames="iterations")
def _stlsq(moments, thresholds, alpha, iterations: int):
    """Coefficients (moment, threshold, p)."""

    def one(moment, threshold):
        gram, right = moment[:-1, :-1], moment[:-1, -1]
        diagonal = jnp.eye(gram.shape[0])

        def solve(mask, ridge):
            kept = mask.astype(gram.dtype)
            system = gram * kept[:, None] * kept + diagonal * jnp.where(mask, ridge, 1.0)
            return jnp.linalg.solve(system, kept * right)

        def narrow(_, mask):
            return mask & (jnp.abs(solve(mask, alpha)) >= threshold)

        mask = jax.lax.fori_loop(0, iterations, narrow, gram.diagonal() > 0)
        return jnp.where(mask, solve(mask, TINY * gram.diagonal()), 0.0)

    return jax.vmap(jax.vmap(one, (None, 0)), (0, None))(moments, thresholds)


def stlsq(
    moments: np.ndarray, thresholds: Sequence[float], alpha: float = 0.0, iterations: int = 20
) -> np.ndarray:
    """Sequentially thresholded ridge regression, then least squares on what is left.

    moments: (moment, p + 1, p + 1), one per bootstrap or target.   thresholds: (threshold,), on
    the coefficients of the columns as given.   alpha: ridge, not scaled with the rows.
    Returns (moment, threshold, p); zero where a column was dropped.

    >>> x = np.linspace(-1, 1, 50)
    >>> joined = np.stack([x, x**2, 3 * x], axis=1)
    >>> stlsq((joined.T @ joined)[None], [0.1]).round(6).tolist()
    [[[3.0, 0.0]]]
    """
    with jax.enable_x64(True):
        return np.asarray(
            _stlsq(np.asarray(moments), np.asarray(thresholds, float), float(alpha), iterations)
        )
