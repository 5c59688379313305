"""Pendulum, damped: θ′ = ω,  ω′ = −γ ω − ω₀² sin θ.

Swings around θ = 0 that slow down near the top; with enough energy it turns over. Without damping
(γ = 0) the energy ω²/2 + ω₀² (1 − cos θ) is conserved.
Parameters: gamma, damping γ [1/T]; omega0, frequency of small swings ω₀ [1/T].
States: theta, angle from below θ [-]; omega, angular velocity ω [1/T].
Source: Huygens (1673), Horologium Oscillatorium.
"""

import sympy

from physics.initial import Uniform
from physics.jets import fields, symbol
from physics.symbols import Parameter, State
from physics.system import System


def system() -> System:
    """Rigid pendulum with linear damping."""
    theta, omega = fields("theta omega")
    gamma, omega0 = symbol("gamma"), symbol("omega0")
    return System(
        name="pendulum",
        states=[State(name="theta", unit="-"), State(name="omega", unit="1/T")],
        equations={
            "theta": omega,
            "omega": -gamma * omega - omega0**2 * sympy.sin(theta),
        },
        parameters=[
            Parameter("gamma", 0.1, low=0, high=10, unit="1/T", description="damping"),
            Parameter("omega0", 1.0, low=0, high=100, unit="1/T", description="small swings"),
        ],
        initial=Uniform(low={"theta": -2.5, "omega": -1.5}, high={"theta": 2.5, "omega": 1.5}),
        horizon=20.0,
        diagnostics={"energy": omega**2 / 2 + omega0**2 * (1 - sympy.cos(theta))},
        units={"t": "T"},
    )
