"""Van der Pol: x′ = y,  y′ = μ (1 − x²) y − x.

Damping that feeds small swings and brakes large ones: every start but the origin ends on one limit
cycle of amplitude near 2. For large μ it relaxes: slow creeping, fast jumps, stiff.
Parameters: mu, strength of the damping μ [-].   States: x, current; y, its rate of change [-].
Source: van der Pol (1926), doi:10.1080/14786442608564127.
"""

from physics.initial import Uniform
from physics.jets import fields, symbol
from physics.symbols import Parameter, State
from physics.system import System


def system() -> System:
    """Self-excited oscillator."""
    x, y = fields("x y")
    mu = symbol("mu")
    return System(
        name="van_der_pol",
        states=[State(name="x", unit="-"), State(name="y", unit="-")],
        equations={
            "x": y,
            "y": mu * (1 - x**2) * y - x,
        },
        parameters=[
            Parameter("mu", 1.0, low=0, high=1000, unit="-", description="strength of damping")
        ],
        initial=Uniform(low={"x": -3.0, "y": -3.0}, high={"x": 3.0, "y": 3.0}),
        horizon=20.0,
        units={"t": "-"},
    )
