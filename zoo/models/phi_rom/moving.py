"""Inputs of a decoder that move with the latent: fronts and spots.

A front is tanh(s (n·x − c(α))), a spot exp(−½ Σ wₐ(α)² (xₐ − cₐ(α))²), a over coordinates; c and
log w are a small network of α beside a linear map, log w bounded. A shock moves as c moves, also to
places that no data showed, where a network of x and α would have to learn it for every place anew.
"""

from typing import Any

import numpy as np
from flax import nnx

from zoo.models.phi_rom.config import Config

BEND = 16  # hidden units
STEEP = 5.0  # of an untrained front, per half length of the box
NARROW = 3.0  # the same of a spot, 1/width
SPREAD = 3.0  # log w lies within ± this


def movement(config: Config, weights: dict, latent: Any) -> Any:
    """Where fronts and spots are, and log w: (…, number) of `latent` (…, latent)."""
    import jax
    import jax.numpy as jnp

    bent, found = jax.nn.silu(latent @ weights["bend_a"] + weights["bend_b"]), []
    if config.fronts:
        found += [bent @ weights["place_h"] + latent @ weights["place_a"] + weights["place"]]
    if config.spots:
        found += [bent @ weights["spot_h"] + latent @ weights["spot_a"] + weights["spot"]]
    return jnp.concatenate(found, -1)


def moving_inputs(config: Config, weights: dict, seen: dict, moved: Any) -> tuple[Any, Any]:
    """What they add to the first layer, (point, width), and spots straight to the states, (point,
    channel); moved: a `movement`, (number,) for all points or (point, number)."""
    import jax.numpy as jnp

    added: Any = 0.0
    straight: Any = 0.0
    place, where = moved[..., : config.fronts], moved[..., config.fronts :]
    if config.fronts:
        front = jnp.tanh(jnp.exp(weights["steep"]) * (seen["along"] - place))
        added = added + front @ weights["kernel_f"]
    if config.spots:
        where = where.reshape(*where.shape[:-1], config.spots, 2, -1)
        gap = seen["places"][:, None] - where[..., 0, :]
        narrow = jnp.exp(SPREAD * jnp.tanh(where[..., 1, :] / SPREAD))
        spot = jnp.exp(-0.5 * ((narrow * gap) ** 2).sum(-1))
        added, straight = added + spot @ weights["kernel_s"], spot @ weights["straight"]
    return added, straight


def moving_weights(config: Config, rngs: nnx.Rngs) -> dict[str, Any]:
    """Fronts spread over the box, their normals too, spots near its middle; c depends weakly on α
    at first."""
    import jax
    import jax.numpy as jnp

    d, k, f, s = config.equation.dim, config.latent, config.fronts, config.spots
    if not f and not s:
        return {}
    drawn: dict[str, Any] = {}
    if f:
        drawn = uniform(
            {"kernel_f": (f, config.width), "bend_a": (k, BEND), "bend_b": (BEND,),
             "place_h": (BEND, f), "place_a": (k, f)}, rngs,
        )  # fmt: skip
        normal = jax.random.normal(rngs.params(), (d, f))
        drawn |= {
            "normal": normal / jnp.linalg.norm(normal, axis=0),
            "place": jnp.linspace(-1.0, 1.0, f + 2)[1:-1],
            "steep": jnp.full((f,), jnp.log(STEEP)),
        }
    else:
        drawn = uniform({"bend_a": (k, BEND), "bend_b": (BEND,)}, rngs)
    if s:
        many = 2 * s * d
        drawn |= uniform(
            {"kernel_s": (s, config.width), "straight": (s, len(config.equation.states)),
             "spot_h": (BEND, many), "spot_a": (k, many)}, rngs,
        )  # fmt: skip
        begin = 0.3 * jax.random.normal(rngs.params(), (s, 2, d))
        drawn["spot"] = begin.at[:, 1].add(jnp.log(NARROW)).reshape(-1)
    return drawn


def uniform(shapes: dict[str, tuple[int, ...]], rngs: nnx.Rngs) -> dict[str, Any]:
    """Weights and biases uniform in ±1/√fan-in; a bias takes the fan-in of the layer before it."""
    import jax

    drawn, bound = {}, 1.0
    for name, shape in shapes.items():
        if len(shape) > 1:
            bound = 1 / np.sqrt(shape[0])
        drawn[name] = jax.random.uniform(rngs.params(), shape, minval=-bound, maxval=bound)
    return drawn
