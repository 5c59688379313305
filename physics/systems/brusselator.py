"""Brusselator: x′ = a − (b + 1) x + x² y,  y′ = b x − x² y.

A chemical clock: the fixed point (a, b/a) is stable for b < 1 + a² and throws a limit cycle
beyond, with slow charging and a fast discharge of x.
Parameters: a, feed [-]; b, conversion [-].   States: x, y, concentrations [-].
Source: Prigogine and Lefever (1968), doi:10.1063/1.1668896.
"""

from physics.initial import Uniform
from physics.jets import fields, symbol
from physics.symbols import Parameter, State
from physics.system import System


def system() -> System:
    """Chemical clock."""
    x, y = fields("x y")
    a, b = symbol("a"), symbol("b")
    return System(
        name="brusselator",
        states=[State(name="x", unit="-", low=0), State(name="y", unit="-", low=0)],
        equations={
            "x": a - (b + 1) * x + x**2 * y,
            "y": b * x - x**2 * y,
        },
        parameters=[
            Parameter("a", 1.0, low=0, high=10, unit="-", description="feed"),
            Parameter("b", 3.0, low=0, high=30, unit="-", description="conversion"),
        ],
        initial=Uniform(low={"x": 0.2, "y": 0.5}, high={"x": 3.0, "y": 4.0}),
        horizon=20.0,
        units={"t": "-"},
    )
