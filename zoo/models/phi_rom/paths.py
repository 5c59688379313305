"""Latents of one trajectory lie on one path of Ψ.

L_dyn compares rates, snapshot by snapshot; nothing in it says that the stored latents follow each
other. Where few sensors see a field, a shock between two of them is told by when it arrives at the
next alone, so the path there has to be Ψ's.
"""

from typing import Any

from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.dynamics import stepped

PAIRS = 64
REACH = 0.3  # of the trajectory, forwards or backwards
STEPS = 6
TINY = 0.05  # of the deviation of the stored latents, added to how far a pair is apart


def path_gap(
    config: Config, weights: dict, latents: Any, batch: dict, uniform: Any, through: Any
) -> Any:
    """Mean ‖flow(αᵢ) − αⱼ‖ / ‖αᵢ − αⱼ‖ over pairs of frames of one trajectory.

    latents: (drawn, latent), those of the snapshots batch["rows"], with `through` of their
    gradient; αⱼ come from batch["table"] (snapshot, latent), frames of a trajectory in a row,
    without.   uniform: (3 PAIRS,) numbers.
    """
    import jax
    import jax.numpy as jnp

    still, table, rows = jax.lax.stop_gradient, batch["table"], batch["rows"]
    frames = table.shape[0] // batch["starts"].shape[0]
    which, far, side = jnp.split(uniform, 3)
    drawn = (which * rows.shape[0]).astype(jnp.int32)
    row, start = rows[drawn], latents[drawn]
    start = through * start + (1 - through) * still(start)
    frame = row % frames
    span = 1 + (far * max(1, int(REACH * frames))).astype(jnp.int32)
    forward = jnp.where(side < 0.5, frame + span < frames, frame < span)
    span = jnp.clip(jnp.where(forward, span, -span), -frame, frames - 1 - frame)
    goal = still(table[row + span])
    values = batch["values_all"][row]
    h = (span * batch["span"] / (frames - 1) / STEPS)[:, None]

    def step(a, _):
        return stepped(config, weights, a, values, h), None

    said, _ = jax.lax.scan(step, start, None, length=STEPS)
    spread = jnp.sqrt(((goal - goal.mean(0)) ** 2).sum(-1).mean())
    apart = jnp.sqrt(((goal - still(start)) ** 2).sum(-1)) + TINY * still(spread)
    return (jnp.sqrt(((said - goal) ** 2).sum(-1) + 1e-14) / apart).mean()
