"""Levenberg-Marquardt on a whole batch, for networks of a few thousand weights, as an update.

minimise Σ r² + ρ Σ w²: the Gram matrix of the Jacobian is summed over chunks of the batch, so that
memory stays small, and several dampings are tried per Jacobian. With `evidence` ρ follows the data:
γ = P − ρ tr H⁻¹, σ² = Σ r²/(R − γ), ρ = σ² γ/Σ w², γ the effective number of weights.

Source: Marquardt (1963), doi:10.1137/0111030; MacKay (1992), doi:10.1162/neco.1992.4.3.415;
Foresee & Hagan (1997), doi:10.1109/ICNN.1997.614194.
"""

from collections.abc import Callable
from typing import Any

from zoo.training.updates import Update

TRIES = 6
LEAST, MOST = 1e-18, 1e8  # damping relative to the mean diagonal of the Gram matrix
DIAGONAL = 0.1  # share of the damping that is relative to each weight's own diagonal
ROUNDING = 1e-13  # of the mean diagonal: what a Gram matrix holds below this is rounding
FASTEST = 10.0  # factor by which the prior may move per update


def gauss_newton_update(
    residuals: Callable,
    params: Any,
    *,
    prior: float = 1e-13,
    damping: float = 1e-3,
    evidence: bool = False,
    warm: int = 8,
    chunk: int = 128,
) -> tuple[dict, Update]:
    """(first state, update); `state["best"]` holds the weights with the least held-out error.

    residuals: (params, example) -> (m,) of one example. The batch is {"train": examples, "held":
    examples}, pytrees of arrays with examples along the first axis.   prior: ρ at the start, and
    throughout without `evidence`.   damping: the first one.   warm: updates before the evidence
    counts.   chunk: examples whose Jacobian is held at once.   Use float64: the normal equations
    square condition numbers.
    """
    import jax
    import jax.numpy as jnp
    from jax.flatten_util import ravel_pytree

    flat, unravel = ravel_pytree(params)
    count = flat.size

    def rows(w, example):
        return residuals(unravel(w), example)

    def squares(w, batch):
        r = jax.vmap(rows, (None, 0))(w, batch)
        return (r**2).sum(), r.size

    def normal_equations(w, batch):
        """(JᵀJ, Jᵀr, Σ r²)."""
        size = jax.tree.leaves(batch)[0].shape[0]
        pieces = -(-size // chunk)
        width = -(-size // pieces)

        def split(a):
            extra = pieces * width - size
            a = jnp.concatenate([a, jnp.repeat(a[:1], extra, 0)]) if extra else a
            return a.reshape(pieces, width, *a.shape[1:])

        real = (jnp.arange(pieces * width) < size).astype(flat.dtype).reshape(pieces, width)

        def one(example, real):
            r, back = jax.vjp(lambda v: rows(v, example), w)
            jacobian = jax.vmap(lambda e: back(e)[0])(jnp.eye(r.size, dtype=r.dtype))
            return real * jacobian, real * r

        def add(total, part):
            jacobian, r = jax.vmap(one)(*part)
            jacobian, r = jacobian.reshape(-1, count), r.reshape(-1)
            return tuple(
                t + a
                for t, a in zip(total, (jacobian.T @ jacobian, r @ jacobian, r @ r), strict=True)
            ), None

        zero = tuple(jnp.zeros(s, flat.dtype) for s in ((count, count), (count,), ()))
        return jax.lax.scan(add, zero, (jax.tree.map(split, batch), real))[0]

    def update(state, batch, key):
        w, o = ravel_pytree(state["params"])[0], state["optimiser"]
        gram, slope, misfit = normal_equations(w, batch["train"])
        ratio, identity = o["ratio"], jnp.eye(count, dtype=gram.dtype)
        scale = jnp.trace(gram) / count + DIAGONAL * jnp.diag(gram)
        before = misfit + ratio * w @ w

        def attempt(loop):
            _, _, mu, tries, _ = loop
            factor = jax.scipy.linalg.cho_factor(gram + jnp.diag(ratio + mu * scale))
            moved = w - jax.scipy.linalg.cho_solve(factor, slope + ratio * w)
            value = squares(moved, batch["train"])[0]
            good = value + ratio * moved @ moved < before
            after = jnp.where(good, jnp.maximum(mu / 10, LEAST), jnp.minimum(mu * 5, MOST))
            return jnp.where(good, moved, w), jnp.where(good, value, misfit), after, tries + 1, good

        def going(loop):
            return (loop[3] < TRIES) & ~loop[4]

        start = (w, misfit, o["damping"], jnp.asarray(0), jnp.asarray(False))
        w, misfit, mu, tries, _ = jax.lax.while_loop(going, attempt, start)
        held, held_count = squares(w, batch["held"])
        total = rows_of(batch["train"])
        gamma = jnp.asarray(float(count), w.dtype)
        if evidence:
            seen = jnp.maximum(ratio, ROUNDING * jnp.trace(gram) / count)
            factor = jax.scipy.linalg.cho_factor(gram + seen * identity)
            gamma = count - seen * jnp.trace(jax.scipy.linalg.cho_solve(factor, identity))
            gamma = jnp.clip(gamma, 1.0, 0.9 * total)
            wanted = misfit / (total - gamma) * gamma / (w @ w)
            usable = (o["count"] >= warm) & jnp.isfinite(wanted)
            wanted = jnp.clip(wanted, ratio / FASTEST, ratio * FASTEST)
            ratio = jnp.where(usable, wanted, ratio)
        params, better = unravel(w), held < o["held"]
        best = jax.tree.map(lambda new, old: jnp.where(better, new, old), params, state["best"])
        optimiser = {
            "damping": mu, "ratio": ratio, "count": o["count"] + 1,
            "held": jnp.where(better, held, o["held"]),
        }  # fmt: skip
        metrics = {
            "loss": misfit / total, "held_out": held / held_count, "tries": 1.0 * tries,
            "damping": mu, "effective": jnp.where(jnp.isfinite(gamma), gamma, count),
        }  # fmt: skip
        return {"params": params, "best": best, "optimiser": optimiser}, metrics

    def rows_of(batch):
        examples = jax.tree.leaves(batch)[0].shape[0]
        one = jax.tree.map(lambda a: a[0], batch)
        return examples * jax.eval_shape(rows, flat, one).size

    values = {"damping": damping, "ratio": prior, "count": 0.0, "held": float("inf")}
    optimiser = {k: jnp.asarray(v, flat.dtype) for k, v in values.items()}
    return {
        "params": params,
        "best": jax.tree.map(jnp.copy, params),
        "optimiser": optimiser,
    }, update
