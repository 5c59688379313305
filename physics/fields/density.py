"""Random probability densities."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from physics.fields import series
from physics.fields.amounts import Range, settle
from physics.fields.fourier import RandomFourier
from physics.grid import Grid

_LEAST_POINTS = 4


@dataclass(frozen=True, kw_only=True)
class Density:
    """p = exp(g)/∫ exp(g), a random Fourier series g of `modes` and max |g| = contrast.

    Positive, smooth, with integral one over the box; one density per state.
    """

    spatial: ClassVar[bool] = True
    modes: int = 3
    contrast: Range = (0.5, 2.0)

    def __post_init__(self):
        settle(self, contrast=0.0)
        self._logarithm()

    def draw_field(self, key: Any, grid: Grid, states: Sequence[str]) -> Any:
        """One field (*space, channel) [1/Lᵈ]."""
        import math

        import jax.numpy as jnp

        law = self._logarithm()
        whole = series.reference(grid.box, max(self.modes, _LEAST_POINTS))
        mean = jnp.exp(law.draw_field(key, whole, states)).mean(tuple(range(grid.dim)))
        return jnp.exp(law.draw_field(key, grid, states)) / (mean * math.prod(grid.lengths))

    def _logarithm(self) -> RandomFourier:
        return RandomFourier(modes=self.modes, amplitude=self.contrast)
