"""Autoregressive rollout of a window forecaster: one `lax.scan` for all samples."""

import functools
from typing import Any

import numpy as np


@functools.lru_cache(maxsize=64)
def _program(family: type, config: Any, steps: int) -> Any:
    import jax
    import jax.numpy as jnp

    def run(weights, statistics, windows, environment):
        def step(window, _):
            window, state = family.advance(config, weights, statistics, window, environment)
            return window, state

        _, states = jax.lax.scan(step, windows, None, length=steps)
        return jnp.moveaxis(states, 0, 1)

    return jax.jit(run)


def rollout(model: Any, windows: np.ndarray, steps: int, environment: Any = None) -> np.ndarray:
    """States (sample, steps, state) that follow `windows` (sample, N, state), in physical units.

    environment: (sample,) numbers.   Runs in float64; what blows up is not finite.
    """
    import jax

    s = model.statistics()
    environment = np.zeros(len(windows), np.int64) if environment is None else environment
    with jax.enable_x64(True):
        normal = (np.asarray(windows, np.float64) - s["center"]) / s["scale"]
        run = _program(type(model), model.config, int(steps))
        states = np.asarray(run(model.weights(), s, normal, np.asarray(environment, np.int64)))
    return s["center"] + s["scale"] * states


def one_step(model: Any, windows: np.ndarray, environment: Any = None) -> np.ndarray:
    """The state (sample, state) that follows each window."""
    return rollout(model, windows, 1, environment)[:, 0]
