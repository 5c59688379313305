"""Burgers with a source, through an open tube: ∂ₜu = −∂ₓ(u²/2) + q exp(μ₂ x), u = μ₁ at the inlet.

From u = 1 the inflow drives a shock to the right, which moves with the mean of the speeds on its
sides, while the source lifts the state, most at the outlet.
Parameters: q, strength of the source [L/T²]; mu1, inflow velocity μ₁ [L/T]; mu2, growth of the
source along the tube μ₂ [1/L].   State: u, velocity [L/T].
Diagnostics (densities, to be averaged over the box): momentum, energy.
Source: Rewieński and White (2003), doi:10.1109/TCAD.2002.806601; values of Φ-ROM, arXiv:2505.14595.
"""

import sympy

from physics.boundary import Condition
from physics.domain import Box
from physics.fields import Steps
from physics.jets import coordinate, derivative, fields, symbol
from physics.symbols import Parameter, State
from physics.system import System


def system() -> System:
    """A driven shock between an inlet and an outlet."""
    (u,), q, mu1, mu2 = fields("u"), *map(symbol, ("q", "mu1", "mu2"))
    return System(
        name="burgers_source",
        states=[State(name="u", unit="L/T", low=0)],
        equations={"u": -derivative(u**2 / 2, "x") + q * sympy.exp(mu2 * coordinate("x"))},
        parameters=[
            Parameter(
                "q", 0.02, low=0, high=0.1, unit="L/T²", description="strength of the source"
            ),
            Parameter("mu1", 4.25, low=2, high=6, unit="L/T", description="inflow velocity"),
            Parameter("mu2", 0.021, low=0.01, high=0.035, unit="1/L", description="source growth"),
        ],
        domain=Box(low=(0,), high=(100,), kinds=("outflow",)),
        boundary={"x-": Condition("inflow", mu1), "x+": Condition("outflow")},
        initial=Steps(jumps=0, level=1.0),
        horizon=14.0,
        diagnostics={"momentum": u, "energy": u**2 / 2},
        units={"t": "T", "x": "L"},
    )
