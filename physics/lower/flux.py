"""Finite volumes: a System in conservation form as a stepper on cells, for shocks and walls.

Space: WENO5 with local Lax–Friedrichs splitting (order=5) or first-order Rusanov (order=1), central
differences of order 4 for diffusion. Time: SSP-RK3 in equal inner steps, whose number is chosen
once from the expected values. Sums of conserved states change through the walls alone.
"""

import math
from collections.abc import Mapping
from typing import Any

import sympy

from physics.boundary import condition
from physics.conservation import flux_form
from physics.grid import Grid
from physics.integrate.runge_kutta import march, ssp_rk3
from physics.jets import NONLOCAL, Jet, jets_in
from physics.lower import extent, pointwise
from physics.lower.finite_volume.faces import Diffusion, Waves, split
from physics.lower.finite_volume.ghosts import WIDTH, Walls
from physics.lower.finite_volume.speeds import Speeds
from physics.lower.marcher import Marcher, MarchingState, positive_time, worst_courant
from physics.names import COORDINATES
from physics.system import System

ORDERS = (1, 5)
COURANT = 0.6
VISCOUS = 1.6 / 5.45
REACTING = 1.7
UNSTABLE = 1.5
SAFETY = 1.2
MAX_SUBSTEPS = 10_000


def suits(system: System, grid: Grid) -> str:
    """Why finite volumes cannot serve `system` on `grid`; empty if they can."""
    if why := extent.check_grid(system, grid):
        return why
    if grid.layout != "cells":
        return f'finite volumes need Grid(..., layout="cells"), not {grid.layout!r}'
    if min(grid.points) < 2 * WIDTH:
        return f"finite volumes need {2 * WIDTH} cells along every coordinate, not {grid.points}"
    try:
        form = flux_form(system)
    except ValueError as error:
        return str(error)
    every = [f for own in form.fluxes.values() for f in own.values()]
    for flux in [*every, *form.source.values()]:
        if flux.has(*NONLOCAL):
            return f"finite volumes have no nonlocal operators, which {system.name!r} holds"
        if any(j.order > 1 for j in jets_in(flux)):
            return (
                f"finite volumes take derivatives up to the second, and {system.name!r} has higher"
            )
    return ""


