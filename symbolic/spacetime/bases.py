"""Functions of one coordinate that fields are written in: waves, or polynomials between walls.

A basis is orthonormal on the measured points, so that noise which is white there stays white in
the coefficients. Derivatives are exact, and test functions vanish at walls with their derivatives.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

FLAT = 5  # derivatives of a test function that vanish at a wall
HIGHEST = 48  # polynomials between walls
SHARE = 3.0  # of the root of the number of points


@dataclass(frozen=True)
class Waves:
    """1, cos, sin, cos 2, … on `count` periodic points over `length` [L]."""

    count: int
    length: float
    periodic: bool = field(default=True, init=False)

    @property
    def size(self) -> int:
        """Number of functions; the Nyquist wave is left out."""
        return 2 * ((self.count - 1) // 2) + 1

    @property
    def orders(self) -> np.ndarray:
        """(size,): wavenumber of each function in units of 2π/length."""
        return (np.arange(self.size) + 1) // 2

    def values(self, share: np.ndarray, derivative: int = 0) -> np.ndarray:
        """(point, size): derivatives at positions `share` of the length."""
        k = 2 * np.pi * self.orders
        phase = share[:, None] * k + derivative * np.pi / 2
        even = np.arange(self.size) % 2 == 1
        found = np.where(even, np.cos(phase), np.sin(phase))
        found[:, 0] = 1.0 if derivative == 0 else 0.0
        scale = np.where(np.arange(self.size) == 0, 1.0, np.sqrt(2.0)) / np.sqrt(self.count)
        return found * scale * (k / self.length) ** derivative if derivative else found * scale

    @property
    def measured(self) -> np.ndarray:
        """(count, size): values at the measured points."""
        return self.values(np.arange(self.count) / self.count)

    def tests(self, share: np.ndarray) -> np.ndarray:
        """(size, point): test functions, here the basis itself."""
        return self.values(share).T

    @property
    def tests_of_basis(self) -> np.ndarray:
        """(test, size): inner products of tests and basis per unit of weight; see `Walled`."""
        return np.eye(self.size)

    def quadrature(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """(shares, weights) that integrate waves up to `size` exactly, in measured points."""
        share = np.arange(size) / size
        return share, np.full(size, self.count / size)


@dataclass(frozen=True)
class Walled:
    """Polynomials orthonormal on `count` even points, both ends included, over `length` [L]."""

    count: int
    length: float
    periodic: bool = field(default=False, init=False)

    @property
    def size(self) -> int:
        """Number of polynomials: of more, those that differ near the walls alone."""
        return int(min(HIGHEST, max(6, SHARE * np.sqrt(self.count)), self.count // 2))

    @property
    def orders(self) -> np.ndarray:
        """(size,): half the degree, comparable with a wavenumber."""
        return np.arange(self.size) / 2

    def _legendre(self, share: np.ndarray, derivative: int = 0) -> np.ndarray:
        series = np.polynomial.legendre
        eye = np.eye(self.size)
        coefficients = series.legder(eye, derivative) if derivative else eye
        return series.legval(2 * share - 1, coefficients).T * (2 / self.length) ** derivative

    @cached_property
    def _orthonormal(self) -> np.ndarray:
        """Legendre polynomials -> those orthonormal on the measured points."""
        return np.linalg.inv(np.linalg.qr(self._legendre(np.linspace(0, 1, self.count)))[1])

    def values(self, share: np.ndarray, derivative: int = 0) -> np.ndarray:
        """(point, size): derivatives at positions `share` of the length."""
        return self._legendre(share, derivative) @ self._orthonormal

    @property
    def measured(self) -> np.ndarray:
        """(count, size): values at the measured points."""
        return self.values(np.linspace(0, 1, self.count))

    def tests(self, share: np.ndarray) -> np.ndarray:
        """(test, point): polynomials times (4 s (1 − s))^FLAT, orthonormal against the basis."""
        return np.linalg.solve(self._turn.T, self._raw(share))

    def _raw(self, share: np.ndarray) -> np.ndarray:
        bump = (4 * share * (1 - share)) ** FLAT
        count = max(2, self.size - 2 * FLAT)
        return np.polynomial.legendre.legvander(2 * share - 1, count - 1).T * bump

    @cached_property
    def _turn(self) -> np.ndarray:
        share, weights = self.quadrature(4 * self.size)
        return np.linalg.qr(((self._raw(share) * weights) @ self.values(share)).T)[1]

    @property
    def tests_of_basis(self) -> np.ndarray:
        """(test, size): integrals of test times basis, in measured spacings."""
        share, weights = self.quadrature(4 * self.size)
        return (self.tests(share) * weights) @ self.values(share)

    def quadrature(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """(shares, weights) of Gauss, in measured spacings."""
        points, weights = np.polynomial.legendre.leggauss(size)
        return (points + 1) / 2, weights / 2 * (self.count - 1)


def bases(fields) -> list[Waves | Walled]:
    """One basis per dimension of Fields."""
    found: list[Waves | Walled] = []
    for x, periodic in zip(fields.coordinates, fields.periodic, strict=True):
        step = x[1] - x[0]
        found.append(
            Waves(len(x), step * len(x)) if periodic else Walled(len(x), step * (len(x) - 1))
        )
    return found
