"""The solver's ∂u/∂t on the tangent space of the decoder: how the latent has to move.

α̇* = argmin ‖J a − r‖² + ε tr(JᵀJ)/k ‖a‖², J = ∂D/∂α at a subset of points, r = ∂u/∂t there. The
normal equations are k by k and solved by Cholesky in float32: with ε = 1e-6 the relative error is
about 1e-7/1e-6 in directions that J hardly sees, and rounding elsewhere. A singular J gives
zeros there, and no NaN in the gradient; what is not finite all the same is counted by `Projection`.

J is taken forwards, one pass per latent entry, or backwards, one pass per channel, whichever is
fewer.
"""

from typing import Any, NamedTuple

from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.decoders import decode, decode_with_slopes

RIDGE = 1e-6


class Projection(NamedTuple):
    """rate: (latent,) α̇*.   left: ‖J α̇* − r‖ / ‖r‖, what the tangent space cannot follow.
    bad: 1.0 where α̇* is not finite, else 0.0."""

    rate: Any
    left: Any
    bad: Any


def mode_of(config: Config) -> str:
    """Which mode is cheaper: "reverse" where there are fewer states than latent entries."""
    return "reverse" if len(config.equation.states) < config.latent else "forward"


def jacobian(config: Config, weights: dict, seen: dict, latent: Any, mode: str = "auto") -> Any:
    """∂D/∂α (point, channel, latent) at the places of `seen`; mode: "forward" or "reverse"."""
    return linearised(config, weights, seen, latent, mode)[1]


def linearised(
    config: Config, weights: dict, seen: dict, latent: Any, mode: str = "auto"
) -> tuple[Any, Any]:
    """(D (point, channel), ∂D/∂α (point, channel, latent)) at the places of `seen`."""
    import jax
    import jax.numpy as jnp

    mode = mode_of(config) if mode == "auto" else mode
    if mode == "forward":

        def along(direction):
            return jax.jvp(lambda a: decode(config, weights, seen, a), (latent,), (direction,))

        basis = jnp.eye(latent.size, dtype=latent.dtype)
        return jax.vmap(along, out_axes=(None, -1))(basis)
    return decode_with_slopes(config, weights, seen, latent)


def project(slopes: Any, change: Any, ridge: float = RIDGE) -> Projection:
    """slopes: (point, channel, latent), change: (point, channel), in the same units."""
    import jax
    import jax.numpy as jnp

    k = slopes.shape[-1]
    rows, goal = slopes.reshape(-1, k), change.reshape(-1)
    gram = rows.T @ rows
    weight = ridge * jnp.trace(gram) / k + jnp.finfo(gram.dtype).tiny ** 0.5
    factor = jax.scipy.linalg.cho_factor(gram + weight * jnp.eye(k, dtype=gram.dtype))
    found = jax.scipy.linalg.cho_solve(factor, rows.T @ goal)
    size = jnp.sqrt((goal**2).sum() + 1e-20)
    left = jnp.sqrt(((rows @ found - goal) ** 2).sum() + 1e-20) / size
    return Projection(found, left, 1.0 - jnp.isfinite(found).all().astype(found.dtype))