class FiniteVolumeStepper(Marcher):
    """Advances point values at cell centres, u (*space, channel), by dt.

    order: 5 (WENO5) or 1 (Rusanov).   substeps: inner steps per dt; chosen from the expected
    values of states and parameters if not given. A step beyond the stable limit gives NaN, and
    `check` (called by `decode` outside jit) says which number of substeps would do.
    """

    scheme = "finite-volume"

    def __init__(
        self,
        system: System,
        grid: Grid,
        dt: float,
        *,
        order: int | None = None,
        substeps: int | None = None,
    ):
        if why := suits(system, grid):
            raise ValueError(why)
        self.order = 5 if order is None else order
        if self.order not in ORDERS:
            raise ValueError(f"finite volumes have the orders 1 and 5, not {order}")
        self.system, self.grid, self.dt = system, grid, positive_time(dt)
        self._states = tuple(Jet(name) for name in system.state_names)
        self._source, self._waves, self._diffusion = _lowered(system, grid, self.order)
        reacting = Speeds.of(self._source, self._states)
        self._reacting = reacting if any(map(_depends, reacting.blocks)) else None
        self.substeps = substeps or self._chosen()
        name = "WENO5" if self.order == 5 else "Rusanov"
        self.reason = f"conservation form; {name} with {self.substeps} inner SSP-RK3 steps per dt"

    def _chosen(self) -> int:
        """Inner steps for the expected values. Raises ValueError where they would be too many."""
        rate = self.expected_rate()
        wanted = SAFETY * rate * self.dt
        if not wanted <= MAX_SUBSTEPS:
            raise ValueError(
                f"dt = {self.dt:g} needs {wanted:.3g} inner steps for {self.system.name!r}: the "
                f"largest stable step is about {1 / rate:.3g}; take a smaller dt or fewer cells"
            )
        return max(1, math.ceil(wanted))

    def expected_rate(self) -> float:
        """1 / largest stable inner step [1/T] for the expected states and parameters."""
        import numpy as np

        values = extent.expected_states(self.system, self.grid)
        shape, rate = values[0].shape, 0.0
        for params in extent.expected_parameters(self.system):
            known = {n: 0.0 for n in (c.name for c in self.system.controls)} | params
            symbols = pointwise.surroundings(0.0, known, self.grid.mesh, np.float64, np)
            symbols |= dict(zip(self._states, values, strict=True))
            total = 0.0
            with np.errstate(all="ignore"):
                for waves in self._waves:
                    bounds = waves.speeds.bounds(symbols, shape, np)
                    total += _largest(bounds) / waves.walls.spacing / COURANT
                for diffusion in self._diffusion:
                    steep = {
                        j: np.zeros(1) for f in diffusion.fluxes for j in jets_in(f) if j.order
                    }
                    slopes = pointwise.on_grid(diffusion.slopes, steep | symbols, shape, np)
                    spacing = diffusion.walls[diffusion.axis].spacing
                    total += _largest(slopes) / spacing**2 / VISCOUS
                if self._reacting:
                    total += _largest(self._reacting.bounds(symbols, shape, np)) / REACTING
            rate = max(rate, float(total))
        return rate

    # -- the protocol of steppers ------------------------------------------------------------

    def step(self, state: MarchingState, coefficients: pointwise.Coefficients) -> MarchingState:
        """The state dt later."""
        import jax.numpy as jnp

        values, dt = coefficients.values, jnp.asarray(coefficients.dt, state.u.dtype)

        def measured(t, u):
            return self.tendency(t, u, values)

        u, courant = march(ssp_rk3, measured, state.t, state.u, dt, self.substeps)
        u = jnp.where(courant <= UNSTABLE, u, jnp.nan)
        return MarchingState(u, state.t + dt, jnp.maximum(state.courant, courant))

    def check(self, state: MarchingState) -> None:
        """Raise ValueError if a step was too large; nothing where values are traced."""
        worst = worst_courant(state)
        if worst <= UNSTABLE:
            return
        if not worst < 1e6:
            raise ValueError(f"{self.system.name!r} blew up within dt = {self.dt:g}")
        raise ValueError(
            f"waves of {self.system.name!r} were too fast for dt = {self.dt:g} in "
            f"{self.substeps} inner steps: the largest stable dt here is {self.dt / worst:.3g}; "
            f"give substeps={math.ceil(SAFETY * worst * self.substeps)}"
        )

    # -- space -------------------------------------------------------------------------------

    def tendency(self, t: Any, u: Any, values: Mapping[str, Any]) -> tuple[Any, Any]:
        """(∂u/∂t (*space, channel), 1 / largest stable inner step [1/T])."""
        import jax.numpy as jnp

        symbols = pointwise.surroundings(t, values, self.grid.mesh, u.dtype, jnp)
        u = jnp.moveaxis(u, -1, 0)
        known = symbols | dict(zip(self._states, u, strict=True))
        total = jnp.stack(pointwise.on_grid(self._source, known, u.shape[1:], jnp))
        rate = jnp.zeros((), u.dtype)
        for term in (*self._waves, *self._diffusion):
            waves = isinstance(term, Waves)
            walls = term.walls if waves else term.walls[term.axis]
            faces, fastest = term.faces(u, symbols)
            total = total - jnp.diff(faces, axis=walls.axis + 1) / walls.spacing
            limit = COURANT * walls.spacing if waves else VISCOUS * walls.spacing**2
            rate = rate + fastest / limit
        if self._reacting:
            fastest = jnp.max(jnp.stack(self._reacting.bounds(known, u.shape[1:], jnp)))
            rate = rate + fastest / REACTING
        return jnp.moveaxis(total, 0, -1), rate


def _depends(block: tuple) -> bool:
    """Whether a block of a Jacobian is not zero."""
    return any(entry != 0 for row in block[1] for entry in row)


def _largest(values: Any) -> float:
    """Largest finite absolute value: expected states may lie on a singularity, like h = 0."""
    import numpy as np

    size = np.abs(values)
    return float(np.max(size, where=np.isfinite(size), initial=0.0))


def _lowered(system: System, grid: Grid, order: int):
    """(sources, Waves per coordinate that has any, Diffusion per coordinate that has any)."""
    form, states = flux_form(system), tuple(Jet(n) for n in system.state_names)
    walls, moving, steep = [], [], []
    for axis, name in enumerate(COORDINATES[: system.dim]):
        parts = [split(form.fluxes[s][name]) for s in system.equations]
        drift = tuple(sympy.diff(f, u) for (f, _), u in zip(parts, states, strict=True))
        ends = tuple(
            tuple(condition(system, s, name + end, grid.box) for end in "-+")
            for s in system.equations
        )
        walls.append(Walls(axis, name, ends, drift, states, grid.spacing[axis]))
        moving.append(tuple(f for f, _ in parts))
        steep.append(tuple(g for _, g in parts))
    waves = [
        Waves(w, f, Speeds.of(f, states), order)
        for w, f in zip(walls, moving, strict=True) if any(f)
    ]  # fmt: skip
    diffusion = [Diffusion(tuple(walls), axis, g) for axis, g in enumerate(steep) if any(g)]
    return tuple(form.source[s] for s in system.equations), waves, diffusion
