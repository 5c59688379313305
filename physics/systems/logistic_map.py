"""Logistic map: x[n+1] = r x (1 − x).

A population with discrete generations. It settles at 1 − 1/r up to r = 3, then doubles its period
again and again, and is chaotic beyond r ≈ 3.57 with windows of order.
Parameters: r, growth [-].   State: x, population over its largest value [-].
Source: May (1976), doi:10.1038/261459a0.
"""

from physics.initial import Uniform
from physics.jets import fields, symbol
from physics.symbols import Parameter, State
from physics.system import System


def system() -> System:
    """One-dimensional map of the unit interval."""
    (x,) = fields("x")
    r = symbol("r")
    return System(
        name="logistic_map",
        time="discrete",
        states=[State(name="x", unit="-", low=0, high=1)],
        equations={"x": r * x * (1 - x)},
        parameters=[Parameter("r", 3.9, low=0, high=4, unit="-", description="growth")],
        initial=Uniform(low={"x": 0.05}, high={"x": 0.95}),
        horizon=100.0,
    )
