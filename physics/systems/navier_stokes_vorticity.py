"""Navier-Stokes in the plane, vorticity ω: ∂ₜω = −(u·∇) ω + ν Δω − μ ω − n f cos(n y),
u = (−∂_y Δ⁻¹ω, ∂_x Δ⁻¹ω).

Vortices of one sign merge into larger ones while filaments thin out and die. Kolmogorov's force
f sin(n y) along x, n = `forcing`, keeps it going: bands that break up into chaos. forcing=0: decay;
drag=True adds the friction μ, which takes what gathers at the largest scale.
Parameters: nu, viscosity ν [1/T]; f, force [1/T²], unless forcing=0; mu, drag μ [1/T], if drag.
State: omega, vorticity ω [1/T].   The coordinates x, y are angles [-] (lengths over L/2π).
Diagnostics (densities, to be averaged over the box): circulation is kept; energy, enstrophy.
Source: Boffetta and Ecke (2012), doi:10.1146/annurev-fluid-120710-101240.
"""

import math

import sympy

from physics.fields import RandomFourier
from physics.jets import Jet, advect, coordinate, fields, inverse_laplacian, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import check_option, periodic


def system(forcing: int = 4, drag: bool = False) -> System:
    """Flow in two dimensions; forcing is the wavenumber n, 0 to 8."""
    check_option("forcing", forcing, range(9))
    check_option("drag", drag, (False, True))
    (omega,) = fields("omega")
    velocity = (-inverse_laplacian(Jet("omega", "y")), inverse_laplacian(Jet("omega", "x")))
    rate = -advect(velocity, omega) + symbol("nu") * laplacian(omega, 2)
    parameters = [
        Parameter("nu", 0.02, low=0.01, high=0.1, log=True, unit="1/T", description="viscosity")
    ]
    if drag:
        rate -= symbol("mu") * omega
        parameters.append(Parameter("mu", 0.1, low=0, high=0.5, unit="1/T", description="drag"))
    if forcing:
        rate -= forcing * symbol("f") * sympy.cos(forcing * coordinate("y"))
        parameters.append(Parameter("f", 0.5, low=0.1, high=1, unit="1/T²", description="force"))
    return System(
        name="navier_stokes_vorticity",
        states=[State(name="omega", unit="1/T")],
        equations={"omega": rate},
        parameters=parameters,
        initial=RandomFourier(modes=5, amplitude=(2.0, 4.0)),
        horizon=10.0,
        diagnostics={
            "circulation": omega,
            "energy": sympy.Add(*(u**2 for u in velocity)) / 2,
            "enstrophy": omega**2 / 2,
        },
        **periodic(2 * math.pi, 2, space="-"),
    )
