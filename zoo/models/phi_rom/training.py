"""One update of a Φ-ROM: latents of the snapshots, decoder and Ψ, by one optimiser.

Warm-up is by level: until L_rec, averaged over some steps, is below `level` (or `limit` steps have
passed) only the reconstruction is trained; then Ψ alone follows the physics, and its gradient to
decoder and latents grows from 0 to all of it over `settle` steps. `ahead` pairs of latents and
parameters per step come from rollouts beyond the horizon, with parameters drawn from the range of
the data: there the equation teaches without data.

A latent's optimiser moves only in steps that drew its snapshot. A step with a gradient that is not
finite changes nothing and is counted, as is every projection that is not finite.
"""

import functools
from typing import Any

from zoo.models.phi_rom.ahead import fresh_pool
from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.losses import Seen
from zoo.models.phi_rom.motions import motions
from zoo.models.phi_rom.objective import choice, objective
from zoo.models.phi_rom.optimiser import at_rest, moved_by
from zoo.models.phi_rom.paths import PAIRS
from zoo.models.phi_rom.rules import Rules
from zoo.models.phi_rom.same_fields import as_one
from zoo.training.schedule import Schedule

MEMORY = 0.02  # weight of a new step in the running mean of L_rec


def first_state(config: Config, params: dict, rules: Rules, optimiser: str = "adam") -> dict:
    """What training starts from; params: {"decoder", "dynamics", "latents"}."""
    import jax.numpy as jnp

    size = max(rules.pool, 1)
    return {
        "params": params,
        "optimiser": at_rest(params, optimiser),
        "warm": {"recent": jnp.ones(()), "begun": jnp.asarray(jnp.inf)},
        "pool": {"latents": jnp.zeros((size, config.latent)),
                 "values": jnp.zeros((size, max(1, len(config.parameters)))),
                 "usable": jnp.zeros(size)},
        "failed": {"skipped": jnp.zeros(()), "bad": jnp.zeros(())},
    }  # fmt: skip


def make_update(config: Config, rules: Rules, schedule: Schedule, rows: int):
    """The update for the training loop. Batch: {"seen": Seen, "physics": Physics, "values":
    (snapshot, parameter) standardised, "starts": (trajectory,) first snapshot of each, "curve":
    (point,) their order in space, "box": (2, parameter) their range, "span": the horizon in units
    of the clock}.
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

    total = objective(config, rules, schedule.steps, rows)

    def update(state, batch, key):
        drawn = _drawn(key, {
            "points": batch["seen"].places.shape[0], "picked": batch["physics"].places.shape[0],
            "rows": rows, "taught": drawn_rows, "ahead": rules.ahead,
            "path": 3 * PAIRS if rules.path else 0,
        })  # fmt: skip
        params, warm, count = state["params"], state["warm"], state["optimiser"]["count"]
        own, chosen = dict(batch), choice(drawn["rows"], rules.snapshots)
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
        own["whole"] = batch["seen"]._replace(places=own["seen"].places)
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
        moved = moved_by(params, state["optimiser"], slopes, chosen, step, rules, good)
        if rules.same:
            moved[0]["latents"] = as_one(moved[0]["latents"], batch["same"])
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
