"""SpectralStepper: a periodic PDE advanced in Fourier space by exponential time differencing."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy
import sympy

from physics.grid import Grid
from physics.integrate import etdrk
from physics.lower.marcher import check_shape, check_values, positive_time
from physics.lower.spectral import linear
from physics.lower.spectral.modes import Modes
from physics.lower.spectral.nonlinear import Nonlinear, cast
from physics.lower.spectral.plan import best_plan
from physics.system import System


class SpectralState(NamedTuple):
    """One complex array per state, and the time."""

    modes: tuple
    t: Any


class SpectralCoefficients(NamedTuple):
    """Everything that depends on parameters and step: maps, multipliers, forcing, values."""

    maps: list
    outputs: list
    forcing: list
    values: dict
    step: Any


def suits(system: System, grid: Grid) -> str:
    """Why the spectral scheme cannot serve this system; empty if it can."""
    for name, kind in zip("xyz", grid.box.kinds, strict=False):
        if kind != "periodic":
            return f"the box is not periodic along {name}, which Fourier modes need"
    try:
        best_plan(system)
    except ValueError as error:
        return str(error)
    return ""


class SpectralStepper:
    """One time step of a periodic system; see physics.stepper.

    The linear constant-coefficient part is exact, also where it couples states. Products are
    dealiased: the state holds only the modes that products of their degree leave clean.
    order: 2 or 4 in time.   dt: step [T].
    """

    scheme = "spectral"

    def __init__(self, system: System, grid: Grid, dt: float, order: int = 4):
        if order not in etdrk.ORDERS:
            raise ValueError(f"the spectral scheme has order 2 or 4 in time, not {order}")
        reason = suits(system, grid)
        if reason:
            raise ValueError(f"no spectral scheme for {system.name!r}: {reason}")
        self.system, self.grid, self.dt, self.order = system, grid, positive_time(dt), order
        self.plan = best_plan(system)
        self.modes = Modes(grid, self.plan.degree)
        if not all(self.modes.kept):
            raise ValueError(
                f"{min(grid.points)} points keep no wave for products of degree "
                f"{self.plan.degree}; take a finer resolution"
            )
        self.names = system.state_names
        self.nonlinear = Nonlinear(self.plan, self.names, self.modes)
        self.groups = linear.blocks(self.plan.linear, self.names)
        inverse, forward = self.plan.transforms
        self.reason = (
            f"periodic: Fourier, ETDRK{order}, {inverse} + {forward} transforms per stage "
            f"({self.plan.form}), {'x'.join(map(str, self.modes.shape))} modes kept"
        )

    def prepare(self, params: Mapping[str, Any] | None = None, dt: Any = None):
        """Coefficients for parameter values ({name: scalar}; missing ones are nominal).

        Numbers are worked out in float64, traced values in their own precision. dt: another step.
        """
        import jax
        import jax.numpy as jnp

        own = check_values(params)
        for name in own:
            self.system.parameter(name)
        given = self.system.values | own
        step = self.dt if dt is None else dt
        traced = any(isinstance(v, jax.core.Tracer) for v in (*given.values(), step))
        np = jnp if traced else numpy
        if not traced:
            given = {k: numpy.float64(v) for k, v in given.items()}
        values = {sympy.Symbol(k): v for k, v in given.items()}
        matrix = linear.matrix_of(self.plan.linear, self.names, self.modes, values, np)
        maps = etdrk.coefficients(self.order, step, self._phi(matrix, np), self.exact)
        dtype = jnp.result_type(*[v for v in given.values() if traced] or [float])
        values = {k: jnp.asarray(v, dtype) for k, v in values.items()}
        return SpectralCoefficients(
            maps=cast(_arrays(maps, jnp), dtype),
            outputs=cast(_arrays(self.nonlinear.outputs(values, jnp), jnp), dtype),
            forcing=self.nonlinear.forcing(values, dtype),
            values={s.name: v for s, v in values.items()},
            step=jnp.asarray(step, dtype),
        )

    def _phi(self, matrix, np):
        def phi(step, highest):
            shape = self.modes.shape
            return linear.functions(matrix, self.groups, step, highest, shape, np)

        return phi

    @property
    def exact(self) -> bool:
        """Whether steps of any size are exact: nothing is nonlinear or forced, exp(hL) is all."""
        return not self.plan.products and not self.plan.forcing

    def encode(self, u: Any, t: Any = 0.0) -> SpectralState:
        """(*space, channel) -> modes; content beyond the kept modes is dropped."""
        import jax.numpy as jnp

        u = jnp.asarray(u)
        check_shape(self, u)
        modes = self.modes.to_modes(jnp.moveaxis(u, -1, 0))
        return SpectralState(tuple(modes), jnp.asarray(t, u.dtype))

    def decode(self, state: SpectralState) -> Any:
        """modes -> (*space, channel)."""
        import jax.numpy as jnp

        return jnp.moveaxis(self.modes.to_grid(jnp.stack(state.modes)), 0, -1)

    def step(self, state: SpectralState, coefficients: SpectralCoefficients) -> SpectralState:
        """The state one step later."""
        dtype = state.modes[0].real.dtype
        coefficients = SpectralCoefficients(*(_cast(part, dtype) for part in coefficients))
        values = {sympy.Symbol(k): v for k, v in coefficients.values.items()}

        def nonlinear(t, modes):
            return self.nonlinear(t, modes, coefficients.outputs, coefficients.forcing, values)

        if self.exact:
            modes = linear.applied(coefficients.maps[0], state.modes)
        else:
            modes = etdrk.advance(
                self.order, coefficients.maps, state.modes, state.t, coefficients.step,
                nonlinear, linear.applied,
            )  # fmt: skip
        return SpectralState(modes, state.t + coefficients.step)

    def rhs(self, t: Any, u: Any, params: Mapping[str, Any] | None = None, control=None) -> Any:
        """du/dt (*space, channel) at time t, without the modes that are not kept."""
        import jax.numpy as jnp

        state = self.encode(u, t)
        coefficients = self.prepare(params)
        values = {sympy.Symbol(k): v for k, v in coefficients.values.items()}
        matrix = linear.matrix_of(self.plan.linear, self.names, self.modes, values, jnp)
        slope = linear.applied(cast(matrix, u.dtype), state.modes)
        bent = self.nonlinear(
            state.t, state.modes, coefficients.outputs, coefficients.forcing, values
        )
        both = zip(slope, bent, state.modes, strict=True)
        total = tuple(sum((x for x in pair if x is not None), 0 * z) for *pair, z in both)
        return self.decode(state._replace(modes=total))

    def tail(self, u: Any) -> tuple[float, float, str]:
        """(largest share that a mode near the cut-off holds, its wavenumber, its state).

        u: (sample, *space, channel). Relative to the largest mode of the state; 0 where all modes
        are kept, because there nothing is cut off.
        """
        if self.plan.degree <= 1:
            return 0.0, 0.0, self.names[0]
        u = numpy.moveaxis(numpy.asarray(u), -1, 1)
        space = tuple(range(2, u.ndim))
        modes = numpy.abs(numpy.fft.rfftn(u, axes=space))
        worst = (0.0, 0.0, self.names[0])
        for axis, kept in enumerate(self.modes.kept):
            edge = max(1, round(0.9 * kept))
            along = numpy.moveaxis(modes, axis + 2, -1)[..., edge : kept + 1]
            for channel, name in enumerate(self.names):
                top = modes[:, channel].max(axis=tuple(range(1, u.ndim - 1)))
                high = along[:, channel].max(axis=tuple(range(1, u.ndim - 1)))
                share = float((high / numpy.maximum(top, 1e-300)).max())
                if share > worst[0]:
                    worst = (share, 2 * numpy.pi * edge / self.grid.lengths[axis], name)
        return worst

    def __call__(self, u: Any, params: Mapping[str, Any] | None = None, t: Any = 0.0) -> Any:
        """u (*space, channel) one step later."""
        return self.decode(self.step(self.encode(u, t), self.prepare(params)))


def _arrays(tree: Any, jnp) -> Any:
    if tree is None:
        return None
    if isinstance(tree, list | tuple):
        return [_arrays(part, jnp) for part in tree]
    return jnp.asarray(tree)


def _cast(tree: Any, dtype: Any) -> Any:
    if isinstance(tree, dict):
        return {k: cast(v, dtype) for k, v in tree.items()}
    return cast(tree, dtype)
