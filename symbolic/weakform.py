"""Curves to equations: the weak form, weighted by how well the curves are known.

Multiplying du/dt = f(u) by test functions that vanish at both ends of a window and integrating
by parts leaves −∫ φ' u dt = ∫ φ f(u) dt: no derivative of the data. Sines on each window, as many
as the data resolve, are the test functions. The error δ of the curve enters a row as
∫ (φ' + φ ∂f/∂u) δ dt; with the curve's covariance and the Jacobian of a first law that gives the
covariance of the rows, and dividing by its root makes their errors independent with variance one.

Source: Messenger & Bortz (2021), Weak SINDy, doi:10.1137/20M1343166; Bortz, Messenger & Dukic
(2023), WENDy, doi:10.1007/s11538-023-01208-6 (the covariance with the Jacobian); Shinbrot (1957),
doi:10.1115/1.4011497 (sines as modulating functions).
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import sympy

from physics.names import TIME
from symbolic.derivatives import Curve, Smoothing
from symbolic.problem import Block, Equation

FLOOR = 1e-4  # error of quadrature and interpolation, relative to the rows
NODES = 4  # Gauss points per interval
GROUPS = 6  # windows that a short list of trajectories is cut into
MOST_GROUPS = 10
FEWEST, MOST = 12, 100  # nodes per window
FOLDS = 5  # of single rows, which are independent, where there are too few windows


class Window(NamedTuple):
    """One stretch of one curve. span: its points.   waves, slopes: (test, point) φ and −φ' with
    quadrature weights.   limits: the nodes first and last (exclusive)."""

    curve: int
    span: slice
    waves: np.ndarray
    slopes: np.ndarray
    limits: tuple[int, int]
    group: int


class WeakForm:
    """Smooth curves at quadrature points, and the rows of any equation on them.

    points: {symbol: (point,)}, the states, time and controls along all curves.
    sample: (point,) the sample that each point lies on.
    """

    def __init__(
        self,
        smoothing: Smoothing,
        states: Sequence[sympy.Symbol],
        controls: Mapping[sympy.Symbol, Sequence],
    ):
        """controls: {symbol: per sample (times, values)}, linear between the times."""
        self.curves, self.states = smoothing.curves, list(states)
        self.doubt = smoothing.doubt
        self.windows: list[Window] = []
        times, bases, values = [], [], []
        samples = sorted({c.sample for c in self.curves})
        per_curve = max(1, round(GROUPS / len(self.curves))) if len(samples) < 3 else 1
        start = 0
        for number, curve in enumerate(self.curves):
            at, weights = _quadrature(curve.nodes)
            times.append(at)
            bases.append(curve.basis(at))
            values.append(bases[-1] @ curve.mean)
            count = max(per_curve, -(-len(curve.nodes) // MOST))
            count = min(count, max(1, len(curve.nodes) // FEWEST))
            edges = np.linspace(0, len(curve.nodes) - 1, count + 1).round().astype(int)
            for low, high in pairwise(edges):
                group = samples.index(curve.sample) if len(samples) >= 3 else len(self.windows)
                window = _window(curve, low, high, at, weights, start)
                self.windows.append(window._replace(curve=number, group=group % MOST_GROUPS))
            start += len(at)
        self.bases = bases
        self.spreads = [[b @ f for f in c.factors] for b, c in zip(bases, self.curves, strict=True)]
        counts = [len(t) for t in times]
        self.offsets = np.cumsum([0, *counts])
        stacked = np.concatenate(values)
        self.sample = np.repeat([c.sample for c in self.curves], counts)
        self.points = {s: stacked[:, j] for j, s in enumerate(self.states)}
        self.points[sympy.Symbol(TIME)] = np.concatenate(times)
        for symbol, series in controls.items():
            self.points[symbol] = np.concatenate(
                [np.interp(t, *series[c.sample]) for t, c in zip(times, self.curves, strict=True)]
            )

    def equation(
        self,
        target: str,
        state: int,
        known: np.ndarray,
        factor: float = 1.0,
        jacobian: Mapping[int, np.ndarray] | None = None,
    ) -> Equation:
        """Rows of d(state)/dt = known + factor · f, divided by `factor`.

        known: (point,).   jacobian: {state: (point,)} of known + factor · f in the states, from
        an earlier law; without it only the derivative's own error is weighted.
        """
        blocks, goals, groups, samples = [], [], [], []
        for window in self.windows:
            goal, matrix = self._rows(window, state, known, jacobian or {})
            blocks.append(Block(window.span, matrix * factor))
            goals.append(goal)
            groups.append(np.full(len(goal), window.group))
            samples.append(np.full(len(goal), self.curves[window.curve].sample))
        goal, group = np.concatenate(goals), np.concatenate(groups)
        if len(np.unique(group)) < 3:
            group = np.arange(len(goal)) % FOLDS
        return Equation(
            target=target,
            goal=goal,
            group=group,
            blocks=tuple(blocks),
            unit=1.0,
            baseline=float(np.sqrt(np.mean(goal**2))),
            doubt=float(self.doubt[state]),
            sample=np.concatenate(samples),
        )

    def _rows(self, window: Window, state: int, known, jacobian) -> tuple[np.ndarray, np.ndarray]:
        """(goal, matrix on the window's points) with independent errors of variance one."""
        curve, first = self.curves[window.curve], self.offsets[window.curve]
        inside = slice(window.span.start - first, window.span.stop - first)
        mean = self.bases[window.curve][inside] @ curve.mean[:, state]
        tests = _resolved(curve, window, state)
        waves, slopes = window.waves[:tests], window.slopes[:tests]
        full = slopes @ mean
        goal = full - waves @ known[window.span]
        covariance = np.zeros((tests, tests))
        for j, spread in enumerate(self.spreads[window.curve]):
            sensitive = slopes if j == state else 0.0
            if j in jacobian:
                sensitive = sensitive - waves * jacobian[j][window.span]
            if np.ndim(sensitive):
                half = sensitive @ spread[inside]
                covariance += half @ half.T
        covariance += (FLOOR**2 * np.mean(full**2) + 1e-300) * np.eye(tests)
        lower = np.linalg.cholesky(covariance)
        solved = np.linalg.solve(lower, np.concatenate([goal[:, None], waves], axis=1))
        return solved[:, 0], solved[:, 1:]


def _quadrature(nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    points, weights = np.polynomial.legendre.leggauss(NODES)
    half, middle = np.diff(nodes) / 2, (nodes[1:] + nodes[:-1]) / 2
    return (middle[:, None] + half[:, None] * points).ravel(), (half[:, None] * weights).ravel()


def _window(curve: Curve, low: int, high: int, at, weights, start: int) -> Window:
    """Sines on nodes low…high; their number is settled per state."""
    a, b = curve.nodes[low], curve.nodes[high]
    inside = slice(low * NODES, high * NODES)
    phase = (at[inside] - a) / (b - a)
    order = np.arange(1, max(3, (high - low + 1) // 2) + 1)[:, None]
    scale = np.sqrt(2 / (b - a)) * weights[inside]
    waves = np.sin(np.pi * order * phase) * scale
    slopes = -np.cos(np.pi * order * phase) * np.pi * order / (b - a) * scale
    span = slice(start + inside.start, start + inside.stop)
    return Window(-1, span, waves, slopes, (low, high + 1), -1)


def _resolved(curve: Curve, window: Window, state: int) -> int:
    """How many test functions the data of this state can tell apart on the window."""
    low, high = window.limits
    freedom = curve.resolved[low:high, state].sum()
    return int(np.clip(np.ceil(freedom), 3, len(window.waves)))
