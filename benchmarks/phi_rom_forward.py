"""The physics loss of a Φ-ROM written plainly, as a peer to time against: one point at a time.

A decoder of one point with XLA's own sine and cosine, coordinates that every snapshot brings along,
J by `jax.jacfwd` of that decoder at every point, so that filters are made anew for every snapshot
and point, and a thin QR (or the Cholesky of the product) for the projection. This is how the method
reads in arXiv:2505.14595 with the filter decoder of arXiv:2209.14855; the weights are ours.
"""

from collections.abc import Callable
from typing import Any

from zoo.models.phi_rom.config import Config


def plain_loss(config: Config, change: Callable[[Any], Any], values: Any, solve: str) -> Callable:
    """f(weights, latents (snapshot, latent), places (snapshot, point, dim) scaled, picks (snapshot,
    picked)) -> L_dyn.

    change: ∂u/∂t of a normalised field (*grid, state), per unit of the clock.   values: (snapshot,
    parameter).   solve: "qr" or "cholesky".
    """
    import jax
    import jax.numpy as jnp

    from zoo.models.phi_rom.dynamics import rate
    from zoo.models.phi_rom.projection import project

    def decoder(weights, place, latent):
        z = None
        for level in range(config.depth):
            phase = place @ weights["omega"][level]
            g = jnp.concatenate([jnp.sin(phase), jnp.cos(phase)])
            own = latent @ weights[f"shift_{level}"] + weights[f"bias_{level}"]
            z = (own if z is None else own + z @ weights[f"kernel_{level}"]) * g
        return z @ weights["kernel_out"] + weights["bias_out"]

    points = jax.vmap(decoder, (None, 0, None))
    slopes = jax.vmap(jax.jacfwd(decoder, 2), (None, 0, None))

    def target(weights, latent, places, pick):
        field = points(weights, places, latent)
        goal = change(field.reshape(*config.grid, -1)).reshape(field.shape)[pick]
        rows = slopes(weights, places[pick], latent)
        if solve == "cholesky":
            return project(rows, goal).rate
        q, r = jnp.linalg.qr(rows.reshape(-1, latent.size))
        return jax.scipy.linalg.solve_triangular(r, q.T @ goal.reshape(-1))

    def loss(weights, latents, places, picks):
        found = jax.vmap(target, (None, 0, 0, 0))(weights["decoder"], latents, places, picks)
        gap = rate(config, weights["dynamics"], latents, values) - found
        size = jax.lax.stop_gradient(jnp.linalg.norm(found, axis=-1))
        return (jnp.linalg.norm(gap, axis=-1) / size).mean()

    return loss
