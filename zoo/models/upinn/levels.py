"""The end of an evidence step of a UPINN: the better weights stay, damping, noise and prior follow.

α = γ/|φ|², σ² = Σ misfit²/(N − γ), γ the effective number of parameters; σ moves by half of the
way, on a logarithmic scale.   Source: MacKay (1992), doi:10.1162/neco.1992.4.3.415.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from zoo.models.upinn.evidence import Tightening


class Trial(NamedTuple):
    """parts: residuals, of the equation, of the data, ….   th: (sample, weights of U).   ph:
    (weights of G,).   value: of the objective."""

    parts: Any
    th: Any
    ph: Any
    value: Any


def concluded(
    old: Trial, new: Trial, levels: dict, degrees: Callable[[], Any], unravel: Any, batch: dict,
    rules: "Tightening",
) -> tuple[dict, dict]:  # fmt: skip
    """(state, metrics) after a step from `old` to `new`.

    levels: {"damping", "sigma", "alpha", "count"} before it.   degrees: γ, asked only when due.
    unravel: (weights of U -> tree, weights of G -> tree).
    """
    import jax
    import jax.numpy as jnp

    mu, sigma, alpha, it = (levels[k] for k in ("damping", "sigma", "alpha", "count"))
    better = new.value < old.value
    th, ph = jnp.where(better, new.th, old.th), jnp.where(better, new.ph, old.ph)
    mu = jnp.clip(jnp.where(better, mu / 3, mu * 4), 1e-9, 1e6)
    squares = (jnp.where(better, new.parts[1], old.parts[1]) ** 2).sum()
    measured = batch["mask"].sum()

    def follow(_):
        gamma = degrees()
        variance = squares / jnp.maximum(measured - gamma, 0.2 * measured)
        level = jnp.sqrt(sigma * jnp.sqrt(variance))
        new_alpha = jnp.sqrt(alpha * gamma / (ph**2).sum())
        return new_alpha, jnp.clip(level, rules.least_sigma, 1.0)

    due = (it >= rules.warm) & (it % rules.every == 0)
    alpha, sigma = jax.lax.cond(due, follow, lambda _: (alpha, sigma), None)
    params = {"surrogate": jax.vmap(unravel[0])(th), "hidden": unravel[1](ph)}
    optimiser = {"damping": mu, "sigma": sigma, "alpha": alpha, "count": it + 1}
    metrics = {
        "loss": jnp.minimum(old.value, new.value),
        "misfit": jnp.sqrt(squares / measured),
        "residual": jnp.sqrt((jnp.where(better, new.parts[0], old.parts[0]) ** 2).mean()),
        "sigma": sigma,
        "alpha": alpha,
        "damping": mu,
    }
    return {"params": params, "optimiser": optimiser}, metrics
