"""What a UPINN is made of, as JSON."""

from dataclasses import dataclass, field

import sympy

from physics import arguments
from physics.jets import Jet
from physics.names import COORDINATES, TIME, nearest
from physics.system import System

NOISE = ("additive", "multiplicative")
CLOCKS = ("time", "log")
SMALLEST = {
    "width": 1, "hidden_width": 1, "trajectories": 1, "collocation": 2, "harmonics": 1
}  # fmt: skip
MOST_DERIVATIVES = 4
MOST_NUMBERS = 10**8  # weights of all surrogates together


@dataclass(frozen=True, kw_only=True)
class Config:
    """known: the System that holds the known terms, as its JSON.
    inputs: what the hidden term sees: states or "t" (default: all states); in a PDE jets such as
    "u" and "u_x", "t" or a coordinate (default: all states and their first derivatives).
    outputs: states whose equation has a hidden term (default: all).
    noise: "additive", or "multiplicative" for positive states with relative errors: the
    surrogate then is of log u and the hidden term is u·G(u).
    width, hidden_width: units in the two hidden layers of U and of G.
    trajectories: how many surrogates.   collocation: residual points per trajectory.
    clock: how a surrogate counts time, "time" evenly, "log" for a fast start and a slow end.
    harmonics: of a periodic coordinate that the surrogate of a PDE sees.
    """

    known: dict = field(hash=False)
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    noise: str = "additive"
    width: int = 32
    hidden_width: int = 16
    trajectories: int = 1
    collocation: int = 100
    clock: str = "time"
    harmonics: int = 1

    def __post_init__(self):
        system = System.from_json(self.known)
        states = system.state_names
        if system.time != "continuous" or system.noise:
            raise ValueError(f"{system.name!r} is neither an ODE nor a PDE, which a UPINN needs")
        if system.domain is not None and self.noise == "multiplicative":
            raise ValueError(f"{system.name!r} is a PDE: leave noise='multiplicative' out")
        default = {"inputs": default_inputs(system), "outputs": states}
        for name in default:
            given = arguments.names(getattr(self, name), name)
            object.__setattr__(self, name, given or default[name])
        for name, low in SMALLEST.items():
            object.__setattr__(self, name, arguments.whole(getattr(self, name), name, low))
        size = self.trajectories * (self.width**2 + self.collocation) + self.hidden_width**2
        if size > MOST_NUMBERS:
            raise ValueError(
                f"width, hidden_width, trajectories and collocation ask for {size:.1e} numbers; "
                f"at most {MOST_NUMBERS:.0e} are allowed: make them smaller"
            )
        for name in self.inputs:
            _check_input(name, system)
        for name in self.outputs:
            if name not in states:
                raise ValueError(f"hidden output {name!r} is no state{nearest(name, states)}")
        if self.noise not in NOISE:
            raise ValueError(f"noise is one of {', '.join(NOISE)}, not {self.noise!r}")
        if self.clock not in CLOCKS:
            raise ValueError(f"clock is one of {', '.join(CLOCKS)}, not {self.clock!r}")

    @property
    def system(self) -> System:
        """The known part."""
        return System.from_json(self.known)

    @property
    def multiplicative(self) -> bool:
        """Whether the surrogate is of log u."""
        return self.noise == "multiplicative"

    @property
    def symbols(self) -> dict[str, sympy.Symbol]:
        """{hidden input: its symbol in the equations}."""
        return {name: input_symbol(name, self.system) for name in self.inputs}


def default_inputs(system: System) -> tuple[str, ...]:
    """All states, and in a PDE their first derivatives."""
    firsts = [f"{n}_{c}" for n in system.state_names for c in COORDINATES[: system.dim]]
    return (*system.state_names, *firsts)


def input_symbol(name: str, system: System) -> sympy.Symbol:
    """The jet or coordinate that a hidden input is called by; ValueError for anything else."""
    coordinates = COORDINATES[: system.dim]
    if name in (TIME, *coordinates):
        return sympy.Symbol(name)
    state, _, index = name.rpartition("_") if name not in system.state_names else (name, "", "")
    if state in system.state_names and set(index) <= set(coordinates):
        return Jet(state, tuple(index))
    kind = "state" if system.domain is None else "state, derivative like u_x or coordinate"
    raise ValueError(f"hidden input {name!r} is no {kind}{nearest(name, system.state_names)}")


def _check_input(name: str, system: System) -> None:
    if len(getattr(input_symbol(name, system), "index", ())) > MOST_DERIVATIVES:
        raise ValueError(f"hidden input {name!r} is of order above {MOST_DERIVATIVES}")


SIZES = {
    "base": {"width": 32, "hidden_width": 16, "collocation": 100},
    "wide": {"width": 64, "hidden_width": 16, "collocation": 100},
    "field": {"width": 32, "hidden_width": 16, "collocation": 600, "harmonics": 2},
}
