"""AdamW on decoder and Ψ, and on those rows of the latent table that a step has drawn.

A latent that was not drawn keeps its moments and does not decay; its bias correction counts its own
draws. Weight decay is a weak prior that keeps latents near the origin, where encoding starts.
Source: Loshchilov & Hutter (2019), arXiv:1711.05101.
"""

from typing import Any

from zoo.models.phi_rom.rules import Rules

FIRST, SECOND, TINY = 0.9, 0.999, 1e-8


def moved_by_adam(
    params: dict, optimiser: dict, slopes: tuple, drawn: Any, step: Any, rules: Rules, good: Any
) -> tuple[dict, dict]:
    """(params, optimiser) after one step; all as they were where `good` is false.

    slopes: (of {"decoder", "dynamics"}, of the drawn latents).   drawn: their rows.   step: rate.
    """
    import jax.numpy as jnp

    weights, of_latents = slopes
    count = optimiser["count"] + good
    drawn_count = optimiser["drawn"].at[drawn].add(1.0 * good)

    def moved(p, g, m, v, n, speed):
        m, v = FIRST * m + (1 - FIRST) * g, SECOND * v + (1 - SECOND) * g * g
        unbiased = (m / (1 - FIRST**n)) / (jnp.sqrt(v / (1 - SECOND**n)) + TINY)
        return p - speed * (unbiased + rules.decay * p), m, v

    def keep(new, old):
        return jnp.where(good, new, old)

    out = {"params": {}, "mean": {}, "square": {}}
    for part, own in weights.items():
        triples = {
            k: moved(params[part][k], own[k], optimiser["mean"][part][k],
                     optimiser["square"][part][k], jnp.maximum(count, 1.0), step)
            for k in own
        }  # fmt: skip
        for i, kind in enumerate(("params", "mean", "square")):
            old = params if kind == "params" else optimiser[kind]
            out[kind][part] = {k: keep(t[i], old[part][k]) for k, t in triples.items()}
    table, m, v = params["latents"], optimiser["mean"]["latents"], optimiser["square"]["latents"]
    n = jnp.maximum(drawn_count[drawn], 1.0)[:, None]
    rows = moved(table[drawn], of_latents * len(drawn), m[drawn], v[drawn], n,
                 step * rules.latent_rate)  # fmt: skip
    for i, (kind, old) in enumerate((("params", table), ("mean", m), ("square", v))):
        out[kind]["latents"] = old.at[drawn].set(keep(rows[i], old[drawn]))
    return out["params"], {
        "mean": out["mean"], "square": out["square"], "drawn": drawn_count, "count": count,
    }  # fmt: skip
