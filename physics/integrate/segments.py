"""Fixed-step integration where every row has its own times: the segments of multiple shooting.

Classical Runge-Kutta of order 4 as one scan: it compiles in a fraction of a second and its
forward-mode derivatives are exact derivatives of the discrete solution.
"""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp


def rk4_segments(
    rhs: Callable, initial: jax.Array, times: jax.Array, params: Mapping[str, Any], substeps: int
) -> jax.Array:
    """Solution of du/dt = rhs(t, u, params) at all `times`, shape (row, time, channel).

    initial: (row, channel).   times: (row, time), the first is the initial time; repeated times
    are allowed and hold the state.   params: {name: scalar or (row,)}.   substeps: per interval.
    """

    def interval(u, ends):
        start, end = ends
        h = (end - start) / substeps

        def stage(u, k):
            t = start + k * h
            wide = h[:, None]
            k1 = rhs(t, u, params)
            k2 = rhs(t + h / 2, u + wide / 2 * k1, params)
            k3 = rhs(t + h / 2, u + wide / 2 * k2, params)
            k4 = rhs(t + h, u + wide * k3, params)
            return u + wide / 6 * (k1 + 2 * k2 + 2 * k3 + k4), None

        u, _ = jax.lax.scan(stage, u, jnp.arange(substeps, dtype=times.dtype))
        return u, u

    _, states = jax.lax.scan(interval, initial, (times[:, :-1].T, times[:, 1:].T))
    return jnp.concatenate([initial[:, None], jnp.moveaxis(states, 0, 1)], axis=1)


def map_segments(
    step: Callable, initial: jax.Array, times: jax.Array, params: Mapping[str, Any]
) -> jax.Array:
    """The same for a map: one application per time that is one later, none for a repeated time."""

    def interval(u, ends):
        start, end = ends
        u = jnp.where((end > start)[:, None], step(start, u, params), u)
        return u, u

    _, states = jax.lax.scan(interval, initial, (times[:, :-1].T, times[:, 1:].T))
    return jnp.concatenate([initial[:, None], jnp.moveaxis(states, 0, 1)], axis=1)


def stiff_segments(
    rhs: Callable, initial: jax.Array, times: jax.Array, params: Mapping[str, Any]
) -> jax.Array:
    """The same through Diffrax's Kvaerno5, in forward mode; rows one by one under vmap."""
    from physics.integrate.ode import integrate

    rows = {k: jnp.broadcast_to(v, initial.shape[:1]) for k, v in params.items()}
    spread = times + 1e-12 * jnp.arange(times.shape[1]) * (1 + jnp.abs(times))

    def one(u0, t, p):
        solved = integrate(
            rhs, u0[None], t, p, solver="kvaerno5", rtol=1e-7, atol=1e-9,
            max_steps=4096, adjoint="forward",
        )  # fmt: skip
        return solved.states[0]

    return jax.vmap(one)(initial, spread, rows)
