"""Rössler: x′ = −y − z,  y′ = x + a y,  z′ = b + z (x − c).

A spiral in the plane of x and y that z folds back now and then: chaos with one band. Period
doubling leads to it as c grows.
Parameters: a, b, c [-].   States: x, y, z [-].
Source: Rössler (1976), doi:10.1016/0375-9601(76)90101-8.
"""

from physics.initial import Uniform
from physics.jets import fields, symbol
from physics.symbols import Parameter, State
from physics.system import System


def system() -> System:
    """Spiral and fold."""
    x, y, z = fields("x y z")
    a, b, c = map(symbol, "abc")
    return System(
        name="rossler",
        states=[State(name=name, unit="-") for name in "xyz"],
        equations={
            "x": -y - z,
            "y": x + a * y,
            "z": b + z * (x - c),
        },
        parameters=[
            Parameter("a", 0.2, low=0, high=1, unit="-", description="growth of the spiral"),
            Parameter("b", 0.2, low=0, high=2, unit="-", description="source of z"),
            Parameter("c", 5.7, low=0, high=50, unit="-", description="where z starts to grow"),
        ],
        initial=Uniform(low={"x": -8.0, "y": -8.0, "z": 0.0}, high={"x": 8.0, "y": 8.0, "z": 1.0}),
        horizon=50.0,
        units={"t": "-"},
    )
