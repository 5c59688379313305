"""Magnetohydrodynamics in the plane: ∂ₜω = −(u·∇) ω + (b·∇) j + ν Δω,  ∂ₜa = −(u·∇) a + η Δa,
u = (−∂_y Δ⁻¹ω, ∂_x Δ⁻¹ω),  b = (∂_y a, −∂_x a),  j = −Δa.

A conducting fluid carries its magnetic field lines and is pulled by them: sheets of current form,
thin out and reconnect.
Parameters: nu, viscosity ν [L²/T]; eta, resistivity η [L²/T].
States: omega, vorticity ω [1/T]; a, magnetic potential in units of velocity [L²/T].
Diagnostics (densities, to be averaged over the box): energy falls; helicity ω a
(cross-helicity) and potential a²/2 are kept without ν and η.
Source: Orszag and Tang (1979), doi:10.1017/S002211207900210X.
"""

import math

import sympy

from physics.fields import RandomFourier
from physics.jets import Jet, advect, expand_fluxes, fields, inverse_laplacian, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import periodic


def system() -> System:
    """Current sheets in two dimensions."""
    (omega, a), nu, eta = fields("omega a"), symbol("nu"), symbol("eta")
    velocity = (-inverse_laplacian(Jet("omega", "y")), inverse_laplacian(Jet("omega", "x")))
    field = (Jet("a", "y"), -Jet("a", "x"))
    pull = -expand_fluxes(advect(field, laplacian(a, 2)))
    return System(
        name="mhd2d",
        states=[State(name="omega", unit="1/T"), State(name="a", unit="L²/T")],
        equations={
            "omega": -advect(velocity, omega) + pull + nu * laplacian(omega, 2),
            "a": -advect(velocity, a) + eta * laplacian(a, 2),
        },
        parameters=[
            Parameter(
                "nu", 0.03, low=0.02, high=0.1, log=True, unit="L²/T", description="viscosity"
            ),
            Parameter(
                "eta", 0.03, low=0.02, high=0.1, log=True, unit="L²/T", description="resistivity"
            ),
        ],
        initial=RandomFourier(modes=2, amplitude={"omega": (2.0, 4.0), "a": (0.5, 1.0)}),
        horizon=2.0,
        diagnostics={
            "energy": sympy.Add(*(s**2 for s in (*velocity, *field))) / 2,
            "helicity": omega * a,
            "potential": a**2 / 2,
        },
        **periodic(2 * math.pi, 2),
    )
