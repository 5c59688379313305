"""Advection and diffusion: ∂ₜu = −c·∇u + κ Δu.

The start moves with the velocity c and smooths on its way.
Parameters: cx (and cy, cz in more dimensions), components of the velocity c [L/T]; kappa,
diffusivity κ [L²/T].   State: u, what is carried [U].
Diagnostics (densities, to be averaged over the box): mass is kept, energy falls.
Source: Crank (1975), The Mathematics of Diffusion, Oxford University Press.
"""

import math

from physics.fields import RandomFourier
from physics.jets import advect, fields, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import periodic


def system(dim: int = 1) -> System:
    """Transport and smoothing in one to three dimensions."""
    box = periodic(2 * math.pi, dim)
    (u,), wind = fields("u"), ["cx", "cy", "cz"][:dim]
    return System(
        name="advection_diffusion",
        states=[State(name="u", unit="U")],
        equations={
            "u": -advect([symbol(c) for c in wind], u) + symbol("kappa") * laplacian(u, dim)
        },
        parameters=[
            *(
                Parameter(
                    c, value, low=-2, high=2, unit="L/T", description=f"velocity along {c[1]}"
                )
                for c, value in zip(wind, (0.5, 0.3, 0.2), strict=False)
            ),
            Parameter(
                "kappa", 0.02, low=1e-3, high=1, log=True, unit="L²/T", description="diffusivity"
            ),
        ],
        initial=RandomFourier(modes=5, amplitude=(0.5, 1.0)),
        horizon=4.0,
        diagnostics={"mass": u, "energy": u**2 / 2},
        **box,
    )
