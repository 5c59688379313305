"""DINo: Ψ fitted to the stored latents of whole trajectories, without a solver.

From frame to frame the latent follows Ψ; with probability p it starts again from the stored one
(scheduled teacher forcing), p falling from 0.99 to 0 over the first part of training. The latents
themselves take no gradient from this: they reconstruct only.   Source: Yin et al. (2023),
arXiv:2209.14855; Bengio et al. (2015), arXiv:1506.03099.
"""

from typing import Any

from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.dynamics import stepped

FIRST, LAST = 0.99, 1e-3  # p below the last counts as 0
PART = 0.75  # of the steps over which p falls


def latent_fit(
    config: Config, weights: dict, table: Any, batch: dict, progress: Any, key: Any,
    some: int = 0,
) -> Any:  # fmt: skip
    """Root mean square gap of followed and stored latents, over their deviation.

    table: (snapshot, latent), frames of a trajectory in a row.   progress: share of training done.
    some: trajectories that are looked at, drawn by `key`; 0 for all.
    """
    import jax
    import jax.numpy as jnp

    count = batch["starts"].shape[0]
    stored = jax.lax.stop_gradient(table).reshape(count, -1, table.shape[-1])
    frames = stored.shape[1]
    values = batch["values_all"][batch["starts"]]
    spread = ((stored - stored.mean((0, 1))) ** 2).mean() + 1e-12
    if some and some < count:
        drawn = jax.random.choice(jax.random.fold_in(key, 1), count, (some,), replace=False)
        stored, values = stored[drawn], values[drawn]
    chance = FIRST * (LAST / FIRST) ** (progress / PART)
    chance = jnp.where(chance > LAST * 1.001, chance, 0.0)
    again = jax.random.bernoulli(key, chance, (frames - 1,)).at[0].set(True)
    h = batch["span"] / (frames - 1)

    def step(latent, inputs):
        start, goal, restart = inputs
        a = jnp.where(restart, start, latent)
        a = stepped(config, weights, a, values, h)
        return a, ((a - goal) ** 2).mean()

    rows = jnp.moveaxis(stored, 1, 0)
    _, squares = jax.lax.scan(step, rows[0], (rows[:-1], rows[1:], again))
    return jnp.sqrt(squares.mean() / spread + 1e-12)
