"""Fluxes through cell faces: upwinded for waves, central for diffusion.

Waves: f = f⁺ + f⁻ with f± = (F ± α u)/2 and α the largest speed near the face (local
Lax–Friedrichs); each part is reconstructed from its own side. Diffusion: F(u, ∂u) at the faces from
central differences of order 4. Values are those at the cell centres; the difference of two faces
over the cell size is the derivative there to the order of the scheme, in any dimension.

Source: Shu & Osher (1989), doi:10.1016/0021-9991(89)90222-2 (conservative differences of point
values); Jiang & Shu (1996), doi:10.1006/jcph.1996.0130.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from physics.jets import Jet, jets_in
from physics.lower.finite_volume.ghosts import WIDTH, Walls
from physics.lower.finite_volume.speeds import Speeds
from physics.lower.finite_volume.weno import constant, weno5
from physics.lower.pointwise import on_grid

STENCIL = 2 * WIDTH
BETWEEN = (0.25, 0.5, 0.75)


def split(flux: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """(part free of derivatives, part with derivatives) of a flux."""
    terms = sympy.Add.make_args(sympy.expand(flux))
    steep = [t for t in terms if any(j.order for j in jets_in(t))]
    return sympy.Add(*(t for t in terms if t not in steep)), sympy.Add(*steep)


def cut(a: Any, axis: int, start: int, count: int) -> Any:
    """`count` entries of `a` from `start` along `axis`."""
    return a[(slice(None),) * axis + (slice(start, start + count),)]


@dataclass(frozen=True)
class Waves:
    """The fluxes of one coordinate that hold no derivatives, one per state."""

    walls: Walls
    fluxes: tuple[sympy.Expr, ...]
    speeds: Speeds
    order: int

    def faces(self, u: Any, symbols: Mapping) -> tuple[Any, Any]:
        """(flux through the N + 1 faces of the axis, largest speed anywhere); u (state, *space)."""
        import jax
        import jax.numpy as jnp

        axis, states = self.walls.axis + 1, self.walls.states
        wide = self.walls.extend(u, symbols, travelling=True)
        symbols = self.walls.extend_symbols(symbols, wrap=True)
        known = symbols | dict(zip(states, wide, strict=True))
        flux = jnp.stack(on_grid(self.fluxes, known, wide.shape[1:], jnp))
        speed = self._speeds(wide, symbols, jnp)
        n = u.shape[axis] + 1
        first = 1 if self.order > 1 else 2
        near = [cut(speed, axis, k, n) for k in range(first, STENCIL - first)]
        alpha = functools.reduce(jnp.maximum, near)
        f, a = ([cut(w, axis, k, n) for k in range(STENCIL)] for w in (flux, wide))
        sides = [
            jnp.stack([f[k] + alpha * a[k], f[-1 - k] - alpha * a[-1 - k]]) / 2
            for k in range(STENCIL - 1)
        ]
        space = tuple(range(1, u.ndim))
        size = jnp.mean(flux**2, space) + jnp.mean(wide**2, space) * jnp.max(speed, space) ** 2
        scale = jax.lax.stop_gradient(size / 4).reshape(-1, *(1,) * len(space))
        upwind = (weno5 if self.order > 1 else constant)(sides, scale)
        return upwind[0] + upwind[1], jnp.max(speed)

    def _speeds(self, wide: Any, symbols: Mapping, jnp: Any) -> Any:
        """(state, *space): the largest speed in each cell and on the way to its neighbours."""
        axis, states = self.walls.axis + 1, self.walls.states

        def bounds(u):
            known = symbols | dict(zip(states, u, strict=True))
            return jnp.stack(self.speeds.bounds(known, u.shape[1:], jnp))

        speeds = bounds(wide)
        if self.speeds.between:
            n = wide.shape[axis]
            low, high = cut(wide, axis, 0, n - 1), cut(wide, axis, 1, n - 1)
            for w in BETWEEN:
                ways = bounds((1 - w) * low + w * high)
                ways = [jnp.pad(ways, [(0, 0)] * axis + [pad] + [(0, 0)] * (wide.ndim - axis - 1))
                        for pad in ((0, 1), (1, 0))]  # fmt: skip
                speeds = jnp.maximum(speeds, jnp.maximum(*ways))
        return speeds


@dataclass(frozen=True)
class Diffusion:
    """The fluxes of one coordinate that hold first derivatives, one per state.

    walls: of all axes.   axis: of the faces.
    """

    walls: tuple[Walls, ...]
    axis: int
    fluxes: tuple[sympy.Expr, ...]

    def faces(self, u: Any, symbols: Mapping) -> tuple[Any, Any]:
        """(flux through the N + 1 faces, largest diffusivity anywhere); u (state, *space)."""
        import jax.numpy as jnp

        here = self.walls[self.axis]
        wide = here.extend(u, symbols, travelling=False)
        symbols = here.extend_symbols(symbols, wrap=False)
        known = {s: self._at_faces(a) if jnp.ndim(a) else a for s, a in symbols.items()}
        known |= {state: self._at_faces(a) for state, a in zip(here.states, wide, strict=True)}
        for jet in sorted(set().union(*map(jets_in, self.fluxes)) - set(known), key=str):
            known[jet] = self._derivative(jet, wide, symbols)
        n = u.shape[self.axis + 1]
        shape = tuple(n + 3 if k == self.axis else m for k, m in enumerate(u.shape[1:]))
        g = jnp.stack(on_grid(self.fluxes, known, shape, jnp))
        before, at, after = (cut(g, self.axis + 1, k, n + 1) for k in range(3))
        slopes = on_grid(self.slopes, known, shape, jnp)
        count = len(here.states)
        rows = [sum(jnp.abs(a) for a in slopes[i::count]) for i in range(count)]
        return (26 * at - before - after) / 24, jnp.max(jnp.stack(rows))

    @property
    def slopes(self) -> list[sympy.Expr]:
        """∂F/∂(∂u) for every derivative, grouped so that every len(states)-th is of one flux."""
        steep = sorted({j for f in self.fluxes for j in jets_in(f) if j.order}, key=str)
        return [sympy.diff(f, j) for j in steep for f in self.fluxes]

    def _at_faces(self, a: Any) -> Any:
        """Values at the faces, N + 3 of them, from N + 2·WIDTH cells."""
        if a.shape[self.axis] == 1:
            return a
        b = self._around(a)
        return (9 * (b[1] + b[2]) - b[0] - b[3]) / 16

    def _around(self, a: Any) -> list[Any]:
        """The four cells around each face."""
        return [cut(a, self.axis, k, a.shape[self.axis] - 3) for k in range(4)]

    def _derivative(self, jet: Jet, wide: Any, symbols: Mapping) -> Any:
        """A first derivative at the faces: along the axis between cells, else across them."""
        number = [s.field for s in self.walls[0].states].index(jet.field)
        across = self.walls[[w.name for w in self.walls].index(jet.index[0])]
        if across.axis == self.axis:
            b = self._around(wide[number])
            return (27 * (b[2] - b[1]) - (b[3] - b[0])) / (24 * across.spacing)
        wider = across.extend(wide, symbols, travelling=False)[number]
        n = wide.shape[across.axis + 1]
        b = [cut(wider, across.axis, k, n) for k in range(1, 6)]
        return self._at_faces((8 * (b[3] - b[1]) - (b[4] - b[0])) / (12 * across.spacing))
