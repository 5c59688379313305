"""Boundary conditions as typed: "neumann", 1.0, "1 + a*sin(t)" or a Condition."""

from collections.abc import Mapping, Sequence
from typing import Any

from physics import arguments
from physics.boundary import WALLS, Condition, split
from physics.domain import Box
from physics.names import COORDINATES, TIME


def read_boundary(
    boundary: Mapping[str, Any] | None, parameters: Sequence[str], box: Box | None
) -> dict[str, Condition]:
    """{key: Condition}; a number, or text of parameters, t and the other coordinates, is Dirichlet.

    Raises ParseError (a ValueError) for text that is neither a kind nor an expression.
    """
    if boundary and box is None:
        raise ValueError("boundary= is for PDEs; give length= or domain= to make this one")
    walls = {}
    for key, given in arguments.mapping(boundary, "boundary", "condition").items():
        if isinstance(given, str):
            given = _text(str(key), given, parameters, box)
        walls[key] = given if isinstance(given, Condition) else Condition("dirichlet", given)
    return walls


def symbols(walls: Mapping[str, Condition]) -> set[str]:
    """Names that occur in the conditions."""
    values = [e for c in walls.values() for e in (c.value, c.slope)]
    return {s.name for e in values for s in e.free_symbols}


def _text(key: str, given: str, parameters: Sequence[str], box: Box) -> Any:
    from physics.parser import parse_expression

    others = [c for c in COORDINATES[: box.dim] if c != split(key)[1][:1]]
    if given in WALLS or (given.isalpha() and given not in (*parameters, TIME, *others, "pi")):
        return Condition(given)
    return parse_expression(given, (), parameters, [TIME, *others])
