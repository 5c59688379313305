"""Scalar conservation law: ∂ₜu = −∂ₓ f(u) + ν ∂ₓₓu, without the last term for viscous=False.

f is k u ("linear"), k u²/2 ("burgers"), k u³ ("cubic"), k sin(u) ("sine") or k cos(u) ("cosine").
Smooth starts steepen where f″ ≠ 0; without viscosity they break into shocks and rarefactions, and,
where f″ changes sign, into both at once.
Parameters: k, speed [L/T]; nu, viscosity ν [L²/T], if viscous.   State: u, what is kept [-].
Diagnostics (densities, to be averaged over the box): mass is kept, energy falls.
Source: LeVeque (2002), Finite Volume Methods for Hyperbolic Problems,
doi:10.1017/CBO9780511791253; as a family for learning: PROSE-PDE, arXiv:2404.12355.
"""

from collections.abc import Callable

import sympy

from physics.fields import RandomFourier
from physics.jets import derivative, fields, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import check_option, periodic

FLUXES: dict[str, Callable[[sympy.Expr], sympy.Expr]] = {
    "linear": lambda u: u,
    "burgers": lambda u: u**2 / 2,
    "cubic": lambda u: u**3,
    "sine": sympy.sin,
    "cosine": sympy.cos,
}


def system(flux: str = "burgers", viscous: bool = True) -> System:
    """One conserved field in one dimension."""
    check_option("flux", flux, list(FLUXES))
    check_option("viscous", viscous, (False, True))
    (u,), k, nu = fields("u"), symbol("k"), symbol("nu")
    steepening = -derivative(k * FLUXES[flux](u), "x")
    parameters = [Parameter("k", 1.0, low=0.5, high=1.5, unit="L/T", description="speed")]
    if viscous:
        parameters.append(
            Parameter(
                "nu", 0.02, low=0.01, high=0.1, log=True, unit="L²/T", description="viscosity"
            )
        )
    return System(
        name="conservation_law",
        states=[State(name="u", unit="-")],
        equations={"u": steepening + nu * laplacian(u, 1) if viscous else steepening},
        parameters=parameters,
        initial=RandomFourier(modes=3, amplitude=(0.4, 0.8), offset=(-0.2, 0.2)),
        horizon=2.0,
        diagnostics={"mass": u, "energy": u**2 / 2},
        **periodic(2.0, 1),
    )
