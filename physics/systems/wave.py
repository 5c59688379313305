"""Wave equation: ∂ₜu = v,  ∂ₜv = c² Δu.

What is plucked runs off both ways with the speed c and comes round again.
Parameters: c, speed [L/T].   States: u, displacement [U]; v, its rate [U/T].
Diagnostics (densities, to be averaged over the box): energy is kept.
Source: d'Alembert (1747), Recherches sur la courbe que forme une corde tendue mise en vibration.
"""

import math

import sympy

from physics.fields import RandomFourier
from physics.jets import fields, grad, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import periodic


def system(dim: int = 1) -> System:
    """Sound and strings in one to three dimensions."""
    box = periodic(2 * math.pi, dim)
    (u, v), c = fields("u v"), symbol("c")
    slope = sympy.Add(*(s**2 for s in grad(u, dim)))
    return System(
        name="wave",
        states=[State(name="u", unit="U"), State(name="v", unit="U/T")],
        equations={"u": v, "v": c**2 * laplacian(u, dim)},
        parameters=[Parameter("c", 1.0, low=0.3, high=2, unit="L/T", description="speed")],
        initial=RandomFourier(modes=5, amplitude={"u": (0.5, 1.0)}),
        horizon=6.0,
        diagnostics={"energy": v**2 / 2 + c**2 * slope / 2},
        **box,
    )
