"""Latents followed in time by Ψ, adaptively through Diffrax, and the fields decoded from them."""

import functools
from typing import Any

import numpy as np

from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.decoders import decode, decode_many, features
from zoo.models.phi_rom.dynamics import rate

RTOL, ATOL = 1e-5, 1e-6


def follow(config: Config, dynamics: Any, clock: Any, latents: Any, values: Any, times: Any) -> Any:
    """Latents (sample, time, latent) at `times` [T], the first being that of `latents` (sample,
    latent); values: (sample, parameter), standardised. What blows up is not finite."""
    import jax.numpy as jnp

    times = np.asarray(times, np.float64) / float(clock)
    times = jnp.asarray(times - times[0], jnp.float32)
    return _followed(config)(dynamics, jnp.asarray(latents), jnp.asarray(values), times)


@functools.lru_cache(maxsize=32)
def _followed(config: Config) -> Any:
    import jax

    from physics.integrate.ode import integrate

    def run(dynamics, latents, values, times):
        def change(t, a, params):
            return rate(config, dynamics, a, jax.numpy.stack([params[n] for n in names]))

        names = [str(i) for i in range(values.shape[1])]
        columns = dict(zip(names, values.T, strict=True))
        return integrate(change, latents, times, columns, rtol=RTOL, atol=ATOL).states

    return jax.jit(run)


def fields(config: Config, decoder: Any, places: Any, latents: Any) -> Any:
    """Normalised states (…, point, channel) of `latents` (…, latent) at scaled `places`."""
    import jax.numpy as jnp

    flat = jnp.asarray(latents).reshape(-1, config.latent)
    said = _decoded(config)(decoder, jnp.asarray(places), flat)
    return np.asarray(said).reshape(*np.shape(latents)[:-1], *said.shape[1:])


@functools.lru_cache(maxsize=32)
def _decoded(config: Config) -> Any:
    import jax

    def run(decoder, places, latents):
        shared = features(config, decoder, places)
        if config.linear:  # one Jacobian for all, so nothing large stands in between
            return decode_many(config, decoder, shared, latents)
        return jax.lax.map(lambda a: decode(config, decoder, shared, a), latents, batch_size=64)

    return jax.jit(run)
