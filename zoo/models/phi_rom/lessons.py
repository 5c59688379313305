"""Ψ taught alone, after decoder and latents: many states, no gradient through the solver.

Lessons are latents of training fields and states of Ψ's own rollouts, up to `reach` horizons, and
the rates α̇* that the solver's ∂u/∂t asks for there. They cost one pass each, a tenth of a state in
training, and each is used many times. What Ψ errs is weighed as the field sees it:

    √(eᵀ G e + ε tr G/k ‖e‖²) / ‖r‖,   e = Ψ − α̇*, G = JᵀJ, r = ∂u/∂t,

so that directions of the latent that hardly change the field do not spoil the others. In every
round rollouts are made anew, by what was learnt.
"""

import dataclasses
import functools
from typing import Any

import numpy as np

from zoo.models.phi_rom.ahead import fresh_pool
from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.decoders import decode_with_slopes, features
from zoo.models.phi_rom.dynamics import pace
from zoo.models.phi_rom.losses import rates_of
from zoo.models.phi_rom.motions import motions
from zoo.models.phi_rom.rules import Rules

TAUGHT_AT_ONCE, SEEN_PER_STEP = 32, 512
RIDGE = 1e-4
RATE, FINAL = 3e-3, 0.01


def taught(config: Config, rules: Rules, params: dict, batch: dict, seed: int) -> dict:
    """Weights of Ψ after `rules.rounds` rounds of `rules.drills` steps; params, batch: as in
    training."""
    import jax

    dynamics = params["dynamics"]
    wide = dataclasses.replace(rules, pool=rules.lessons)
    for number in range(rules.rounds):
        key = jax.random.fold_in(jax.random.key(seed), number)
        speed = RATE * 0.5**number
        dynamics = _round(config, wide)({**params, "dynamics": dynamics}, batch, key, speed)
    return jax.tree.map(np.asarray, dynamics)


@functools.lru_cache(maxsize=8)
def _round(config: Config, rules: Rules) -> Any:
    import jax
    import jax.numpy as jnp
    import optax

    adam = optax.adam(optax.cosine_decay_schedule(1.0, rules.drills, FINAL))

    def run(params, batch, key, speed):
        lessons = _lessons(config, rules, params, batch, key)

        def loss(dynamics, chosen):
            own = {k: v[chosen] for k, v in lessons.items()}
            gap = pace(config, dynamics, own["latents"], own["values"]) - own["rates"]
            seen = jnp.einsum("pi,pij,pj->p", gap, own["gram"], gap)
            return (own["good"] * jnp.sqrt(seen + 1e-12)).sum() / (own["good"].sum() + 1e-12)

        def step(carry, key):
            dynamics, state = carry
            chosen = jax.random.randint(key, (SEEN_PER_STEP,), 0, rules.lessons)
            slopes = jax.grad(loss)(dynamics, chosen)
            moves, state = adam.update(slopes, state)
            moves = jax.tree.map(lambda m: speed * m, moves)
            return (optax.apply_updates(dynamics, moves), state), None

        first = params["dynamics"]
        keys = jax.random.split(jax.random.fold_in(key, 7), rules.drills)
        (last, _), _ = jax.lax.scan(step, (first, adam.init(first)), keys)
        return last

    return jax.jit(run)


def _lessons(config: Config, rules: Rules, params: dict, batch: dict, key: Any) -> dict:
    """{"latents", "values", "rates", "gram" (over ‖r‖²), "good"} of `rules.lessons` states, half of
    them training latents."""
    import jax
    import jax.numpy as jnp

    draws = [jax.random.fold_in(key, i) for i in range(3)]
    pool = fresh_pool(config, rules, params, batch, draws[0])
    count = rules.lessons
    rows = jax.random.randint(draws[1], (count,), 0, len(params["latents"]))
    own = jnp.arange(count) % 2 == 0
    latents = jnp.where(own[:, None], params["latents"][rows], pool["latents"])
    values = jnp.where(own[:, None], batch["values"][rows], pool["values"])
    usable = jnp.where(own, 1.0, pool["usable"])
    if rules.symmetric:
        turns = jnp.asarray(motions(config).latents)
        turn = turns[jax.random.randint(draws[2], (count,), 0, len(turns))]
        latents = jnp.einsum("pij,pj->pi", turn, latents)
    physics = batch["physics"]
    shared, linear = features(config, params["decoder"], physics.places), None
    if config.linear:
        linear = decode_with_slopes(config, params["decoder"], shared, latents[0] * 0.0)

    def one(given):
        latent, value = given
        found, gram, size = rates_of(config, params["decoder"], latent, value, physics, shared,
                                     rules.ridge, linear)  # fmt: skip
        k = latent.size
        gram = gram + RIDGE * jnp.trace(gram) / k * jnp.eye(k)
        return found.rate, gram / (size**2 + 1e-12), 1.0 - found.bad

    rates, gram, fine = jax.lax.map(one, (latents, values), batch_size=TAUGHT_AT_ONCE)
    good = usable * fine
    kept = {"latents": latents, "rates": rates, "gram": gram}
    for name, whole in kept.items():
        fits = good.reshape(-1, *[1] * (whole.ndim - 1)) > 0
        kept[name] = jnp.where(fits, whole, 0.0)  # 0 · NaN would be NaN
    return kept | {"values": values, "good": good}
