"""Heat equation: ∂ₜu = κ Δu.

Whatever the start, it smooths: the mode of wavenumber k decays as exp(−κ k² t), and the mean stays.
Parameters: kappa, diffusivity κ [L²/T].   State: u, temperature [U].
Diagnostics (densities, to be averaged over the box): mass is kept, energy falls.
Source: Fourier (1822), Théorie analytique de la chaleur.
"""

import math

from physics.fields import RandomFourier
from physics.jets import fields, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import periodic


def system(dim: int = 1) -> System:
    """Diffusion in one to three dimensions."""
    box = periodic(2 * math.pi, dim)
    (u,), kappa = fields("u"), symbol("kappa")
    return System(
        name="heat",
        states=[State(name="u", unit="U")],
        equations={"u": kappa * laplacian(u, dim)},
        parameters=[
            Parameter(
                "kappa", 0.1, low=1e-3, high=1, log=True, unit="L²/T", description="diffusivity"
            )
        ],
        initial=RandomFourier(modes=5, amplitude=(0.5, 1.0), offset=(-0.5, 0.5)),
        horizon=2.0,
        diagnostics={"mass": u, "energy": u**2 / 2},
        **box,
    )
