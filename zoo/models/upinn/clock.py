"""The clock of a UPINN: how a surrogate counts time.

"time": φ runs evenly from −1 to 1 over the measured span. "log", for a fast start and a slow end:
φ ∝ log(1 + (t − t₀)/δ), δ the first interval between measured times; a residual at t is multiplied
by dt/dφ relative to its value at t₀, which is 1 + (t − t₀)/δ, so that an error counts by what it
does over a unit of φ.
"""

from typing import Any

import numpy as np

from zoo.models.upinn.config import Config


def phase(config: Config, t: Any, s: dict) -> Any:
    """φ in [−1, 1] at times t [T]."""
    if config.clock == "time":
        return 2 * (t - s["begin"]) / s["horizon"] - 1
    import jax.numpy as jnp

    whole = jnp.log1p(s["horizon"] / s["first_interval"])
    return 2 * jnp.log1p((t - s["begin"]) / s["first_interval"]) / whole - 1


def stretch(t: Any, s: dict) -> Any:
    """dt/dφ of the "log" clock relative to its value at the first time."""
    return 1 + (t - s["begin"]) / s["first_interval"]


def even(config: Config, times: np.ndarray, count: int) -> np.ndarray:
    """`count` times that are evenly spaced on the clock, from the first to the last of `times`."""
    begin, end = times[0], times[-1]
    if config.clock == "time":
        return np.linspace(begin, end, count)
    first = times[1] - times[0]
    steps = first * np.expm1(np.linspace(0, np.log1p((end - begin) / first), count))
    return np.clip(begin + steps, begin, end)
