"""Decoders D(x, α) -> normalised states: networks of coordinates and a latent vector.

"sine": h₁ = sin(x Wₓ + α Wₐ + b), hₗ = sin(hₗ₋₁ W + b), linear read-out; inputs that move with the
latent may stand beside x, see `moving`.
"filter": z₀ = (b + α H) g₀(x), zₗ = (zₗ₋₁ W + b + α H) gₗ(x), linear read-out, with the filters
gₗ(x) = [sin xΩₗ, cos xΩₗ] of the coordinates alone: it is linear in α. Along periodic coordinates
Ω are whole waves of the box, see `harmonics`.
Either may vanish at walls, see `walls`, and leave the size of a field to one entry, see `scaling`.

What depends on coordinates only is made once per set of them by `features`, and shared by all
latents. `decode` takes one latent for all points or one for each, which gives Jacobians in reverse
mode.   Source: Φ-ROM (2025), arXiv:2505.14595; DINo (2023), arXiv:2209.14855.
"""

import functools
from typing import Any

import numpy as np
from flax import nnx

from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.harmonics import first_waves, fitting_the_box
from zoo.models.phi_rom.moving import movement, moving_inputs, moving_weights, uniform
from zoo.models.phi_rom.scaling import parted
from zoo.models.phi_rom.sine import sine
from zoo.models.phi_rom.walls import distances, factor, steepness, wall_weights


class Decoder(nnx.Module):
    """The weights of a decoder, one array per name."""

    def __init__(self, config: Config, *, rngs: nnx.Rngs):
        draw = _filter_weights if config.decoder == "filter" else _sine_weights
        drawn = draw(config, rngs) | (wall_weights(config, rngs) if config.walls else {})
        for name, value in drawn.items():
            setattr(self, name, nnx.Param(value))


def features(config: Config, weights: dict, places: Any) -> dict[str, Any]:
    """What the decoder needs of `places` (point, dim), scaled to −1 … 1: arrays (point, …)."""
    import jax.numpy as jnp

    found = {"distances": distances(config, places)} if config.walls else {}
    if config.decoder == "filter":
        phase = jnp.einsum("pd,ldw->lpw", places, fitting_the_box(config, weights["omega"]))
        filters = jnp.concatenate([sine(phase), sine(phase + np.float32(np.pi / 2))], -1)
        return found | {"filters": jnp.moveaxis(filters, 0, 1)}
    found["first"] = places @ weights["kernel_x"] + weights["bias_0"]
    if config.fronts:
        found["along"] = places @ weights["normal"]
    if config.spots:
        found["places"] = jnp.asarray(places)
    return found


def decode(config: Config, weights: dict, seen: dict, latent: Any) -> Any:
    """Normalised states (point, channel) at the places that `seen` are the features of.

    latent: (latent,) for all points, or (point, latent).
    """
    return _at_places(config, weights, seen, _told(config, weights, latent))


def decode_many(config: Config, weights: dict, seen: dict, latents: Any) -> Any:
    """`decode` of latents (batch, latent): (batch, point, channel).

    The plain filter decoder is linear in α, as its filters see coordinates only: of many latents
    one Jacobian is made, and not a network run for each.
    """
    import jax

    if config.linear and len(latents) > 1 + len(config.equation.states):
        return at_latents(decode_with_slopes(config, weights, seen, latents[0] * 0.0), latents)
    return jax.vmap(lambda a: decode(config, weights, seen, a))(latents)


def at_latents(linear: tuple[Any, Any], latents: Any) -> Any:
    """(…, point, channel) of latents (…, latent), `linear` being `decode_with_slopes` of zeros."""
    import jax.numpy as jnp

    base, slopes = linear
    return base + jnp.einsum("pck,...k->...pc", slopes, latents)


