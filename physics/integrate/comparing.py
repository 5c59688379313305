"""One step against two half steps: what a step of any stepper gets wrong, while it runs."""

import functools
from typing import Any

ROUNDING = 16
FORGOTTEN = 10.0


@functools.lru_cache(maxsize=64)
def comparison(stepper: Any, axis: int | None) -> Any:
    """Relative difference of one step and two half steps per sample, jitted.

    (u (sample, *space, channel), t, whole, half) -> (sample,); coefficients of a step and of half
    of it, per sample along `axis` or shared where that is None. The worst channel counts.
    """
    import jax

    def one(u, t, whole, half):
        start = stepper.encode(u, t)
        _, error, _ = _pair(stepper, start, whole, half, half, _size(stepper.decode(start)))
        return error

    return jax.jit(jax.vmap(one, in_axes=(0, None, axis, axis)))


def start(stepper: Any, fields: Any, t: Any, precision: str) -> tuple[Any, Any]:
    """(states, sizes per channel) to begin `interval` with; fields (sample, *space, channel)."""
    import jax
    import jax.numpy as jnp

    fields, t = jnp.asarray(fields, precision), jnp.asarray(t, precision)
    states = jax.vmap(lambda u: stepper.encode(u, t))(fields)
    return states, jax.vmap(_size)(fields)


@functools.lru_cache(maxsize=64)
def interval(stepper: Any, axis: int | None) -> Any:
    """Advances by a number of steps, each done in two parts, jitted.

    ((state, size), coefficients of a step and of its first and second part, count, (time, step),
    share of the run) -> ((state, size), fields, error), all per sample. error: sum over the steps
    of the difference to one whole step, per channel relative to its recent largest norm; the worst
    channel. Exact steppers are not compared.
    """
    import jax
    import jax.numpy as jnp

    exact = getattr(stepper, "exact", False)

    def one(carry, whole, first, second, count, clock, share):
        def body(i, running):
            state, size, total = running
            state = state._replace(t=clock[0] + i * clock[1])
            if exact:
                return stepper.step(state, whole), size, total
            state, error, now = _pair(stepper, state, whole, first, second, size)
            return state, jnp.maximum(size, now), total + error

        state, size = carry
        size = size * jnp.exp(-FORGOTTEN * share)
        begin = (state, size, jnp.zeros((), size.dtype))
        state, size, total = jax.lax.fori_loop(0, count, body, begin)
        fields = stepper.decode(state)
        finite = jnp.isfinite(fields).all()
        return (state, size), fields, jnp.where(finite, total, jnp.inf)

    return jax.jit(jax.vmap(one, in_axes=(0, axis, axis, axis, None, None, None)))


def _pair(
    stepper: Any, state: Any, whole: Any, first: Any, second: Any, size: Any
) -> tuple[Any, Any, Any]:
    """(state after both parts, relative difference to one whole step, norms per channel)."""
    import jax.numpy as jnp

    once = stepper.decode(stepper.step(state, whole))
    later = stepper.step(stepper.step(state, first), second)
    twice = stepper.decode(later)
    now, apart = _size(twice), _size(once - twice)
    largest, unit = jnp.maximum(now, size), jnp.finfo(now.dtype).eps
    rounding = unit * (ROUNDING * largest + 2 * largest.max())
    error = jnp.where(apart <= rounding, 0.0, apart / (largest + jnp.finfo(now.dtype).tiny))
    return later, error.max(), now


def _size(u: Any) -> Any:
    """Root mean square per channel of u (*space, channel)."""
    import jax.numpy as jnp

    return jnp.sqrt(jnp.mean(u * u, axis=tuple(range(u.ndim - 1))))
