"""Whole trajectories from their first latents: what Ψ and decoder say of them is measured.

Rates and short paths are taught where latents are stored; nothing adds up what they err over the
horizon. Where a sensor sees a shock once, late, its arrival speaks of the first latent and of all
that Ψ said in between: trajectories rolled out from first latents alone have to meet every
measurement, as in strong-constraint 4D-Var, with weights and first latents as unknowns.

Source: Talagrand & Courtier (1987), doi:10.1002/qj.49711347812.
"""

from typing import Any

from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.dynamics import stepped
from zoo.models.phi_rom.losses import reconstruction


def shot(config: Config, weights: dict, latents: Any, batch: dict, pick: Any = None) -> Any:
    """L_rec, see `losses`, of Ψ's rollouts over all frames.

    weights: {"decoder", "dynamics"}.   latents: (trajectory, latent), the first ones.   batch:
    "whole", Seen of all snapshots, frames of a trajectory in a row, and what `make_update` says of
    "values_all", "starts" and "span".   pick: indices of the points looked at.
    """
    import jax
    import jax.numpy as jnp

    seen, count = batch["whole"], len(latents)
    frames = seen.values.shape[0] // count
    values = batch["values_all"][batch["starts"]]
    h = batch["span"] / (frames - 1)

    def step(a, _):
        a = stepped(config, weights["dynamics"], a, values, h)
        return a, a

    _, later = jax.lax.scan(step, latents, None, length=frames - 1)
    path = jnp.concatenate([latents[None], later]).swapaxes(0, 1)
    flat = path.reshape(count * frames, -1)
    return reconstruction(config, weights["decoder"], flat, seen, pick)
