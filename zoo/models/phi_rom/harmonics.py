"""Filters of a periodic box: whole waves, so that decoded fields are periodic exactly.

The lowest waves come first; products of the stages' filters reach as many times as high.
"""

from typing import Any

import numpy as np

from zoo.models.phi_rom.config import Config


def fitting_the_box(config: Config, omega: Any) -> Any:
    """Frequencies Ω (…, dim, filter) of scaled places, those along periodic coordinates rounded to
    whole waves of the box, which takes their gradient away."""
    import jax.numpy as jnp

    periodic = _periodic(config)[:, None]
    if not periodic.any():
        return omega
    return jnp.where(periodic, np.pi * jnp.round(omega / np.pi), omega)


def first_waves(config: Config, omega: Any) -> Any:
    """Ω before training: the lowest waves along periodic coordinates, else as drawn."""
    along = np.flatnonzero(_periodic(config))
    if not along.size:
        return omega
    waves = np.pi * lowest_waves(len(along), omega.shape[-1])
    return omega.at[..., along, :].set(waves.T)


def lowest_waves(dim: int, count: int) -> np.ndarray:
    """(count, dim) whole wave numbers, lowest first, one of each pair ±k, without zero."""
    reach = int(np.ceil((2 * count + 1) ** (1 / dim)))
    axes = np.meshgrid(*[np.arange(-reach, reach + 1)] * dim, indexing="ij")
    waves = np.stack(axes, -1).reshape(-1, dim)
    waves = waves[len(waves) // 2 + 1 :]  # in this order k comes after −k, zero in the middle
    order = np.argsort((waves**2).sum(1), kind="stable")
    return waves[order[:count]].astype(np.float32)


def _periodic(config: Config) -> np.ndarray:
    return np.array([kind == "periodic" for kind in config.equation.domain.kinds])
