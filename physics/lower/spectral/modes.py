"""The Fourier modes that a stepper keeps, and derivatives on them.

Products of degree p are free of aliasing if only |n| ≤ m with (p + 1) m < N is kept along each
axis (for p = 2 the two-thirds rule). A linear equation keeps all modes; there odd derivatives of
the Nyquist mode are zero.

Source: Orszag (1971), On the elimination of aliasing in finite-difference schemes by filtering
high-wavenumber components, doi:10.1175/1520-0469(1971)028<1074:OTEOAI>2.0.CO;2.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from physics.grid import Grid
from physics.lower.spectral import transforms
from physics.lower.spectral.operators import Exponents


@dataclass(frozen=True)
class Multiplier:
    """A factor per mode, real + i·imaginary; None for a part that is zero."""

    real: Any = None
    imaginary: Any = None

    def __mul__(self, factor: Any) -> "Multiplier":
        """The multiplier times a number."""
        return Multiplier(*(None if p is None else p * factor for p in self.parts))

    def __add__(self, other: "Multiplier") -> "Multiplier":
        """The sum of two multipliers."""
        pairs = zip(self.parts, other.parts, strict=True)
        return Multiplier(*(b if a is None else a if b is None else a + b for a, b in pairs))

    @property
    def parts(self) -> tuple[Any, Any]:
        """(real, imaginary)."""
        return self.real, self.imaginary

    def apply(self, modes: Any) -> Any:
        """The multiplier times complex modes, without multiplying by zeros."""
        import jax

        if self.imaginary is None:
            return modes * self.real if self.real is not None else 0 * modes
        turned = jax.lax.complex(-self.imaginary * modes.imag, self.imaginary * modes.real)
        return turned if self.real is None else turned + self.real * modes


@dataclass(frozen=True)
class Modes:
    """The kept modes of `grid` for products of `degree` (1: all of them)."""

    grid: Grid
    degree: int

    @cached_property
    def kept(self) -> tuple[int, ...]:
        """Largest |n| per axis."""
        if self.degree <= 1:
            return tuple(n // 2 for n in self.grid.points)
        return tuple((n - 1) // (self.degree + 1) for n in self.grid.points)

    @cached_property
    def numbers(self) -> tuple[np.ndarray, ...]:
        """Mode numbers along each axis, as stored; the last axis is halved (real fields)."""
        found = []
        for axis, (n, m) in enumerate(zip(self.grid.points, self.kept, strict=True)):
            if axis == self.grid.dim - 1:
                found.append(np.arange(m + 1))
            elif 2 * m >= n - 1:
                found.append(np.rint(np.fft.fftfreq(n, 1 / n)).astype(int))
            else:
                found.append(np.r_[0 : m + 1, -m:0])
        return tuple(found)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one field in Fourier space."""
        return tuple(map(len, self.numbers))

    def _power(self, axis: int, exponent: int) -> np.ndarray:
        """kᵃ along one axis, broadcast over the others; zero at Nyquist for odd a."""
        n, numbers = self.grid.points[axis], self.numbers[axis]
        values = (2 * np.pi / self.grid.lengths[axis] * numbers) ** exponent
        if exponent % 2:
            values = np.where(2 * np.abs(numbers) == n, 0.0, values)
        shape = [1] * self.grid.dim
        shape[axis] = -1
        return values.reshape(shape)

    @cached_property
    def squares(self) -> np.ndarray:
        """|k|² per mode."""
        return sum(self._power(axis, 2) for axis in range(self.grid.dim))

    def derivative(self, exponents: Exponents) -> Multiplier:
        """∂xᵃ ∂yᵇ ∂zᶜ Δ⁻q as a multiplier, in float64; Δ⁻¹ of the mean is zero."""
        *orders, inverse = exponents
        value: Any = np.ones((1,) * self.grid.dim)
        for axis, order in enumerate(orders):
            if order:
                value = value * self._power(axis, order)
        if inverse:
            safe = np.where(self.squares == 0, 1.0, self.squares)
            value = value * np.where(self.squares == 0, 0.0, (-1.0 / safe) ** inverse)
        turns = sum(orders) % 4
        signed = -value if turns in (2, 3) else value
        return Multiplier(imaginary=signed) if turns % 2 else Multiplier(real=signed)

    # -- transforms ------------------------------------------------------------------------

    def to_modes(self, fields: Any) -> Any:
        """(field, *space) real -> (field, *modes) complex."""
        return transforms.fft_to_modes(fields, self.kept, self.shape)

    def to_grid(self, modes: Any) -> Any:
        """(field, *modes) complex -> (field, *space) real."""
        import jax

        if transforms.by_matrices(self.grid.points, jax.default_backend()):
            return transforms.matrices_to_grid(modes, self.grid.points, self._tuples)
        return transforms.fft_to_grid(modes, self.grid.points, self.kept)

    @cached_property
    def _tuples(self) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(int(n) for n in numbers) for numbers in self.numbers)
