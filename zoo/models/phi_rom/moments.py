"""First latents that say what a field is like: its size, its moments by products of polynomials.

The size is √(Σu⁴/Σu²), which does not depend on how wide a bump is; a moment is the mean of u times
Legendre polynomials of the coordinates, over the mean of |u|. The first ones are where the field
lies and how wide it is. They are defined for scattered points as well, and move as the field does,
which components of the data do not, see `motions`.
"""

import numpy as np

from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.motions import powers
from zoo.models.phi_rom.starting_latents import JITTER


def moments(
    config: Config, places: np.ndarray, values: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """places: (point, dim), scaled.   values: (snapshot, point, state), normalised, gaps as zeros.
    -> (snapshot, latent) in the order of `powers`; a moment of degree n has the deviation 1/n."""
    names, states = powers(config), len(config.equation.states)
    tops = np.max(names, axis=0)
    grids = [np.polynomial.legendre.legvander(places[:, a], n) for a, n in enumerate(tops)]
    found = np.zeros((len(values), config.latent))
    lead, own = int(config.homogeneous), (config.latent - int(config.homogeneous)) // states
    orbits: dict[tuple, list[int]] = {}
    for i, name in enumerate(names[lead:], lead):
        state = min((i - lead) // max(1, own), states - 1)
        product = np.prod([g[:, n] for g, n in zip(grids, name, strict=True)], axis=0)
        size = np.abs(values[..., state]).mean(1) + 1e-12 * np.abs(values).max()
        if not config.homogeneous:
            size = np.abs(values[..., state]).mean()
        column = (values[..., state] * product).mean(1) / size
        if sum(name) or not config.homogeneous:
            found[:, i] = column
            orbits.setdefault((state, tuple(sorted(name))), []).append(i)
    for (_, name), members in orbits.items():
        part = found[:, members]
        part = part - part.mean() if not any(n % 2 for n in name) else part
        found[:, members] = part / (np.sqrt((part**2).mean()) + 1e-12) / max(1, sum(name))
    found = found + JITTER * rng.standard_normal(found.shape)
    if config.homogeneous:
        found[:, 0] = size_of(values)
    return found.astype(np.float32)


def size_of(values: np.ndarray) -> np.ndarray:
    """√(Σu⁴/Σu²) of every snapshot; values: (snapshot, point, state)."""
    squares = (values**2).sum((1, 2))
    return np.sqrt((values**4).sum((1, 2)) / np.maximum(squares, 1e-30))
