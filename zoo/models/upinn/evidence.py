"""Levenberg-Marquardt for a UPINN, with noise level and prior set by the evidence.

All residuals of the full batch are linearised at once. There are far fewer of them than weights,
so each step is solved in the space of residuals (I + J M⁻¹ Jᵀ), where the surrogates give
independent blocks. The residual of the equation is tightened over the first iterations; then
the precision α of the hidden term's Gaussian prior and the noise level σ follow the evidence:
α = γ/|φ|², σ² = Σ misfit²/(N − γ), γ the effective number of parameters.

Source: Marquardt (1963), doi:10.1137/0111030; MacKay (1992), doi:10.1162/neco.1992.4.3.415;
Foresee & Hagan (1997), doi:10.1109/ICNN.1997.614194.
"""

import functools
from dataclasses import dataclass
from typing import Any

from zoo.models.upinn.config import Config
from zoo.models.upinn.levels import Trial, concluded
from zoo.models.upinn.residuals import all_residuals, pointwise
from zoo.training.updates import Update


@dataclass(frozen=True, kw_only=True)
class Tightening:
    """How strict the parts are, all in scale-free units.

    ramp: iterations over which the tolerance of the equation falls from `loose`·`residual` to
    `residual` (of the rate).   warm: first iteration with evidence.   every: iterations between
    evidence steps.   initial: tolerance of known initial states (of the noise scale).
    sigma, least_sigma: first and smallest noise level.   alpha: first prior precision of G.
    surrogate_alpha: prior precision of U, fixed and weak.
    """

    ramp: int = 60
    loose: float = 100.0
    residual: float = 5e-3
    warm: int = 50
    every: int = 3
    initial: float = 1e-3
    sigma: float = 0.1
    least_sigma: float = 1e-3
    alpha: float = 1.0
    surrogate_alpha: float = 1e-2


