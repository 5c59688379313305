"""The losses of a Φ-ROM, as pure functions of weights, latents and a batch.

L_rec = √mean over snapshots and channels of ‖û − u‖²/‖u‖²; points drawn at random do not bias it.
L_dyn = mean ‖Ψ(α, β) − α̇*‖ / ‖α̇*‖, its denominator detached, α̇* of `projection`; the gradient
goes through Ψ, projection, solver and decoder, as far as `through` says.
"""

from typing import Any, NamedTuple

from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.decoders import (
    at_latents,
    decode,
    decode_many,
    decode_with_slopes,
    features,
)
from zoo.models.phi_rom.dynamics import pace
from zoo.models.phi_rom.projection import jacobian, project
from zoo.models.phi_rom.scaling import away_from_nought, of_size_one
from zoo.models.phi_rom.strong_form import strong_tendency
from zoo.models.phi_rom.tendency import tendency
from zoo.models.phi_rom.travelling import unsteady


class Seen(NamedTuple):
    """Normalised measurements. places: (point, dim), scaled.   values: (snapshot, point, channel),
    zero where not measured.   mask: the same shape, or None where all is.
    weight: (snapshot, channel), scale²/Σ u² over the measured points, in physical units."""

    places: Any
    values: Any
    mask: Any
    weight: Any


class Physics(NamedTuple):
    """places: (grid point, dim), scaled.   center, scale: (channel,) of the states.
    clock: [T].   value_center, value_scale: (parameter,)."""

    places: Any
    center: Any
    scale: Any
    clock: Any
    value_center: Any
    value_scale: Any


def reconstruction(
    config: Config, weights: dict, latents: Any, seen: Seen, pick: Any = None
) -> Any:
    """L_rec of snapshots with `latents`.

    pick: indices of the points looked at; the squares are scaled to all of them.
    """
    import jax.numpy as jnp

    places, values, mask = seen.places, seen.values, seen.mask
    factor = 1.0
    if pick is not None:
        factor = places.shape[0] / pick.shape[0]
        places, values = places[pick], values[:, pick]
        mask = None if mask is None else mask[:, pick]
    shared = features(config, weights, places)
    said = decode_many(config, weights, shared, latents)
    gap = (said - values) if mask is None else (said - values) * mask
    return jnp.sqrt(factor * ((gap**2).sum(1) * seen.weight).mean() + 1e-12)


def slopes_of(
    config: Config, weights: dict, latent: Any, values: Any, physics: Physics,
    shared: dict, pick: Any = None, ridge: float = 1e-6, strong: bool = False, mode: str = "auto",
    linear: tuple[Any, Any] | None = None,
) -> Any:  # fmt: skip
    """The Projection of one latent, per unit of the clock; `shared`: features of physics.places.

    values: (parameter,), standardised.   pick: grid points at which J is taken.   strong: ∂u/∂t by
    derivatives of the decoder instead of the solver's.   mode: of J, see `jacobian`.
    linear: `decode_with_slopes` of zeros at physics.places, of a decoder that is linear in α.
    """
    found = _asked(config, weights, latent, values, physics, shared, pick, strong, mode, linear)
    return project(*found, ridge)


def rates_of(
    config: Config, weights: dict, latent: Any, values: Any, physics: Physics, shared: dict,
    ridge: float, linear: tuple[Any, Any] | None = None,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """(Projection, JᵀJ (latent, latent), ‖r‖) of one latent at all grid points; `linear` as in
    `slopes_of`."""
    import jax.numpy as jnp

    slopes, change = _asked(config, weights, latent, values, physics, shared, linear=linear)
    rows = slopes.reshape(-1, latent.size)
    return project(slopes, change, ridge), rows.T @ rows, jnp.linalg.norm(change)


def _asked(
    config: Config, weights: dict, latent: Any, values: Any, physics: Physics,
    shared: dict, pick: Any = None, strong: bool = False, mode: str = "auto",
    linear: tuple[Any, Any] | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """(J, r) of one latent, of a decoder that knows sizes of the same field of size one: r is
    divided by the size, and what is projected is what `pace` says."""
    import jax

    size: Any = 1.0
    if config.homogeneous:
        size = away_from_nought(latent[0]) if config.sized else size
        latent = of_size_one(latent)
    own = physics.value_center + physics.value_scale * values
    params = dict(zip(config.parameters, own, strict=False))
    take = (lambda a: a) if pick is None else (lambda a: a[pick])
    if strong:
        change = strong_tendency(config)(
            weights, take(physics.places), latent, physics.center, size * physics.scale, params
        )
    else:
        plain = linear is None
        said = decode(config, weights, shared, latent) if plain else at_latents(linear, latent)
        field = (physics.center + size * physics.scale * said).reshape(*config.grid, -1)
        change = take(tendency(config)(field, params).reshape(said.shape))
    change = change * (physics.clock / (size * physics.scale))
    if linear is None:
        return jacobian(config, weights, jax.tree.map(take, shared), latent, mode), change
    return take(linear[1]), change


def dynamics(
    config: Config, weights: dict, latents: Any, values: Any, physics: Physics,
    pick: Any = None, through: Any = 1.0, ridge: float = 1e-6, strong: bool = False,
    mode: str = "auto", pull: float = 1.0, travel: int = 0,
) -> tuple[Any, dict[str, Any]]:  # fmt: skip
    """(L_dyn, {"left": mean share that the tangent space cannot follow, "bad": projections that
    are not finite, "unsteady": of the `travel` first, see `travelling`}); weights: {"decoder",
    "dynamics"}.

    through: share of the gradient that reaches decoder and latents, 0 … 1; pull: the same of L_dyn
    alone, so that what the tangent space cannot follow may shape the decoder more than Ψ does.
    """
    import jax
    import jax.numpy as jnp

    shared, linear = features(config, weights["decoder"], physics.places), None
    if config.linear and mode != "forward" and not strong:
        linear = decode_with_slopes(config, weights["decoder"], shared, latents[0] * 0.0)

    def one(latent, own):
        asked = _asked(
            config, weights["decoder"], latent, own, physics, shared, pick, strong, mode, linear
        )  # fmt: skip
        return project(*asked, ridge), asked[1]

    found, changes = jax.vmap(one)(latents, values)
    goal, start = _partly(found.rate, pull * through), _partly(latents, pull * through)
    said = pace(config, weights["dynamics"], start, values)
    size = jax.lax.stop_gradient(jnp.linalg.norm(found.rate, axis=-1)) + 1e-12
    gap = jnp.sqrt(((said - goal) ** 2).sum(-1) + 1e-14)
    left = _partly(found.left, through)
    more = {"left": left.mean(), "bad": found.bad.sum()}
    if travel:
        places = physics.places if pick is None else physics.places[pick]
        steady = lambda a, r: unsteady(config, weights["decoder"], a, places, r)  # noqa: E731
        share = jax.vmap(steady)(latents[:travel], changes[:travel])
        more["unsteady"] = _partly(share, through).mean()
    return (gap / size).mean(), more


def _partly(x: Any, share: Any) -> Any:
    """x, whose gradient is scaled by `share`."""
    import jax

    still = jax.lax.stop_gradient(x)
    return share * x + (1 - share) * still
