"""Motions of the box that a System does not notice: reflections and exchanges of coordinates.

If u solves it, so does u moved. They are found by moving random fields and comparing ∂u/∂t on the
solver's grid; every state moves as a scalar, so that an equation of vectors shows none that turn
them. A latent moves by a signed permutation of its entries, which are named after products of
polynomials: the entry of xᵃyᵇ changes as xᵃyᵇ does. Training under random motions ties each field
to all its images, without more data.
"""

import functools
import itertools
import math
from typing import NamedTuple

import numpy as np

from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.tendency import grid_places, scaled, tendency

CLOSE = 1e-3  # of ∂u/∂t, float32


class Motions(NamedTuple):
    """places: (motion, dim, dim), scaled places x go to M x.   latents: (motion, latent, latent),
    latents α to R α. The first motion is rest."""

    places: np.ndarray
    latents: np.ndarray


@functools.lru_cache(maxsize=32)
def motions(config: Config) -> Motions:
    """All that the System of `config` does not notice, rest among them."""
    kept = [m for m in _candidates(config.equation.dim) if _unnoticed(config, m)]
    names = powers(config)
    return Motions(
        np.array(kept, np.float32),
        np.array([_of_latents(m, names) for m in kept], np.float32),
    )


def powers(config: Config) -> tuple[tuple[int, ...], ...]:
    """The product of polynomials that each latent entry is named after, as powers per coordinate;
    entries that the motions leave alone have powers 0. With exchange of coordinates, xᵃyᵇ and xᵇyᵃ
    stand together or not at all. With several states every state has entries of its own.
    """
    k, d = config.latent, config.equation.dim
    found: list[tuple[int, ...]] = [(0,) * d] if config.homogeneous else []
    room = (k - len(found)) // len(config.equation.states)
    own: list[tuple[int, ...]] = []
    for degree in range(0 if not config.homogeneous else 1, k + 1):
        orbits = sorted({tuple(sorted(p, reverse=True)) for p in _of_degree(degree, d)})
        for orbit in orbits[::-1]:
            members = sorted(set(itertools.permutations(orbit)), reverse=True)
            if len(own) + len(members) <= room:
                own += members
    for _ in config.equation.states:
        found += own
    return tuple(found + [(0,) * d] * (k - len(found)))


def _of_degree(degree: int, dim: int) -> list[tuple[int, ...]]:
    return [p for p in itertools.product(range(degree + 1), repeat=dim) if sum(p) == degree]


def _candidates(dim: int) -> list[np.ndarray]:
    found = []
    for order in itertools.permutations(range(dim)):
        for signs in itertools.product((1.0, -1.0), repeat=dim):
            found.append(np.diag(signs)[:, list(order)].T @ np.eye(dim))
    rest = np.eye(dim)
    return sorted(found, key=lambda m: not np.array_equal(m, rest))


def _unnoticed(config: Config, motion: np.ndarray) -> bool:
    import jax

    where = moved_points(config, motion)
    if where is None:
        return False
    rng, system = np.random.default_rng(0), config.equation
    field = rng.uniform(0.2, 1.0, (*config.grid, len(system.states))).astype(np.float32)
    shape, flat = field.shape, (math.prod(config.grid), -1)
    f = jax.jit(tendency(config))
    for stretch in (1.0, 1.3):
        values = {p.name: np.float32(stretch * system.values[p.name]) for p in system.parameters}
        with jax.ensure_compile_time_eval():  # also where it is asked for inside a traced program
            change = np.asarray(f(field, values)).reshape(flat)
            other = np.asarray(f(field.reshape(flat)[where].reshape(shape), values)).reshape(flat)
        size = np.linalg.norm(change)
        if not np.linalg.norm(other - change[where]) <= CLOSE * size:
            return False
    return True


def moved_points(config: Config, motion: np.ndarray) -> np.ndarray | None:
    """For every grid point the one whose value it takes, Mᵀx; None where that is no grid point."""
    places = scaled(config, grid_places(config)).astype(np.float64)
    back = places @ motion  # rows xᵀM = (Mᵀx)ᵀ
    index = np.zeros(places.shape[0], int)
    for axis, count in enumerate(config.grid):
        ticks = np.unique(places[:, axis])
        gap = back[:, axis, None] - ticks
        if config.equation.domain.kinds[axis] == "periodic":
            gap = gap - 2 * np.round(gap / 2)
        nearest = np.abs(gap).argmin(1)
        if np.abs(gap)[np.arange(len(gap)), nearest].max() > 1e-4:
            return None
        index = index * count + nearest
    same = [config.equation.domain.high[a] - config.equation.domain.low[a]
            for a in range(places.shape[1])]  # fmt: skip
    turned = np.abs(motion) @ np.array(same)
    return index if np.allclose(turned, same) else None


def _of_latents(motion: np.ndarray, names: tuple[tuple[int, ...], ...]) -> np.ndarray:
    """Entry I of the moved latent is Π s_a^{I_a} times the entry J with J_π(a) = I_a, where
    (M x)_a = s_a x_π(a)."""
    order, signs = np.abs(motion).argmax(1), motion.sum(1)
    found = np.zeros((len(names), len(names)))
    block: dict[tuple, int] = {}
    seen: dict[tuple, int] = {}
    for i, name in enumerate(names):  # the n-th entry of a name goes with the n-th of another
        seen[name] = seen.get(name, 0) + 1
        block[name, seen[name]] = i
    count: dict[tuple, int] = {}
    for i, name in enumerate(names):
        count[name] = count.get(name, 0) + 1
        source = [0] * len(name)
        for a, power in enumerate(name):
            source[order[a]] = power
        found[i, block[tuple(source), count[name]]] = math.prod(signs ** np.array(name))
    return found
