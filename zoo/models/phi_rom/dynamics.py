"""Ψ: the latent dynamics dα/dt = Ψ(α, β)/clock, a network with a trained lift of the parameters.

β, standardised, is mapped linearly to as many numbers as α has and stands beside α; hidden layers
are swish with a trained slope, x σ(x softplus(b))/1.1. `quadratic` adds all products of two entries
with weights of their own: the exact form where the decoder is linear and the equation quadratic,
as that of a flow.   Source: Φ-ROM (2025), arXiv:2505.14595; DINo (2023), arXiv:2209.14855.
"""

from typing import Any

import numpy as np
from flax import nnx

from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.scaling import parted


class Dynamics(nnx.Module):
    """The weights of Ψ, one array per name."""

    def __init__(self, config: Config, *, rngs: nnx.Rngs):
        import jax
        import jax.numpy as jnp

        k, w, lifted = config.latent, config.dynamics_width, len(config.parameters)
        sizes = [k * (1 + bool(lifted)), *[w] * config.dynamics_depth, k]

        def uniform(*shape):
            bound = 1 / np.sqrt(shape[0])
            return jax.random.uniform(rngs.params(), shape, minval=-bound, maxval=bound)

        if lifted:
            self.lift = nnx.Param(uniform(lifted, k))
            self.lift_bias = nnx.Param(jnp.zeros(k))
        for level, (inside, outside) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
            setattr(self, f"kernel_{level}", nnx.Param(uniform(inside, outside)))
            setattr(self, f"bias_{level}", nnx.Param(jnp.zeros(outside)))
        if config.quadratic:
            self.quadratic = nnx.Param(jnp.zeros((sizes[0] * (sizes[0] + 1) // 2, k)))
        self.slope = nnx.Param(jnp.full((config.dynamics_depth,), 0.5))


def rate(config: Config, weights: dict, latent: Any, values: Any) -> Any:
    """dα per unit of the model's clock, (…, latent); values: (…, parameter), standardised."""
    import jax.numpy as jnp

    said = pace(config, weights, latent, values)
    if not config.homogeneous:
        return said
    return jnp.concatenate([latent[..., :1] * said[..., :1], said[..., 1:]], -1)


def stepped(config: Config, weights: dict, latent: Any, values: Any, h: Any) -> Any:
    """The latent a step `h` later, by the method of third order of Bogacki & Shampine (1989)."""
    first = rate(config, weights, latent, values)
    middle = rate(config, weights, latent + h / 2 * first, values)
    last = rate(config, weights, latent + h * 0.75 * middle, values)
    return latent + h / 9 * (2 * first + 3 * middle + 4 * last)


def pace(config: Config, weights: dict, latent: Any, values: Any) -> Any:
    """`rate`, of a first entry that is the size of the field relative to it: d log|size|."""
    import jax
    import jax.numpy as jnp

    if config.homogeneous and not config.sized:
        latent = parted(latent)[1]
    h = latent
    if config.parameters:
        lifted = values @ weights["lift"] + weights["lift_bias"]
        h = jnp.concatenate([latent, jnp.broadcast_to(lifted, latent.shape)], -1)
    products = 0.0
    if config.quadratic:
        first, second = np.triu_indices(h.shape[-1])
        products = (h[..., first] * h[..., second]) @ weights["quadratic"]
    for level in range(config.dynamics_depth):
        h = h @ weights[f"kernel_{level}"] + weights[f"bias_{level}"]
        h = h * jax.nn.sigmoid(h * jax.nn.softplus(weights["slope"][level])) / 1.1
    last = config.dynamics_depth
    return products + h @ weights[f"kernel_{last}"] + weights[f"bias_{last}"]