def default_rules(config: Config, steps: int) -> Tightening:
    """The rules of a run of `steps` iterations; fields and the "log" clock are tightened slowly."""
    if config.system.domain is None and config.clock == "time":
        return Tightening(ramp=min(60, steps // 3 + 1), warm=min(50, steps // 3))
    return Tightening(ramp=min(100, steps // 2 + 1), warm=min(80, 2 * steps // 5), residual=0.02)


def tuning_rules(config: Config, steps: int, statistics: dict) -> Tightening:
    """The rules of a run that begins with a learnt hidden term: its prior, and a short ramp."""
    ramp, loose = (10, 100.0) if config.system.domain else (5, 25.0)
    ramp = min(ramp, steps // 2 + 1)
    return Tightening(
        ramp=ramp, loose=loose, warm=ramp, residual=0.02, sigma=0.05,
        alpha=float(statistics["alpha"][0]),
    )  # fmt: skip


def first_state(params: Any, rules: Tightening) -> dict:
    """The state that training starts from."""
    import jax.numpy as jnp

    optimiser = {
        "damping": jnp.asarray(1.0),
        "sigma": jnp.asarray(rules.sigma),
        "alpha": jnp.asarray(rules.alpha),
        "count": jnp.asarray(0.0),
    }
    return {"params": params, "optimiser": optimiser}


@functools.lru_cache(maxsize=16)
def evidence_update(config: Config, rules: Tightening) -> Update:
    """The update for the training loop; `batch` carries the statistics, so one program serves all
    data of a shape. Runs in float64: JJᵀ squares the condition.
    """
    import jax
    import jax.numpy as jnp
    from jax.flatten_util import ravel_pytree

    functions = pointwise(config)
    flatten_u = jax.vmap(lambda tree: ravel_pytree(tree)[0])

    def flatteners(params):
        one = jax.tree.map(lambda a: a[0], params["surrogate"])
        return ravel_pytree(one)[1], ravel_pytree(params["hidden"])[1]

    def raw(th, ph, unravel, batch):
        unravel_u, unravel_g = unravel
        tree = {"surrogate": jax.vmap(unravel_u)(th), "hidden": unravel_g(ph)}
        physics, data, initial = all_residuals(functions, tree, batch, batch["statistics"])
        count = th.shape[0]
        return physics.reshape(count, -1), data.reshape(count, -1), initial.reshape(count, -1)

    def jacobians(th, ph, unravel, batch):
        """(rows × weights of U) per trajectory, and (rows of the equation × weights of G)."""
        (unravel_u, unravel_g), statistics = unravel, batch["statistics"]

        def physics(a, b, t, own):
            return functions.residual(unravel_u(a), unravel_g(b), t, own, statistics)

        def misfit(a, t, value, noise):
            return functions.misfit(unravel_u(a), t, value, statistics, noise)

        by_theta = jax.jacrev(misfit)

        def trajectory(a, own, values, mask, start, sure, noise):
            both = jax.vmap(lambda t: jax.jacrev(physics, (0, 1))(a, ph, t, own))
            of_u, of_g = both(batch["points"])
            data = jax.vmap(lambda t, v: by_theta(a, t, v, noise))(batch["times"], values)
            first = by_theta(a, batch["times"][0], start, noise)
            rows = [of_u, data * mask[..., None], (first * sure[..., None])[None]]
            flat = [r.reshape(-1, a.size) for r in rows]
            return jnp.concatenate(flat), of_g.reshape(-1, ph.size)

        return jax.vmap(trajectory)(
            th, batch["params"], batch["values"], batch["mask"], batch["start"], batch["sure"],
            statistics["noise"],
        )  # fmt: skip

    def update(state, batch, key):
        unravel = flatteners(state["params"])
        th, ph = flatten_u(state["params"]["surrogate"]), ravel_pytree(state["params"]["hidden"])[0]
        mu, sigma, alpha, it = (
            state["optimiser"][k] for k in ("damping", "sigma", "alpha", "count")
        )
        prior = rules.surrogate_alpha
        tolerance = rules.residual * rules.loose ** (1 - jnp.clip(it / rules.ramp, 0, 1))
        parts = raw(th, ph, unravel, batch)
        sizes = [p.shape[1] for p in parts]
        widths = (tolerance, sigma, jnp.asarray(rules.initial))
        weight = jnp.concatenate([jnp.full(n, 1.0) / w for n, w in zip(sizes, widths, strict=True)])

        def objective(parts, th, ph):
            rows = jnp.concatenate(parts, 1) * weight
            return (rows**2).sum() + prior * (th**2).sum() + alpha * (ph**2).sum()

        rows = jnp.concatenate(parts, 1) * weight
        count, length = rows.shape
        of_u, of_g = jacobians(th, ph, unravel, batch)
        of_u = of_u * weight[:, None]
        padding = jnp.zeros((count, length - sizes[0], ph.size))
        of_g = jnp.concatenate([of_g / tolerance, padding], 1).reshape(count * length, -1)
        kernel_u = jax.scipy.linalg.block_diag(*jnp.einsum("nip,njp->nij", of_u, of_u))
        kernel_g, identity = of_g @ of_g.T, jnp.eye(count * length)

        def factor(a, b):
            return jax.scipy.linalg.cho_factor(identity + kernel_u / a + kernel_g / b)

        # minimise |r + J d|² + prior(w + d) + mu |d|² in the space of residuals
        a, b = prior + mu, alpha + mu
        target = -(rows - jnp.einsum("nip,np->ni", of_u, th) * (prior / a)).reshape(-1)
        dual = jax.scipy.linalg.cho_solve(factor(a, b), target + of_g @ ph * (alpha / b))
        by_trajectory = jnp.einsum("nip,ni->np", of_u, dual.reshape(count, length))
        th_new = th + by_trajectory / a - (prior / a) * th
        ph_new = ph + of_g.T @ dual / b - (alpha / b) * ph
        parts_new = raw(th_new, ph_new, unravel, batch)

        def degrees():
            solved = jax.scipy.linalg.cho_solve(factor(prior, alpha), of_g)
            return (solved * of_g).sum() / alpha

        old = Trial(parts, th, ph, objective(parts, th, ph))
        new = Trial(parts_new, th_new, ph_new, objective(parts_new, th_new, ph_new))
        return concluded(old, new, state["optimiser"], degrees, unravel, batch, rules)

    return update
