"""Fokker-Planck on a ring: ∂ₜp = −∂ₓ(a sin(x) p) + κ ∂ₓₓp, the potential being a cos(x).

Where noisy particles are that slide down a cosine: whatever the start, the density settles at
p ∝ exp(−a cos(x)/κ), with its crest at x = π.
Parameters: a, strength of the potential [1/T]; kappa, diffusivity κ [1/T].
State: p, probability density per angle [-].   The coordinate x is an angle [-].
Diagnostics (densities, to be averaged over the box): mass is kept (its average is 1/2π).
Source: Risken (1989), The Fokker-Planck Equation, ch. 11, doi:10.1007/978-3-642-61544-3.
"""

import math

import sympy

from physics.fields import Density
from physics.jets import coordinate, derivative, fields, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import periodic


def system() -> System:
    """Noisy particles in a cosine."""
    (p,), a, kappa = fields("p"), symbol("a"), symbol("kappa")
    drift = a * sympy.sin(coordinate("x"))
    return System(
        name="fokker_planck",
        states=[State(name="p", unit="-", low=0)],
        equations={"p": -derivative(drift * p, "x") + kappa * laplacian(p, 1)},
        parameters=[
            Parameter(
                "a", 1.0, low=0.2, high=3, unit="1/T", description="strength of the potential"
            ),
            Parameter(
                "kappa", 0.5, low=0.1, high=2, log=True, unit="1/T", description="diffusivity"
            ),
        ],
        initial=Density(modes=3, contrast=(0.5, 2.0)),
        horizon=2.0,
        diagnostics={"mass": p},
        **periodic(2 * math.pi, 1, space="-"),
    )
