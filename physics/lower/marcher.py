"""What steppers that march values on a grid have in common: finite differences and volumes."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from physics import arguments
from physics.grid import Grid
from physics.lower import pointwise
from physics.system import System


class MarchingState(NamedTuple):
    """u: (*space, channel).   t: time [T].   courant: largest inner step over the stable one."""

    u: Any
    t: Any
    courant: Any


class Marcher:
    """The protocol of steppers for values at points, u (*space, channel); see physics.schemes.

    Subclasses have `step` and `check`, which explains a state whose step was too large.
    """

    system: System
    grid: Grid
    dt: float

    def prepare(
        self, params: Mapping[str, Any] | None = None, dt: Any = None
    ) -> pointwise.Coefficients:
        """Values of parameters and controls; missing parameters are nominal. dt: another step."""
        import jax.numpy as jnp

        values = pointwise.coefficients(self.system, check_values(params))
        return pointwise.Coefficients(values, jnp.asarray(self.dt if dt is None else dt))

    def encode(self, u: Any, t: Any = 0.0) -> MarchingState:
        """The state of the scheme for u (*space, channel) at time t."""
        import jax.numpy as jnp

        u = jnp.asarray(u)
        check_shape(self, u)
        return MarchingState(u, jnp.asarray(t, u.dtype), jnp.zeros((), u.dtype))

    def decode(self, state: MarchingState) -> Any:
        """u (*space, channel); outside jit a step that was too large raises ValueError."""
        self.check(state)
        return state.u

    def __call__(self, u: Any, params: Mapping[str, Any] | None = None, t: Any = 0.0) -> Any:
        """u at t + dt."""
        return self.decode(self.step(self.encode(u, t), self.prepare(params)))

    def step(self, state: MarchingState, coefficients: pointwise.Coefficients) -> MarchingState:
        """The state dt later."""
        raise TypeError(f"{type(self).__name__} has no step of its own")

    def check(self, state: MarchingState) -> None:
        """Raise ValueError if a step was too large; nothing where values are traced."""
        raise TypeError(f"{type(self).__name__} has no check of its own")


def worst_courant(state: MarchingState) -> float:
    """The largest Courant number of a batch; 0 where it is traced."""
    import jax
    import numpy as np

    return 0.0 if isinstance(state.courant, jax.core.Tracer) else float(np.max(state.courant))


def check_values(params: Any) -> dict[str, Any]:
    """`params` as a dict. Raises ValueError unless it is {name: one number}."""
    import numpy as np

    given = arguments.mapping(params, "params")
    for name, value in given.items():
        if isinstance(value, str) or np.ndim(value):
            raise ValueError(
                f"a step takes one number for {name!r}, not {value!r}; for several samples batch "
                f"with jax.vmap"
            )
    return given


def check_shape(stepper: Any, u: Any) -> None:
    """Raise ValueError unless `u` is real and (*space, channel) of the stepper."""
    wanted = (*stepper.grid.points, len(stepper.system.states))
    if u.shape != wanted:
        raise ValueError(
            f"u has shape {u.shape}; {stepper.system.name!r} on this grid needs {wanted}"
        )
    if u.dtype.kind == "c":
        raise ValueError("u is complex; give real and imaginary part as two states")


def positive_time(dt: Any) -> float:
    """`dt` as a float. Raises ValueError for anything but a positive finite number."""
    number = isinstance(dt, int | float) or getattr(dt, "shape", None) == ()
    if not number or isinstance(dt, bool) or not (math.isfinite(dt) and dt > 0):
        raise ValueError(f"dt must be positive: a finite time step, not {dt!r}")
    return float(dt)
