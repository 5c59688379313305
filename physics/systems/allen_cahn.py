"""Allen-Cahn: ∂ₜu = κ Δu + r (u − u³).

Two phases, u = 1 and u = −1, grow out of noise and are parted by walls of width ~√(2κ/r), which
move by their curvature: small domains shrink and vanish.
Parameters: kappa, diffusivity κ [L²/T]; r, rate of separation [1/T].   State: u, phase [-].
Diagnostics (densities, to be averaged over the box): energy [1/T] falls.
Source: Allen and Cahn (1979), doi:10.1016/0001-6160(79)90196-2.
"""

import math

import sympy

from physics.fields import RandomFourier
from physics.jets import fields, grad, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import periodic


def system(dim: int = 1) -> System:
    """Moving phase boundaries in one to three dimensions."""
    box = periodic(2 * math.pi, dim)
    (u,), kappa, r = fields("u"), symbol("kappa"), symbol("r")
    slope = sympy.Add(*(s**2 for s in grad(u, dim)))
    return System(
        name="allen_cahn",
        states=[State(name="u", unit="-")],
        equations={"u": kappa * laplacian(u, dim) + r * (u - u**3)},
        parameters=[
            Parameter(
                "kappa", 0.02, low=0.01, high=0.1, log=True, unit="L²/T", description="diffusivity"
            ),
            Parameter("r", 1.0, low=0.5, high=2, unit="1/T", description="rate of separation"),
        ],
        initial=RandomFourier(modes=5, amplitude=(0.3, 0.9)),
        horizon=10.0,
        diagnostics={"energy": kappa * slope / 2 + r * (u**2 - 1) ** 2 / 4},
        **box,
    )
