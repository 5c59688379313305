"""Fitted right-hand sides of all targets, put together to whole laws by complexity."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import sympy

from physics.boundary import Condition
from physics.formula import Formula
from physics.initial import Uniform
from physics.names import TIME
from physics.symbols import Control, Parameter
from physics.system import System
from physics.tree import number
from physics.units import check_units
from symbolic.constants import Fit
from symbolic.formulation import Target
from symbolic.library import complexity
from symbolic.measurements import Samples, Trajectories
from symbolic.problem import Problem
from symbolic.result import Candidate
from symbolic.spacetime.closures import as_controls, closed
from symbolic.spacetime.reading import Fields
from symbolic.varying import collected

NAME = "discovered"
BEYOND = 3  # how much larger than the choice the front goes on
Joint = Mapping[str, Fit]


def front(fits: Mapping[str, Sequence[Fit]], chosen: Mapping[str, Fit]) -> list[Joint]:
    """Laws of growing size: for n = 1, 2, … every target's best fit of at most n constants.

    The law of the chosen fits is among them if every target has one.
    """
    laws: list[dict[str, Fit]] = []
    most = max((f.freedom for found in fits.values() for f in found), default=0)
    if chosen:
        most = min(most, max(f.freedom for f in chosen.values()) + BEYOND)
    for size in range(1, most + 1):
        joint = {}
        for target, found in fits.items():
            small = [f for f in found if f.freedom <= size] or found[:1]
            largest = max(f.freedom for f in small)
            joint[target] = min((f for f in small if f.freedom == largest), key=lambda f: f.error)
        if all(joint != other for other in laws):
            laws.append(joint)
    if len(chosen) == len(fits) and all(chosen != other for other in laws):
        laws.append(dict(chosen))
    return sorted(laws, key=lambda law: sum(f.complexity for f in law.values()))


def distinct(
    candidates: Sequence[Candidate], chosen: int | None
) -> tuple[list[Candidate], int | None]:
    """(candidates, chosen) without those that read as another one does: the chosen one stays,
    else that of the smallest error."""
    kept: dict[tuple, int] = {}
    for i, found in enumerate(candidates):
        key = tuple(found.lines())
        first = kept.setdefault(key, i)
        if first != chosen and (i == chosen or found.error < candidates[first].error):
            kept[key] = i
    order = sorted(kept.values())
    return [candidates[i] for i in order], None if chosen is None else order.index(chosen)


def candidate(
    joint: Joint,
    problem: Problem,
    data: Trajectories | Fields | Samples,
    targets: Sequence[Target],
    known: System | None,
) -> Candidate:
    """The law of one fit per target, its numbers as parameters k1, k2, …"""
    taken = {*problem.symbols, *joint, TIME}
    if known is not None:
        taken |= {p.name for p in known.parameters} | {c.name for c in known.controls}
    names = (f"k{i}" for i in range(1, 10_000) if f"k{i}" not in taken)
    expressions, parameters, varying = {}, [], {}
    for target, fitted in joint.items():
        parts = []
        inner = {s: next(names) for s in fitted.constants}
        parameters += [Parameter(n, fitted.constants[s]) for s, n in inner.items()]
        swap = {s: sympy.Symbol(n) for s, n in inner.items()}
        for term, value in collected(fitted, _samples(data)):
            parameters.append(Parameter(next(names), float(np.nanmedian(value))))
            if isinstance(value, tuple):
                varying[parameters[-1].name] = value
            parts.append(sympy.Symbol(parameters[-1].name) * term.xreplace(swap))
        expressions[target] = sympy.Add(*parts)
    hidden = None
    if isinstance(data, Samples):
        law = Formula(inputs=list(problem.symbols), expressions=expressions, parameters=parameters)
    elif known is not None:
        inputs = _inputs(expressions, parameters, problem)
        hidden = Formula(inputs=inputs, expressions=expressions, parameters=parameters)
        law = known.complete(hidden=hidden)
    else:
        if isinstance(data, Fields):
            expressions = {
                t: as_controls(closed(e, data.closures), set(data.controls))
                for t, e in expressions.items()
            }
        law = _system(data, expressions, parameters)
    errors = {t: f.heldout / max(problem.equations[t].baseline, 1e-300) for t, f in joint.items()}
    return Candidate(
        law=law,
        engine="+".join(sorted({f.engine for f in joint.values()})),
        complexity=sum(_complexity(f) for f in joint.values()),
        terms={t: len(collected(f, 0)) for t, f in joint.items()},
        error=float(np.sqrt(np.mean([e**2 for e in errors.values()]))),
        errors=errors,
        inclusion={t: dict(f.inclusion) for t, f in joint.items()},
        hidden=hidden,
        varying=varying,
    )


def _inputs(expressions: Mapping[str, sympy.Expr], parameters, problem: Problem) -> list[str]:
    """Names of states, controls, jets and t that a hidden formula may hold."""
    constants = {p.name for p in parameters}
    held = {s for e in expressions.values() for s in e.free_symbols if s.name not in constants}
    names = [s.name for s in sorted(held, key=lambda s: (getattr(s, "order", 0), s.name))]
    return list(dict.fromkeys([*problem.symbols, *names, TIME]))


def _samples(data: Trajectories | Fields | Samples) -> int:
    """Number of samples; 0 for plain points."""
    return 0 if isinstance(data, Samples) else len(data.values)


def _complexity(fit: Fit) -> int:
    """Leaves and operations, with one number for a coefficient that differs between samples."""
    parts = collected(fit, 0)
    if len(parts) == len(fit.terms):
        return fit.complexity
    return complexity(sympy.Add(*(sympy.Symbol(f"k{i}") * t for i, (t, _) in enumerate(parts))))


def _system(data: Trajectories | Fields, expressions: dict, parameters: list[Parameter]) -> System:
    """A System with the states, domain, initial law and horizon of the data."""
    origin = data.origin
    still = {n: sympy.S.Zero for n in data.names}
    if data.discrete:
        from physics.jets import Jet

        still = {n: Jet(n) for n in data.names}
    units = dict(origin.units) if origin else {}
    if data.time_unit and not data.discrete:
        units.setdefault(TIME, data.time_unit)
    law = System(
        name=NAME,
        states=data.states,
        equations={n: expressions.get(n, still[n]) for n in data.names},
        parameters=parameters,
        controls=[_control(n, origin) for n in data.controls],
        time="discrete" if data.discrete else "continuous",
        domain=data.box if isinstance(data, Fields) else None,
        boundary=_walls(origin) if origin else {},
        initial=origin.initial if origin and origin.initial else _initial(data),
        horizon=origin.horizon if origin else float(np.ptp(data.times)),
        units=units,
        source="found in data by symbolic.discover",
    )
    return _with_units(law)


def _walls(origin: System) -> dict[str, Condition]:
    """The origin's conditions at the walls, with numbers for its parameters: the law has others."""
    values = {sympy.Symbol(n): number(v) for n, v in origin.values.items()}
    return {side: given.xreplace(values) for side, given in origin.boundary.items()}


def _control(name: str, origin: System | None) -> Control:
    known = {c.name: c for c in origin.controls} if origin else {}
    return known.get(name) or Control(name=name)


def _initial(data: Trajectories | Fields) -> Uniform | None:
    """Uniform over the first measured values of the samples; fields have no such law."""
    if isinstance(data, Fields):
        return None
    low, high = {}, {}
    for j, name in enumerate(data.names):
        rows = [row[np.isfinite(row)] for row in data.values[..., j]]
        first = [float(row[0]) for row in rows if len(row)]
        low[name], high[name] = min(first), max(first)
    return Uniform(low=low, high=high)


def _with_units(law: System) -> System:
    """Units of the numbers, where those of the states and of time determine them."""
    if TIME not in law.units or any(s.unit is None for s in law.states):
        return law
    try:
        found = check_units(law, strict=False).units
    except ValueError:
        return law
    parameters = [replace(p, unit=str(found[p.name])) if found.get(p.name) else p
                  for p in law.parameters]  # fmt: skip
    return replace(law, parameters=parameters)
