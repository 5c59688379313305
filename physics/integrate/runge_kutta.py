"""Explicit Runge-Kutta steps for du/dt = f(t, u) as scans over their stages.

Every stage needs the slope of the one before alone, so the right-hand side is traced and compiled
once, however many stages and steps there are.

Source: Shu & Osher (1988), doi:10.1016/0021-9991(88)90177-5 (SSP-RK3); Kutta (1901) (RK4).
"""

from collections.abc import Callable
from typing import Any

Measured = Callable[[Any, Any], tuple[Any, Any]]

# per stage: time, weight of the start, weight of the stage before plus its Euler step
SSP_RK3 = ((0.0, 0.0, 1.0), (1.0, 0.75, 0.25), (0.5, 1 / 3, 2 / 3))
# per stage: time and reach of the slope before, weight in the sum
RK4 = ((0.0, 1 / 6), (0.5, 1 / 3), (0.5, 1 / 3), (1.0, 1 / 6))


def ssp_rk3(measured: Measured, t: Any, u: Any, h: Any) -> tuple[Any, Any]:
    """(u at t + h, largest rate): order 3, convex combinations of Euler steps (SSP).

    measured: (t, u) -> (du/dt, rate [1/T]).   t: time [T].   u: any shape.   h: step [T].
    """
    import jax
    import jax.numpy as jnp

    def stage(before, row):
        at, start, euler = row
        slope, rate = measured(t + at * h, before)
        return start * u + euler * (before + h * slope), rate

    last, rates = jax.lax.scan(
        stage, u, tuple(jnp.asarray(c, u.dtype) for c in zip(*SSP_RK3, strict=True))
    )
    return last, jnp.nanmax(rates)


def rk4(measured: Measured, t: Any, u: Any, h: Any) -> tuple[Any, Any]:
    """The classical step of order 4; arguments and result as for `ssp_rk3`."""
    import jax
    import jax.numpy as jnp

    def stage(carry, row):
        (slope, total), (at, weight) = carry, row
        slope, rate = measured(t + at * h, u + at * h * slope)
        return (slope, total + weight * h * slope), rate

    rows = tuple(jnp.asarray(c, u.dtype) for c in zip(*RK4, strict=True))
    (_, last), rates = jax.lax.scan(stage, (jnp.zeros_like(u), u), rows)
    return last, jnp.nanmax(rates)


STEPS = {"ssp_rk3": ssp_rk3, "rk4": rk4}


def march(step: Callable, measured: Measured, t: Any, u: Any, dt: float, count: int) -> tuple:
    """(u at t + dt, largest Courant number) after `count` equal inner steps of `step`.

    measured: (t, u) -> (du/dt, 1 / largest stable inner step [1/T]); the Courant number is the
    inner step over the stable one.
    """
    import jax
    import jax.numpy as jnp

    h = dt / count

    def inner(u, k):
        return step(measured, t + k * h, u, h)

    u, rates = jax.lax.scan(inner, u, jnp.arange(count, dtype=u.dtype))
    return u, h * jnp.nanmax(rates)
