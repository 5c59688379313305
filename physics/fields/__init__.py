"""Initial laws of fields: random functions of space that a PDE starts from.

A law is a frozen dataclass of plain fields with
`draw_field(key, grid, states) -> (*space, channel)`: pure JAX, so it can be jitted and vmapped over
`key`; grid and states are static. The same key gives the same function on every grid of a box.
"""

from physics.fields.bumps import Bumps, Spots
from physics.fields.density import Density
from physics.fields.fourier import GaussianRandomField, RandomFourier
from physics.fields.steps import Steps
from physics.fields.waves import Packets, Solitons

__all__ = [
    "Bumps",
    "Density",
    "GaussianRandomField",
    "Packets",
    "RandomFourier",
    "Solitons",
    "Spots",
    "Steps",
]
