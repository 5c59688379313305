"""A controlled ordinary differential equation, measured by a Formula of its states."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from physics.control.environment import formula_values
from physics.formula import Formula
from physics.system import System

LAWS = ("normal", "uniform")


@dataclass(frozen=True, kw_only=True)
class Start:
    """Where episodes begin: every state `center` + `spread` times a normal deviate, or uniformly
    within `center` ± `spread`."""

    center: tuple[float, ...]
    spread: tuple[float, ...]
    law: str = "normal"

    def __post_init__(self):
        if self.law not in LAWS or len(self.center) != len(self.spread):
            raise ValueError(f"a start has as many centers as spreads and is one of {LAWS}")

    def draw(self, key: Any) -> Any:
        """(state,)."""
        import jax
        import jax.numpy as jnp

        center, spread = (jnp.asarray(v, float) for v in (self.center, self.spread))
        if self.law == "normal":
            return center + spread * jax.random.normal(key, center.shape)
        return center + spread * jax.random.uniform(key, center.shape, minval=-1, maxval=1)


class OdePlant:
    """`system` advanced by `dt` in `substeps` Runge-Kutta steps of order 4, its controls held.

    measured: Formula of the states.   States stay within the low and high that they declare.
    """

    def __init__(
        self, system: System, measured: Formula, start: Start, *, dt: float, substeps: int = 1
    ):
        if system.domain is not None or not system.controls:
            raise ValueError(f"{system.name!r} is no ODE with controls")
        if len(start.center) != len(system.states):
            raise ValueError(f"a start of {system.name!r} has {len(system.states)} numbers")
        self.system, self.measured, self.start = system, measured, start
        self.names = measured.outputs
        self.interval, self.substeps = dt, substeps

    def draw(self, key: Any) -> Any:
        """See Plant."""
        return self.start.draw(key)

    def advance(self, u: Any, action: Any) -> Any:
        """See Plant."""
        import jax
        import jax.numpy as jnp

        from physics.integrate.runge_kutta import rk4
        from physics.lower import rhs

        slope, controls = rhs(self.system), [c.name for c in self.system.controls]
        held = {name: action[..., i] for i, name in enumerate(controls)}
        h = self.interval / self.substeps

        def inner(u, _):
            zero = jnp.zeros((), u.dtype)
            stepped, _ = rk4(lambda t, v: (slope(t, v, None, held), zero), 0.0, u, h)
            return stepped, None

        u, _ = jax.lax.scan(inner, u, None, length=self.substeps)
        low = [-np.inf if s.low is None else s.low for s in self.system.states]
        high = [np.inf if s.high is None else s.high for s in self.system.states]
        return jnp.clip(u, jnp.asarray(low, u.dtype), jnp.asarray(high, u.dtype))

    def measure(self, u: Any) -> Any:
        """See Plant."""
        import jax.numpy as jnp

        return jnp.stack(formula_values(self.measured, self.system.state_names, u), -1)
