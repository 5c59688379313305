"""Piecewise constant initial states: Riemann problems."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from physics.fields import series
from physics.fields.amounts import Amount, counts, drawn, ends, settle
from physics.grid import Grid

ORDERS = ("any", "falling", "rising")


@dataclass(frozen=True, kw_only=True)
class Steps:
    """u = levels between jumps at random places along x, constant along the other coordinates.

    Where the flux is convex, a falling jump becomes a shock and a rising one a rarefaction. On a
    periodic box the end meets the beginning in one more jump.
    jumps: their number, or a range of it; 0 is a uniform state.   level: the values.
    order: "any", "falling" or "rising" levels.   margin: least distance of jumps from the ends, as
    a fraction of the box.
    """

    spatial: ClassVar[bool] = True
    jumps: int | tuple[int, int] = (1, 2)
    level: Amount = (0.0, 1.0)
    order: str = "any"
    margin: float = 0.1

    def __post_init__(self):
        settle(self, level=-math.inf)
        counts(self, "jumps", 0)
        if self.order not in ORDERS:
            raise ValueError(f"order is one of {ORDERS}, not {self.order!r}")
        if not 0 <= self.margin < 0.5:
            raise ValueError(f"margin is a fraction of the box from 0 to 0.5, not {self.margin!r}")

    def draw_field(self, key: Any, grid: Grid, states: Sequence[str]) -> Any:
        """One field (*space, channel)."""
        import jax
        import jax.numpy as jnp

        low, most = ends(self.jumps)
        keys = jax.random.split(key, 3)
        levels = drawn(keys[0], self.level, states, most + 1)
        if self.order != "any":
            levels = jnp.sort(levels, axis=0, descending=self.order == "falling")
        bounds = {"minval": self.margin, "maxval": 1 - self.margin}
        places = jax.random.uniform(keys[1], (most,), **bounds)
        there = jnp.arange(most) < jax.random.randint(keys[2], (), low, most + 1)
        places = jnp.where(there, places, jnp.inf)
        passed = jnp.asarray(series.fractions(grid)[0])[:, None] >= places
        line = levels[passed.sum(-1)]
        shape = (*grid.points, len(states))
        return jnp.broadcast_to(line.reshape(-1, *[1] * (grid.dim - 1), len(states)), shape)
