"""One update of a Φ-ROM: latents of the snapshots, decoder and Ψ, by Adam on one total.

    λ L_rec + (1 − λ) (L_dyn + tangent · (unfollowed share of ∂u/∂t) + path · (gap of `paths`)).

Warm-up is by level: until L_rec, averaged over some steps, is below `level` (or `limit` steps have
passed) only the reconstruction is trained; then Ψ alone follows the physics, and its gradient to
decoder and latents grows from 0 to all of it over `settle` steps. `ahead` pairs of latents and
parameters per step come from rollouts beyond the horizon, with parameters drawn from the range of
the data: there the equation teaches without data.

A latent's Adam moves only in steps that drew its snapshot. A step with a gradient that is not
finite changes nothing and is counted, as is every projection that is not finite.
"""

import functools
from typing import Any

from zoo.models.phi_rom.adam import moved_by_adam
from zoo.models.phi_rom.ahead import fresh_pool
from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.forcing import latent_fit
from zoo.models.phi_rom.losses import Seen, dynamics, reconstruction
from zoo.models.phi_rom.motions import motions
from zoo.models.phi_rom.paths import PAIRS, path_gap
from zoo.models.phi_rom.rules import Rules
from zoo.training.schedule import Schedule

MEMORY = 0.02  # weight of a new step in the running mean of L_rec


def first_state(config: Config, params: dict, rules: Rules) -> dict:
    """What training starts from; params: {"decoder", "dynamics", "latents"}."""
    import jax
    import jax.numpy as jnp

    zeros = jax.tree.map(jnp.zeros_like, params)
    rows = params["latents"].shape[0]
    size = max(rules.pool, 1)
    return {
        "params": params,
        "optimiser": {"mean": zeros, "square": jax.tree.map(jnp.zeros_like, params),
                      "drawn": jnp.zeros(rows), "count": jnp.zeros(())},
        "warm": {"recent": jnp.ones(()), "begun": jnp.asarray(jnp.inf)},
        "pool": {"latents": jnp.zeros((size, config.latent)),
                 "values": jnp.zeros((size, max(1, len(config.parameters)))),
                 "usable": jnp.zeros(size)},
        "failed": {"skipped": jnp.zeros(()), "bad": jnp.zeros(())},
    }  # fmt: skip


