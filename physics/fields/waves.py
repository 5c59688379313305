"""Travelling shapes: solitons of Korteweg and de Vries, wave packets of Schrödinger."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from physics.fields import series
from physics.fields.amounts import Amount, Range, active, counts, drawn, ends, settle
from physics.fields.bumps import squared_distance
from physics.grid import Grid


@dataclass(frozen=True, kw_only=True)
class Solitons:
    """u = Σ h_i sech²(√(steepness · h_i) (x − x_i)): crests across x, the tall ones narrow.

    For ∂ₜu = −α u ∂ₓu − β ∂ₓ³u each is a solution of speed α h/3 if steepness = α/(12 β).
    count: number of solitons, or a range of it.   height: h > 0, states that it does not name
    are zero.   steepness: in 1/(unit of u · L²).
    """

    spatial: ClassVar[bool] = True
    count: int | tuple[int, int] = (1, 3)
    height: Amount = (0.5, 1.5)
    steepness: float = 0.5

    def __post_init__(self):
        settle(self, height=0.0)
        counts(self, "count", 1)
        if not self.steepness > 0:
            raise ValueError(f"steepness is positive, not {self.steepness!r}")

    def draw_field(self, key: Any, grid: Grid, states: Sequence[str]) -> Any:
        """One field (*space, channel)."""
        import jax
        import jax.numpy as jnp

        keys = jax.random.split(key, 3)
        number = ends(self.count)[1]
        heights = drawn(keys[0], self.height, states, number)
        heights = heights * active(keys[1], self.count)[:, None]
        places = jax.random.uniform(keys[2], (number, len(states)))
        gap = jnp.asarray(series.fractions(grid)[0])[:, None, None] - places
        images = jnp.arange(-2.0, 3.0) if grid.box.kinds[0] == "periodic" else jnp.zeros(1)
        distance = grid.lengths[0] * (gap[..., None] + images)
        crests = jnp.cosh(jnp.sqrt(self.steepness * heights)[..., None] * distance) ** -2.0
        line = (heights[..., None] * crests).sum((1, 3))
        shape = (*grid.points, len(states))
        return jnp.broadcast_to(line.reshape(-1, *[1] * (grid.dim - 1), len(states)), shape)


@dataclass(frozen=True, kw_only=True)
class Packets:
    """u + iv = Σ h_i exp(−|x − x_i|²/(2 w_i²)) exp(2πi n_i·(x − x_i)/L), for two states u, v.

    count: number of packets, or a range of it.   height: h.   width: w [L].   waves: the largest
    whole number of waves along the box, drawn for each packet and axis.
    """

    spatial: ClassVar[bool] = True
    count: int | tuple[int, int] = (1, 2)
    height: Range = (0.5, 1.0)
    width: Range = (0.4, 0.8)
    waves: int = 4

    def __post_init__(self):
        settle(self, height=-math.inf, width=0.0)
        counts(self, "count", 1)
        counts(self, "waves", 0)
        if ends(self.width)[0] <= 0:
            raise ValueError(f"width is positive, not {self.width!r}")

    def draw_field(self, key: Any, grid: Grid, states: Sequence[str]) -> Any:
        """One field (*space, 2): real and imaginary part."""
        import jax
        import jax.numpy as jnp

        if len(states) != 2:
            raise ValueError(f"Packets make two states, real and imaginary part, not {len(states)}")
        keys = jax.random.split(key, 5)
        number = ends(self.count)[1]
        ones = (number,) + (1,) * grid.dim

        def each(key, amount):
            low, high = ends(amount)
            return jax.random.uniform(key, ones, minval=low, maxval=high)

        height = each(keys[0], self.height) * active(keys[1], self.count).reshape(ones)
        places = jax.random.uniform(keys[2], (number, grid.dim))
        waves = jax.random.randint(keys[3], (number, grid.dim), -self.waves, self.waves + 1)
        envelope = squared_distance(grid, places) / (2 * each(keys[4], self.width) ** 2)
        phase: Any = 0.0
        for axis, fraction in enumerate(series.mesh_of(series.fractions(grid))):
            gap = jnp.asarray(fraction)[None] - places[:, axis].reshape(ones)
            phase = phase + 2 * jnp.pi * waves[:, axis].reshape(ones) * gap
        packets = height * jnp.exp(-envelope)
        return jnp.stack(
            [(packets * jnp.cos(phase)).sum(0), (packets * jnp.sin(phase)).sum(0)], axis=-1
        )
