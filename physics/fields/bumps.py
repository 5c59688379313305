"""Round shapes at random places: sums of Gaussian bumps, and spots of another value.

Distances on periodic axes are (L/π) sin(π d/L), which is d for near points and smooth everywhere.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from physics.fields import series
from physics.fields.amounts import Amount, Range, active, counts, drawn, ends, settle
from physics.grid import Grid


@dataclass(frozen=True, kw_only=True)
class Bumps:
    """u = offset + Σ h_i exp(−|x − x_i|²/(2 w_i²)); each state has bumps of its own.

    count: number of bumps, or a range of it.   height: h.   width: w [L].   offset: value far away.
    margin: least distance of the centres from the faces, as a fraction of the box.
    """

    spatial: ClassVar[bool] = True
    count: int | tuple[int, int] = (1, 4)
    height: Amount = (0.5, 1.0)
    width: Range = (0.3, 0.6)
    offset: Amount = 0.0
    margin: float = 0.0

    def __post_init__(self):
        settle(self, height=-math.inf, width=0.0, offset=-math.inf)
        _check(self)

    def draw_field(self, key: Any, grid: Grid, states: Sequence[str]) -> Any:
        """One field (*space, channel)."""
        import jax
        import jax.numpy as jnp

        keys = jax.random.split(key, len(states) + 3)
        number = ends(self.count)[1]
        heights = drawn(keys[0], self.height, states, number)
        heights = heights * active(keys[1], self.count)[:, None]
        offset = drawn(keys[2], self.offset, states)
        bumps = [gaussians(k, grid, number, self.width, self.margin) for k in keys[3:]]
        sums = [jnp.tensordot(h, b, axes=1) for h, b in zip(heights.T, bumps, strict=True)]
        return offset + jnp.stack(sums, axis=-1)


@dataclass(frozen=True, kw_only=True)
class Spots:
    """u = outside + (inside − outside) · (1 − Π (1 − g_i)),  g_i = exp(−|x − x_i|²/(2 w_i²)).

    All states share their spots, and u stays between `outside` and `inside`.
    count, width, margin: as for Bumps.
    """

    spatial: ClassVar[bool] = True
    inside: Amount = 1.0
    outside: Amount = 0.0
    count: int | tuple[int, int] = (1, 4)
    width: Range = (0.3, 0.6)
    margin: float = 0.0

    def __post_init__(self):
        settle(self, inside=-math.inf, outside=-math.inf, width=0.0)
        _check(self)

    def draw_field(self, key: Any, grid: Grid, states: Sequence[str]) -> Any:
        """One field (*space, channel)."""
        import jax

        keys = jax.random.split(key, 4)
        spots = gaussians(keys[0], grid, ends(self.count)[1], self.width, self.margin)
        there = active(keys[1], self.count).reshape(-1, *[1] * grid.dim)
        mask = 1 - (1 - spots * there).prod(0)
        inside = drawn(keys[2], self.inside, states)
        outside = drawn(keys[3], self.outside, states)
        return outside + (inside - outside) * mask[..., None]


def gaussians(key: Any, grid: Grid, number: int, width: Range, margin: float) -> Any:
    """`number` Gaussians of height one at random places, (number, *space)."""
    import jax
    import jax.numpy as jnp

    places, widths = jax.random.split(key)
    centres = jax.random.uniform(places, (number, grid.dim), minval=margin, maxval=1 - margin)
    low, high = ends(width)
    shape = (number,) + (1,) * grid.dim
    size = jax.random.uniform(widths, shape, minval=low, maxval=high)
    return jnp.exp(-squared_distance(grid, centres) / (2 * size**2))


def squared_distance(grid: Grid, centres: Any) -> Any:
    """|x − centre|² [L²] for `centres` (number, dim) in fractions of the box: (number, *space)."""
    import jax.numpy as jnp

    total: Any = 0.0
    mesh = series.mesh_of(series.fractions(grid))
    for axis, (fraction, length) in enumerate(zip(mesh, grid.lengths, strict=True)):
        centre = centres[:, axis].reshape(-1, *[1] * grid.dim)
        gap = jnp.asarray(fraction)[None] - centre
        wraps = grid.box.kinds[axis] == "periodic"
        total = total + (length * (jnp.sin(jnp.pi * gap) / jnp.pi if wraps else gap)) ** 2
    return total


def _check(law: Any) -> None:
    counts(law, "count", 1)
    if ends(law.width)[0] <= 0:
        raise ValueError(f"width is positive, not {law.width!r}")
    if not 0 <= law.margin < 0.5:
        raise ValueError(f"margin is a fraction of the box from 0 to 0.5, not {law.margin!r}")
