"""Lotka-Volterra: x′ = α x − β x y,  y′ = γ x y − δ y.

Prey x and predator y chase each other on closed orbits around (δ/γ, α/β): no limit cycle, every
start has its own orbit. V = γ x − δ ln(γ x/δ) + β y − α ln(β y/α) stays constant.
Parameters: alpha, growth of the prey α [1/T]; beta, predation β [1/(predator·T)]; gamma, growth of
the predator by predation γ [1/(prey·T)]; delta, death of the predator δ [1/T].
States: x, prey [prey]; y, predator [predator].
Source: Lotka (1920), doi:10.1073/pnas.6.7.410; Volterra (1926), doi:10.1038/118558a0; values
of Podina, Eastman, Kohandel (2023), arXiv:2212.04630.
"""

import sympy

from physics.initial import Uniform
from physics.jets import fields, symbol
from physics.symbols import Parameter, State
from physics.system import System


def system() -> System:
    """Prey and predator."""
    x, y = fields("x y")
    alpha, beta, gamma, delta = map(symbol, ("alpha", "beta", "gamma", "delta"))
    return System(
        name="lotka_volterra",
        states=[State(name="x", unit="prey", low=0), State(name="y", unit="predator", low=0)],
        equations={
            "x": alpha * x - beta * x * y,
            "y": gamma * x * y - delta * y,
        },
        parameters=[
            Parameter("alpha", 1.3, low=0, high=10, unit="1/T", description="growth of the prey"),
            Parameter("beta", 0.9, low=0, high=10, unit="1/(predator·T)", description="predation"),
            Parameter("gamma", 0.8, low=0, high=10, unit="1/(prey·T)", description="conversion"),
            Parameter("delta", 1.8, low=0, high=10, unit="1/T", description="predator death"),
        ],
        initial=Uniform(low={"x": 0.4, "y": 0.5}, high={"x": 4.0, "y": 5.0}),
        horizon=3.0,
        diagnostics={
            "invariant": gamma * x
            - delta * sympy.log(gamma * x / delta)
            + beta * y
            - alpha * sympy.log(beta * y / alpha)
        },
        units={"t": "T"},
    )
