"""Where the PDEs of the catalogue live unless they have walls: the periodic box [0, length)ᵈ."""

from collections.abc import Mapping, Sequence
from typing import Any

from physics.domain import Box
from physics.names import COORDINATES


def periodic(
    length: float | Mapping[int, float],
    dim: int,
    dims: Sequence[int] = (1, 2, 3),
    space: str = "L",
    time: str = "T",
) -> dict[str, Any]:
    """`domain` and `units` of a System in `dim` dimensions; ValueError if it is none of `dims`.

    length: of each side, or {dim: length}.   space, time: units.
    """
    check_option("dim", dim, dims)
    side = length[dim] if isinstance(length, Mapping) else length
    return {
        "domain": Box(low=(0.0,) * dim, high=(side,) * dim),
        "units": {"t": time} | dict.fromkeys(COORDINATES[:dim], space),
    }


def check_option(name: str, value: Any, allowed: Sequence[Any]) -> None:
    """Raise ValueError with one sentence if a keyword of `system(...)` is none of `allowed`."""
    if type(value) is not type(allowed[0]) or value not in allowed:
        raise ValueError(f"{name} is one of {', '.join(map(repr, allowed))}, not {value!r}")
