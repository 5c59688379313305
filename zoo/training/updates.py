"""Updates: pure functions (state, batch, key) -> (state, metrics) for the training loop.

The state is a pytree {"params", "optimiser", "ema"}; the network's structure stays outside, so
plain `jax.jit` and `lax.scan` see arrays only.
"""

from collections.abc import Callable
from typing import Any

from zoo.training.schedule import Schedule

Update = Callable[[Any, Any, Any], tuple[Any, dict]]


def optax_update(loss: Callable, params: Any, schedule: Schedule) -> tuple[Any, Update]:
    """(first state, update) of Adam(W) with warm-up, cosine decay, clipping and averaging.

    loss: (params, batch, key) -> (scalar, metrics).   An update with a non-finite gradient leaves
    the parameters as they are and is counted in the metric `skipped`.
    """
    import jax
    import jax.numpy as jnp
    import optax

    rate = optax.warmup_cosine_decay_schedule(
        init_value=schedule.rate if schedule.warmup == 0 else 0.0,
        peak_value=schedule.rate,
        warmup_steps=schedule.warmup,
        decay_steps=max(schedule.steps, schedule.warmup + 1),
        end_value=schedule.rate * schedule.final,
    )
    rule = optax.chain(
        optax.clip_by_global_norm(schedule.clip), optax.adamw(rate, weight_decay=schedule.decay)
    )

    def update(state, batch, key):
        params = state["params"]
        (value, metrics), slope = jax.value_and_grad(loss, has_aux=True)(params, batch, key)
        norm = optax.global_norm(slope)
        usable = jnp.isfinite(norm) & jnp.isfinite(value)
        moves, optimiser = rule.update(slope, state["optimiser"], params)
        moved = optax.apply_updates(params, moves)
        keep = lambda new, old: jax.tree.map(lambda a, b: jnp.where(usable, a, b), new, old)  # noqa: E731
        state = state | {
            "params": keep(moved, params),
            "optimiser": keep(optimiser, state["optimiser"]),
        }
        if schedule.ema:
            state["ema"] = optax.incremental_update(state["params"], state["ema"], 1 - schedule.ema)
        return state, {"loss": value, "gradient": norm, "skipped": 1.0 - usable, **metrics}

    first = {"params": params, "optimiser": rule.init(params)}
    if schedule.ema:
        first["ema"] = jax.tree.map(jnp.copy, params)
    return first, update
