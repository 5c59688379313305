"""Sparse ensembles: all members and targets from the moments of blocks of rows, in one program.

Rows are drawn block by block with replacement (bagging). Terms are never withheld from a member:
one without an essential term is no sample of the same model, and would spoil the spread.

Source: Fasel, Kutz, Brunton & Brunton (2022), doi:10.1098/rspa.2021.0904.
"""

from typing import NamedTuple

import numpy as np

from symbolic import regression

BLOCKS = 128


class Ensemble(NamedTuple):
    """coefficients: (member, target, term), of the terms as they are."""

    coefficients: np.ndarray

    @property
    def median(self) -> np.ndarray:
        """(target, term)."""
        return np.median(self.coefficients, axis=0)

    @property
    def deviations(self) -> np.ndarray:
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
    p, count = terms.shape[1], targets.shape[1]
    joined = np.concatenate([terms, targets], 1).astype(np.float64)
    scale = np.sqrt((joined**2).sum(0))
    scale[scale == 0] = 1.0
    joined /= scale
    edges = np.linspace(0, len(joined), min(BLOCKS, len(joined)) + 1).astype(int)
    parts = [joined[a:b] for a, b in zip(edges, edges[1:], strict=False)]
    blocks = np.stack([part.T @ part for part in parts])
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(len(blocks), np.full(len(blocks), 1 / len(blocks)), size=members)
    moments = np.tensordot(draws.astype(float), blocks, axes=1)
    places = np.array([[*range(p), p + k] for k in range(count)])
    own = moments[:, places[:, :, None], places[:, None, :]].reshape(-1, p + 1, p + 1)
    own[:, range(p), range(p)] += shrink
    found = regression.stlsq(own, [threshold], ridge, iterations=12)[:, 0]
    found = found.reshape(members, count, p)
    return Ensemble(found * scale[None, p:, None] / scale[None, None, :p])
