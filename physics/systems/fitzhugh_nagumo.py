"""FitzHugh-Nagumo: v′ = v − v³/3 − w + I,  w′ = (v + a − b w) / τ.

A nerve cell in two variables: below a threshold of the current I it rests and answers a kick with
one spike; above it fires without end (default).
Parameters: a, b, shape of the recovery line [-]; tau, slowness of the recovery τ [-]; I, current
[-].   States: v, membrane potential; w, recovery [-].
Source: FitzHugh (1961), doi:10.1016/S0006-3495(61)86902-6; Nagumo, Arimoto, Yoshizawa (1962),
doi:10.1109/JRPROC.1962.288235.
"""

from physics.initial import Uniform
from physics.jets import fields, symbol
from physics.symbols import Parameter, State
from physics.system import System


def system() -> System:
    """Spiking cell."""
    v, w = fields("v w")
    a, b, tau, current = map(symbol, ("a", "b", "tau", "I"))
    return System(
        name="fitzhugh_nagumo",
        states=[State(name="v", unit="-"), State(name="w", unit="-")],
        equations={
            "v": v - v**3 / 3 - w + current,
            "w": (v + a - b * w) / tau,
        },
        parameters=[
            Parameter("a", 0.7, unit="-", description="shift of the recovery line"),
            Parameter("b", 0.8, low=0, unit="-", description="slope of the recovery line"),
            Parameter(
                "tau", 12.5, low=1e-3, high=1e4, unit="-", description="slowness of recovery"
            ),
            Parameter("I", 0.5, low=-5, high=5, unit="-", description="current"),
        ],
        initial=Uniform(low={"v": -2.0, "w": -0.5}, high={"v": 2.0, "w": 1.5}),
        horizon=100.0,
        units={"t": "-"},
    )
