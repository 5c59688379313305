"""The sparse regression core: everything from small Gram matrices, batched, in float64.

A data set enters once, as augmented moments M = [Θ y]ᵀW[Θ y] per block of rows; folds and
bootstraps are sums of blocks. STLSQ runs over all thresholds and bootstraps at once. Term sets are
scored by batched Cholesky factors, whose last pivot squared is the residual sum of squares; best
subset carries one factor on to every column that the set may get.

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
EXCHANGED = 8  # best sets whose columns are exchanged


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
    found: list[tuple[int, ...]] = []
    front = np.empty((1, 0), int)
    for k in range(1, min(most, size) + 1):
        if math.comb(size, k) <= exhaustive:
            front = _ranked(moment, _all_sets(size, k - 1), width, ordered=True)
        else:
            front = _ranked(moment, front, width)
            less = [np.delete(s, j) for s in front[:EXCHANGED] for j in range(len(s))]
            front = _ranked(moment, np.unique(np.reshape(less, (-1, k - 1)), axis=0), width)
        found += [tuple(map(int, s)) for s in front[:keep]]
    return found


def _ranked(moment: np.ndarray, sets: np.ndarray, width: int, ordered: bool = False) -> np.ndarray:
    """The `width` best of all `sets` (set, k) with one more column each, best first.

    ordered: only with columns after their last.
    """
    scores = sum(_completed(m, sets) for m in moment.reshape(-1, *moment.shape[-2:]))
    columns = np.arange(moment.shape[-1] - 1)
    if ordered and sets.shape[1]:
        scores[columns <= sets[:, -1:]] = np.inf
    row, column = np.nonzero(np.isfinite(scores))
    scores = scores[row, column]
    grown = np.sort(np.concatenate([sets[row], column[:, None]], axis=1), axis=1)
    # A set may come from several, with other rounding: enough of the best to hold `width` others.
    order = np.argsort(scores, kind="stable")[: width * grown.shape[1]]
    kept, first = np.unique(grown[order], axis=0, return_index=True)
    best = np.argsort(scores[order][first], kind="stable")[:width]
    return kept[best]


def _completed(moment: np.ndarray, sets: np.ndarray) -> np.ndarray:
    """Residual sums (set, p) of each of `sets` (set, k) with each column more; inf if it is there.

    Cholesky factors of the sets' Gram matrices, carried on to all columns and to the goal: what a
    column adds follows from what the set leaves of it, so one factor scores p larger sets.
    """
    rows, every = moment[sets], np.arange(len(sets))
    left = np.tile(moment.diagonal(), (len(sets), 1))
    across = np.tile(moment[-1, :-1], (len(sets), 1))
    with np.errstate(all="ignore"):
        for i, pivot in enumerate(sets.T):
            row = rows[:, i] / np.sqrt(rows[every, i, pivot] + TINY)[:, None]
            rows[:, i + 1 :] -= row[every[:, None], sets[:, i + 1 :], None] * row[:, None]
            left -= row**2
            across -= row[:, :-1] * row[:, -1:]
        errors = left[:, -1:] - across**2 / (left[:, :-1] + TINY)
    np.put_along_axis(errors, sets, np.inf, axis=1)
    return np.where(errors >= 0, errors, np.inf)


def _all_sets(size: int, k: int) -> np.ndarray:
    sets = list(itertools.combinations(range(size), k))
    return np.array(sets, int).reshape(len(sets), k)


def padded(subsets: Sequence[Sequence[int]], dummy: int, most: int | None = None) -> np.ndarray:
    """Sets of different sizes as one array, filled up with `dummy`."""
    most = most or max(1, *(len(s) for s in subsets), 1)
    room = np.full((len(subsets), most), dummy)
    for row, subset in zip(room, subsets, strict=True):
        row[: len(subset)] = list(subset)
    return room


# -- sequentially thresholded least squares ------------------------------------------------


@functools.partial(jax.jit, static_argnames="iterations")
def thresholded(moments, thresholds, alpha, iterations: int):
    """`stlsq` within a program, on float64 arrays: coefficients (moment, threshold, p)."""

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
            thresholded(
                np.asarray(moments), np.asarray(thresholds, float), float(alpha), iterations
            )
        )
