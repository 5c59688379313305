"""Advection: ∂ₜu = −c·∇u.

The start moves with the velocity c and keeps its shape.
Parameters: cx (and cy, cz in more dimensions), components of the velocity c [L/T].
State: u, what is carried [U].
Diagnostics (densities, to be averaged over the box): mass and energy are kept.
Source: LeVeque (2002), Finite Volume Methods for Hyperbolic Problems, ch. 2,
doi:10.1017/CBO9780511791253.
"""

import math

from physics.fields import RandomFourier
from physics.jets import advect, fields, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import periodic


def system(dim: int = 1) -> System:
    """Transport by a constant wind in one to three dimensions."""
    box = periodic(2 * math.pi, dim)
    (u,), wind = fields("u"), ["cx", "cy", "cz"][:dim]
    return System(
        name="advection",
        states=[State(name="u", unit="U")],
        equations={"u": -advect([symbol(c) for c in wind], u)},
        parameters=[
            Parameter(c, value, low=-2, high=2, unit="L/T", description=f"velocity along {c[1]}")
            for c, value in zip(wind, (0.5, 0.3, 0.2), strict=False)
        ],
        initial=RandomFourier(modes=5, amplitude=(0.5, 1.0)),
        horizon=4.0,
        diagnostics={"mass": u, "energy": u**2 / 2},
        **box,
    )
