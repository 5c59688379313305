"""Hénon map: x[n+1] = 1 − a x² + y,  y[n+1] = b x.

Stretching and folding of the plane: points fall onto a strange attractor that looks like a line
and is, magnified, a bundle of lines. Areas shrink by |b| in every step.
Parameters: a, folding [-]; b, shrinking [-].   States: x, y [-].
Source: Hénon (1976), doi:10.1007/BF01608556.
"""

from physics.initial import Uniform
from physics.jets import fields, symbol
from physics.symbols import Parameter, State
from physics.system import System


def system() -> System:
    """Two-dimensional map with a strange attractor."""
    x, y = fields("x y")
    a, b = symbol("a"), symbol("b")
    return System(
        name="henon_map",
        time="discrete",
        states=[State(name="x", unit="-"), State(name="y", unit="-")],
        equations={
            "x": 1 - a * x**2 + y,
            "y": b * x,
        },
        parameters=[
            Parameter("a", 1.4, low=0, high=2, unit="-", description="folding"),
            Parameter("b", 0.3, low=-1, high=1, unit="-", description="shrinking"),
        ],
        initial=Uniform(low={"x": -0.5, "y": -0.1}, high={"x": 0.5, "y": 0.1}),
        horizon=100.0,
    )
