"""Duffing, driven: x′ = v,  v′ = −δ v − α x − β x³ + γ cos(ω t).

A damped particle in two wells (α < 0 < β) that is shaken: it settles in one well, or hops between
both without period at the default forcing.
Parameters: alpha, linear stiffness α [1/T²]; beta, cubic stiffness β [1/(L²·T²)]; delta, damping
δ [1/T]; gamma, forcing γ [L/T²]; omega, frequency of the forcing ω [1/T].
States: x, position [L]; v, velocity [L/T].
Source: Guckenheimer and Holmes (1983), section 2.2, doi:10.1007/978-1-4612-1140-2.
"""

import sympy

from physics.initial import Uniform
from physics.jets import coordinate, fields, symbol
from physics.symbols import Parameter, State
from physics.system import System


def system() -> System:
    """Shaken particle in two wells; time occurs explicitly."""
    x, v = fields("x v")
    t = coordinate("t")
    names = ("alpha", "beta", "delta", "gamma", "omega")
    alpha, beta, delta, gamma, omega = map(symbol, names)
    return System(
        name="duffing",
        states=[State(name="x", unit="L"), State(name="v", unit="L/T")],
        equations={
            "x": v,
            "v": -delta * v - alpha * x - beta * x**3 + gamma * sympy.cos(omega * t),
        },
        parameters=[
            Parameter("alpha", -1.0, unit="1/T²", description="linear stiffness"),
            Parameter("beta", 1.0, low=0, unit="1/(L²·T²)", description="cubic stiffness"),
            Parameter("delta", 0.3, low=0, unit="1/T", description="damping"),
            Parameter("gamma", 0.5, low=0, unit="L/T²", description="forcing"),
            Parameter("omega", 1.2, low=0, unit="1/T", description="frequency of the forcing"),
        ],
        initial=Uniform(low={"x": -1.5, "v": -1.0}, high={"x": 1.5, "v": 1.0}),
        horizon=50.0,
        units={"t": "T"},
    )
