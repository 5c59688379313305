"""Sine-Gordon: ∂ₜu = v,  ∂ₜv = c² Δu − m² sin(u).

A row of pendulums joined by a twisting wire: small swings are waves, large ones run around as kinks
and breathers.
Parameters: c, speed of short waves [L/T]; m, frequency of small swings [1/T].
States: u, angle [-]; v, its rate [1/T].
Diagnostics (densities, to be averaged over the box): energy is kept.
Source: Frenkel and Kontorova (1939), On the theory of plastic deformation and twinning, Journal of
Physics (USSR) 1, 137.
"""

import sympy

from physics.fields import RandomFourier
from physics.jets import fields, grad, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import periodic


def system(dim: int = 1) -> System:
    """Coupled pendulums in one to three dimensions."""
    box = periodic(20.0, dim)
    (u, v), c, m = fields("u v"), symbol("c"), symbol("m")
    slope = sympy.Add(*(s**2 for s in grad(u, dim)))
    return System(
        name="sine_gordon",
        states=[State(name="u", unit="-"), State(name="v", unit="1/T")],
        equations={"u": v, "v": c**2 * laplacian(u, dim) - m**2 * sympy.sin(u)},
        parameters=[
            Parameter("c", 1.0, low=0.5, high=2, unit="L/T", description="speed of short waves"),
            Parameter(
                "m", 1.0, low=0.5, high=2, unit="1/T", description="frequency of small swings"
            ),
        ],
        initial=RandomFourier(modes=3, amplitude={"u": (1.0, 3.0), "v": (0.0, 1.0)}),
        horizon=10.0,
        diagnostics={"energy": v**2 / 2 + c**2 * slope / 2 + m**2 * (1 - sympy.cos(u))},
        **box,
    )
