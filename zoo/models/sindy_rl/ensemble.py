"""Sparse ensembles: all members and targets from the moments of blocks of rows, in one program.

Rows are drawn block by block with replacement (bagging). Terms are never withheld from a member:
one without an essential term is no sample of the same model, and would spoil the spread.

Source: Fasel, Kutz, Brunton & Brunton (2022), doi:10.1098/rspa.2021.0904.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from symbolic import regression
from zoo.models.sindy_rl.library import array_library

BLOCKS = 128
ITERATIONS = 12


class Ensemble(NamedTuple):
    """coefficients: (member, target, term), of the terms as they are."""

    coefficients: Any

    @property
    def median(self) -> Any:
        """(target, term)."""
        return array_library(self.coefficients).median(self.coefficients, axis=0)

    @property
    def deviations(self) -> Any:
        """(member, target, term) D with covariance DᵀD of each target's coefficients."""
        members = len(self.coefficients)
        spread = self.coefficients - self.coefficients.mean(0)
        return spread / np.sqrt(max(members - 1, 1))


def fit(
    terms: np.ndarray, targets: np.ndarray, *, members: int, threshold: float, ridge: float,
    shrink: float = 0.0, seed: int = 0,
) -> Ensemble:  # fmt: skip
    """Ensemble for targets (row, target) of terms (row, term).

    threshold: of a term's root mean square contribution relative to the target's.   ridge: on unit
    columns, while terms are chosen.   shrink: ridge on unit columns that stays, where terms
    are so alike in the data that their coefficients would be large and opposite.
    """
    with jax.enable_x64(True):
        found = fitted(
            np.asarray(terms, float), np.asarray(targets, float), np.ones(len(terms), bool),
            bags(members, seed), threshold, ridge, shrink,
        )  # fmt: skip
        return Ensemble(np.asarray(found.coefficients))


def bags(members: int, seed: int) -> np.ndarray:
    """(member, block) how often each member draws each block of rows."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(BLOCKS, np.full(BLOCKS, 1 / BLOCKS), size=members).astype(np.float32)


@jax.jit
def fitted(
    terms: Any, targets: Any, good: Any, bags: Any, threshold: Any, ridge: Any, shrink: Any
) -> Ensemble:
    """`fit` within a program, to the rows where `good` (row,) holds; the others change nothing.

    It is to stand under `jax.enable_x64(True)`, on float64: a Gram matrix has the square of the
    condition of its terms.
    """
    p, count = terms.shape[1], targets.shape[1]
    blocks = moments(jnp.concatenate([terms, targets], 1), good)
    scale = jnp.sqrt(jnp.einsum("bii->i", blocks))
    scale = jnp.where(scale == 0, 1.0, scale)
    own = jnp.tensordot(bags.astype(float), blocks / (scale[:, None] * scale), axes=1)
    places = np.array([[*range(p), p + k] for k in range(count)])
    own = own[:, places[:, :, None], places[:, None, :]].reshape(-1, p + 1, p + 1)
    own = own + shrink * np.diag([*np.ones(p), 0.0])
    found = regression.thresholded(own, jnp.asarray([threshold]), ridge, iterations=ITERATIONS)
    found = found.reshape(len(bags), count, p)
    return Ensemble(found * scale[None, p:, None] / scale[None, None, :p])


def moments(columns: Any, good: Any) -> Any:
    """(BLOCKS, column, column) Gram matrices of the good ones of `columns` (row, column), in blocks
    of neighbours that are alike in size but for one row."""
    count, room = good.sum(), len(good)
    ends = jnp.arange(BLOCKS + 1) * count // BLOCKS
    rank = ends[:-1, None] + jnp.arange(-(-room // BLOCKS))
    place = jnp.argsort(~good)[jnp.minimum(rank, room - 1)]  # of the good row of that rank
    part = columns[place]
    part = jnp.where((rank < ends[1:, None])[..., None], part, 0.0)
    return jnp.einsum("bri,brj->bij", part, part)
