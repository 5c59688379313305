"""Decoders D(x, α) -> normalised states: networks of coordinates and a latent vector.

"sine": h₁ = sin(x Wₓ + α Wₐ + b), hₗ = sin(hₗ₋₁ W + b), linear read-out; inputs that move with the
latent may stand beside x, see `moving`.
"filter": z₀ = (b + α H) g₀(x), zₗ = (zₗ₋₁ W + b + α H) gₗ(x), linear read-out, with the filters
gₗ(x) = [sin xΩₗ, cos xΩₗ] of the coordinates alone.

What depends on coordinates only is made once per set of them by `features`, and shared by all
latents. `decode` takes one latent for all points or one for each, which gives Jacobians in reverse
mode.   Source: Φ-ROM (2025), arXiv:2505.14595; DINo (2023), arXiv:2209.14855.
"""

from typing import Any

import numpy as np
from flax import nnx

from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.moving import moving_inputs, moving_weights, uniform
from zoo.models.phi_rom.sine import sine


class Decoder(nnx.Module):
    """The weights of a decoder, one array per name."""

    def __init__(self, config: Config, *, rngs: nnx.Rngs):
        draw = _filter_weights if config.decoder == "filter" else _sine_weights
        for name, value in draw(config, rngs).items():
            setattr(self, name, nnx.Param(value))


def features(config: Config, weights: dict, places: Any) -> dict[str, Any]:
    """What the decoder needs of `places` (point, dim), scaled to −1 … 1: arrays (point, …)."""
    import jax.numpy as jnp

    if config.decoder == "filter":
        phase = jnp.einsum("pd,ldw->lpw", places, weights["omega"])
        filters = jnp.concatenate([sine(phase), sine(phase + np.float32(np.pi / 2))], -1)
        return {"filters": jnp.moveaxis(filters, 0, 1)}
    found = {"first": places @ weights["kernel_x"] + weights["bias_0"]}
    if config.fronts:
        found["along"] = places @ weights["normal"]
    if config.spots:
        found["places"] = jnp.asarray(places)
    return found


def decode(config: Config, weights: dict, seen: dict, latent: Any) -> Any:
    """Normalised states (point, channel) at the places that `seen` are the features of.

    latent: (latent,) for all points, or (point, latent).
    """
    if config.decoder == "filter":
        return _filtered(config, weights, seen["filters"], latent)
    h = seen["first"] + latent @ weights["kernel_a"]
    if config.fronts or config.spots:
        h = h + moving_inputs(config, weights, seen, latent)
    for level in range(1, config.depth):
        h = sine(h) @ weights[f"kernel_{level}"] + weights[f"bias_{level}"]
    return sine(h) @ weights["kernel_out"] + weights["bias_out"]


def _filtered(config: Config, weights: dict, filters: Any, latent: Any) -> Any:
    z = 1.0
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
    return drawn | {"omega": spread * omega}
