"""States without data that the equation teaches on: rollouts of Ψ beyond the training horizon.

They begin at training trajectories' first latents, with parameters drawn from the range of the data
and somewhat beyond, and are made anew as Ψ learns.
"""

from typing import Any

from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.dynamics import stepped
from zoo.models.phi_rom.motions import motions
from zoo.models.phi_rom.rules import Rules

BOUND = 3.0  # latents beyond this many radii of the training latents are not taught on
STEPS = 64


def fresh_pool(config: Config, rules: Rules, params: dict, batch: dict, key: Any) -> dict:
    """Latents and parameters of rollouts from training starts, at random times within `reach`."""
    import jax
    import jax.numpy as jnp

    table, box, starts = params["latents"], batch["box"], batch["starts"]
    drawn = jax.random.uniform(key, (rules.pool, 2 + box.shape[1]))
    begin = starts[(drawn[:, 0] * len(starts)).astype(jnp.int32)]
    span = (box[1] - box[0]) * rules.widen
    values = box[0] - span + drawn[:, 2:] * (box[1] - box[0] + 2 * span)
    long = rules.reach * batch["span"] * drawn[:, 1:2]

    def step(a, _):
        return stepped(config, params["dynamics"], a, values, long / STEPS), None

    first = table[begin]
    if rules.mix:
        first = _between(config, rules, first, table[starts], jax.random.fold_in(key, 1))
    latents, _ = jax.lax.scan(step, first, None, length=STEPS)
    center = table.mean(0)
    radius = jnp.linalg.norm(table - center, axis=-1).max()
    far = jnp.linalg.norm(latents - center, axis=-1)
    usable = (far < BOUND * radius) & jnp.isfinite(far)
    return {"latents": latents, "values": values, "usable": usable.astype(table.dtype)}


def _between(config: Config, rules: Rules, first: Any, others: Any, key: Any) -> Any:
    """Latents anywhere between `first` and others, which may be moved, drawn for each."""
    import jax
    import jax.numpy as jnp

    drawn = jax.random.uniform(key, (3, len(first)))
    other = others[(drawn[0] * len(others)).astype(jnp.int32)]
    if rules.symmetric:
        moves = jnp.asarray(motions(config).latents)
        other = jnp.einsum("pij,pj->pi", moves[(drawn[1] * len(moves)).astype(jnp.int32)], other)
    share = drawn[2][:, None]
    return share * first + (1 - share) * other
