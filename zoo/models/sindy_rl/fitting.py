"""From real rows to a surrogate: dynamics, reward, where it may be trusted, where to begin in it.

All within a program, on rows of a fixed room of which only the `real` ones count.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from zoo.models.sindy_rl import ensemble
from zoo.models.sindy_rl.buffer import Buffer, filled
from zoo.models.sindy_rl.config import Config, Training
from zoo.models.sindy_rl.experience import Rows, imaged
from zoo.models.sindy_rl.surrogate import Coefficients, Surrogate

STARTS = 4096  # places that surrogate episodes may begin from
ROOM = 4.0  # bounds without a given one: this many half ranges of the data
STEP = 4096  # rows by which the room of a fit outside a training grows, so that few are compiled


@functools.partial(jax.jit, static_argnames=("config", "t"))
def fitted(buffer: Buffer, bags: Any, *, config: Config, t: Training) -> tuple[Coefficients, Any]:
    """(coefficients of the surrogate, those of all members) fitted to the rows within bounds.

    bags: see ensemble.py. Regression is float64, all that comes out float32.
    """
    rows, real = _images(buffer, config)
    good = real & within(rows.x, config.limits) & within(rows.after, config.limits)
    functions = Surrogate(config.library, config.reward_library)
    with jax.enable_x64(True):
        wide = Rows(*(v.astype(float) for v in rows))
        theta, steps = config.library.terms(wide.x, wide.u), wide.after - wide.x
        found = ensemble.fitted(theta, steps, good, bags, t.threshold, t.ridge, t.shrink)
        terms = functions.reward_terms(wide.after, wide.u)
        rewarding = jnp.zeros(terms.shape[1])
        if not config.known_reward:
            told = wide.reward[:, None]
            rewarding = ensemble.fitted(
                terms, told, good, bags, t.reward_threshold, t.ridge, t.shrink
            ).median[0]
        arrays = found.median, found.deviations, rewarding, found.coefficients
        xi, spread, rewarding, members = (v.astype(jnp.float32) for v in arrays)
    low, high = trusted(config, rows.x, real)
    worst = jnp.where(real, rows.reward, jnp.inf).min()
    return Coefficients(xi, spread, rewarding, low, high, worst), members


def refitted(rows: Rows, config: Config, t: Training) -> tuple[Coefficients, np.ndarray]:
    """`fitted`, of NumPy's rows, outside a training."""
    room = -(-len(rows) // STEP) * STEP
    buffer = filled([rows], room, len(config.observed), len(config.controls))
    coefficients, members = fitted(
        buffer, ensemble.bags(config.members, t.seed), config=config, t=t
    )
    return coefficients, np.asarray(members)


def within(x: Any, bounds: Any) -> Any:
    """(…) whether all of an observation (…, observed) lies within its bounds."""
    low, high = bounds.T
    return ((x >= low) & (x <= high)).all(-1)


def trusted(config: Config, x: Any, real: Any) -> tuple[Any, Any]:
    """(low, high) of every observation: the bounds given, or the range of the data with room."""
    bottom = jnp.where(real[:, None], x, jnp.inf).min(0)
    top = jnp.where(real[:, None], x, -jnp.inf).max(0)
    middle, half = (top + bottom) / 2, jnp.maximum((top - bottom) / 2, 1e-3)
    low, high = config.limits.T
    return (
        jnp.where(np.isfinite(low), low, middle - ROOM * half).astype(x.dtype),
        jnp.where(np.isfinite(high), high, middle + ROOM * half).astype(x.dtype),
    )


def places(buffer: Buffer, config: Config, t: Training, key: Any) -> Any:
    """(STARTS, observed): beginnings of real episodes, and observations from all over the data."""
    rows, real = _images(buffer, config)
    which, *drawn = jax.random.uniform(key, (3, STARTS))
    opening = buffer.rows.x[_drawn(buffer.real & buffer.opens, drawn[0])]
    other = rows.x[_drawn(real & within(rows.x, config.limits), drawn[1])]
    return jnp.where((which < t.reset_share)[:, None], opening, other)


def _images(buffer: Buffer, config: Config) -> tuple[Rows, Any]:
    rows = imaged(buffer.rows, config.symmetries)
    return rows, jnp.tile(buffer.real, 1 + len(config.symmetries))


def _drawn(mask: Any, uniform: Any) -> Any:
    """Places drawn evenly from those where the mask (row,) holds, by uniform numbers below 1."""
    return jnp.argsort(~mask)[(uniform * mask.sum()).astype(int)]
