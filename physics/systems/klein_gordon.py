"""Klein-Gordon: ∂ₜu = v,  ∂ₜv = c² Δu − m² u.

Waves with a rest frequency: ω² = c² k² + m², so long waves oscillate in place, short ones travel,
and pulses spread.
Parameters: c, speed of short waves [L/T]; m, rest frequency [1/T].
States: u, field [U]; v, its rate [U/T].
Diagnostics (densities, to be averaged over the box): energy is kept.
Source: Klein (1926), doi:10.1007/BF01397481; Gordon (1926), doi:10.1007/BF01390840.
"""

import math

import sympy

from physics.fields import RandomFourier
from physics.jets import fields, grad, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import periodic


def system(dim: int = 1) -> System:
    """Massive waves in one to three dimensions."""
    box = periodic(2 * math.pi, dim)
    (u, v), c, m = fields("u v"), symbol("c"), symbol("m")
    slope = sympy.Add(*(s**2 for s in grad(u, dim)))
    return System(
        name="klein_gordon",
        states=[State(name="u", unit="U"), State(name="v", unit="U/T")],
        equations={"u": v, "v": c**2 * laplacian(u, dim) - m**2 * u},
        parameters=[
            Parameter("c", 1.0, low=0.3, high=2, unit="L/T", description="speed of short waves"),
            Parameter(
                "m", 1.0, low=0.1, high=4, log=True, unit="1/T", description="rest frequency"
            ),
        ],
        initial=RandomFourier(modes=5, amplitude={"u": (0.5, 1.0)}),
        horizon=6.0,
        diagnostics={"energy": v**2 / 2 + c**2 * slope / 2 + m**2 * u**2 / 2},
        **box,
    )
