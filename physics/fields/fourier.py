"""Smooth random fields: truncated Fourier series and Gaussian random fields.

Source: Lord, Powell, Shardlow (2014), An Introduction to Computational Stochastic PDEs, ch. 7
(Gaussian fields and their Matérn spectra).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from physics.fields import series
from physics.fields.amounts import Amount, drawn, settle
from physics.grid import Grid

PARTS = ("", "divergence_free", "gradient")
MEASURES = ("max", "rms")


@dataclass(frozen=True, kw_only=True)
class RandomFourier:
    """u = offset + amplitude · g/‖g‖,  g = Re Σ c_k |k|^−decay e^(ik·x),  0 < |k_i| ≤ modes.

    c_k are independent normal. Along coordinates with walls e^(ikx) is a sine ("dirichlet": u =
    offset there) or a cosine, so that the field fits its box; see physics.fields.series.
    modes: highest order along each axis.   amplitude: of the field, see `measure`.   offset: mean
    on a periodic box.   decay: 0 for equal amplitudes.   measure: ‖g‖ is "max" (to a few per
    cent) or "rms", of each state by itself.
    part: "divergence_free" or "gradient" for states that are the components of one vector on a
    periodic box; ‖g‖ is then that of the vector's length and `amplitude` one range for all.
    """

    spatial: ClassVar[bool] = True
    modes: int = 5
    amplitude: Amount = 1.0
    offset: Amount = 0.0
    decay: float = 0.0
    measure: str = "max"
    part: str = ""

    def __post_init__(self):
        settle(self, amplitude=0.0, offset=-math.inf)
        _check_modes(self.modes)
        if self.measure not in MEASURES:
            raise ValueError(f"measure is one of {MEASURES}, not {self.measure!r}")
        if self.part not in PARTS:
            raise ValueError(f"part is one of {PARTS}, not {self.part!r}")
        if self.part and isinstance(self.amplitude, dict):
            raise ValueError("the components of one vector have one amplitude, not one per state")

    def draw_field(self, key: Any, grid: Grid, states: Sequence[str]) -> Any:
        """One field (*space, channel)."""
        import jax
        import jax.numpy as jnp

        keys = jax.random.split(key, 3)
        factors = self._factors(keys[0], grid, len(states))
        test = series.evaluate(factors, series.reference(grid.box, self.modes), self.modes) ** 2
        test = test.sum(-1, keepdims=True) if self.part else test
        space = tuple(range(grid.dim))
        size = jnp.sqrt(test.max(space) if self.measure == "max" else test.mean(space))
        wanted = drawn(keys[1], self.amplitude, states)
        scale = (wanted[:1] if self.part else wanted) / size
        offset = drawn(keys[2], self.offset, states)
        return offset + scale * series.evaluate(factors, grid, self.modes)

    def _factors(self, key: Any, grid: Grid, channels: int) -> Any:
        """Coefficients of the series, (*orders, channel)."""
        import jax.numpy as jnp

        bases = [series.basis(grid, axis, self.modes) for axis in range(grid.dim)]
        order = series.magnitude([b.orders for b in bases])
        weights = np.where(order > 0, np.where(order > 0, order, 1.0) ** -self.decay, 0.0)
        periodic = "periodic" in grid.box.kinds
        factors = series.coefficients(key, (*order.shape, channels), periodic)
        factors = factors * jnp.asarray(weights)[..., None]
        if not self.part:
            return factors
        if channels != grid.dim or not grid.periodic:
            raise ValueError(
                f"part={self.part!r} needs a periodic box and as many states as dimensions"
            )
        return series.projected(factors, [b.wavenumbers for b in bases], self.part)


@dataclass(frozen=True, kw_only=True)
class GaussianRandomField:
    """Gaussian field with Matérn spectrum S(κ) ∝ (2ν/ℓ² + κ²)^−(ν + d/2), cut off at `modes`.

    length: correlation length ℓ [L]; None for the power law κ^−(2ν + d).   smoothness: ν, how often
    the field may be differentiated.   std: standard deviation at a point.   mean: average value.
    modes: highest order along each axis.
    """

    spatial: ClassVar[bool] = True
    length: float | None = None
    smoothness: float = 2.0
    std: Amount = 1.0
    mean: Amount = 0.0
    modes: int = 16

    def __post_init__(self):
        settle(self, std=0.0, mean=-math.inf)
        _check_modes(self.modes)
        if not self.smoothness > 0 or (self.length is not None and not self.length > 0):
            raise ValueError("length and smoothness of a Gaussian random field are positive")

    def draw_field(self, key: Any, grid: Grid, states: Sequence[str]) -> Any:
        """One field (*space, channel)."""
        import jax
        import jax.numpy as jnp

        bases = [series.basis(grid, axis, self.modes) for axis in range(grid.dim)]
        kappa = series.magnitude([b.wavenumbers for b in bases])
        scale = 0.0 if self.length is None else 2 * self.smoothness / self.length**2
        exponent = -(self.smoothness + grid.dim / 2)
        power = np.where(kappa > 0, (scale + np.where(kappa > 0, kappa, 1.0) ** 2) ** exponent, 0.0)
        keys = jax.random.split(key, 3)
        periodic = "periodic" in grid.box.kinds
        factors = series.coefficients(keys[0], (*power.shape, len(states)), periodic)
        weights = jnp.asarray(np.sqrt(power / power.sum()))[..., None]
        field = series.evaluate(factors * weights, grid, self.modes)
        std, mean = drawn(keys[1], self.std, states), drawn(keys[2], self.mean, states)
        return mean + std * field


def _check_modes(modes: int) -> None:
    if not isinstance(modes, int) or not 1 <= modes <= 64:
        raise ValueError(f"modes is a whole number from 1 to 64, not {modes!r}")
