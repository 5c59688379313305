"""Swift-Hohenberg: ∂ₜu = r u − (1 + Δ)² u + g u² − u³.

Convection just past onset: waves of length 2π grow and order themselves into stripes (g = 0) or
hexagons (g ~ 1), with defects that heal slowly.
Parameters: r, distance from onset [-]; g, asymmetry of up and down [-].   State: u, convection [-].
Diagnostics (densities, to be averaged over the box): energy falls.
Source: Swift and Hohenberg (1977), doi:10.1103/PhysRevA.15.319.
"""

import math

from physics.fields import RandomFourier
from physics.jets import expand_fluxes, fields, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import periodic

_WAVES = {1: 8, 2: 6, 3: 3}


def system(dim: int = 1) -> System:
    """Stripes and hexagons in one to three dimensions."""
    box = periodic({d: 2 * math.pi * n for d, n in _WAVES.items()}, dim, space="-", time="-")
    (u,), r, g = fields("u"), symbol("r"), symbol("g")
    once = laplacian(u, dim)
    twice = expand_fluxes(laplacian(once, dim))
    return System(
        name="swift_hohenberg",
        states=[State(name="u", unit="-")],
        equations={"u": r * u - u - 2 * once - twice + g * u**2 - u**3},
        parameters=[
            Parameter("r", 0.3, low=0.05, high=0.8, unit="-", description="distance from onset"),
            Parameter("g", 0.5, low=0, high=1.5, unit="-", description="asymmetry"),
        ],
        initial=RandomFourier(modes=2 * _WAVES[dim], amplitude=(0.2, 0.6)),
        horizon=30.0,
        diagnostics={"energy": (u + once) ** 2 / 2 - r * u**2 / 2 - g * u**3 / 3 + u**4 / 4},
        **box,
    )
