"""Schrödinger, ψ = u + iv: i ∂ₜψ = −c Δψ, with cubic=True i ∂ₜψ = −c Δψ + g |ψ|² ψ.

Wave packets travel with the velocity 2 c k, spread and interfere. The cubic term repels (g > 0) or
focuses (g < 0), which in one dimension makes solitons. In real terms
∂ₜu = −c Δv + g |ψ|² v,  ∂ₜv = c Δu − g |ψ|² u.
Parameters: c, ħ/2m [L²/T]; g, self-interaction [Lᵈ/T], with cubic=True.
States: u, v, real and imaginary part of ψ [L^(−d/2)].
Diagnostics (densities, to be averaged over the box): mass |ψ|² and energy are kept.
Source: Schrödinger (1926), doi:10.1103/PhysRev.28.1049.
"""

import math

import sympy

from physics.fields import Packets
from physics.jets import fields, grad, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import check_option, periodic


def system(dim: int = 1, cubic: bool = False) -> System:
    """Wave packets in one to three dimensions."""
    box = periodic(4 * math.pi, dim)
    check_option("cubic", cubic, (False, True))
    (u, v), c, g = fields("u v"), symbol("c"), symbol("g") if cubic else sympy.Integer(0)
    square = u**2 + v**2
    slope = sympy.Add(*(s**2 for f in (u, v) for s in grad(f, dim)))
    parameters = [Parameter("c", 0.5, low=0.1, high=1, unit="L²/T", description="ħ/2m")]
    if cubic:
        parameters.append(
            Parameter(
                "g",
                1.0,
                low=-1 if dim == 1 else 0,
                high=2,
                unit=f"L^{dim}/T",
                description="self-interaction",
            )
        )
    return System(
        name="schroedinger",
        states=[State(name="u", unit=f"L^(-{dim}/2)"), State(name="v", unit=f"L^(-{dim}/2)")],
        equations={
            "u": -c * laplacian(v, dim) + g * square * v,
            "v": c * laplacian(u, dim) - g * square * u,
        },
        parameters=parameters,
        initial=Packets(count=(1, 2), height=(0.5, 1.0), width=(0.6, 1.2), waves=6),
        horizon=4.0,
        diagnostics={"mass": square, "energy": c * slope + g * square**2 / 2},
        **box,
    )
