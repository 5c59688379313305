"""Many steps of a stepper in one scan; memory for derivatives that grows with the square root.

`march` and `rollout` are for derivatives through long runs: steps are grouped, and a group is
recomputed when its derivative is needed (Griewank & Walther 2000, Algorithm 799,
doi:10.1145/347837.347846).
"""

import math
from typing import Any

from physics import arguments


def march(stepper: Any, state: Any, coefficients: Any, steps: int) -> Any:
    """The state `steps` steps later; reverse-mode memory of about 2·√steps states."""
    import jax

    def one(carry, _):
        state, n = carry
        return (stepper.step(clocked(n, state), coefficients), n + 1), None

    clocked = _clock(state, coefficients)
    group = max(1, math.isqrt(steps))

    @jax.checkpoint
    def several(carry, _):
        return jax.lax.scan(one, carry, None, length=group)[0], None

    carry, _ = jax.lax.scan(several, (state, 0), None, length=steps // group)
    return jax.lax.scan(one, carry, None, length=steps % group)[0][0]


def _clock(state: Any, coefficients: Any) -> Any:
    """(n, state) -> the state with the time of step n, which sums of many steps would lose."""
    if not hasattr(state, "t"):
        return lambda _, state: state
    begin = state.t
    step = coefficients.step if hasattr(coefficients, "step") else coefficients.dt

    def clocked(n, state):
        return state._replace(t=begin + n * step.astype(begin.dtype))

    return clocked


def rollout(
    stepper: Any, u: Any, steps: int, params: Any = None, *, every: int = 1, t: Any = 0.0
) -> Any:
    """u (*space, channel) -> (frame, *space, channel): the state after every `every` steps.

    `steps` steps of the stepper's dt from time t; `steps` is a multiple of `every`. The first
    frame is the one after `every` steps. Pure, jittable, differentiable in u and params with
    recomputation; batches by vmap. params: {name: scalar}.
    """
    import jax
    import jax.numpy as jnp

    if not all(hasattr(stepper, name) for name in ("prepare", "encode", "step", "decode")):
        raise ValueError(
            f"give a stepper, as from physics.stepper(system, grid, dt), not {stepper!r}"
        )
    steps, every = arguments.whole(steps, "steps", 1), arguments.whole(every, "every", 1)
    if steps % every:
        raise ValueError(f"steps = {steps} is not a positive multiple of every = {every}")
    coefficients = stepper.prepare(params)

    first = stepper.encode(u, t)
    clocked = _clock(first, coefficients)

    def frame(state, n):
        state = march(stepper, clocked(n, state), coefficients, every)
        return state, stepper.decode(state)

    return jax.lax.scan(frame, first, every * jnp.arange(steps // every))[1]


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

    def interval(state, begin):
        state = state._replace(t=begin)
        if differentiable:
            state = march(stepper, state, coefficients, substeps)
        else:
            clocked = _clock(state, coefficients)
            state = jax.lax.fori_loop(
                0, substeps, lambda n, s: stepper.step(clocked(n, s), coefficients), state
            )
        return state, stepper.decode(state)

    times = jnp.asarray(times, u.dtype)
    _, later = jax.lax.scan(interval, stepper.encode(u, times[0]), times[:-1])
    return jnp.concatenate([u[None], later])


def uneven_frames(stepper: Any, u: Any, times: Any, params: Any, substeps: Any) -> Any:
    """The same at any increasing times: each interval in `substeps` equal steps of its own."""
    import jax
    import jax.numpy as jnp

    def interval(state, clock):
        begin, gap = clock
        own = stepper.prepare(params, dt=gap)
        state = state._replace(t=begin)
        clocked = _clock(state, own)
        state = jax.lax.fori_loop(0, substeps, lambda n, s: stepper.step(clocked(n, s), own), state)
        return state, stepper.decode(state)

    times = jnp.asarray(times, u.dtype)
    gaps = jnp.diff(times) / substeps
    _, later = jax.lax.scan(interval, stepper.encode(u, times[0]), (times[:-1], gaps))
    return jnp.concatenate([u[None], later])
