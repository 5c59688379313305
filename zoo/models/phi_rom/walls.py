"""A factor of the decoder that vanishes where the System says u = 0, so that walls hold exactly.

Π over walls of tanh(s(α) d/h), d the distance from the wall, h the spacing of the solver's grid;
log s is a small network of the latent beside a linear map: a layer at a wall is as thin or thick as
the field asks for.
"""

import functools
from typing import Any

import numpy as np
from flax import nnx

from zoo.models.phi_rom.config import Config

BEND = 16  # hidden units
SPREAD = 3.0  # log s lies within ± this


@functools.lru_cache(maxsize=32)
def cold(config: Config) -> np.ndarray:
    """(wall, state): 1 where the System says u = 0; walls in the order x-, x+, y-, …"""
    from physics.boundary import condition, sides

    system = config.equation
    found = np.zeros((2 * system.dim, len(system.states)), np.float32)
    for i, side in enumerate(sides(system.dim)):
        for j, state in enumerate(system.state_names):
            held = condition(system, state, side)
            found[i, j] = held is not None and held.kind in ("dirichlet",) and held.value == 0
    return found


def distances(config: Config, places: Any) -> Any:
    """(point, wall) from scaled places, in spacings of the solver's grid."""
    import jax.numpy as jnp

    grid = config.solver_grid
    half = np.array([n / (2 * h) for n, h in zip(grid.lengths, grid.spacing, strict=True)])
    half = half.astype(np.float32)
    both = jnp.stack([(1 + places) * half, (1 - places) * half], -1)
    return both.reshape(places.shape[0], -1)


def steepness(weights: dict, latent: Any) -> Any:
    """log s, not yet bounded, (…, wall) of `latent` (…, latent)."""
    import jax

    bent = jax.nn.silu(latent @ weights["wall_a"] + weights["wall_b"])
    return bent @ weights["wall_h"] + latent @ weights["wall_l"] + weights["wall"]


def factor(config: Config, seen: dict, steep: Any) -> Any:
    """(point, state), or (point, 1) where all states are alike; steep: (wall,) or (point, wall)."""
    import jax.numpy as jnp

    rise = jnp.tanh(jnp.exp(SPREAD * jnp.tanh(steep / SPREAD)) * seen["distances"])
    where = cold(config)
    if (where == where[:, :1]).all():
        return (jnp.where(where[:, 0] > 0, rise, 1.0)).prod(-1, keepdims=True)
    return jnp.where(where > 0, rise[..., None], 1.0).prod(-2)


def wall_weights(config: Config, rngs: nnx.Rngs) -> dict[str, Any]:
    """Layers of about one spacing at first."""
    import jax.numpy as jnp

    from zoo.models.phi_rom.moving import uniform

    k, many = config.latent, 2 * config.equation.dim
    drawn = uniform(
        {"wall_a": (k, BEND), "wall_b": (BEND,), "wall_h": (BEND, many), "wall_l": (k, many)}, rngs
    )
    return drawn | {"wall": jnp.zeros(many)}
