"""Measured series to smooth curves with errors: quintic smoothing splines, chosen by REML.

Each series becomes the curve that minimises Σ (yᵢ − x(tᵢ))² + λ ∫ (d³x/dt³)² dt. Read as a
Gaussian process the same curve is a posterior mean; the restricted likelihood of the data gives
λ and the noise together, and the posterior covariance says how well each stretch is known, gaps
included. λ and noise are shared by all trajectories of a state. Times may be uneven.

Source: Wahba (1985), doi:10.1214/aos/1176349743 (restricted likelihood for splines);
Wahba (1983), doi:10.1111/j.2517-6161.1983.tb01239.x (the posterior as error of a spline).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

ORDER = 3  # derivatives in the penalty; its null space are the parabolas
LEAST = 5  # measured values of every state that a trajectory needs
LONGEST = 200  # times per curve; longer trajectories are cut
MOST_CURVES = 100
GAP = 1.6  # intervals longer than this many median ones get nodes of their own
MOST_DOUBT = 3.0
NORMAL = 1.4826  # standard deviation over median absolute value
_LAMBDAS = 160


class Series(NamedTuple):
    """One trajectory or piece of one. times: (n,).   values: (n, state), NaN where missing."""

    sample: int
    times: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Curve:
    """All states along one trajectory.

    nodes: (n,) times [T].   mean: (n, state).   factors: per state (n, m), factor·factorᵀ is the
    covariance of the mean's error.   resolved: (n, state), how many degrees of freedom the data
    hold at each node.   measured: (n, state) bool.   spline: values at the nodes -> curve.
    """

    sample: int
    nodes: np.ndarray
    mean: np.ndarray
    factors: Sequence[np.ndarray]
    resolved: np.ndarray
    measured: np.ndarray
    spline: Any

    def basis(self, times: np.ndarray) -> np.ndarray:
        """(times, node): the matrix that takes values at the nodes to values at `times`."""
        return self.spline(times)

    @cached_property
    def slopes(self) -> np.ndarray:
        """Time derivatives of the mean at the nodes, (n, state)."""
        return self.spline.derivative()(self.nodes) @ self.mean


@dataclass(frozen=True, kw_only=True)
class Smoothing:
    """Curves of all trajectories.   noise: (state,), standard deviation of the measurements.
    level: (state,), noise relative to the standard deviation of the data [-].
    doubt: (state,), factor by which the noise may be larger (95 %), for few data.
    typical: (state,), the median error relative to the noise; near 1 for noise, far below it
    where a few sudden changes between two times make up the "noise"."""

    curves: Sequence[Curve]
    noise: np.ndarray
    level: np.ndarray
    doubt: np.ndarray
    typical: np.ndarray


def smooth(times: np.ndarray, values: np.ndarray) -> Smoothing:
    """Smooth curves through `values` (sample, time, state), NaN where not measured.

    times: (time,), increasing. Trajectories with fewer than 5 values of a state are left out.
    Raises ValueError if none is left.
    """
    pieces = _pieces(times, values)
    if not pieces:
        raise ValueError(
            f"no trajectory has {LEAST} measured values of every state; "
            f"measure more often, or leave sparse states out"
        )
    step = float(np.median(np.diff(times)))
    cache: dict[bytes, _Nodes] = {}
    nodes = [_nodes(piece.times, step, cache) for piece in pieces]
    columns, noise, level, doubt, typical = [], [], [], [], []
    for j in range(values.shape[2]):
        fits = [_masked(n, np.isfinite(p.values[:, j])) for n, p in zip(nodes, pieces, strict=True)]
        series = [p.values[np.isfinite(p.values[:, j]), j] for p in pieces]
        lam, sigma = _reml(fits, series)
        columns.append([f.posterior(y, lam, sigma) for f, y in zip(fits, series, strict=True)])
        noise.append(sigma)
        doubt.append(_doubt(sum(float((1 - 1 / (1 + lam * f.rough)).sum()) for f in fits)))
        level.append(sigma / max(float(np.std(np.concatenate(series))), 1e-300))
        left = [f.residual(y, c) for f, y, c in zip(fits, series, columns[-1], strict=True)]
        typical.append(NORMAL * float(np.median(np.abs(np.concatenate(left)))) / sigma)
    curves = [
        Curve(
            sample=piece.sample,
            nodes=grid.times,
            mean=np.stack([c[i].mean for c in columns], -1),
            factors=[c[i].factor for c in columns],
            resolved=np.stack([c[i].resolved for c in columns], -1),
            measured=np.stack([c[i].measured for c in columns], -1),
            spline=grid.spline,
        )
        for i, (piece, grid) in enumerate(zip(pieces, nodes, strict=True))
    ]
    return Smoothing(
        curves=curves,
        noise=np.array(noise),
        level=np.array(level),
        doubt=np.array(doubt),
        typical=np.array(typical),
    )


# -- pieces of trajectories ----------------------------------------------------------------


def _pieces(times: np.ndarray, values: np.ndarray) -> list[Series]:
    found = []
    for sample, rows in enumerate(values):
        known = np.isfinite(rows)
        if (known.sum(0) < LEAST).any():
            continue
        first = max(int(np.argmax(k)) for k in known.T)
        last = min(len(k) - 1 - int(np.argmax(k[::-1])) for k in known.T)
        count = max(1, -(-(last - first + 1) // LONGEST))
        for index in np.array_split(np.arange(first, last + 1), count):
            kept = index[known[index].any(1)]
            if (known[kept].sum(0) >= LEAST).all():
                found.append(Series(sample, times[kept], rows[kept]))
    if len(found) > MOST_CURVES:
        found = [found[i] for i in np.linspace(0, len(found) - 1, MOST_CURVES).astype(int)]
    return found


class _Nodes(NamedTuple):
    """times: (n,), measured ones and fillers.   given: which nodes are measured.   spline, penalty
    (n, n): the curve through values at the nodes, and λ-free roughness of it."""

    times: np.ndarray
    given: np.ndarray
    spline: Any
    penalty: np.ndarray
    masks: dict


def _nodes(times: np.ndarray, step: float, cache: dict) -> _Nodes:
    """Nodes at the measured times and in gaps, with the spline through values there."""
    relative = times - times[0]
    key = np.round(relative / step, 9).tobytes()
    if key not in cache:
        gaps = np.diff(relative)
        limit = GAP * np.median(gaps)
        fill = [
            np.linspace(a, a + gap, min(int(np.ceil(gap / limit)), 2 * len(times)) + 1)[1:-1]
            for a, gap in zip(relative[:-1], gaps, strict=True)
            if gap > limit
        ]
        grid = np.unique(np.concatenate([relative, *fill]))
        if len(grid) < 6:
            grid = np.unique(np.concatenate([grid, (grid[1:] + grid[:-1]) / 2]))
        spline, penalty = quintic(grid / step)
        cache[key] = _Nodes(grid, np.isin(grid, relative), spline, penalty, {})
    shared = cache[key]
    from scipy.interpolate import BSpline

    knots = shared.spline.t * step + times[0]
    return shared._replace(
        times=shared.times + times[0], spline=BSpline(knots, shared.spline.c, shared.spline.k)
    )


def quintic(grid: np.ndarray) -> tuple[Any, np.ndarray]:
    """Interpolating quintic spline of unit vectors, and ∫ b‴ᵢ b‴ⱼ of its basis."""
    from scipy.interpolate import make_interp_spline

    spline = make_interp_spline(grid, np.eye(len(grid)), k=5)
    knots = np.unique(spline.t)
    points, weights = np.polynomial.legendre.leggauss(ORDER)
    half, middle = np.diff(knots) / 2, (knots[1:] + knots[:-1]) / 2
    third = spline.derivative(ORDER)((middle[:, None] + half[:, None] * points).ravel())
    return spline, (third * (half[:, None] * weights).ravel()[:, None]).T @ third


# -- one state on one trajectory -----------------------------------------------------------


class _Posterior(NamedTuple):
    mean: np.ndarray
    factor: np.ndarray
    resolved: np.ndarray
    measured: np.ndarray


class _Masked(NamedTuple):
    """Demmler-Reinsch form of the penalty on the measured nodes.

    parabolas (m, 3), waves (m, m-3): orthonormal; rough (m-3,): penalties of the waves.
    spread (n, m): measured values -> values at all nodes.   loose (n, n-m): what is then free.
    """

    parabolas: np.ndarray
    waves: np.ndarray
    rough: np.ndarray
    spread: np.ndarray
    loose: np.ndarray
    measured: np.ndarray

    def posterior(self, series: np.ndarray, lam: float, sigma: float) -> _Posterior:
        """Mean and covariance at all nodes given the measured `series` (m,)."""
        shrink = 1 / (1 + lam * self.rough)
        flat, wavy = self.parabolas.T @ series, shrink * (self.waves.T @ series)
        half = np.concatenate([self.parabolas, self.waves * np.sqrt(shrink)], axis=1)
        resolved = np.zeros(len(self.spread))
        resolved[self.measured] = (half**2).sum(1)
        factor = np.concatenate([self.spread @ half, self.loose / np.sqrt(lam)], axis=1)
        mean = self.spread @ (self.parabolas @ flat + self.waves @ wavy)
        return _Posterior(mean, sigma * factor, resolved, self.measured)

    def residual(self, series: np.ndarray, found: _Posterior) -> np.ndarray:
        """Measured minus smooth values, each over the share of freedom that it keeps."""
        rest = np.maximum(1 - found.resolved[self.measured], 1e-3)
        return (series - found.mean[self.measured]) / np.sqrt(rest)


def _masked(nodes: _Nodes, known: np.ndarray) -> _Masked:
    """The penalty in the basis where a spline through the `known` nodes shrinks wave by wave."""
    key = known.tobytes()
    if key in nodes.masks:
        return nodes.masks[key]
    measured = np.zeros(len(nodes.times), bool)
    measured[np.flatnonzero(nodes.given)[known]] = True
    penalty, free = nodes.penalty, ~measured
    spread = np.eye(len(measured))[:, measured]
    loose = np.zeros((len(measured), int(free.sum())))
    inner = penalty[np.ix_(measured, measured)]
    if free.any():
        lower = np.linalg.cholesky(penalty[np.ix_(free, free)])
        across = penalty[np.ix_(free, measured)]
        spread[free] = -np.linalg.solve(lower.T, np.linalg.solve(lower, across))
        loose[free] = np.linalg.inv(lower).T
        inner = inner + across.T @ spread[free]
    t = nodes.times[measured]
    basis = np.vander((t - t.mean()) / np.ptp(t), ORDER, increasing=True)
    complete, _ = np.linalg.qr(basis, mode="complete")
    rest = complete[:, ORDER:]
    inside = rest.T @ inner @ rest
    rough, waves = np.linalg.eigh((inside + inside.T) / 2)
    rough = np.maximum(rough, 1e-16 * rough[-1])
    found = _Masked(complete[:, :ORDER], rest @ waves, rough, spread, loose, measured)
    nodes.masks[key] = found
    return found


def _reml(fits: Sequence[_Masked], series: Sequence[np.ndarray]) -> tuple[float, float]:
    """(λ, standard deviation of the noise) at the largest restricted likelihood of all series."""
    rough = np.concatenate([f.rough for f in fits])
    power = np.concatenate([(f.waves.T @ y) ** 2 for f, y in zip(fits, series, strict=True)])
    lams = np.geomspace(1e-4 / rough.max(), 1e4 / rough.min(), _LAMBDAS)
    kept = lams[:, None] * rough
    kept = kept / (1 + kept)
    squares = kept @ power
    total = sum(float(((y - y.mean()) ** 2).sum()) for y in series)
    squares = np.maximum(squares, 1e-26 * total + 1e-300)
    likelihood = len(rough) * np.log(squares) - np.log(kept).sum(1)
    best = int(np.argmin(likelihood))
    return float(lams[best]), float(np.sqrt(squares[best] / len(rough)))


def _doubt(freedom: float) -> float:
    """Upper 95 % limit of a standard deviation from `freedom` residuals, relative to it."""
    from scipy.stats import chi2

    return (
        float(min(np.sqrt(freedom / chi2.ppf(0.05, freedom)), MOST_DOUBT))
        if freedom > 1
        else MOST_DOUBT
    )
