"""What a step of training makes small, beside what it saw.

λ L_rec + (1 − λ) (L_dyn + tangent · (unfollowed share of ∂u/∂t) + path · (gap of `paths`)
                       + travel · (share of `travelling`) + shoot · (misfit of `shooting`)).
"""

from typing import Any

from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.forcing import latent_fit
from zoo.models.phi_rom.losses import dynamics, reconstruction
from zoo.models.phi_rom.motions import motions
from zoo.models.phi_rom.paths import path_gap
from zoo.models.phi_rom.rules import Rules
from zoo.models.phi_rom.shooting import shot
from zoo.models.phi_rom.strata import one_of_each


def objective(config: Config, rules: Rules, steps: int, rows: int):
    """(weights, latents, batch, count, through, pool, drawn, key, physical) -> (value, (L_rec,
    L_dyn, metrics)) of the `count`-th of `steps` updates.

    weights: {"decoder", "dynamics"}.   latents: those of the drawn snapshots.   batch: see
    `make_update`, with "table" and "rows".   through: share of the gradient of the physics that
    reaches decoder and latents.   pool: states without data.   drawn: uniform numbers by name.
    physical: whether the physics is asked, or the reconstruction alone.
    """
    import jax.numpy as jnp

    drawn_rows = min(rules.snapshots or rows, rows)
    moves = motions(config) if rules.symmetric else None

    def total(weights, latents, batch, count, through, pool, drawn, key, physical):
        seen, turn = batch["seen"], batch["turn"]
        if moves is not None:
            latents = latents @ turn.latents.T
        if rules.stratified:
            pick = one_of_each(batch["curve"], drawn["points"], rules.points)
        else:
            pick = choice(drawn["points"], rules.points)
        rec = reconstruction(config, weights["decoder"], latents, seen, pick)
        if rules.physics == "none":
            progress = count / steps
            dyn = latent_fit(
                config, weights["dynamics"], batch["table"], batch, progress, key,
                rules.trajectories,
            )  # fmt: skip
            return rec + dyn, (rec, dyn, {"left": jnp.ones(()), "bad": jnp.zeros(())})
        if not physical:
            none = {"left": jnp.ones(()), "bad": jnp.zeros(())}
            return rules.share * rec, (rec, jnp.ones(()), none)
        chosen = choice(drawn["picked"], rules.picked)
        some, own = latents, batch["values"]
        if rules.taught < drawn_rows:
            lesson = choice(drawn["taught"], rules.taught)
            some, own = some[lesson], own[lesson]
        if rules.ahead:
            take = (drawn["ahead"] * len(pool["latents"])).astype(jnp.int32)
            spare, good = jnp.arange(rules.ahead) % drawn_rows, pool["usable"][take, None] > 0
            far = pool["latents"][take]
            far = far if moves is None else far @ turn.latents.T
            far = jnp.where(good, far, latents[spare])
            theirs = jnp.where(good, pool["values"][take], batch["values"][spare])
            some, own = jnp.concatenate([some, far]), jnp.concatenate([own, theirs])
        dyn, more = dynamics(
            config, weights, some, own, batch["physics"], chosen, through,
            ridge=rules.ridge, strong=rules.physics == "strong", pull=rules.pull,
            travel=min(rules.taught, drawn_rows) if rules.travel else 0,
        )  # fmt: skip
        extra = rules.tangent * more["left"]
        if rules.travel:
            extra += rules.travel * more.pop("unsteady")
        if rules.path:
            extra += rules.path * path_gap(
                config, weights["dynamics"], latents, batch, drawn["path"], through
            )
        if rules.shoot:
            firsts = batch["table"].at[batch["rows"]].set(latents)[batch["starts"]]
            extra += rules.shoot * through * shot(config, weights, firsts, batch, pick)
        value = rules.share * rec + (1 - rules.share) * (dyn + extra)
        return value, (rec, dyn, more)

    return total


def choice(uniform: Any, count: int) -> Any:
    """The places of the `count` largest numbers: a choice without repetition; None for all."""
    import jax

    if not count or count >= uniform.shape[0]:
        return None
    return jax.lax.top_k(uniform, count)[1]
