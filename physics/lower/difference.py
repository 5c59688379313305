"""Finite differences: a System on nodes, with walls or periodic, as right-hand side and stepper.

Space: stencils of order 2 or 4, one-sided at walls. Time: classical Runge-Kutta in equal inner
steps where these are few, else Kvaerno5 (implicit, adaptive within dt) through Diffrax.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from physics.grid import Grid
from physics.integrate.runge_kutta import STEPS, march
from physics.jets import NONLOCAL, Jet, expand_fluxes, jets_in
from physics.lower import extent, pointwise
from physics.lower.finite_difference.space import Differences
from physics.lower.finite_difference.stencils import ORDERS, points_needed
from physics.lower.marcher import Marcher, MarchingState, positive_time, worst_courant
from physics.names import COORDINATES
from physics.system import System

METHODS = ("auto", "explicit", "implicit")
STABLE = {"rk4": 2.5, "ssp_rk3": 1.7}
UNSTABLE = 1.15
SAFETY = 1.1
STIFF = 200
MAX_SUBSTEPS = 10_000
MAX_UNKNOWNS = 600
MAX_DERIVATIVE = 4
TOLERANCES = {8: (1e-8, 1e-10), 4: (1e-4, 1e-6)}


def suits(system: System, grid: Grid, order: int = 4) -> str:
    """Why finite differences cannot serve `system` on `grid`; empty if they can."""
    if why := extent.check_grid(system, grid):
        return why
    if grid.layout != "nodes" and not grid.periodic:
        return f'finite differences with walls need Grid(..., layout="nodes"), not {grid.layout!r}'
    for expression in map(expand_fluxes, system.equations.values()):
        if expression.has(*NONLOCAL):
            return f"finite differences have no nonlocal operators, which {system.name!r} holds"
        for jet in jets_in(expression):
            if why := _refused(jet, grid, order):
                return why
    return ""


def _refused(jet: Jet, grid: Grid, order: int) -> str:
    for axis, name in enumerate(COORDINATES[: grid.dim]):
        m = jet.index.count(name)
        if m > MAX_DERIVATIVE:
            return f"finite differences go up to derivatives of order {MAX_DERIVATIVE}, not {jet}"
        if m > 2 and grid.box.kinds[axis] != "periodic":
            return f"{jet} needs two conditions per wall, a side takes one; make {name} periodic"
        if m and grid.points[axis] < (least := points_needed(m, order)):
            return f"{jet} to order {order} needs {least} nodes along {name}"
    return ""


def difference_rhs(system: System, grid: Grid, order: int = 4) -> Callable[..., Any]:
    """f(t, u, params=None, control=None) -> du/dt, u and du/dt (*space, channel).

    The nodes on walls are first put to what their conditions say. Pure, jittable, differentiable.
    """
    _check(system, grid, order)
    space = Differences(system, grid, order)

    def rhs(t, u, params: Mapping[str, Any] | None = None, control=None):
        import jax.numpy as jnp

        u = jnp.asarray(u)
        values = pointwise.coefficients(system, dict(params or {}) | dict(control or {}))
        return space.tendency(t, space.filled(t, u, values), values)

    return rhs


def _check(system: System, grid: Grid, order: int) -> None:
    if order not in ORDERS:
        raise ValueError(f"finite differences have the orders 2 and 4, not {order}")
    if why := suits(system, grid, order):
        raise ValueError(why)


class FiniteDifferenceStepper(Marcher):
    """Advances values on nodes, u (*space, channel), by dt.

    order: 4 or 2.   method: "explicit", "implicit", or "auto", which is explicit unless the
    equation is stiff and small.   substeps: inner explicit steps per dt; chosen if not given.
    rule: "rk4" or "ssp_rk3". An explicit step beyond the stable limit gives NaN, and `check`
    (called by `decode` outside jit) says why.
    Raises ValueError for steps that no choice makes stable, with the largest stable one.
    """

    scheme = "finite-difference"

    def __init__(
        self,
        system: System,
        grid: Grid,
        dt: float,
        *,
        order: int | None = None,
        method: str = "auto",
        substeps: int | None = None,
        rule: str = "rk4",
    ):
        self.order = 4 if order is None else order
        _check(system, grid, self.order)
        if method not in METHODS or rule not in STEPS:
            raise ValueError(
                f"methods are {METHODS} and rules {tuple(STEPS)}, not {method}, {rule}"
            )
        self.system, self.grid, self.dt, self.rule = system, grid, positive_time(dt), rule
        self.space = Differences(system, grid, self.order)
        self._choose(method, substeps)

    def _choose(self, method: str, substeps: int | None) -> None:
        """Set method, substeps and reason."""
        stable = STABLE[self.rule] / max(self.expected_rate(), 1e-300)
        wanted = max(1, math.ceil(min(SAFETY * self.dt / stable, 1e12)))
        unknowns = math.prod(self.grid.points) * len(self.system.states)
        stiff = wanted > STIFF and unknowns <= MAX_UNKNOWNS
        if method == "implicit" or (method == "auto" and stiff and substeps is None):
            self.method, self.substeps = "implicit", 1
            self.reason = f"Kvaerno5; explicit steps would be {wanted} per dt"
            return
        if self.dt / (substeps or MAX_SUBSTEPS) > stable * UNSTABLE:
            raise ValueError(
                f"dt = {self.dt:g} is too large for explicit steps of {self.system.name!r} on this "
                f"grid: the largest stable step is {stable:.3g}; give substeps={wanted}, or "
                f'method="implicit"'
            )
        self.method, self.substeps = "explicit", substeps or wanted
        self.reason = f"order {self.order}, {self.substeps} inner {self.rule} steps per dt"

    def expected_rate(self) -> float:
        """Spectral radius bound [1/T] for the expected states and parameters."""
        import numpy as np

        values = extent.expected_states(self.system, self.grid)
        shape, limit, worst = values[0].shape, self.space.limit, 0.0
        scales = [2 * np.pi / length for length in self.grid.lengths]
        for params in extent.expected_parameters(self.system):
            known = {c.name: 0.0 for c in self.system.controls} | params
            symbols = pointwise.surroundings(0.0, known, self.grid.mesh, np.float64, np)
            fields = dict(zip(self.space.states, values, strict=True))
            for jet in limit.jets - set(fields):
                factor = np.prod([scales[COORDINATES.index(c)] for c in jet.index])
                fields[jet] = fields[Jet(jet.field)] * factor
            with np.errstate(all="ignore"):
                rate = float(limit.rate(symbols | fields, shape, np))
            worst = max(worst, rate) if math.isfinite(rate) else worst
        return worst

    # -- the protocol of steppers ------------------------------------------------------------

    def step(self, state: MarchingState, coefficients: pointwise.Coefficients) -> MarchingState:
        """The state dt later."""
        import jax.numpy as jnp

        values, dt = coefficients.values, jnp.asarray(coefficients.dt, state.u.dtype)
        u = self.space.filled(state.t, state.u, values)
        advance = self._implicit if self.method == "implicit" else self._explicit
        u, courant = advance(state.t, u, values, dt)
        u = self.space.filled(state.t + dt, u, values)
        u = jnp.where(courant <= UNSTABLE, u, jnp.nan)
        return MarchingState(u, state.t + dt, jnp.maximum(state.courant, courant))

    def _explicit(self, t: Any, u: Any, values: Mapping[str, Any], dt: Any) -> tuple[Any, Any]:
        def measured(t, u):
            change, rate = self.space.measured(t, u, values)
            return change, rate / STABLE[self.rule]

        return march(STEPS[self.rule], measured, t, u, dt, self.substeps)

    def _implicit(self, t: Any, u: Any, values: Mapping[str, Any], dt: Any) -> tuple[Any, Any]:
        import diffrax
        import jax.numpy as jnp

        rtol, atol = TOLERANCES[u.dtype.itemsize]
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(lambda s, v, c: self.space.tendency(t + s, v, c)),
            diffrax.Kvaerno5(),
            t0=jnp.zeros_like(t), t1=dt, dt0=None, y0=u, args=dict(values),
            stepsize_controller=diffrax.PIDController(rtol=rtol, atol=atol),
            max_steps=1024, throw=False,
        )  # fmt: skip
        failed = solution.result != diffrax.RESULTS.successful
        return solution.ys[0], jnp.where(failed, jnp.inf, jnp.zeros_like(t))

    def check(self, state: MarchingState) -> None:
        """Raise ValueError if a step was too large; nothing where values are traced."""
        worst = worst_courant(state)
        if worst <= UNSTABLE:
            return
        if self.method == "implicit":
            raise ValueError(f"implicit steps of {self.system.name!r} failed; take a smaller dt")
        raise ValueError(
            f"{self.system.name!r} became too stiff for dt = {self.dt:g} in {self.substeps} "
            f"explicit steps: the largest stable dt here is {self.dt / worst:.3g}; give more "
            f'substeps, or method="implicit"'
        )
