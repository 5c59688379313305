"""Latents of measured fields: Levenberg-Marquardt on every frame, from several starts.

minimise Σ (D(xᵢ, α) − uᵢ)² + σ² (α − α₀)ᵀ P⁻¹ (α − α₀) over the measured points, normalised.
Starts α₀: the mean training latent and the anchors whose decoded fields are nearest. All of them
take a few steps on some of the points; the best then goes on alone on all points. A step asks for D
and ∂D/∂α once: where it did not help, the old Gram matrix is kept and damped more. Frames go on in
chunks that fit a cache, of those which are not done: an easy frame does not wait for a hard one.
The prior keeps directions that few sensors do not see where training latents had them: σ is the
deviation of the measurements, P the covariance of the nearest anchors and a little of that of all.

Source: Marquardt (1963), doi:10.1137/0111030.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.decoders import decode, decode_many, features
from zoo.models.phi_rom.projection import linearised
from zoo.models.phi_rom.scaling import of_size_one

ITERATIONS, STARTS = 30, 6
SOME = 64  # points on which starts are compared
SCREEN = {True: 6, False: 10}  # steps from every start on some of the points, on all where few
ROWS = {"cpu": 4096}  # points of a chunk of frames
ROWS_ELSEWHERE = 2**18
ROUND = 3  # steps of a chunk, before it is chosen anew
NEAR, LOOSE = 8, 1e-2  # anchors of the prior; the share of the variance of all that is added
NOISE = 5e-4  # σ where none is given
LEAST, MOST, STUCK = 1e-7, 1e7, 1e4  # damping; above the last nothing moves any more
SMALL = 1e-4  # gain of a step, relative, that ends the iteration


class Encoded(NamedTuple):
    """latents: (frame, latent).   misfit: (frame,) √(Σ gap²/Σ u²) in normalised units about the
    mean, over the measured points; NaN where a frame has none."""

    latents: Any
    misfit: Any


def encode(
    config: Config, decoder: Mapping, anchors: Any, places: Any, values: Any, mask: Any = None,
    *, starts: int = STARTS, iterations: int = ITERATIONS, noise: float = NOISE,
) -> Encoded:  # fmt: skip
    """places: (point, dim), scaled.   values: (frame, point, channel), normalised, zero where not
    measured.   mask: (frame, point, channel), 1 where measured, or None.   anchors: (anchor,
    latent), their mean first.   noise: deviation σ of the values.
    """
    import jax
    import jax.numpy as jnp

    values = jnp.asarray(values)
    mask = jnp.ones_like(values) if mask is None else jnp.asarray(mask)
    starts = min(starts, len(anchors))
    run = _program(config, starts, iterations, ROWS.get(jax.default_backend(), ROWS_ELSEWHERE))
    anchors, noise = jnp.asarray(anchors), jnp.asarray(noise, values.dtype)
    return Encoded(*run(dict(decoder), anchors, jnp.asarray(places), values, mask, noise))


@functools.lru_cache(maxsize=32)
def _program(config: Config, starts: int, iterations: int, rows: int) -> Any:
    import jax
    import jax.numpy as jnp

    def run(decoder, anchors, places, values, mask, noise):
        shared, points = features(config, decoder, places), values.shape[1]
        some = _some(points)
        few = jax.tree.map(lambda a: a[some], shared)
        count = min(max(starts, 1 + NEAR), len(anchors))
        near = nearest(config, decoder, shared, anchors, values, mask, count)
        prior = noise**2 * _precision(anchors, near[:, 1 : 1 + NEAR])
        seen = Seen(values, mask, prior)

        def screened(given):
            latents, seen = given
            look = looks(config, decoder, few)
            part = Seen(seen.values[some], seen.mask[some], seen.prior * (len(some) / points))
            move = jax.vmap(lambda a: steps(look, a, part, SCREEN[len(some) < points]))
            found = move(latents).latent
            costs = jax.vmap(lambda a, b: cost(config, decoder, shared, a, b, seen))
            best = jnp.argmin(costs(found, latents))
            return found[best], latents[best]

        batch = max(1, rows // (starts * len(some)))
        latents, start = jax.lax.map(screened, (near[:, :starts], seen), batch_size=batch)
        state = every(
            looks(config, decoder, shared), latents, start, seen, iterations, max(1, rows // points)
        )
        away = state.latent - start
        squares = state.cost - jnp.einsum("fk,fkl,fl->f", away, prior, away)
        size = ((values * mask) ** 2).sum((1, 2))
        misfit = jnp.sqrt(jnp.maximum(squares, 0.0) / jnp.maximum(size, 1e-20))
        return state.latent, jnp.where(mask.sum((1, 2)) > 0, misfit, jnp.nan)

    return jax.jit(run)


def _precision(anchors: Any, near: Any) -> Any:
    """P⁻¹ (frame, latent, latent): near: (frame, anchor, latent)."""
    import jax.numpy as jnp

    k = anchors.shape[-1]
    spread = anchors.var(0)
    around = near - near.mean(1, keepdims=True)
    local = jnp.einsum("fak,fal->fkl", around, around) / max(near.shape[1] - 1, 1)
    loose = jnp.diag(jnp.where(spread > 0, LOOSE * spread, 1.0))
    return jnp.linalg.inv(local + loose + 1e-6 * jnp.trace(loose) / k * jnp.eye(k))


def _some(points: int) -> np.ndarray:
    """Places of the points on which starts are compared; drawn, as a stride would favour lines."""
    if points <= 2 * SOME:
        return np.arange(points)
    return np.sort(np.random.default_rng(0).choice(points, SOME, replace=False))


def nearest(
    config: Config, decoder: Any, shared: Any, anchors: Any, values: Any, mask: Any, starts: int
) -> Any:
    """(frame, start, latent): the first anchor and those nearest to each frame."""
    import jax
    import jax.numpy as jnp

    if config.homogeneous:
        anchors = of_size_one(anchors)
    said = decode_many(config, decoder, shared, anchors)
    flat = said.reshape(len(anchors), -1)
    weights, seen = mask.reshape(len(mask), -1), (values * mask).reshape(len(mask), -1)
    across, own = seen @ flat.T, weights @ (flat**2).T
    if config.homogeneous:  # anchors of size one, each in the size that fits best
        sizes = across / (own + 1e-12)
        own = own * sizes**2
        across = across * sizes
    squares = own - 2 * across
    _, place = jax.lax.top_k(-squares[:, 1:], starts - 1)
    first = jnp.zeros((len(place), 1), place.dtype)
    chosen = jnp.concatenate([first, place + 1], 1)
    found = anchors[chosen]
    if config.homogeneous:
        found = found.at[..., 0].set(jnp.take_along_axis(sizes, chosen, 1))
    return found


# -- Levenberg-Marquardt -----------------------------------------------------------------------


class Seen(NamedTuple):
    """Of a frame: values, mask (point, channel); the weights (latent, latent) of its prior."""

    values: Any
    mask: Any
    prior: Any


class Step(NamedTuple):
    """latent, its cost, half the Hessian and half the slope of that, the latent α₀ of the prior,
    the damping of the next step, how many were taken, whether nothing more is to be gained."""

    latent: Any
    cost: Any
    gram: Any
    slope: Any
    start: Any
    damping: Any
    count: Any
    done: Any


def cost(config: Config, decoder: Any, shared: Any, latent: Any, start: Any, seen: Seen) -> Any:
    """Σ gap² and the prior of one latent."""
    gap = (decode(config, decoder, shared, latent) - seen.values) * seen.mask
    return (gap**2).sum() + (latent - start) @ seen.prior @ (latent - start)


def looks(config: Config, decoder: Any, shared: Any) -> Callable:
    """f(latent, α₀, Seen) -> (`cost`, JᵀJ, Jᵀ gap), all with the prior."""

    def look(latent, start, seen):
        said, slopes = linearised(config, decoder, shared, latent)
        gap = ((said - seen.values) * seen.mask).reshape(-1)
        rows = (slopes * seen.mask[..., None]).reshape(-1, config.latent)
        away = latent - start
        pull = seen.prior @ away
        return (gap**2).sum() + away @ pull, rows.T @ rows + seen.prior, gap @ rows + pull

    return look


def begun(look: Callable, latent: Any, start: Any, seen: Any) -> Step:
    """Where Levenberg-Marquardt begins."""
    import jax.numpy as jnp

    seen_so = look(latent, start, seen)
    return Step(latent, *seen_so, start, jnp.asarray(1e-2), jnp.asarray(0), jnp.asarray(False))


def moved(look: Callable, state: Step, seen: Any) -> Step:
    """One step; none where it is done already."""
    import jax
    import jax.numpy as jnp

    diagonal = jnp.diag(state.gram)
    more = state.damping * (diagonal + 1e-3 * (diagonal.mean() + 1e-12))
    factor = jax.scipy.linalg.cho_factor(state.gram + jnp.diag(more))
    there = state.latent - jax.scipy.linalg.cho_solve(factor, state.slope)
    cost, gram, slope = look(there, state.start, seen)
    better = cost < state.cost
    gained = jnp.where(better, state.cost - cost, 0.0)
    damping = jnp.where(better, state.damping / 5, state.damping * 4)
    damping = jnp.clip(damping, LEAST, MOST)
    ended = (better & (gained < SMALL * state.cost)) | (damping > STUCK)
    old = state._replace(damping=damping, count=state.count + 1, done=ended)
    new = old._replace(latent=there, cost=cost, gram=gram, slope=slope)
    new = jax.tree.map(lambda a, b: jnp.where(better, a, b), new, old)
    return jax.tree.map(lambda a, b: jnp.where(state.done, b, a), new, state)


def steps(look: Callable, latent: Any, seen: Any, count: int) -> Step:
    """`count` steps from `latent`, which is α₀ too."""
    import jax

    def step(state, _):
        return moved(look, state, seen), None

    return jax.lax.scan(step, begun(look, latent, latent, seen), None, length=count)[0]


def every(
    look: Callable, latents: Any, start: Any, seen: Any, iterations: int, chunk: int
) -> Step:  # fmt: skip
    """Each frame until it is done or has taken `iterations` steps, `chunk` frames at a time: those
    that took fewest."""
    import jax
    import jax.numpy as jnp

    count = len(latents)
    chunk = min(chunk, count)
    state = jax.lax.map(lambda a: begun(look, *a), (latents, start, seen), batch_size=chunk)

    def going(state):
        return ((state.count < iterations) & ~state.done).any()

    def advance(state):
        late = jnp.where(state.done, iterations, state.count)
        _, rows = jax.lax.top_k(-late, chunk)
        some, own = jax.tree.map(lambda a: a[rows], (state, seen))

        def step(some, _):
            return jax.vmap(lambda s, u: moved(look, s, u))(some, own), None

        some, _ = jax.lax.scan(step, some, None, length=ROUND)
        return jax.tree.map(lambda a, b: a.at[rows].set(b), state, some)

    return jax.lax.while_loop(going, advance, state)
