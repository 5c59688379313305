"""The basis in which a smoothing spline shrinks every wave of a complete series by itself.

Splines are of time, or of log(1 + t/τ): what decays from the start on is smooth in the latter.

Source: Demmler & Reinsch (1975), doi:10.1007/BF01437406.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from symbolic.derivatives import ORDER, quintic

WARPS = (0.0, 3.0, 12.0, 48.0)  # spans of the record over τ; 0: plain time


@dataclass(frozen=True)
class Demmler:
    """parabolas (m, 3) and waves (m, m − 3) orthonormal at m times.   rough: (m − 3,) penalties of
    the waves.   spline: of `warped` times, values at the nodes -> curve."""

    parabolas: np.ndarray
    waves: np.ndarray
    rough: np.ndarray
    spline: Any
    begin: float
    span: float
    warp: float

    def basis(self, times: np.ndarray) -> np.ndarray:
        """(time, node): values at the nodes -> values at `times`."""
        return self.spline(warped((times - self.begin) / self.span, self.warp))


def warped(share: np.ndarray, warp: float) -> np.ndarray:
    """Times in shares of the record, stretched near the start."""
    return np.log1p(warp * share) / np.log1p(warp) if warp else share


def demmler_reinsch(times: np.ndarray, warp: float = 0.0) -> Demmler:
    """The basis for series measured at all of `times`."""
    begin, span = float(times[0]), float(times[-1] - times[0])
    grid = warped((times - begin) / span, warp)
    spline, penalty = quintic(grid)
    basis = np.vander(grid - grid.mean(), ORDER, increasing=True)
    complete, _ = np.linalg.qr(basis, mode="complete")
    rest = complete[:, ORDER:]
    inside = rest.T @ penalty @ rest
    rough, waves = np.linalg.eigh((inside + inside.T) / 2)
    rough = np.maximum(rough, 1e-16 * rough[-1])
    return Demmler(complete[:, :ORDER], rest @ waves, rough, spline, begin, span, warp)
