"""Cell apoptosis: x′ = k₀ − v₂ − k_d x,  y′ = v₁ − v₋₁ − v₋₃,  z′ = −y′, with the rates
v₁ = k₁ z (j₁ + y),  v₋₁ = k₋₁ y / (j₋₁ + y),  v₂ = k₂ x y / (j₂ + x),  v₋₃ = k₋₃ x y / (j₋₃ + y).

A switch with saturated rates: y is fed from z and removed by x, and stays two to three orders of
magnitude below x. y + z never changes.
Parameters: k0 [C/T], kd [1/T], k1 [1/(C·T)], j1 [C], km1 [C/T], jm1 [C], k2 [1/T], j2 [C],
km3 [1/T], jm3 [C].   States: x, y, z, concentrations [C].
Source: Podina, Eastman, Kohandel (2023), arXiv:2212.04630.
"""

from physics.initial import Uniform
from physics.jets import fields, symbol
from physics.symbols import Parameter, State
from physics.system import System

_CONSTANTS = {
    "k0": (0.1, "C/T", "production of x"),
    "kd": (0.05, "1/T", "decay of x"),
    "k1": (0.6, "1/(C·T)", "rate of z to y"),
    "j1": (0.1, "C", "offset of z to y"),
    "km1": (0.2, "C/T", "rate of y to z"),
    "jm1": (0.1, "C", "saturation of y to z"),
    "k2": (0.4, "1/T", "removal of x by y"),
    "j2": (0.1, "C", "saturation of the removal of x"),
    "km3": (7.05, "1/T", "removal of y by x"),
    "jm3": (2.0, "C", "saturation of the removal of y"),
}


def system() -> System:
    """Switch with saturated rates."""
    x, y, z = fields("x y z")
    k0, kd, k1, j1, km1, jm1, k2, j2, km3, jm3 = map(symbol, _CONSTANTS)
    v1 = k1 * z * (j1 + y)
    back1 = km1 * y / (jm1 + y)
    v2 = k2 * x * y / (j2 + x)
    back3 = km3 * x * y / (jm3 + y)
    return System(
        name="apoptosis",
        states=[State(name=name, unit="C", low=0) for name in "xyz"],
        equations={
            "x": k0 - v2 - kd * x,
            "y": v1 - back1 - back3,
            "z": -v1 + back1 + back3,
        },
        parameters=[
            Parameter(name, value, low=0, unit=unit, description=description)
            for name, (value, unit, description) in _CONSTANTS.items()
        ],
        initial=Uniform(
            low={"x": 0.2, "y": 0.08, "z": 0.002}, high={"x": 0.3, "y": 0.12, "z": 0.0035}
        ),
        horizon=400.0,
        diagnostics={"total": y + z},
        units={"t": "T"},
    )
