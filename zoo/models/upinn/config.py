"""What a UPINN is made of, as JSON."""

from dataclasses import dataclass, field

from physics import arguments
from physics.names import nearest
from physics.system import System

NOISE = ("additive", "multiplicative")
SMALLEST = {"width": 1, "hidden_width": 1, "trajectories": 1, "collocation": 2}
MOST_NUMBERS = 10**8  # weights of all surrogates together


@dataclass(frozen=True, kw_only=True)
class Config:
    """known: the System that holds the known terms, as its JSON.
    inputs: what the hidden term sees, states or "t" (default: all states).
    outputs: states whose equation has a hidden term (default: all).
    noise: "additive", or "multiplicative" for positive states with relative errors: the
    surrogate then is of log u and the hidden term is u·G(u).
    width, hidden_width: units in the two hidden layers of U and of G.
    trajectories: how many surrogates.   collocation: residual points per trajectory.
    """

    known: dict = field(hash=False)
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    noise: str = "additive"
    width: int = 32
    hidden_width: int = 16
    trajectories: int = 1
    collocation: int = 100

    def __post_init__(self):
        system = System.from_json(self.known)
        states = system.state_names
        if system.domain is not None or system.time != "continuous" or system.noise:
            kind = "a PDE" if system.domain is not None else "no ODE"
            raise ValueError(f"{system.name!r} is {kind}; a UPINN of this version needs an ODE")
        for name in ("inputs", "outputs"):
            given = arguments.names(getattr(self, name), name)
            object.__setattr__(self, name, given or states)
        for name, low in SMALLEST.items():
            object.__setattr__(self, name, arguments.whole(getattr(self, name), name, low))
        size = self.trajectories * (self.width**2 + self.collocation) + self.hidden_width**2
        if size > MOST_NUMBERS:
            raise ValueError(
                f"width, hidden_width, trajectories and collocation ask for {size:.1e} numbers; "
                f"at most {MOST_NUMBERS:.0e} are allowed: make them smaller"
            )
        for name in self.inputs:
            if name not in (*states, "t"):
                raise ValueError(f"hidden input {name!r} is no state{nearest(name, states)}")
        for name in self.outputs:
            if name not in states:
                raise ValueError(f"hidden output {name!r} is no state{nearest(name, states)}")
        if self.noise not in NOISE:
            raise ValueError(f"noise is one of {', '.join(NOISE)}, not {self.noise!r}")

    @property
    def system(self) -> System:
        """The known part."""
        return System.from_json(self.known)

    @property
    def multiplicative(self) -> bool:
        """Whether the surrogate is of log u."""
        return self.noise == "multiplicative"


SIZES = {
    "base": {"width": 32, "hidden_width": 16, "collocation": 100},
    "wide": {"width": 64, "hidden_width": 16, "collocation": 100},
}
