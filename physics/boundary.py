"""What happens at the walls of a box: Dirichlet, Neumann, Robin, inflow and outflow conditions.

A System maps sides to conditions: "x-" and "x+" hold for all states, "u:x-" for the state u alone.
Sides that are not named take the Box kind of their coordinate with the value 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sympy

from physics import tree
from physics.domain import KINDS, Box
from physics.jets import Jet
from physics.names import COORDINATES, TIME, nearest

if TYPE_CHECKING:
    from physics.system import System

WALLS = tuple(kind for kind in KINDS if kind != "periodic")


@dataclass(frozen=True)
class Condition:
    """One wall, one state; n is the outward normal.

    "dirichlet": u = value.   "neumann": ∂u/∂n = value.   "robin": slope·u + ∂u/∂n = value.
    "inflow": u = value where the flow enters, else as outflow.   "outflow": nothing is prescribed
    to what leaves; diffusion sees ∂u/∂n = 0.
    value, slope: numbers or SymPy expressions of parameters, t and the other coordinates.
    Raises ValueError for unknown kinds and for values that the kind does not take.

    >>> Condition("robin", value=1, slope=0.5)
    Condition(kind='robin', value=1, slope=1/2)
    """

    kind: str
    value: Any = 0
    slope: Any = 0

    def __post_init__(self):
        if self.kind not in WALLS:
            raise ValueError(
                f"unknown boundary condition {self.kind!r}{nearest(self.kind, WALLS)}; "
                f"one of {', '.join(WALLS)}"
            )
        for name in ("value", "slope"):
            object.__setattr__(self, name, _exact(name, getattr(self, name)))
        if self.slope != 0 and self.kind != "robin":
            raise ValueError(f'only "robin" takes a slope, not {self.kind!r}')
        if self.value != 0 and self.kind == "outflow":
            raise ValueError('"outflow" takes no value; use "neumann", or "inflow" for both ways')

    def to_json(self) -> dict:
        """Plain JSON; the value and slope as expression trees."""
        kept = {n: tree.to_tree(getattr(self, n)) for n in ("value", "slope") if getattr(self, n)}
        return {"kind": self.kind, **kept}

    @classmethod
    def from_json(cls, data: Mapping) -> "Condition":
        """The condition that `to_json` wrote."""
        given = {n: tree.from_tree(data[n]) for n in ("value", "slope") if n in data}
        return cls(data["kind"], **given)

    def xreplace(self, values: Mapping) -> "Condition":
        """The condition with symbols replaced in its value and slope."""
        return Condition(self.kind, self.value.xreplace(values), self.slope.xreplace(values))


def _exact(name: str, given: object) -> sympy.Expr:
    if isinstance(given, sympy.Expr | int | float) and not isinstance(given, bool):
        return tree.number(given)
    raise ValueError(
        f"the {name} of a boundary condition is a number or a SymPy expression, not {given!r}"
    )


def sides(dim: int) -> list[str]:
    """Names of the walls of a box: x-, x+, y-, …"""
    return [c + end for c in COORDINATES[:dim] for end in "-+"]


def split(key: str) -> tuple[str, str]:
    """(state or "", side) of a key: "u:x-" and "x-"."""
    state, _, side = key.rpartition(":")
    return state, side


def condition(system: "System", state: str, side: str, box: Box | None = None) -> Condition | None:
    """What holds for `state` at `side`; None where the coordinate is periodic.

    box: where it is solved, if not on the system's own domain.
    """
    box = box or system.domain
    kind = box.kinds[COORDINATES.index(side[0])]
    if kind == "periodic":
        return None
    own = system.boundary.get(f"{state}:{side}") or system.boundary.get(side)
    return own or Condition(kind)


def kinds(system: "System") -> list:
    """Per coordinate the kind of its walls, or [[state, side, kind], …] where they differ.

    It does not matter whether a kind was given by the box or by conditions.
    """
    found: list = []
    for name in COORDINATES[: system.dim]:
        held = {(u, name + end): condition(system, u, name + end)
                for u in system.equations for end in "-+"}  # fmt: skip
        named = sorted([*where, c.kind if c else "periodic"] for where, c in held.items())
        same = {kind for _, _, kind in named}
        found.append(same.pop() if len(same) == 1 else named)
    return found


def check_boundary(system: "System") -> None:
    """Raise ValueError for conditions on sides, states or symbols that the system lacks."""
    if system.boundary and system.domain is None:
        raise ValueError(f"system {system.name!r} has no domain, so it takes no boundary")
    known = sides(system.dim)
    for key, given in system.boundary.items():
        state, side = split(key) if isinstance(key, str) else ("", key)
        if side not in known or (state and state not in system.equations):
            raise ValueError(
                f"boundary of {key!r}: sides are {', '.join(known)}, or state:side like "
                f"{next(iter(system.equations))}:{known[0]}"
            )
        if not isinstance(given, Condition):
            raise ValueError(f"boundary of {key!r} is a physics.boundary.Condition, not {given!r}")
        if system.domain.kinds[COORDINATES.index(side[0])] == "periodic":
            raise ValueError(
                f"boundary of {key!r}, but the box is periodic along {side[0]}; give the Box "
                f"another kind along it"
            )
        _check_symbols(system, key, side, given)


def _check_symbols(system: "System", key: str, side: str, given: Condition) -> None:
    plain = {TIME, *COORDINATES[: system.dim], *(p.name for p in system.parameters)} - {side[0]}
    for expression in (given.value, given.slope):
        tree.to_tree(expression)
        for symbol in expression.free_symbols:
            if isinstance(symbol, Jet) or symbol.name not in plain:
                raise ValueError(
                    f"{symbol.name!r} in the boundary of {key!r}: it may hold numbers and "
                    f"{', '.join(sorted(plain))}"
                )


def sides_to_json(boundary: Mapping[str, Condition]) -> dict:
    """{key: plain JSON}."""
    return {key: condition.to_json() for key, condition in boundary.items()}


def walled(box: Box, keys: Mapping[str, Condition]) -> Box:
    """`box` with the kinds that conditions on its periodic coordinates imply.

    The kind that all states have on both sides of a coordinate; outflow where they differ or a
    side is not named, so that only what was asked for is prescribed.
    """
    new = list(box.kinds)
    for axis, name in enumerate(COORDINATES[: box.dim]):
        mine = {k: c.kind for k, c in keys.items() if split(k)[1][:1] == name}
        if mine and new[axis] == "periodic":
            whole = {name + "-", name + "+"} <= set(mine) and len(set(mine.values())) == 1
            new[axis] = next(iter(mine.values())) if whole else "outflow"
    return Box(low=box.low, high=box.high, kinds=tuple(new))
