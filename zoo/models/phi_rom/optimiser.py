"""AdamW, or SOAP, on decoder and Ψ, and AdamW on those latents that a step has drawn.

A latent that was not drawn keeps its moments and does not decay; its bias correction counts its own
draws. Weight decay is a weak prior that keeps latents near the origin, where encoding starts.
Source: Loshchilov & Hutter (2019), arXiv:1711.05101; for SOAP see `zoo.training.soap`.
"""

from typing import Any

from zoo.models.phi_rom.rules import Rules
from zoo.training.soap import soap, turnable, unturned

OPTIMISERS = ("adam", "soap")
FIRST, SECOND, TINY = 0.9, 0.999, 1e-8


def at_rest(params: dict, optimiser: str) -> dict:
    """What an optimiser knows before the first step."""
    import jax
    import jax.numpy as jnp

    found = {
        "mean": jax.tree.map(jnp.zeros_like, params),
        "square": jax.tree.map(jnp.zeros_like, params),
        "drawn": jnp.zeros(params["latents"].shape[0]), "count": jnp.zeros(()),
    }  # fmt: skip
    if optimiser == "soap":
        found["turned"] = {
            part: {k: unturned(jnp.asarray(p)) for k, p in params[part].items() if turnable(p)}
            for part in ("decoder", "dynamics")
        }
    return found


def moved_by(
    params: dict, optimiser: dict, slopes: tuple, drawn: Any, step: Any, rules: Rules, good: Any
) -> tuple[dict, dict]:
    """(params, optimiser) after one step; all as they were where `good` is false.

    slopes: (of {"decoder", "dynamics"}, of the drawn latents).   drawn: their rows.   step: rate.
    """
    import jax
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

    out: dict[str, dict] = {"params": {}, "mean": {}, "square": {}}
    turned: dict[str, dict] = {}
    kinds = ("params", "mean", "square")
    for part, own in weights.items():
        n, turned[part], triples = jnp.maximum(count, 1.0), {}, {}
        for k, g in own.items():
            p, m, v = params[part][k], optimiser["mean"][part][k], optimiser["square"][part][k]
            before = optimiser.get("turned", {}).get(part, {}).get(k)
            if before is None:
                triples[k] = moved(p, g, m, v, n, step)
                continue
            way, m, v, after = soap(g, m, v, before, n)
            triples[k] = p - step * (way + rules.decay * p), m, v
            turned[part][k] = jax.tree.map(keep, after, before)
        for i, kind in enumerate(kinds):
            old = params if kind == "params" else optimiser[kind]
            out[kind][part] = {k: keep(t[i], old[part][k]) for k, t in triples.items()}
    table, m, v = params["latents"], optimiser["mean"]["latents"], optimiser["square"]["latents"]
    n = jnp.maximum(drawn_count[drawn], 1.0)[:, None]
    rows = moved(table[drawn], of_latents * len(drawn), m[drawn], v[drawn], n,
                 step * rules.latent_rate)  # fmt: skip
    for i, (kind, old) in enumerate(zip(kinds, (table, m, v), strict=True)):
        out[kind]["latents"] = old.at[drawn].set(keep(rows[i], old[drawn]))
    kept = {"mean": out["mean"], "square": out["square"], "drawn": drawn_count, "count": count}
    return out["params"], kept | ({"turned": turned} if "turned" in optimiser else {})
