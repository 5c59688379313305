"""Incompressible Navier-Stokes, velocity u: ∂ₜu = −P[∇·(u uᵀ)] + ν Δu + f sin(n y) e_x,  ∇·u = 0.

P (`leray`) takes out the part that the pressure balances. Large eddies hand energy to smaller ones
until viscosity ends it; in three dimensions by stretching vortices, in two they merge instead.
forcing=n (0: decay) adds Kolmogorov's force, which keeps it going.
Parameters: nu, viscosity ν [1/T]; f, force [1/T²], if forcing.
States: u, v, w, velocity [1/T].   The coordinates x, y, z are angles [-] (lengths over L/2π).
Diagnostics (densities, to be averaged over the box): energy, enstrophy.
Source: Taylor and Green (1937), doi:10.1098/rspa.1937.0036.
"""

import math

import sympy

from physics.fields import RandomFourier
from physics.jets import coordinate, curl, div, fields, laplacian, leray, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import check_option, periodic


def system(dim: int = 3, forcing: int = 0) -> System:
    """Flow in two or three dimensions; forcing is the wavenumber n, 0 to 8."""
    box = periodic(2 * math.pi, dim, dims=(2, 3), space="-")
    check_option("forcing", forcing, range(9))
    velocity, nu = fields("u v w", dim), symbol("nu")
    carried = [div([v * u for v in velocity]) for u in velocity]
    equations = {
        u.name: -leray(sympy.Integer(k), *carried) + nu * laplacian(u, dim)
        for k, u in enumerate(velocity)
    }
    parameters = [
        Parameter("nu", 0.02, low=0.01, high=0.2, log=True, unit="1/T", description="viscosity")
    ]
    if forcing:
        equations["u"] += symbol("f") * sympy.sin(forcing * coordinate("y"))
        parameters.append(Parameter("f", 0.5, low=0.1, high=1, unit="1/T²", description="force"))
    return System(
        name="navier_stokes_velocity",
        states=[State(name=u.name, unit="1/T") for u in velocity],
        equations=equations,
        parameters=parameters,
        initial=RandomFourier(modes=3, amplitude=(0.5, 1.5), part="divergence_free"),
        horizon=5.0,
        diagnostics={
            "energy": sympy.Add(*(u**2 for u in velocity)) / 2,
            "enstrophy": sympy.Add(*(c**2 for c in curl(velocity))) / 2,
        },
        **box,
    )
