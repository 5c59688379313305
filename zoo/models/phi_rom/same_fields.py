"""One latent for snapshots that measured the same, as a function of the measurements would have.

Few sensors do not tell where between them a shock is. Trajectories that begin alike and go on under
other parameters each say something of that, and what they say belongs to one latent.
"""

from typing import Any

import numpy as np

from zoo.models.phi_rom.losses import Seen

CLOSE = 1e-5  # of the deviation of a state: what counts as the same


def alike(seen: Seen) -> np.ndarray:
    """(snapshot,) the number of the first snapshot with the same values at the same places; its own
    where nothing was measured."""
    count = len(seen.values)
    values = np.rint(np.asarray(seen.values).reshape(count, -1) / CLOSE)
    own = np.arange(count)
    if seen.mask is not None:
        mask = np.asarray(seen.mask).reshape(count, -1)
        values = np.concatenate([values, mask, (own * ~mask.any(1))[:, None]], 1)
    _, first, which = np.unique(values, axis=0, return_index=True, return_inverse=True)
    return own[first][which.reshape(-1)].astype(np.int32)


def as_one(latents: Any, same: Any) -> Any:
    """latents (snapshot, latent), each the mean of those that are the `same` (snapshot,)."""
    import jax.numpy as jnp

    latents = jnp.asarray(latents)
    count = jnp.zeros(len(same), latents.dtype).at[same].add(1.0)
    total = jnp.zeros_like(latents).at[same].add(latents)
    return (total / jnp.maximum(count, 1.0)[:, None])[same]
