"""Viscous Burgers: ∂ₜu = −(u·∇) u + ν Δu, or with conservative=True ∂ₜu = −∇(|u|²/2) + ν Δu.

Waves steepen into shocks of width ~ν/|u|, which merge and decay. Both forms are the same equation
in one dimension, and for gradients u = ∇φ (which the conservative form starts from) in all.
Parameters: nu, kinematic viscosity ν [L²/T].   States: u (v, w), velocity [L/T].
Diagnostics (densities, to be averaged over the box): momentum (kept in one dimension and by the
conservative form), energy falls.
Source: Burgers (1948), doi:10.1016/S0065-2156(08)70100-5.
"""

import math

import sympy

from physics.fields import RandomFourier
from physics.jets import advect, derivative, fields, laplacian, symbol
from physics.names import COORDINATES
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import check_option, periodic

_LEAST = {1: 0.02, 2: 0.02, 3: 0.05}


def system(dim: int = 1, conservative: bool = False) -> System:
    """Waves that steepen in one to three dimensions."""
    box = periodic(2 * math.pi, dim)
    check_option("conservative", conservative, (False, True))
    velocity, nu = fields("u v w", dim), symbol("nu")
    energy = sympy.Add(*(u**2 for u in velocity)) / 2
    steepening = {
        u: derivative(energy, along) if conservative else advect(velocity, u)
        for u, along in zip(velocity, COORDINATES, strict=False)
    }
    part = "gradient" if conservative and dim > 1 else ""
    return System(
        name="burgers",
        states=[State(name=u.name, unit="L/T") for u in velocity],
        equations={u.name: -steepening[u] + nu * laplacian(u, dim) for u in velocity},
        parameters=[
            Parameter(
                "nu",
                0.05,
                low=_LEAST[dim],
                high=0.5,
                log=True,
                unit="L²/T",
                description="viscosity",
            )
        ],
        initial=RandomFourier(modes=5 if dim == 1 else 3, amplitude=(0.4, 1.0), part=part),
        horizon=2.0,
        diagnostics={"momentum": velocity[0], "energy": energy},
        **box,
    )