def make_update(config: Config, rules: Rules, schedule: Schedule, rows: int):
    """The update for the training loop. Batch: {"seen": Seen, "physics": Physics, "values":
    (snapshot, parameter) standardised, "starts": (trajectory,) first snapshot of each, "box": (2,
    parameter) their range, "span": the horizon in units of the clock}.
    """
    import jax
    import jax.numpy as jnp
    import optax

    plan = optax.warmup_cosine_decay_schedule(
        schedule.rate if not schedule.warmup else 0.0, schedule.rate, schedule.warmup,
        max(schedule.steps, schedule.warmup + 1), schedule.rate * schedule.final,
    )  # fmt: skip
    drawn_rows = min(rules.snapshots or rows, rows)
    limit, settle = rules.limit * schedule.steps, max(1.0, rules.settle * schedule.steps)
    moves = motions(config) if rules.symmetric else None

    def total(weights, latents, batch, count, through, pool, drawn, key, physical):
        seen, turn = batch["seen"], batch["turn"]
        if moves is not None:
            latents = latents @ turn.latents.T
        pick = _choice(drawn["points"], rules.points)
        rec = reconstruction(config, weights["decoder"], latents, seen, pick)
        if rules.physics == "none":
            progress = count / schedule.steps
            dyn = latent_fit(
                config, weights["dynamics"], batch["table"], batch, progress, key,
                rules.trajectories,
            )  # fmt: skip
            return rec + dyn, (rec, dyn, {"left": jnp.ones(()), "bad": jnp.zeros(())})
        if not physical:
            none = {"left": jnp.ones(()), "bad": jnp.zeros(())}
            return rules.share * rec, (rec, jnp.ones(()), none)
        chosen = _choice(drawn["picked"], rules.picked)
        some, own = latents, batch["values"]
        if rules.taught < drawn_rows:
            lesson = _choice(drawn["taught"], rules.taught)
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
        )  # fmt: skip
        extra = rules.tangent * more["left"]
        if rules.path:
            extra += rules.path * path_gap(
                config, weights["dynamics"], latents, batch, drawn["path"], through
            )
        value = rules.share * rec + (1 - rules.share) * (dyn + extra)
        return value, (rec, dyn, more)

    def update(state, batch, key):
        drawn = _drawn(key, {
            "points": batch["seen"].places.shape[0], "picked": batch["physics"].places.shape[0],
            "rows": rows, "taught": drawn_rows, "ahead": rules.ahead,
            "path": 3 * PAIRS if rules.path else 0,
        })  # fmt: skip
        params, warm, count = state["params"], state["warm"], state["optimiser"]["count"]
        own, chosen = dict(batch), _choice(drawn["rows"], rules.snapshots)
        own["values_all"] = batch["values"]
        if chosen is None:
            chosen = jnp.arange(rows)
        else:
            seen = batch["seen"]
            mask = None if seen.mask is None else seen.mask[chosen]
            own["seen"] = Seen(seen.places, seen.values[chosen], mask, seen.weight[chosen])
            own["values"] = batch["values"][chosen]
        own["table"], own["rows"], own["turn"] = params["latents"], chosen, None
        if moves is not None:
            turn = jax.tree.map(lambda a: jnp.asarray(a)[_one_of(moves, key)], moves)
            own["seen"] = own["seen"]._replace(places=own["seen"].places @ turn.places.T)
            own["table"], own["turn"] = own["table"] @ turn.latents.T, turn
        on = count >= warm["begun"]
        through = jnp.where(on, jnp.clip((count - warm["begun"]) / settle, 0.0, 1.0), 0.0)
        pool = state["pool"]
        if rules.physics != "none" and rules.ahead:
            stale = on & (count % rules.refresh == 0)
            pool = jax.lax.cond(
                stale,
                lambda p: fresh_pool(config, rules, params, batch, jax.random.fold_in(key, 1)),
                lambda p: p,
                pool,
            )
        weights = {"decoder": params["decoder"], "dynamics": params["dynamics"]}
        inputs = (weights, params["latents"][chosen], own, count, through, pool, drawn,
                  jax.random.fold_in(key, 2))  # fmt: skip

        def slope_of(physical):
            run = functools.partial(total, physical=physical)
            return lambda _: jax.value_and_grad(run, (0, 1), has_aux=True)(*inputs)

        # outside of the gradient: inside, reconstruction alone would fill the other's memory
        known = jnp.asarray(False) if rules.physics == "none" else on
        found = jax.lax.cond(known, slope_of(True), slope_of(False), None)
        (value, (rec, dyn, more)), slopes = found
        norm = optax.global_norm(slopes)
        good = jnp.isfinite(norm) & jnp.isfinite(value)
        clip = jnp.minimum(1.0, schedule.clip / (norm + 1e-12))
        slopes = jax.tree.map(lambda g: g * clip, slopes)
        step = plan(count)
        moved = moved_by_adam(params, state["optimiser"], slopes, chosen, step, rules, good)
        recent = jnp.where(good, (1 - MEMORY) * warm["recent"] + MEMORY * rec, warm["recent"])
        reached = (recent < rules.level) | (count >= limit)
        begun = jnp.where(jnp.isinf(warm["begun"]) & reached, count + 1, warm["begun"])
        failed = {
            "skipped": state["failed"]["skipped"] + 1.0 - good,
            "bad": state["failed"]["bad"] + more["bad"],
        }
        metrics = {
            "loss": jnp.where(good, value, recent), "rec": recent, "dyn": dyn,
            "left": more["left"], "through": through, "skipped": failed["skipped"],
            "bad_projections": failed["bad"],
        }  # fmt: skip
        return {
            "params": moved[0], "optimiser": moved[1], "pool": pool, "failed": failed,
            "warm": {"recent": recent, "begun": begun},
        }, metrics  # fmt: skip

    return update


def _drawn(key: Any, sizes: dict[str, int]) -> dict[str, Any]:
    """{name: (size,) uniform numbers}, of one call, as each is slow to compile."""
    import jax
    import numpy as np

    ends = np.cumsum(list(sizes.values()))
    flat = jax.random.uniform(key, (int(ends[-1]),))
    return dict(zip(sizes, jax.numpy.split(flat, ends[:-1]), strict=True))


def _one_of(moves: Any, key: Any) -> Any:
    """The number of one motion."""
    import jax

    return jax.random.randint(jax.random.fold_in(key, 3), (), 0, len(moves.places))


def _choice(uniform: Any, count: int) -> Any:
    """The places of the `count` largest numbers: a choice without repetition; None for all."""
    import jax

    if not count or count >= uniform.shape[0]:
        return None
    return jax.lax.top_k(uniform, count)[1]
