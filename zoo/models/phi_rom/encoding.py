"""Latents of measured fields: Levenberg-Marquardt on every frame at once, from several starts.

minimise Σ (D(xᵢ, α) − uᵢ)² over the measured points, in normalised units. Starts: the mean training
latent and the training latents whose decoded fields are nearest at those points; after a few
iterations the best of them goes on alone. A weak prior towards the mean keeps directions that the
points do not see where they were.

Source: Marquardt (1963), doi:10.1137/0111030.
"""

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.decoders import decode, features
from zoo.models.phi_rom.projection import jacobian

ITERATIONS, STARTS = 30, 6
SCREEN = 10  # iterations from every start
PRIOR = 1e-7  # of the mean diagonal of the Gram matrix
LEAST, MOST, STUCK = 1e-7, 1e7, 1e4  # damping; above the last nothing moves any more
SMALL = 1e-6  # gain of a step, relative, that ends the iteration


class Encoded(NamedTuple):
    """latents: (frame, latent).   misfit: (frame,) √(Σ gap²/Σ u²) in normalised units about the
    mean, over the measured points; NaN where a frame has none."""

    latents: Any
    misfit: Any


def encode(
    config: Config, decoder: Mapping, anchors: Any, places: Any, values: Any, mask: Any = None,
    *, starts: int = STARTS, iterations: int = ITERATIONS,
) -> Encoded:  # fmt: skip
    """places: (point, dim), scaled.   values: (frame, point, channel), normalised, zero where not
    measured.   mask: (frame, point, channel), 1 where measured, or None.   anchors: (anchor,
    latent), their mean first.
    """
    import jax.numpy as jnp

    values = jnp.asarray(values)
    mask = jnp.ones_like(values) if mask is None else jnp.asarray(mask)
    starts = min(starts, len(anchors))
    run = _program(config, starts, iterations)
    return Encoded(*run(dict(decoder), jnp.asarray(anchors), jnp.asarray(places), values, mask))


@functools.lru_cache(maxsize=32)
def _program(config: Config, starts: int, iterations: int) -> Any:
    import jax
    import jax.numpy as jnp

    def run(decoder, anchors, places, values, mask):
        shared = features(config, decoder, places)
        begin = nearest(config, decoder, shared, anchors, values, mask, starts)
        one = functools.partial(refined, config, decoder, shared)
        every = jax.vmap(jax.vmap(one, (0, None, None, None, None)), (0, 0, 0, None, None))
        state = every(first_step(begin), values, mask, anchors[0], min(SCREEN, iterations))
        ahead = jnp.argmin(state.squares, axis=1)
        state = jax.tree.map(lambda a: a[jnp.arange(len(ahead)), ahead], state)
        alone = jax.vmap(one, (0, 0, 0, None, None))
        state = alone(state, values, mask, anchors[0], max(iterations - SCREEN, 0))
        size = ((values * mask) ** 2).sum((1, 2))
        misfit = jnp.sqrt(state.squares / jnp.maximum(size, 1e-20))
        return state.latent, jnp.where(mask.sum((1, 2)) > 0, misfit, jnp.nan)

    return jax.jit(run)


def nearest(
    config: Config, decoder: Any, shared: Any, anchors: Any, values: Any, mask: Any, starts: int
) -> Any:
    """(frame, start, latent): the first anchor and those nearest to each frame."""
    import jax
    import jax.numpy as jnp

    said = jax.vmap(lambda a: decode(config, decoder, shared, a))(anchors)
    flat = said.reshape(len(anchors), -1)
    weights, seen = mask.reshape(len(mask), -1), (values * mask).reshape(len(mask), -1)
    squares = weights @ (flat**2).T - 2 * seen @ flat.T
    _, place = jax.lax.top_k(-squares[:, 1:], starts - 1)
    first = jnp.zeros((len(place), 1), place.dtype)
    return anchors[jnp.concatenate([first, place + 1], 1)]


class Step(NamedTuple):
    """latent, its Σ gap², the damping of the next step, whether nothing more is to be gained."""

    latent: Any
    squares: Any
    damping: Any
    done: Any


def first_step(latent: Any) -> Step:
    """Where Levenberg-Marquardt begins; Σ gap² is not known yet."""
    import jax.numpy as jnp

    lead = latent.shape[:-1]
    return Step(latent, jnp.full(lead, jnp.inf), jnp.full(lead, 1e-2), jnp.zeros(lead, bool))


def refined(
    config: Config, decoder: Any, shared: Any, begin: Step, values: Any, mask: Any, center: Any,
    iterations: int,
) -> Step:  # fmt: skip
    """At most `iterations` steps of Levenberg-Marquardt; fewer where all have converged."""
    import jax
    import jax.numpy as jnp

    k = begin.latent.shape[-1]

    def gap(a):
        return ((decode(config, decoder, shared, a) - values) * mask).reshape(-1)

    def step(carry):
        count, state = carry
        a = state.latent
        slopes = (jacobian(config, decoder, shared, a) * mask[..., None]).reshape(-1, k)
        gram, rest = slopes.T @ slopes, gap(a)
        here = (rest**2).sum()
        scale = jnp.trace(gram) / k + 1e-12
        prior, damping = PRIOR * scale, state.damping
        system = gram + jnp.diag(damping * jnp.diag(gram) + (1e-3 * damping * scale + prior))
        factor = jax.scipy.linalg.cho_factor(system)
        move = jax.scipy.linalg.cho_solve(factor, rest @ slopes + prior * (a - center))
        there = a - move
        after = (gap(there) ** 2).sum()
        better = after < here
        gained = jnp.where(better, here - after, 0.0)
        damping = jnp.clip(jnp.where(better, damping / 5, damping * 4), LEAST, MOST)
        done = (better & (gained < SMALL * here)) | (damping > STUCK)
        moved = Step(jnp.where(better, there, a), jnp.where(better, after, here), damping, done)
        return count + 1, moved

    def going(carry):
        return (carry[0] < iterations) & ~carry[1].done

    return jax.lax.while_loop(going, step, (jnp.asarray(0), begin))[1]
