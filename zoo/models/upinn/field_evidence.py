"""Levenberg-Marquardt with evidence for a UPINN of a PDE.

As in `evidence`, but the samples' blocks A = I + J Jᵀ/a are factored one by one, and the hidden
term, which couples them, enters through the Woodbury identity: with G its columns and b its
precision, (A + G Gᵀ/b)⁻¹ = A⁻¹ − A⁻¹G (b I + GᵀA⁻¹G)⁻¹ GᵀA⁻¹. The collocation points are shifted at
random in every iteration (a Cranley-Patterson rotation), so that the equation holds between them.

Source: Marquardt (1963), doi:10.1137/0111030; MacKay (1992), doi:10.1162/neco.1992.4.3.415;
Cranley & Patterson (1976), doi:10.1137/0713071.
"""

import functools
from typing import Any, NamedTuple

from zoo.models.upinn.config import Config
from zoo.models.upinn.evidence import Tightening
from zoo.models.upinn.fields import FieldFunctions, all_field_residuals, field_functions
from zoo.models.upinn.levels import Trial, concluded
from zoo.training.updates import Update


@functools.lru_cache(maxsize=16)
def field_update(config: Config, rules: Tightening) -> Update:
    """The update for the training loop; `batch` carries the statistics. Runs in float64."""
    return update_of(field_functions(config), rules)


def rotated(points: Any, batch: dict, key: Any) -> Any:
    """The collocation points shifted at random within the box of the data, wrapping around."""
    import jax
    import jax.numpy as jnp

    low, span = batch["low"], batch["span"]
    shift = jax.random.uniform(key, span.shape, points.dtype)
    return low + span * jnp.mod((points - low) / span + shift, 1.0)


class Blocks(NamedTuple):
    """The linearised problem at given precisions: factors of A, A⁻¹G and GᵀA⁻¹G."""

    factors: Any
    by_hidden: Any
    inner: Any


def blocks(of_u: Any, of_g: Any, a: Any) -> Blocks:
    """of_u (n, rows, weights of U), of_g (n, rows, weights of G), a: precision of U."""
    import jax
    import jax.numpy as jnp

    rows = of_u.shape[1]
    kernel = jnp.eye(rows) + of_u @ of_u.transpose(0, 2, 1) / a
    factors = jnp.linalg.cholesky(kernel)
    solve = jax.vmap(lambda f, g: jax.scipy.linalg.cho_solve((f, True), g))
    by_hidden = solve(factors, of_g)
    return Blocks(factors, by_hidden, jnp.einsum("nrp,nrq->pq", of_g, by_hidden))


def dual(parts: Blocks, of_g: Any, b: Any, target: Any) -> Any:
    """(A + G Gᵀ/b)⁻¹ target, (n, rows)."""
    import jax
    import jax.numpy as jnp

    solve = jax.vmap(lambda f, t: jax.scipy.linalg.cho_solve((f, True), t))
    first = solve(parts.factors, target)
    core = b * jnp.eye(parts.inner.shape[0]) + parts.inner
    inner = jax.scipy.linalg.solve(core, jnp.einsum("nrp,nr->p", of_g, first), assume_a="pos")
    return first - parts.by_hidden @ inner


def linearised(functions: FieldFunctions, unravel: Any, th: Any, ph: Any, batch: dict) -> tuple:
    """(of_u physics (n, c·d, P), of_u data (n, m·d, P), of_g (n, c·d, Q)), unweighted."""
    import jax

    unravel_u, unravel_g = unravel
    s = batch["statistics"]

    def physics(a, b, p, own):
        return functions.residual(unravel_u(a), unravel_g(b), p, own, s)

    def sample(a, own, places, values, mask, noise):
        def misfit(weights, p, v):
            return functions.misfit(unravel_u(weights), p, v, s, noise)

        both = jax.vmap(lambda p: jax.jacrev(physics, (0, 1))(a, ph, p, own))
        of_u, of_g = both(batch["points"])
        data = jax.vmap(lambda p, v: jax.jacrev(misfit)(a, p, v))(places, values)
        data = data * mask[..., None]
        return (
            of_u.reshape(-1, a.size), data.reshape(-1, a.size), of_g.reshape(-1, ph.size)
        )  # fmt: skip

    return jax.vmap(sample)(
        th, batch["params"], batch["places"], batch["values"], batch["mask"], s["noise"]
    )


def update_of(functions: FieldFunctions, rules: Tightening, rotate: bool = True) -> Update:
    """The update of given pointwise functions."""
    import jax
    import jax.numpy as jnp
    from jax.flatten_util import ravel_pytree

    flatten_u = jax.vmap(lambda tree: ravel_pytree(tree)[0])

    def update(state, batch, key):
        params = state["params"]
        if rotate:
            batch = batch | {"points": rotated(batch["points"], batch, key)}
        unravel = (
            ravel_pytree(jax.tree.map(lambda a: a[0], params["surrogate"]))[1],
            ravel_pytree(params["hidden"])[1],
        )
        th, ph = flatten_u(params["surrogate"]), ravel_pytree(params["hidden"])[0]
        mu, sigma, alpha, it = (
            state["optimiser"][k] for k in ("damping", "sigma", "alpha", "count")
        )
        prior, count = rules.surrogate_alpha, th.shape[0]
        slack = rules.loose ** (1 - jnp.clip(it / rules.ramp, 0, 1))
        tolerance = rules.residual * slack
        # while the equation is loose, so is the prior: it would shrink G to zero, where it stays
        belief = alpha / slack**2

        def raw(th, ph):
            tree = {"surrogate": jax.vmap(unravel[0])(th), "hidden": unravel[1](ph)}
            pair = all_field_residuals(functions, tree, batch, batch["statistics"])
            return [p.reshape(count, -1) for p in pair]

        def weighted(parts):
            return jnp.concatenate([parts[0] / tolerance, parts[1] / sigma], 1)

        def objective(parts, th, ph):
            return (weighted(parts) ** 2).sum() + prior * (th**2).sum() + belief * (ph**2).sum()

        parts = raw(th, ph)
        rows = weighted(parts)
        of_u, of_data, of_g = linearised(functions, unravel, th, ph, batch)
        of_u = jnp.concatenate([of_u / tolerance, of_data / sigma], 1)
        of_g = jnp.pad(of_g / tolerance, ((0, 0), (0, of_data.shape[1]), (0, 0)))

        # minimise |r + J d|² + prior(w + d) + mu |d|² in the space of residuals
        a, b = prior + mu, belief + mu
        target = -(rows - jnp.einsum("nip,np->ni", of_u, th) * (prior / a)) + of_g @ ph * (
            alpha / b
        )
        found = dual(blocks(of_u, of_g, a), of_g, b, target)
        th_new = th + jnp.einsum("nip,ni->np", of_u, found) / a - (prior / a) * th
        ph_new = ph + jnp.einsum("niq,ni->q", of_g, found) / b - (belief / b) * ph
        parts_new = raw(th_new, ph_new)

        def degrees():
            inner = blocks(of_u, of_g, prior).inner
            core = alpha * jnp.eye(ph.size) + inner
            return jnp.trace(jax.scipy.linalg.solve(core, inner, assume_a="pos"))

        old = Trial(parts, th, ph, objective(parts, th, ph))
        new = Trial(parts_new, th_new, ph_new, objective(parts_new, th_new, ph_new))
        return concluded(old, new, state["optimiser"], degrees, unravel, batch, rules)

    return update
