"""The weak form over space and time: test functions of space times sines of time.

Space: the field is projected on test functions, which leaves one equation in time for each; time:
as symbolic.weakform does for trajectories, sines on each stretch with one integration by parts.
Errors of the rows follow from those of the curves, the mean of ∂F/∂u (which waves feel as growth
and travel), and its variation; dividing by their root makes them comparable, variance about one.

Source: Messenger & Bortz (2021), Weak SINDy for partial differential equations,
doi:10.1016/j.jcp.2021.110525; Galerkin projection as there is none of derivatives of data.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from symbolic.spacetime.bases import Walled, Waves
from symbolic.spacetime.curves import Piece

FLOOR = 1e-4  # error of quadrature and interpolation, relative to the rows
NODES = 2  # Gauss points per interval of time
LOUDEST = 250  # test functions used, those with the largest signal
MOST_TESTS = 40  # sines per stretch
MIXED = 12  # coefficients of largest error that a test function between walls is weighed by
MOST_POINTS = 600_000


@dataclass(frozen=True)
class Layout:
    """Kept coefficients and test functions of one field, and the grid they are evaluated on.

    index: (kept, dim) of basis functions.   tests: (test, dim).   mixing: (test, kept).
    shares, weights: of the evaluation grid per dimension.
    """

    bases: Sequence[Waves | Walled]
    index: np.ndarray
    tests: np.ndarray
    mixing: np.ndarray

    @classmethod
    def of(cls, bases, kept: np.ndarray, power: np.ndarray) -> "Layout":
        """kept: flat indices of coefficients.   power: (kept,) their mean squares."""
        index = np.stack(np.unravel_index(kept, [b.size for b in bases]), axis=-1)
        if all(b.periodic for b in bases):
            loud = np.sort(np.argsort(-power, kind="stable")[:LOUDEST])
            return cls(bases, index, index[loud], np.eye(len(kept))[loud])
        single = [b.tests_of_basis for b in bases]
        grids = np.indices([len(s) for s in single]).reshape(len(bases), -1).T
        mixing = np.ones((len(grids), len(kept)))
        for axis, products in enumerate(single):
            mixing *= products[grids[:, axis]][:, index[:, axis]]
        heard = mixing**2 @ power
        loud = np.sort(np.argsort(-heard, kind="stable")[:LOUDEST])
        loud = loud[heard[loud] > 1e-12 * heard.max()]
        return cls(bases, index, grids[loud], mixing[loud])


class Grid:
    """Where right-hand sides are evaluated: fine enough for products of the kept waves."""

    def __init__(self, layouts: Sequence[Layout], degree: int):
        self.bases = layouts[0].bases
        self.shares, self.weights = [], []
        for axis, basis in enumerate(self.bases):
            top = max(float(basis.orders[lay.index[:, axis]].max()) for lay in layouts)
            size = int(2 * math.ceil((degree + 1) * (top + 1) / 2) + 2)
            size = min(size, 4 * basis.count) if basis.periodic else size + basis.size
            share, weight = basis.quadrature(size)
            self.shares.append(share)
            self.weights.append(weight)
        self.shape = tuple(len(s) for s in self.shares)

    def fields(self, layout: Layout, mean: np.ndarray, orders: Sequence[int]) -> np.ndarray:
        """(time, *space) of the derivative `orders` of coefficients `mean` (time, kept)."""
        full = np.zeros((len(mean), *(b.size for b in self.bases)))
        full[(slice(None), *layout.index.T)] = mean
        for axis, (basis, share, order) in enumerate(
            zip(self.bases, self.shares, orders, strict=True)
        ):
            full = np.moveaxis(
                np.tensordot(basis.values(share, order), full, axes=(1, axis + 1)), 0, axis + 1
            )
        return full

    def project(self, layout: Layout, values: np.ndarray) -> np.ndarray:
        """(time, *space, k) -> (time, test, k): integrals against the test functions."""
        found = values
        for axis, (basis, share, weight) in enumerate(
            zip(self.bases, self.shares, self.weights, strict=True)
        ):
            tests = basis.tests(share) * weight
            found = np.moveaxis(np.tensordot(tests, found, axes=(1, axis + 1)), 0, axis + 1)
        return found[(slice(None), *layout.tests.T)]


@dataclass(frozen=True)
class PieceBlock:
    """Rows of one stretch: matrices[m] (sine, time) after projection on test m."""

    span: slice
    grid: Grid
    layout: Layout
    matrices: Sequence[np.ndarray]

    def rows(self, values: np.ndarray) -> np.ndarray:
        """(point, k) of the whole problem -> (row, k)."""
        return self.weigh(self.project(values))

    def project(self, values: np.ndarray) -> np.ndarray:
        """(point, k) of the whole problem -> (time, test, k)."""
        inside = values[self.span]
        return self.grid.project(
            self.layout, inside.reshape(-1, *self.grid.shape, inside.shape[-1])
        )

    def weigh(self, projected: np.ndarray) -> np.ndarray:
        """(time, test, k) -> (row, k)."""
        return np.concatenate([m @ projected[:, i] for i, m in enumerate(self.matrices)])


class Stretch:
    """One piece of one sample in time: quadrature, sines, and the curves at the quadrature."""

    def __init__(self, piece: Piece):
        self.piece = piece
        nodes = piece.nodes
        points, weights = np.polynomial.legendre.leggauss(NODES)
        half, middle = np.diff(nodes) / 2, (nodes[1:] + nodes[:-1]) / 2
        self.times = (middle[:, None] + half[:, None] * points).ravel()
        weights = (half[:, None] * weights).ravel()
        length = nodes[-1] - nodes[0]
        count = min(MOST_TESTS, max(3, len(nodes) // 2))
        order = np.arange(1, count + 1)[:, None]
        phase = np.pi * order * (self.times - nodes[0]) / length
        scale = np.sqrt(2 / length) * weights
        self.waves = np.sin(phase) * scale
        self.slopes = -np.cos(phase) * np.pi * order / length * scale

        bases = [form.basis(self.times) for form in piece.forms]
        self.curves = np.empty((len(self.times), piece.mean.shape[1]))
        self._waves, self._slopes = [], []
        for which, (basis, form) in enumerate(zip(bases, piece.forms, strict=True)):
            mine = piece.which == which
            self.curves[:, mine] = basis @ piece.mean[:, mine]
            errors = basis @ np.concatenate([form.parabolas, form.waves], axis=1)
            self._waves.append(self.waves @ errors)
            self._slopes.append(self.slopes @ errors)

    def covariance(self, slopes: float, waves: float, shrink: np.ndarray, which: int) -> np.ndarray:
        """(sine, sine) of ∫ (slopes·φ' + waves·φ) δ for errors δ with `shrink` of each wave."""
        both = slopes * self._slopes[which] + waves * self._waves[which]
        return (both * shrink) @ both.T

    def mean_covariance(self, weights: np.ndarray) -> np.ndarray:
        """(sine, sine) of ∫ φ δ, the mean over coefficients of weights · covariance."""
        found = np.zeros((len(self.waves),) * 2)
        for which in np.unique(self.piece.which):
            mine = self.piece.which == which
            shrink = (weights * self.piece.shrink)[:, mine].sum(1) / len(weights)
            found += self.covariance(0.0, 1.0, shrink, int(which))
        return found

    def tests(self, freedom: float) -> int:
        """How many sines the data resolve."""
        return int(np.clip(math.ceil(freedom), 3, len(self.waves)))


def goals(
    stretch: Stretch,
    layout: Layout,
    growth: np.ndarray,
    variation: np.ndarray,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """(goal rows, whitened sines per test): −∫φ'c of every test function's curve c.

    growth: (kept,) complex mean of ∂F/∂u per coefficient.   variation: (kept,) of its spread:
    products couple every wave with its neighbours, so its mean error enters every row.
    """
    piece, goals_, covariances = stretch.piece, [], []
    spread = stretch.mean_covariance(piece.noise**2 * variation)
    own: dict[int, np.ndarray] = {}
    for mixing in layout.mixing:
        near = np.flatnonzero(np.abs(mixing) > 1e-6 * np.abs(mixing).max())
        loud = near[np.argsort(-((mixing[near] * piece.noise[near]) ** 2), kind="stable")[:MIXED]]
        tests = stretch.tests(max(piece.freedom(int(k)) for k in loud))
        covariance = (mixing**2).sum() * spread
        for k in map(int, loud):
            if k not in own:
                shrink, which = piece.shrink[:, k], int(piece.which[k])
                ahead = stretch.covariance(1.0, -growth[k].real, shrink, which)
                across = stretch.covariance(0.0, growth[k].imag, shrink, which)
                own[k] = (ahead + across) * piece.noise[k] ** 2
            covariance = covariance + mixing[k] ** 2 * own[k]
        full = stretch.slopes[:tests] @ (stretch.curves @ mixing)
        goals_.append(full)
        covariances.append(covariance[:tests, :tests])
    floor = FLOOR**2 * np.mean(np.concatenate(goals_) ** 2) + 1e-300
    rows, whitened = [], []
    for full, covariance in zip(goals_, covariances, strict=True):
        lower = np.linalg.cholesky(covariance + floor * np.eye(len(full)))
        waves = stretch.waves[: len(full)]
        solved = np.linalg.solve(lower, np.concatenate([full[:, None], waves], axis=1))
        rows.append(solved[:, 0])
        whitened.append(solved[:, 1:])
    return np.concatenate(rows), whitened
