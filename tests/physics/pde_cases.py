"""Every PDE of the catalogue in every variant, and smooth states to try them on."""

import importlib
import inspect

import numpy as np
import pytest

import physics
from physics.grid import Grid

from .pseudospectral import Fields

NAMES = [n for n in physics.list_systems() if physics.get(n).domain is not None]
VARIANTS = {
    "burgers": [{"dim": d, "conservative": True} for d in (1, 2, 3)],
    "kuramoto_sivashinsky": [{"dim": d, "form": "gradient"} for d in (1, 2, 3)],
    "schroedinger": [{"dim": d, "cubic": True} for d in (1, 2, 3)],
    "porous_medium": [{"m": 3}, {"m": 4, "dim": 2}],
    "conservation_law": [
        {"flux": f, "viscous": v}
        for f in ("linear", "burgers", "cubic", "sine", "cosine") for v in (True, False)
    ],
    "navier_stokes_vorticity": [{"forcing": 0}, {"drag": True}],
    "navier_stokes_velocity": [{"dim": d, "forcing": 2} for d in (2, 3)],
    "shallow_water": [{"viscous": False}, {"friction": True}],
}  # fmt: skip


def dimensions(name: str) -> list[dict]:
    """{"dim": …} for every dimension that the entry takes, [{}] for one without the keyword."""
    build = importlib.import_module(f"physics.systems.{name}").system
    if "dim" not in inspect.signature(build).parameters:
        return [{}]
    return [{"dim": d} for d in (1, 2, 3) if (name, d) != ("navier_stokes_velocity", 1)]


CASES = [(name, options) for name in NAMES for options in dimensions(name)]
CASES += [(name, options) for name, many in VARIANTS.items() for options in many]
every_case = pytest.mark.parametrize(
    "name, options", CASES, ids=lambda v: v if isinstance(v, str) else str(v)
)
PERIODIC = [c for c in CASES if set(physics.get(c[0], **c[1]).domain.kinds) == {"periodic"}]


# -- right-hand sides on smooth fields -----------------------------------------------------


def smooth(system, seed=0, modes=2, mean=0.0, points=None) -> Fields:
    """Random trigonometric polynomials on the system's box."""
    rng = np.random.default_rng(seed)
    grid = Grid(system.domain, points or {1: 64, 2: 32, 3: 16}[system.dim])
    values = {}
    for name in system.state_names:
        field = np.full(grid.points, mean)
        for _ in range(4):
            turns = zip(rng.integers(-modes, modes + 1, grid.dim), grid.mesh, grid.lengths,
                        strict=True)  # fmt: skip
            phase = sum(2 * np.pi * k * x / length for k, x, length in turns)
            field = field + 0.25 * rng.normal() * np.cos(phase + rng.uniform(0, 2 * np.pi))
        values[name] = field
    return Fields(grid, values, system.values)


def close(a, b, tolerance=1e-8):
    scale = max(np.abs(a).max(), np.abs(b).max(), 1e-12)
    return np.abs(a - b).max() < tolerance * scale
