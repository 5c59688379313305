"""Ghost cells: rows of cells beyond a wall whose values make the scheme keep its condition there.

Mirrored at the wall (distance d between mirror images): Dirichlet 2b − u, Neumann u + d·g, Robin
from (u₋ + u₊)/2 and (u₋ − u₊)/d. Where waves enter, the prescribed value itself is continued
with the limited slope of the first cells, so that an inflow makes no overshoot.

Source: LeVeque (2002), Finite Volume Methods for Hyperbolic Problems, ch. 7,
doi:10.1017/CBO9780511791253.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from physics.boundary import Condition
from physics.jets import Jet
from physics.lower.pointwise import on_grid

WIDTH = 3


@dataclass(frozen=True)
class Walls:
    """Both ends of one axis.

    conditions: per state (low, high), None where periodic.   drift: per state ∂F/∂u of its own
    flux, whose sign says where it enters.   spacing: cell size [L].   period: side length [L].
    """

    axis: int
    name: str
    conditions: tuple[tuple[Condition | None, Condition | None], ...]
    drift: tuple[sympy.Expr, ...]
    states: tuple[Jet, ...]
    spacing: float

    @property
    def periodic(self) -> bool:
        """Whether there are no walls."""
        return self.conditions[0][0] is None

    def extend(self, u: Any, symbols: Mapping, *, travelling: bool) -> Any:
        """u (state, *space) with WIDTH more cells at both ends of the axis.

        symbols: values of parameters, t and coordinates on the cells.   travelling: whether the
        values are for waves (else for diffusion).
        """
        import jax.numpy as jnp

        if self.periodic:
            return self._wrapped(u, self.axis + 1, jnp)
        parts = list(u)
        low = jnp.stack(self._beyond(parts, symbols, 0, travelling, jnp))
        high = jnp.stack(self._beyond(parts, symbols, 1, travelling, jnp))
        return jnp.concatenate([jnp.flip(low, self.axis + 1), u, high], self.axis + 1)

    def extend_symbols(self, symbols: Mapping, *, wrap: bool) -> dict:
        """`symbols` with the coordinate of this axis over the ghost cells as well.

        wrap: whether it jumps back where the axis is periodic, as the cells do.
        """
        import jax.numpy as jnp

        here = sympy.Symbol(self.name)
        x = symbols[here]
        if self.periodic and wrap:
            return dict(symbols) | {here: self._wrapped(x, self.axis, jnp)}
        away = (jnp.arange(WIDTH, dtype=x.dtype) + 1) * self.spacing
        away = away.reshape([WIDTH if k == self.axis else 1 for k in range(x.ndim)])
        low = self._near(x, 0, jnp, 1) - jnp.flip(away, self.axis)
        high = self._near(x, 1, jnp, 1) + away
        return dict(symbols) | {here: jnp.concatenate([low, x, high], self.axis)}

    def _wrapped(self, a: Any, axis: int, jnp: Any) -> Any:
        before = (slice(None),) * axis
        first, last = a[(*before, slice(None, WIDTH))], a[(*before, slice(-WIDTH, None))]
        return jnp.concatenate([last, a, first], axis)

    def _near(self, a: Any, end: int, jnp: Any, count: int = WIDTH) -> Any:
        """The `count` cells next to a wall, nearest first."""
        n = a.shape[self.axis]
        rows = slice(None, n - count - 1 if n > count else None, -1) if end else slice(count)
        return a[(slice(None),) * self.axis + (rows,)]

    def _beyond(self, u, symbols, end: int, travelling: bool, jnp) -> list[Any]:
        """The ghost cells of all states at one end, nearest the wall first."""
        inner = [self._near(a, end, jnp) for a in u]
        first = [self._near(a, end, jnp, 1) for a in u]
        faces = {s: self._near(a, end, jnp, 1) if jnp.ndim(a) else a for s, a in symbols.items()}
        shape = first[0].shape
        conditions = [c[end] for c in self.conditions]
        values = on_grid([c.value for c in conditions], faces, shape, jnp)
        slopes = on_grid([c.slope for c in conditions], faces, shape, jnp)
        weight = {"dirichlet": 0.0, "inflow": 0.5}  # a wall at rest stays one; a shock may enter
        middle = {
            state: v + weight.get(c.kind, 1.0) * (a - v)
            for state, c, a, v in zip(self.states, conditions, first, values, strict=True)
        }
        drift = on_grid(self.drift, faces | middle, shape, jnp)
        distance = (2 * jnp.arange(WIDTH, dtype=first[0].dtype) + 1) * self.spacing
        distance = distance.reshape([WIDTH if k == self.axis else 1 for k in range(len(shape))])
        limited = [_limited(self._near(a, end, jnp, 2), v, self, jnp)
                   for a, v in zip(u, values, strict=True)]  # fmt: skip
        return [
            _ghosts(c.kind, i, e, v, r, distance, s, d if end else -d, travelling, jnp)
            for c, i, e, v, r, s, d in zip(
                conditions, inner, first, values, slopes, limited, drift, strict=True
            )
        ]


def _limited(cells: Any, value: Any, walls: Walls, jnp: Any) -> Any:
    """The smaller of the slopes wall–first cell and first–second cell; zero if they disagree."""
    before = (slice(None),) * walls.axis
    first, second = cells[(*before, slice(0, 1))], cells[(*before, slice(1, 2))]
    near, far = 2 * (first - value) / walls.spacing, (second - first) / walls.spacing
    smaller = jnp.where(jnp.abs(near) < jnp.abs(far), near, far)
    return jnp.where(near * far > 0, smaller, 0.0)


def _ghosts(kind, inner, first, value, slope, distance, limited, outward, travelling, jnp):
    """Ghost values of one state. inner: mirror images.   outward: its wave speed at the wall."""
    if kind == "outflow":
        return jnp.broadcast_to(first, inner.shape)
    if kind == "neumann":
        return inner + distance * value
    if kind == "robin":
        return (value + inner * (1 / distance - slope / 2)) / (1 / distance + slope / 2)
    mirrored = 2 * value - inner
    continued = value - distance / 2 * limited
    if kind == "inflow":
        return jnp.where(outward > 0, first, continued if travelling else mirrored)
    return jnp.where(outward < 0, continued, mirrored) if travelling else mirrored
