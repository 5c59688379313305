"""Where an equation lives: a box of one to three dimensions and the kind of its boundaries.

A system without a domain is an ordinary differential equation or a map.
"""

import math
from dataclasses import dataclass

from physics.names import COORDINATES

KINDS = ("periodic", "dirichlet", "neumann", "robin", "inflow", "outflow")


@dataclass(frozen=True, kw_only=True)
class Box:
    """The box [low, high] with one boundary kind per coordinate.

    low, high: corners, one number per dimension [L].   kinds: one of KINDS per dimension.
    Raises ValueError for empty boxes and unknown kinds.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    kinds: tuple[str, ...] = ()

    def __post_init__(self):
        object.__setattr__(self, "low", tuple(map(float, self.low)))
        object.__setattr__(self, "high", tuple(map(float, self.high)))
        object.__setattr__(self, "kinds", tuple(self.kinds) or ("periodic",) * len(self.low))
        if not 1 <= len(self.low) <= 3 or not len(self.low) == len(self.high) == len(self.kinds):
            raise ValueError("a box has one to three dimensions and as many corners and kinds")
        for name, low, high, kind in zip(
            COORDINATES, self.low, self.high, self.kinds, strict=False
        ):
            if not (low < high and math.isfinite(high - low)):
                raise ValueError(f"box is empty or infinite along {name}: [{low}, {high}]")
            if kind not in KINDS:
                raise ValueError(f"unknown boundary kind {kind!r} along {name}; one of {KINDS}")

    @property
    def dim(self) -> int:
        """Number of spatial dimensions."""
        return len(self.low)

    def to_json(self) -> dict:
        """Plain JSON."""
        return {"low": list(self.low), "high": list(self.high), "kinds": list(self.kinds)}

    @classmethod
    def from_json(cls, tree: dict) -> "Box":
        """The box that `to_json` wrote."""
        return cls(low=tuple(tree["low"]), high=tuple(tree["high"]), kinds=tuple(tree["kinds"]))
