"""Where the unknowns of a PDE sit: points of a Box, regularly spaced along every coordinate.

Periodic coordinates: N points low + i·L/N. Others: "nodes" hold both ends, low + i·L/(N − 1);
"cells" are centres of N equal volumes, low + (i + 1/2)·L/N.
"""

import functools
from dataclasses import dataclass

import numpy as np

from physics.domain import Box
from physics.names import COORDINATES

LAYOUTS = ("nodes", "cells")


@dataclass(frozen=True)
class Grid:
    """`points` per coordinate on `box`; a whole number means as many along each coordinate.

    layout: "nodes" or "cells", for every coordinate alike (periodic nodes leave out the upper end).
    Raises ValueError for fewer than two points, a wrong number of them and unknown layouts.

    >>> Grid(Box(low=(0,), high=(1,)), 4).coordinates[0]
    array([0.  , 0.25, 0.5 , 0.75])
    """

    box: Box
    points: tuple[int, ...]
    layout: str = "nodes"

    def __post_init__(self):
        alone = isinstance(self.points, str) or np.ndim(self.points) == 0
        given = (self.points,) * self.box.dim if alone else tuple(self.points)
        if len(given) != self.box.dim:
            raise ValueError(
                f"{len(given)} resolutions for {self.box.dim} dimensions; give one number, or one "
                f"per dimension"
            )
        for name, count in zip(COORDINATES, given, strict=False):
            if not _whole(count) or count < 2:
                raise ValueError(
                    f"the resolution along {name} is a whole number >= 2, not {count!r}"
                )
        object.__setattr__(self, "points", tuple(int(n) for n in given))
        if self.layout not in LAYOUTS:
            raise ValueError(f"unknown layout {self.layout!r}; one of {LAYOUTS}")

    @property
    def dim(self) -> int:
        """Number of spatial dimensions."""
        return self.box.dim

    @property
    def lengths(self) -> tuple[float, ...]:
        """Side lengths of the box [L]."""
        return tuple(high - low for low, high in zip(self.box.low, self.box.high, strict=True))

    @property
    def periodic(self) -> bool:
        """Whether every coordinate is periodic."""
        return all(kind == "periodic" for kind in self.box.kinds)

    @property
    def spacing(self) -> tuple[float, ...]:
        """Distance of neighbouring points along each coordinate [L]."""
        ends = [int(self.layout == "nodes" and kind != "periodic") for kind in self.box.kinds]
        return tuple(
            length / (n - e) for length, n, e in zip(self.lengths, self.points, ends, strict=True)
        )

    @functools.cached_property
    def coordinates(self) -> tuple[np.ndarray, ...]:
        """Positions along each coordinate, float64 [L]."""
        first = 0.5 if self.layout == "cells" else 0.0
        return tuple(
            low + (first + np.arange(n)) * step
            for low, n, step in zip(self.box.low, self.points, self.spacing, strict=True)
        )

    @functools.cached_property
    def mesh(self) -> tuple[np.ndarray, ...]:
        """Coordinates shaped to broadcast over space: (N, 1, 1), (1, N, 1), …"""
        return tuple(np.meshgrid(*self.coordinates, indexing="ij", sparse=True))

    def wavenumbers(self, axis: int) -> np.ndarray:
        """Angular wavenumbers of a periodic coordinate in FFT order [1/L]."""
        return 2 * np.pi * np.fft.fftfreq(self.points[axis], self.spacing[axis])


def _whole(value: object) -> bool:
    """Whether `value` is a whole number, also as a float; text and truth values are none."""
    kind = np.asarray(value).dtype.kind
    return kind in "iu" or (kind == "f" and float(value) == np.round(value))
