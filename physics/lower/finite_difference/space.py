"""The right-hand side of a PDE on nodes: every jet by its stencil, walls by their conditions."""

from collections.abc import Mapping
from typing import Any

import sympy

from physics.grid import Grid
from physics.jets import Jet, expand_fluxes, jets_in
from physics.lower import pointwise
from physics.lower.finite_difference.stability import Limit
from physics.lower.finite_difference.stencils import differentiate
from physics.lower.finite_difference.walls import fill, walls_of
from physics.names import COORDINATES
from physics.system import System


class Differences:
    """`system` differenced on `grid` to an order of 2 or 4; values are in `coefficients`."""

    def __init__(self, system: System, grid: Grid, order: int):
        self.grid, self.order = grid, order
        self.states = tuple(Jet(name) for name in system.state_names)
        self.equations = [expand_fluxes(e) for e in system.equations.values()]
        self.walls = walls_of(system, grid, order)
        self.limit = Limit.of(system, self.walls, grid, order)
        self.jets = sorted(set().union(*map(jets_in, self.equations)), key=str)

    def filled(self, t: Any, u: Any, coefficients: Mapping[str, Any]) -> Any:
        """u (*space, channel) with the nodes on walls as their conditions say at time t."""
        if all(wall.free for wall in self.walls):
            return u
        return fill(self.walls, u, self.states, self._symbols(t, u, coefficients))

    def tendency(self, t: Any, u: Any, coefficients: Mapping[str, Any]) -> Any:
        """du/dt (*space, channel); nodes on walls move so that their conditions keep holding.

        u must satisfy the conditions (see `filled`).
        """
        return self.measured(t, u, coefficients)[0]

    def measured(self, t: Any, u: Any, coefficients: Mapping[str, Any]) -> tuple[Any, Any]:
        """(tendency, bound of the spectral radius [1/T])."""
        import jax
        import jax.numpy as jnp

        symbols = self._symbols(t, u, coefficients) | self._derivatives(u)
        shape = u.shape[:-1]
        inside = jnp.stack(pointwise.on_grid(self.equations, symbols, shape, jnp), axis=-1)
        rate = self.limit.rate(symbols, shape, jnp)
        if all(wall.free for wall in self.walls):
            return inside, rate
        t = jnp.asarray(t, u.dtype)
        _, moved = jax.jvp(
            lambda s, v: self.filled(s, v, coefficients), (t, u), (jnp.ones_like(t), inside)
        )
        return moved, rate

    def _symbols(self, t: Any, u: Any, coefficients: Mapping[str, Any]) -> dict[sympy.Symbol, Any]:
        import jax.numpy as jnp

        return pointwise.surroundings(t, coefficients, self.grid.mesh, u.dtype, jnp)

    def _derivatives(self, u: Any) -> dict[Jet, Any]:
        """{jet: array}; a derivative along several axes is built from those along fewer."""
        known = {state: u[..., i] for i, state in enumerate(self.states)}
        for jet in self.jets:
            at = Jet(jet.field)
            for axis, name in enumerate(COORDINATES[: self.grid.dim]):
                if m := jet.index.count(name):
                    before, at = at, Jet(jet.field, at.index + (name,) * m)
                    if at not in known:
                        known[at] = differentiate(
                            known[before], axis, m, self.order, self.grid.spacing[axis],
                            self.grid.box.kinds[axis] == "periodic",
                        )  # fmt: skip
        return known
