"""Many steps of a stepper in one scan; memory for derivatives that grows with the square root.

`march` and `rollout` are for derivatives through long runs: steps are grouped, and a group is
recomputed when its derivative is needed (Griewank & Walther 2000, Algorithm 799,
doi:10.1145/347837.347846).
"""

import math
from typing import Any


def march(stepper: Any, state: Any, coefficients: Any, steps: int) -> Any:
    """The state `steps` steps later; reverse-mode memory of about 2·√steps states."""
    import jax

    def one(carry, _):
        return stepper.step(carry, coefficients), None

    group = max(1, math.isqrt(steps))

    @jax.checkpoint
    def several(carry, _):
        return jax.lax.scan(one, carry, None, length=group)[0], None

    state, _ = jax.lax.scan(several, state, None, length=steps // group)
    return jax.lax.scan(one, state, None, length=steps % group)[0]


def rollout(
    stepper: Any, u: Any, steps: int, params: Any = None, *, every: int = 1, t: Any = 0.0
) -> Any:
    """u (*space, channel) -> (frame, *space, channel): the state after every `every` steps.

    `steps` steps of the stepper's dt from time t; `steps` is a multiple of `every`. The first
    frame is the one after `every` steps. Pure, jittable, differentiable in u and params with
    recomputation; batches by vmap. params: {name: scalar}.
    """
    import jax

    if every < 1 or steps < every or steps % every:
        raise ValueError(f"steps = {steps} is not a positive multiple of every = {every}")
    coefficients = stepper.prepare(params)

    def frame(state, _):
        state = march(stepper, state, coefficients, every)
        return state, stepper.decode(state)

    return jax.lax.scan(frame, stepper.encode(u, t), None, length=steps // every)[1]


def frames(
    stepper: Any, u: Any, times: Any, coefficients: Any, substeps: Any, differentiable: bool = True
) -> Any:
    """u at evenly spaced times: (*space, channel) and (time,) -> (time, *space, channel).

    coefficients: of steps of an interval / `substeps`. The first frame is `u` itself.
    differentiable: with `False` the number of substeps may be traced, so that one program serves
    all of them.
    """
    import jax
    import jax.numpy as jnp

    def interval(state, _):
        if differentiable:
            state = march(stepper, state, coefficients, substeps)
        else:
            state = jax.lax.fori_loop(
                0, substeps, lambda _, s: stepper.step(s, coefficients), state
            )
        return state, stepper.decode(state)

    times = jnp.asarray(times, u.dtype)
    _, later = jax.lax.scan(interval, stepper.encode(u, times[0]), None, length=len(times) - 1)
    return jnp.concatenate([u[None], later])


def uneven_frames(stepper: Any, u: Any, times: Any, params: Any, substeps: Any) -> Any:
    """The same at any increasing times: each interval in `substeps` equal steps of its own."""
    import jax
    import jax.numpy as jnp

    def interval(state, gap):
        own = stepper.prepare(params, dt=gap)
        state = jax.lax.fori_loop(0, substeps, lambda _, s: stepper.step(s, own), state)
        return state, stepper.decode(state)

    times = jnp.asarray(times, u.dtype)
    gaps = jnp.diff(times) / substeps
    _, later = jax.lax.scan(interval, stepper.encode(u, times[0]), gaps)
    return jnp.concatenate([u[None], later])
