"""Noise levels of a fit, and how likely its misfits are under them."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from physics.unknowns import Problem

LEAST_NOISE = 1e-9
PSEUDO = 2.0


def levels(problem: "Problem", misfit: np.ndarray, before: np.ndarray):
    """(noise levels (sample, channel), root mean square misfit (channel,)).

    Each record of each state has its own level, drawn towards that of all records of the state
    by as much as PSEUDO measurements would.   misfit: (row, length, channel), NaN where unowned.
    """
    by_sample = misfit.reshape(len(problem.data), -1, misfit.shape[-1])
    squares, counts = np.nansum(by_sample**2, axis=1), (~np.isnan(by_sample)).sum(axis=1)
    pooled = squares.sum(0) / np.maximum(counts.sum(0), 1)
    freedom = max(problem.measured - problem.unknowns + int(problem.seen.sum()), 1)
    variance = (squares + PSEUDO * pooled) / (counts + PSEUDO) * (problem.measured / freedom)
    floor = LEAST_NOISE * (1.0 if problem.multiplicative else problem.scale)
    level = np.where(problem.seen, np.maximum(np.sqrt(variance), floor), before)
    return level, np.sqrt(pooled)


def log_likelihood(misfit: np.ndarray, level: np.ndarray) -> float:
    """Gaussian log-likelihood of the misfits under their noise levels (sample, channel)."""
    by_sample = misfit.reshape(len(level), -1, misfit.shape[-1])
    width = np.broadcast_to(level[:, None], by_sample.shape)
    entries = np.log(2 * np.pi * width**2) + (by_sample / width) ** 2
    return float(-0.5 * np.nansum(entries))
