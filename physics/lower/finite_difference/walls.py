"""Nodes on walls follow from their condition: u₀ is a function of t and of the nodes inside.

Dirichlet u₀ = b; Neumann and Robin solve the one-sided difference for u₀. An outflow node obeys the
equation itself where that is of first order along the normal, and ∂u/∂n = 0 where it is of second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from physics.boundary import condition
from physics.grid import Grid
from physics.jets import Jet, expand_fluxes, jets_in
from physics.lower.finite_difference.stencils import weights
from physics.lower.pointwise import on_grid
from physics.names import COORDINATES
from physics.system import System


@dataclass(frozen=True)
class Wall:
    """One state at one end of one axis.

    diffusive: whether its second derivative along the axis occurs in its equation.
    drift: the velocity that carries it along the axis, −∂(rhs)/∂u_x.   spacing: [L].
    """

    state: int
    axis: int
    end: int
    kind: str
    value: sympy.Expr
    slope: sympy.Expr
    diffusive: bool
    drift: sympy.Expr
    spacing: float
    order: int

    @property
    def free(self) -> bool:
        """Whether nothing is ever prescribed."""
        return self.kind == "outflow" and not self.diffusive

    def put(self, parts: Sequence[Any], states: Sequence[Jet], symbols: Mapping) -> Any:
        """The array of this state with its nodes on the wall filled in."""
        import jax.numpy as jnp

        if self.free:
            return parts[self.state]
        rows = [jnp.moveaxis(p, self.axis, 0) for p in parts]
        rows = [r[::-1] if self.end else r for r in rows]
        own = rows[self.state]
        at = {s: self._at(v, jnp) for s, v in symbols.items()}
        value, slope = on_grid([self.value, self.slope], at, own[0].shape, jnp)
        if self.kind == "inflow":
            here = {s: r[0] for s, r in zip(states, rows, strict=True)}
            here[states[self.state]] = (here[states[self.state]] + value) / 2
            drift = on_grid([_still(self.drift)], at | here, own[0].shape, jnp)[0]
            outward = drift if self.end else -drift
            left = self._balanced(own, 0.0, 0.0, jnp) if self.diffusive else own[0]
            filled = jnp.where(outward > 0, left, value)
        elif self.kind == "dirichlet":
            filled = value
        else:
            filled = self._balanced(own, value, slope, jnp)
        own = own.at[0].set(filled)
        return jnp.moveaxis(own[::-1] if self.end else own, 0, self.axis)

    def _at(self, a: Any, jnp: Any) -> Any:
        if not jnp.ndim(a):
            return a
        a = jnp.moveaxis(a, self.axis, 0)
        return a[-1] if self.end else a[0]

    def _balanced(self, own: Any, value: Any, slope: Any, jnp: Any) -> Any:
        """u₀ from slope·u + ∂u/∂n = value; n points outwards, so ∂u/∂n = −Σ cₖuₖ/h."""
        c = self.normal
        inside = sum(float(c[k]) * own[k] for k in range(1, len(c))) / self.spacing
        return (value + inside) / (slope - float(c[0]) / self.spacing)

    @property
    def normal(self) -> Any:
        """One-sided weights of the first derivative, inwards, for unit spacing."""
        import numpy as np

        return weights(0.0, np.arange(self.order + 1.0), 1)


def _still(expression: sympy.Expr) -> sympy.Expr:
    """`expression` where all derivatives are zero."""
    zero = {j: sympy.Integer(0) for j in jets_in(expression) if j.order}
    return expression.xreplace(zero)


def walls_of(system: System, grid: Grid, order: int) -> list[Wall]:
    """All walls in the order in which they are filled: axis by axis."""
    found = []
    for axis, name in enumerate(COORDINATES[: system.dim]):
        for end, sign in enumerate("-+"):
            for i, (state, expression) in enumerate(system.equations.items()):
                holds = condition(system, state, name + sign, grid.box)
                if holds is None:
                    continue
                rhs = expand_fluxes(expression)
                diffusive = any(j.field == state and j.index.count(name) > 1 for j in jets_in(rhs))
                found.append(
                    Wall(
                        i, axis, end, "neumann" if holds.kind == "outflow" and diffusive
                        else holds.kind, holds.value, holds.slope, diffusive,
                        -sympy.diff(rhs, Jet(state, name)), grid.spacing[axis], order,
                    )
                )  # fmt: skip
    return found


def fill(walls: Sequence[Wall], u: Any, states: Sequence[Jet], symbols: Mapping) -> Any:
    """u (*space, channel) with all nodes on walls put to what their conditions say."""
    import jax.numpy as jnp

    parts = [u[..., i] for i in range(u.shape[-1])]
    for wall in walls:
        parts[wall.state] = wall.put(parts, states, symbols)
    return jnp.stack(parts, axis=-1)
