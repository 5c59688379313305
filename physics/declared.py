"""Whether a System says of every symbol what it is: names, kinds, jets and coordinates."""

from typing import TYPE_CHECKING

import sympy

from physics import arithmetic, tree
from physics.boundary import check_boundary
from physics.jets import jets_in
from physics.names import COORDINATES, TIME, check_name, nearest

if TYPE_CHECKING:
    from physics.system import System


def check(system: "System") -> None:
    """Names, kinds and symbols of a system; raises ValueError with one sentence."""
    if not isinstance(system.name, str) or not system.name:
        raise ValueError("a system needs a name")
    if not system.equations:
        raise ValueError(f"system {system.name!r} has no equations")
    if system.time not in ("continuous", "discrete"):
        raise ValueError(f'time is "continuous" or "discrete", not {system.time!r}')
    if system.calculus not in ("ito", "stratonovich"):
        raise ValueError(f'calculus is "ito" or "stratonovich", not {system.calculus!r}')
    named = [s.name for s in system.states]
    named += [p.name for p in system.parameters] + [c.name for c in system.controls]
    for name in named:
        if named.count(name) > 1:
            raise ValueError(f"{name!r} is declared twice in system {system.name!r}")
    reserved = {TIME, *COORDINATES} if system.domain else {TIME}
    for name in sorted(reserved & set(named)):
        raise ValueError(f"{name!r} is a coordinate of system {system.name!r}; rename the symbol")
    plain = (
        {TIME, *COORDINATES[: system.dim]}
        | {p.name for p in system.parameters}
        | {c.name for c in system.controls}
    )
    for state, wiener in system.noise:
        check_name(wiener, "Wiener process")
        if state not in system.equations:
            raise ValueError(f"noise on {state!r}, which is no state of {system.name!r}")
    noise = [(f"noise of {state}", e) for (state, _), e in system.noise.items()]
    for owner, expression in (*system.equations.items(), *noise, *system.diagnostics.items()):
        _check_symbols(system, owner, expression, plain)
    check_boundary(system)


def _check_symbols(system: "System", owner: str, expression: sympy.Expr, plain: set[str]) -> None:
    try:
        arithmetic.check_numbers(expression)
        tree.to_tree(expression)
    except ValueError as error:
        raise ValueError(f"equation of {owner!r}, {expression}: {error}") from None
    jets = jets_in(expression)
    for jet in jets:
        outside = set(jet.index) - set(COORDINATES[: system.dim])
        if jet.field not in system.equations:
            raise ValueError(f"{jet} in the equation of {owner!r}: {jet.field!r} is no state")
        if outside:
            raise ValueError(
                f"{jet} in the equation of {owner!r} needs the coordinate {sorted(outside)[0]!r}, "
                f"but system {system.name!r} has {system.dim} spatial dimensions"
            )
    for symbol in expression.free_symbols - jets:
        if symbol.name not in plain:
            raise ValueError(
                f"undeclared symbol {symbol.name!r} in the equation of {owner!r}"
                f"{nearest(symbol.name, [*plain, *system.equations])}; "
                f"declare it in parameters={{{symbol.name!r}: value}}"
            )
