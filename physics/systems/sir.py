"""SIR: S′ = −β S I,  I′ = β S I − γ I,  R′ = γ I.

An epidemic in a closed population: it grows while β S > γ, peaks and burns out before everyone was
ill. S + I + R never changes.
Parameters: beta, contacts β [1/T]; gamma, recovery γ [1/T].
States: S, susceptible; I, infected; R, recovered, shares of the population [-].
Source: Kermack and McKendrick (1927), doi:10.1098/rspa.1927.0118.
"""

from physics.initial import Simplex
from physics.jets import fields, symbol
from physics.symbols import Parameter, State
from physics.system import System


def system() -> System:
    """Epidemic in a closed population."""
    susceptible, infected, recovered = fields("S I R")
    beta, gamma = symbol("beta"), symbol("gamma")
    return System(
        name="sir",
        states=[State(name=name, unit="-", low=0, high=1) for name in "SIR"],
        equations={
            "S": -beta * susceptible * infected,
            "I": beta * susceptible * infected - gamma * infected,
            "R": gamma * infected,
        },
        parameters=[
            Parameter("beta", 0.4, low=0, high=10, unit="1/T", description="contacts"),
            Parameter("gamma", 0.1, low=0, high=10, unit="1/T", description="recovery"),
        ],
        initial=Simplex(total=1.0, low={"I": 0.001, "R": 0.0}, high={"I": 0.05, "R": 0.3}),
        horizon=80.0,
        diagnostics={"total": susceptible + infected + recovered},
        units={"t": "T"},
    )
