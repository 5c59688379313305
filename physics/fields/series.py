"""Random series of the eigenfunctions of Δ in a box, evaluated at the points of any grid of it.

Periodic coordinates take e^(2πikx/L), k = −M … M; "dirichlet" ones √2 sin(πkx/L), k = 1 … M; all
others √2 cos(πkx/L), k = 0 … M. All have mean square one. Sums are contracted axis by axis.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from physics.domain import Box
from physics.grid import Grid

_PER_WAVE = {1: 16, 2: 12, 3: 8}


@dataclass(frozen=True)
class Basis:
    """Functions of one coordinate.

    values: (function, point).   orders: whole numbers k.   wavenumbers: κ [1/L].
    """

    values: np.ndarray
    orders: np.ndarray
    wavenumbers: np.ndarray


def basis(grid: Grid, axis: int, modes: int) -> Basis:
    """The functions along one axis of `grid` up to order `modes`, in float64."""
    fraction = fractions(grid)[axis]
    kind, length = grid.box.kinds[axis], grid.lengths[axis]
    if kind == "periodic":
        orders = np.arange(-modes, modes + 1)
        return Basis(
            np.exp(2j * np.pi * np.outer(orders, fraction)), orders, _waves(orders, 2 / length)
        )
    orders = np.arange(1 if kind == "dirichlet" else 0, modes + 1)
    shape = np.sin if kind == "dirichlet" else np.cos
    scale = np.where(orders > 0, np.sqrt(2.0), 1.0)[:, None]
    values = scale * shape(np.pi * np.outer(orders, fraction))
    return Basis(values, orders, _waves(orders, 1 / length))


def _waves(orders: np.ndarray, per_length: float) -> np.ndarray:
    return np.pi * orders * per_length


def fractions(grid: Grid) -> list[np.ndarray]:
    """Coordinates as fractions of the box, one array (points,) per axis."""
    return [
        (c - low) / length
        for c, low, length in zip(grid.coordinates, grid.box.low, grid.lengths, strict=True)
    ]


def mesh_of(columns: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """One array per axis, shaped to broadcast over all axes."""
    return tuple(np.meshgrid(*columns, indexing="ij", sparse=True))


def magnitude(columns: list[np.ndarray]) -> np.ndarray:
    """√(Σ column²) over all combinations: |k| or |κ| of a series."""
    return np.sqrt(sum(c.astype(float) ** 2 for c in mesh_of(columns)))


def reference(box: Box, modes: int) -> Grid:
    """A grid on which extrema and means of a series are taken, whatever grid it is drawn on."""
    return Grid(box, (max(_PER_WAVE[box.dim] * modes, 8),) * box.dim, layout="cells")


def coefficients(key: Any, shape: tuple[int, ...], periodic: bool) -> Any:
    """Independent standard normal coefficients; complex where an axis is periodic."""
    import jax

    parts = jax.random.normal(key, (2, *shape))
    return parts[0] + 1j * parts[1] if periodic else parts[0]


def evaluate(factors: Any, grid: Grid, modes: int) -> Any:
    """Re Σ_k c_k e_k at the points of `grid`: (*orders, channel) -> (*space, channel)."""
    import jax.numpy as jnp

    for axis in range(grid.dim):
        functions = jnp.asarray(basis(grid, axis, modes).values)
        factors = jnp.tensordot(factors, functions, axes=(0, 0), precision="highest")
    return jnp.moveaxis(factors.real, 0, -1)


def projected(factors: Any, waves: list[np.ndarray], onto: str) -> Any:
    """Coefficients (*orders, d) of a vector field: the part along κ ("gradient") or across it."""
    import jax.numpy as jnp

    directions = np.stack(np.broadcast_arrays(*mesh_of(waves)), axis=-1)
    square = (directions**2).sum(-1, keepdims=True)
    unit = jnp.asarray(directions / np.sqrt(np.where(square > 0, square, 1.0)))
    along = unit * (unit * factors).sum(-1, keepdims=True)
    return along if onto == "gradient" else factors - along
