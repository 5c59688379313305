"""From measurements to a Problem: rows of differential equations, of maps, of plain samples."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import sympy

from physics.jets import Jet, expand_fluxes
from physics.names import TIME, nearest
from physics.system import System
from symbolic.derivatives import Smoothing, smooth
from symbolic.library import symbol_of
from symbolic.measurements import Samples, Trajectories
from symbolic.problem import Block, Equation, Problem, table
from symbolic.slopes import slope
from symbolic.varying import marks
from symbolic.weakform import WeakForm

ROUNDING = 1e-5  # error that numbers typed or computed carry, relative to the target
MOST_GROUPS = 10


class Target(NamedTuple):
    """d(state)/dt (or the next state) = known + factor · what is sought, under the name `name`."""

    name: str
    state: int
    known: sympy.Expr
    factor: float


def targets_of(data: Trajectories, known: System | None, wanted: list[str] | None) -> list[Target]:
    """What is sought: all states, or with `known` its hidden parts.

    Controls of `known` that the data do not hold are unknown terms; where there are none, every
    state (or those `wanted`) may have a hidden term added to its equation.
    Raises ValueError for names that do not fit and for unknown terms that stand nonlinearly.
    """
    if known is None:
        return [Target(n, i, sympy.S.Zero, 1.0) for i, n in enumerate(data.names)]
    equations = {s: expand_fluxes(e) for s, e in known.numeric().equations.items()}
    hidden = [c.name for c in known.controls if c.name not in data.controls]
    choices = hidden or data.names
    for name in wanted or ():
        if name not in choices:
            raise ValueError(
                f"target {name!r} is no unknown part of {known.name!r}{nearest(name, choices)}; "
                f"one of: {', '.join(choices)}"
            )
    if not hidden:
        kept = wanted or data.names
        return [Target(n, data.names.index(n), equations[n], 1.0) for n in kept]
    if wanted and set(wanted) != set(hidden):
        raise ValueError(f"all unknown terms are needed to complete the system: {hidden}")
    return [_hidden(name, hidden, equations, data) for name in hidden]


def _hidden(name: str, hidden: list[str], equations, data: Trajectories) -> Target:
    symbol = sympy.Symbol(name)
    homes = [s for s, e in equations.items() if e.has(symbol)]
    zero = {sympy.Symbol(h): 0 for h in hidden}
    for state in homes:
        factor = sympy.diff(equations[state], symbol)
        alone = not any(equations[state].has(sympy.Symbol(h)) for h in hidden if h != name)
        if alone and factor.is_number and factor != 0:
            known = equations[state].xreplace(zero)
            return Target(name, data.names.index(state), known, float(factor))
    raise ValueError(
        f"the unknown term {name!r} must stand alone and linearly, with a number as factor, in "
        f"some equation; leave it out and let discover add to the equation of the state"
    )


class OdeForm:
    """Smooth curves of the data, and the Problem that a first law sharpens."""

    def __init__(self, data: Trajectories, targets: list[Target], seed: int):
        self.data, self.targets, self.seed = data, targets, seed
        self.smoothing: Smoothing = smooth(data.times, data.values)
        self.states = [Jet(n) for n in data.names]
        controls = {
            sympy.Symbol(n): [(data.times, row) for row in v] for n, v in data.controls.items()
        }
        self.weak = WeakForm(self.smoothing, self.states, controls)
        self.places = self._places(controls)

    def problem(self, law: Mapping[str, sympy.Expr] | None = None) -> Problem:
        """The equations; weighted with the Jacobian of known + law where a law is given."""
        points, equations, estimates = self.weak.points, {}, {}
        for target in self.targets:
            jacobian = self._jacobian(target, (law or {}).get(target.name), law is not None)
            known = table([target.known], points)[:, 0]
            equations[target.name] = self.weak.equation(
                target.name, target.state, known, target.factor, jacobian
            )
            slopes = np.concatenate([c.slopes[:, target.state] for c in self.smoothing.curves])
            here = table([target.known], self.places)[:, 0]
            estimates[target.name] = (slopes - here) / target.factor
        symbols = dict(zip(self.data.names, self.states, strict=True))
        symbols |= {n: sympy.Symbol(n) for n in self.data.controls}
        spread = np.array([np.std(points[s]) for s in self.states])
        return Problem(
            kind="ode",
            symbols=symbols,
            points=points,
            equations=equations,
            places=self.places,
            estimates=estimates,
            blur=float(np.max(self._errors() / np.maximum(spread, 1e-300))),
            seed=self.seed,
            sample=self.weak.sample,
        )

    def _jacobian(self, target: Target, law, wanted: bool) -> dict[int, np.ndarray]:
        if not wanted:
            return {}
        side = target.known + target.factor * (law if law is not None else 0)
        found = {}
        for j, state in enumerate(self.states):
            rate = slope(side, state)
            if rate != 0:
                points = {**self.weak.points, **marks(self.weak.sample, rate)}
                values = table([rate], points)[:, 0]
                found[j] = np.where(np.isfinite(values), values, 0.0)
        return found

    def _places(self, controls) -> dict[sympy.Symbol, np.ndarray]:
        curves = self.smoothing.curves
        mean = np.concatenate([c.mean for c in curves])
        places = {s: mean[:, j] for j, s in enumerate(self.states)}
        places[sympy.Symbol(TIME)] = np.concatenate([c.nodes for c in curves])
        for symbol, series in controls.items():
            places[symbol] = np.concatenate([np.interp(c.nodes, *series[c.sample]) for c in curves])
        return places

    def _errors(self) -> np.ndarray:
        """(state,): typical error of the smooth curves."""
        squares = [[(f**2).sum(1).mean() for f in c.factors] for c in self.smoothing.curves]
        return np.sqrt(np.mean(squares, axis=0))


def map_problem(data: Trajectories, targets: list[Target], seed: int) -> Problem:
    """Rows next state = known + factor · f(state), one per pair of neighbouring steps."""
    step = np.median(np.diff(data.times))
    follows = np.isclose(np.diff(data.times), step)
    before, after = data.values[:, :-1], data.values[:, 1:]
    complete = np.isfinite(before).all(-1) & np.isfinite(after).all(-1) & follows
    if complete.sum() < 2:
        raise ValueError("no two neighbouring steps of the data have all states measured")
    states = [Jet(n) for n in data.names]
    points = {s: before[..., j][complete] for j, s in enumerate(states)}
    for name, values in data.controls.items():
        points[sympy.Symbol(name)] = values[:, :-1][complete]
    points[sympy.Symbol(TIME)] = np.broadcast_to(data.times[:-1], complete.shape)[complete]
    sample = np.broadcast_to(np.arange(len(complete))[:, None], complete.shape)[complete]
    group = _folds(np.unique(sample, return_inverse=True)[1])
    equations, estimates = {}, {}
    for target in targets:
        goal = after[..., target.state][complete] - table([target.known], points)[:, 0]
        goal = goal / target.factor
        plain = _plain(target.name, goal, group, None)
        equations[target.name] = replace(plain, sample=sample)
        estimates[target.name] = goal
    symbols = dict(zip(data.names, states, strict=True))
    symbols |= {n: sympy.Symbol(n) for n in data.controls}
    return Problem(
        kind="map",
        symbols=symbols,
        points=points,
        equations=equations,
        places=points,
        estimates=estimates,
        seed=seed,
        sample=sample,
    )


def sample_problem(data: Samples, seed: int) -> Problem:
    """Rows target = f(inputs), weighted."""
    symbols = {n: symbol_of(n) for n in data.inputs}
    points = {symbols[n]: v for n, v in data.inputs.items()}
    equations = {
        n: _plain(n, v, _folds(data.group), np.sqrt(data.weight / data.weight.mean()))
        for n, v in data.targets.items()
    }
    return Problem(
        kind="samples",
        symbols=symbols,
        points=points,
        equations=equations,
        places=points,
        estimates=dict(data.targets),
        seed=seed,
    )


def _plain(target: str, goal: np.ndarray, group: np.ndarray, weight) -> Equation:
    weight = np.ones(len(goal)) if weight is None else weight
    centre = np.average(goal, weights=weight**2)
    spread = float(np.sqrt(np.mean((weight * (goal - centre)) ** 2)))
    size = float(np.sqrt(np.mean((weight * goal) ** 2)))
    return Equation(
        target=target,
        goal=weight * goal,
        group=group,
        blocks=(Block(slice(0, len(goal)), None, weight),),
        unit=0.0,
        baseline=spread,
        rounding=ROUNDING * size,
    )


def _folds(group: np.ndarray) -> np.ndarray:
    """Groups as they are if there are at least 3, else blocks of neighbouring rows."""
    group = np.unique(group, return_inverse=True)[1]
    if group.max() < 2:
        group = np.arange(len(group)) * min(MOST_GROUPS, len(group)) // max(len(group), 1)
    return group % MOST_GROUPS
