"""∂u/∂t of a field on the solver's grid, from the System alone.

Finite differences put the nodes on walls to what their conditions say before differencing, finite
volumes do so with their ghost cells, so that a decoded field that misses its boundary values does
not make a wall look like a shock.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from zoo.models.phi_rom.config import Config


def tendency(config: Config) -> Callable[[Any, Any], Any]:
    """f(u (*space, channel), {parameter: number}) -> ∂u/∂t (*space, channel), physical units.

    Pure, jittable, differentiable; parameters that are not given are nominal.
    """
    return _made(config, str(sorted(config.equation.values.items())))


@functools.lru_cache(maxsize=32)
def _made(config: Config, told: str) -> Callable[[Any, Any], Any]:
    """told: what equal configurations may still differ in, the nominal values."""
    system, grid = config.equation, config.solver_grid
    if config.scheme == "finite-volume":
        from physics.lower.flux import FiniteVolumeStepper
        from physics.lower.pointwise import coefficients

        # the step plays no part in a right-hand side; a tiny one is always stable
        stepper = FiniteVolumeStepper(system, grid, 1e-9, order=config.order or None)
        return lambda u, values: stepper.tendency(0.0, u, coefficients(system, values))[0]
    if config.scheme == "finite-difference":
        from physics.lower.difference import difference_rhs

        differenced = difference_rhs(system, grid, config.order or 4)
        return lambda u, values: differenced(0.0, u, values)
    from physics.lower import rhs

    spectral = rhs(system, grid)
    return lambda u, values: spectral(0.0, u, values)


def grid_places(config: Config) -> np.ndarray:
    """(point, dim) positions of the solver's grid [L], in the order of a flattened field."""
    axes = config.solver_grid.coordinates
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(axes))


def scaled(config: Config, places: Any) -> Any:
    """Positions [L] as −1 … 1 over the box."""
    box = config.equation.domain
    low, high = np.asarray(box.low), np.asarray(box.high)
    return (2 * (places - low) / (high - low) - 1).astype(np.float32)