def decode_with_slopes(config: Config, weights: dict, seen: dict, latent: Any) -> tuple[Any, Any]:
    """(`decode`, its derivative by `latent` (latent,) in reverse mode, (point, channel, latent)).

    One pass per channel with inputs of its own per point, of which rows of the Jacobian come. What
    a latent says to all points alike, its share of the first layer of sines, what it moves and the
    layers at walls, is differentiated once instead.
    """
    import jax
    import jax.numpy as jnp

    points = jax.tree.leaves(seen)[0].shape[0]
    tell = functools.partial(_told, config, weights)
    told, turns = tell(latent), jax.jacfwd(tell)(latent)
    each = {n: jnp.broadcast_to(a, (points, a.size)) for n, a in told.items()}
    out, back = jax.vjp(lambda t: _at_places(config, weights, seen, t), each)

    def row(channel):
        found = back(jnp.broadcast_to(channel, out.shape))[0]
        return sum(found[n] @ turns[n] for n in found)

    rows = jax.vmap(row)(jnp.eye(out.shape[-1], dtype=out.dtype))
    return out, jnp.moveaxis(rows, 0, 1)


def _told(config: Config, weights: dict, latent: Any) -> dict[str, Any]:
    """{name: (…, number)} of what `latent` (…, latent) says to every point alike."""
    found = {}
    if config.homogeneous:
        found["size"], latent = parted(latent)
    if config.walls:
        found["steep"] = steepness(weights, latent)
    if config.decoder == "filter":
        return found | {"latent": latent}
    if config.fronts or config.spots:
        found["moved"] = movement(config, weights, latent)
    return found | {"shift": latent @ weights["kernel_a"]}


def _at_places(config: Config, weights: dict, seen: dict, told: dict) -> Any:
    """(point, channel) of what was told, to all points or each."""
    inner = _filtered if config.decoder == "filter" else _sines
    said = inner(config, weights, seen, told)
    if config.homogeneous:
        said = told["size"] * said
    return said * factor(config, seen, told["steep"]) if config.walls else said


def _sines(config: Config, weights: dict, seen: dict, told: dict) -> Any:
    h, straight = seen["first"] + told["shift"], 0.0
    if config.fronts or config.spots:
        added, straight = moving_inputs(config, weights, seen, told["moved"])
        h = h + added
    for level in range(1, config.depth):
        h = sine(h) @ weights[f"kernel_{level}"] + weights[f"bias_{level}"]
    return sine(h) @ weights["kernel_out"] + weights["bias_out"] + straight


def _filtered(config: Config, weights: dict, seen: dict, told: dict) -> Any:
    filters, latent, z = seen["filters"], told["latent"], 1.0
    for level in range(config.depth):
        shift = latent @ weights[f"shift_{level}"] + weights[f"bias_{level}"]
        if level:
            shift = shift + z @ weights[f"kernel_{level}"]
        z = shift * filters[:, level]
    return z @ weights["kernel_out"] + weights["bias_out"]


# -- untrained weights -------------------------------------------------------------------------


def _sine_weights(config: Config, rngs: nnx.Rngs) -> dict[str, Any]:
    d, k, w = config.equation.dim, config.latent, config.width
    shapes = {"kernel_x": (d, w), "kernel_a": (k, w), "bias_0": (w,)}
    for level in range(1, config.depth):
        shapes |= {f"kernel_{level}": (w, w), f"bias_{level}": (w,)}
    channels = len(config.equation.states)
    shapes |= {"kernel_out": (w, channels), "bias_out": (channels,)}
    drawn = uniform(shapes, rngs)
    drawn["kernel_x"] = drawn["kernel_x"] * (config.frequency * np.sqrt(d))
    return drawn | moving_weights(config, rngs)


def _filter_weights(config: Config, rngs: nnx.Rngs) -> dict[str, Any]:
    import jax

    d, k, w = config.equation.dim, config.latent, config.width
    shapes: dict[str, tuple[int, ...]] = {}
    for level in range(config.depth):
        shapes |= {f"shift_{level}": (k, w), f"bias_{level}": (w,)}
        if level:
            shapes[f"kernel_{level}"] = (w, w)
    channels = len(config.equation.states)
    shapes |= {"kernel_out": (w, channels), "bias_out": (channels,)}
    drawn = uniform(shapes, rngs)
    spread = config.frequency / np.sqrt(d)
    omega = jax.random.normal(rngs.params(), (config.depth, d, w // 2))
    return drawn | {"omega": first_waves(config, spread * omega)}
