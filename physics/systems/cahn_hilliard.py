"""Cahn-Hilliard: ∂ₜu = M Δ(u³ − u − γ Δu).

A quenched alloy unmixes: ripples of wavenumber 1/√(2γ) grow into domains u = ±1, parted by walls of
width ~√(2γ), which coarsen ever more slowly while the mean stays.
Parameters: M, mobility [L²/T]; gamma, gradient energy γ [L²].   State: u, composition [-].
Diagnostics (densities, to be averaged over the box): mass is kept, energy falls.
Source: Cahn and Hilliard (1958), doi:10.1063/1.1744102.
"""

import math

import sympy

from physics.fields import RandomFourier
from physics.jets import expand_fluxes, fields, grad, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import periodic


def system(dim: int = 1) -> System:
    """Unmixing in one to three dimensions."""
    box = periodic(2 * math.pi, dim)
    (u,), mobility, gamma = fields("u"), symbol("M"), symbol("gamma")
    slope = sympy.Add(*(s**2 for s in grad(u, dim)))
    once = laplacian(u, dim)
    twice = expand_fluxes(laplacian(once, dim))
    return System(
        name="cahn_hilliard",
        states=[State(name="u", unit="-")],
        equations={
            "u": mobility * laplacian(u**3, dim) - mobility * once - mobility * gamma * twice
        },
        parameters=[
            Parameter("M", 1.0, low=0.5, high=2, unit="L²/T", description="mobility"),
            Parameter(
                "gamma",
                0.02,
                low=0.01,
                high=0.05,
                log=True,
                unit="L²",
                description="gradient energy",
            ),
        ],
        initial=RandomFourier(modes=8, amplitude=0.1, offset=(-0.3, 0.3)),
        horizon=2.0,
        diagnostics={"mass": u, "energy": (1 - u**2) ** 2 / 4 + gamma * slope / 2},
        **box,
    )
