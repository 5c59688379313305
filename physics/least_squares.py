"""Levenberg-Marquardt for dense nonlinear least squares, as one jittable loop.

Solves min ½‖r(x)‖². Runs in the dtype of `x`; use float64, Jacobians are ill-conditioned.
Each step solves the augmented system [J; √λ D] by QR, never the normal equations.

Source: Marquardt (1963), doi:10.1137/0111030; damping update of Nielsen (1999), IMM-REP-1999-05.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp


class Solution(NamedTuple):
    """x: (n,) minimiser.   cost: ½‖r‖².   jacobian: (m, n) at x.   iterations: count.
    converged: whether the last step or gradient fell below the tolerance."""

    x: jax.Array
    cost: jax.Array
    jacobian: jax.Array
    iterations: jax.Array
    converged: jax.Array


class _Loop(NamedTuple):
    x: jax.Array
    residual: jax.Array
    jacobian: jax.Array
    damping: jax.Array
    growth: jax.Array
    count: jax.Array
    done: jax.Array


def levenberg_marquardt(
    residuals: Callable[[jax.Array], jax.Array],
    start: jax.Array,
    *,
    free: jax.Array | None = None,
    low: jax.Array | float = float("-inf"),
    high: jax.Array | float = float("inf"),
    steps: int = 100,
    tolerance: float = 1e-10,
) -> Solution:
    """Minimise ½‖residuals(x)‖² from `start` (n,).

    free: (n,) bool, False keeps an entry at its start.   low, high: bounds, kept by projection.
    A step into non-finite residuals is refused and the damping raised, so an ODE that blows up
    for a bad parameter does not stop the fit.
    """
    mask = jnp.ones(start.shape, start.dtype) if free is None else free.astype(start.dtype)
    jacobian = jax.jacfwd(residuals)

    def step(loop: _Loop) -> _Loop:
        held = _held(loop, mask, low, high)
        columns = loop.jacobian * held
        scale = jnp.sqrt((columns**2).sum(0))
        scale = jnp.where(scale > 1e-12 * scale.max(), scale, jnp.maximum(scale.max(), 1e-300))
        damped = jnp.diag(jnp.sqrt(loop.damping) * jnp.ones_like(scale))
        stacked = jnp.concatenate([columns / scale, damped])
        q, r = jnp.linalg.qr(stacked)
        target = jnp.concatenate([loop.residual, jnp.zeros_like(scale)])
        move = -jax.scipy.linalg.solve_triangular(r, q.T @ target) / scale * held
        trial = jnp.clip(loop.x + move, low, high)
        residual = residuals(trial)
        before, after = 0.5 * loop.residual @ loop.residual, 0.5 * residual @ residual
        linear = loop.residual + columns @ (trial - loop.x)
        predicted = before - 0.5 * linear @ linear
        better = jnp.isfinite(after) & (after < before)
        gain = jnp.where(better, (before - after) / jnp.maximum(predicted, 1e-300), 0.0)
        shrink = jnp.maximum(1 / 3, 1 - (2 * gain - 1) ** 3)
        small = jnp.abs(trial - loop.x) <= tolerance * (jnp.abs(loop.x) + tolerance)
        flat = (before - after) <= tolerance * before
        stuck = loop.damping > 1e16
        return _Loop(
            x=jnp.where(better, trial, loop.x),
            residual=jnp.where(better, residual, loop.residual),
            jacobian=jax.lax.cond(better, jacobian, lambda _: loop.jacobian, trial),
            damping=jnp.where(
                better, jnp.maximum(loop.damping * shrink, 1e-14), loop.damping * loop.growth
            ),
            growth=jnp.where(better, 2.0, 2 * loop.growth),
            count=loop.count + 1,
            done=(better & (small.all() | (flat & (gain > 0.1)))) | stuck | (before == 0),
        )

    first = _Loop(
        x=start,
        residual=residuals(start),
        jacobian=jacobian(start),
        damping=jnp.asarray(1e-3, start.dtype),
        growth=jnp.asarray(2.0, start.dtype),
        count=jnp.asarray(0),
        done=jnp.asarray(False),
    )
    last = jax.lax.while_loop(lambda s: ~s.done & (s.count < steps), step, first)
    cost = 0.5 * last.residual @ last.residual
    converged = last.done & jnp.isfinite(cost)
    return Solution(last.x, cost, last.jacobian * mask, last.count, converged)


def _held(loop: _Loop, mask: jax.Array, low, high) -> jax.Array:
    """`mask` with the entries zeroed that sit on a bound and would leave it."""
    downhill = -(loop.residual @ loop.jacobian)
    leaving = ((loop.x <= low) & (downhill < 0)) | ((loop.x >= high) & (downhill > 0))
    return jnp.where(leaving, 0.0, mask)
