"""Which values states and parameters are expected to take: what stable steps are chosen from.

States: draws of the initial law if it is spatial, else its ranges, else the bounds of the states,
else −1 … 1; with the values prescribed at walls. Parameters: the corners of their ranges.
"""

import itertools
from collections.abc import Iterator

import numpy as np
import sympy

from physics.boundary import split
from physics.grid import Grid
from physics.lower.expression import evaluate
from physics.names import COORDINATES, TIME
from physics.system import System

DRAWS = 8
MAX_CORNERS = 64


def expected_states(system: System, grid: Grid) -> list[np.ndarray]:
    """Per state an array (sample, *space) of values, float64."""
    law = system.initial
    if getattr(law, "spatial", False):
        drawn = _drawn(system, grid)
    else:
        ones = (1,) * grid.dim
        drawn = [v.reshape(-1, *ones) for v in _corners(system).T]
    drawn = [np.broadcast_to(v, (len(v), *grid.points)) for v in drawn]
    for key, condition in system.boundary.items():
        if condition.kind in ("dirichlet", "inflow"):
            only, _ = split(key)
            value = _largest(system, condition.value)
            more = [np.full_like(v[:1], value) if only in ("", n) else v[:1]
                    for n, v in zip(system.state_names, drawn, strict=True)]  # fmt: skip
            drawn = [np.concatenate([v, m]) for v, m in zip(drawn, more, strict=True)]
    return drawn


def _drawn(system: System, grid: Grid) -> list[np.ndarray]:
    import jax

    with jax.ensure_compile_time_eval():
        keys = jax.random.split(jax.random.key(0), DRAWS)
        draw = jax.jit(jax.vmap(lambda k: system.initial.draw_field(k, grid, system.state_names)))
        fields = np.asarray(draw(keys), np.float64)
    return [fields[..., i] for i in range(fields.shape[-1])]


def _corners(system: System) -> np.ndarray:
    """(sample, state) corners of the ranges of the states."""
    low, high = getattr(system.initial, "low", {}), getattr(system.initial, "high", {})
    ranges = []
    for state in system.states:
        first = low.get(state.name, -1.0 if state.low is None else state.low)
        last = high.get(state.name, max(1.0, first) if state.high is None else state.high)
        ranges.append((first, (first + last) / 2, last))
    return np.array(list(itertools.islice(itertools.product(*ranges), 10 * MAX_CORNERS)))


def _largest(system: System, expression: sympy.Expr) -> float:
    """The largest value up to the horizon for the expected parameters, at the lower corner."""
    place = {sympy.Symbol(c): v for c, v in zip(COORDINATES, system.domain.low, strict=False)}
    place[sympy.Symbol(TIME)] = np.linspace(0, system.horizon or 1.0, 33)
    found = [0.0]
    for params in expected_parameters(system):
        symbols = place | {sympy.Symbol(n): v for n, v in params.items()}
        values = np.ravel(evaluate([expression], symbols, np)[0])
        found += [float(v) for v in values if np.isfinite(v)]
    return max(found, key=abs)


def expected_parameters(system: System) -> Iterator[dict[str, float]]:
    """The nominal values, then corners of the ranges, at most MAX_CORNERS."""
    yield dict(system.values)
    varying = [p for p in system.parameters if p.low is not None or p.high is not None]
    ends = [[v for v in (p.low, p.high) if v is not None] for p in varying]
    for corner in itertools.islice(itertools.product(*ends), MAX_CORNERS):
        yield system.values | dict(zip((p.name for p in varying), corner, strict=True))


def check_grid(system: System, grid: Grid) -> str:
    """Why `grid` cannot carry `system` at all; empty if it can."""
    if system.domain is None or system.time != "continuous" or system.noise:
        return f"{system.name!r} is no deterministic partial differential equation"
    if grid.dim != system.dim:
        return f"{system.name!r} has {system.dim} dimensions, the grid has {grid.dim}"
    for key in system.boundary:
        if grid.box.kinds[COORDINATES.index(split(key)[1][0])] == "periodic":
            return f"the grid is periodic where {system.name!r} has a boundary {key!r}"
    return ""
