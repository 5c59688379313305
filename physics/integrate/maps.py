"""Iteration of maps: state n+1 = step(n, state n), as one scan."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp


def iterate(
    step: Callable, initial: jax.Array, count: int, params: Mapping[str, Any], start: int = 0
) -> jax.Array:
    """States 0 … count−1, shape (batch, count, channel), from `initial` (batch, channel).

    params: {name: scalar or (batch,)}.   Pure: may be jitted, differentiated and vmapped.
    """

    def body(state, n):
        return step(n, state, params), state

    _, states = jax.lax.scan(body, initial, start + jnp.arange(count))
    return jnp.moveaxis(states, 0, 1)
