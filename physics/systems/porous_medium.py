"""Porous medium equation: ∂ₜu = κ Δ(uᵐ).

Gas seeps through sand: diffusion that grows with density, so crests flatten fast and feet creep
with steep edges. From a small background density, so that edges stay smooth.
Parameters: kappa, diffusivity at u = 1 over m [L²/T]; the exponent m is a keyword of `system`.
State: u, density [-].
Diagnostics (densities, to be averaged over the box): mass is kept, energy falls.
Source: Vázquez (2007), The Porous Medium Equation,
doi:10.1093/acprof:oso/9780198569039.001.0001.
"""

import math

from physics.fields import Bumps
from physics.jets import fields, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import check_option, periodic


def system(m: int = 2, dim: int = 1) -> System:
    """Seeping gas; m from 2 to 6, one to three dimensions."""
    box = periodic(2 * math.pi, dim)
    check_option("m", m, range(2, 7))
    (u,), kappa = fields("u"), symbol("kappa")
    return System(
        name="porous_medium",
        states=[State(name="u", unit="-", low=0)],
        equations={"u": kappa * laplacian(u**m, dim)},
        parameters=[
            Parameter(
                "kappa", 0.1, low=0.02, high=0.5, log=True, unit="L²/T", description="diffusivity"
            )
        ],
        initial=Bumps(count=(1, 3), height=(0.5, 1.0), width=(0.4, 0.8), offset=0.2),
        horizon=2.0,
        diagnostics={"mass": u, "energy": u**2 / 2},
        **box,
    )
