"""What a Φ-ROM is made of, as JSON."""

import math
from dataclasses import dataclass, field

from physics import arguments
from physics.evolution import RESOLUTIONS
from physics.grid import Grid
from physics.names import nearest
from physics.schemes import LAYOUTS, SCHEMES, choose
from physics.system import System
from zoo.models.phi_rom.scaling import homogeneous

DECODERS = ("sine", "filter")
SMALLEST = {
    "latent": 1, "width": 2, "depth": 1, "fronts": 0, "spots": 0, "dynamics_width": 1,
    "dynamics_depth": 1, "anchors": 1, "kept": 1, "order": 0,
}  # fmt: skip
MOST_NUMBERS = 10**8


@dataclass(frozen=True, kw_only=True)
class Config:
    """system: the equation, as the JSON of a System.   parameters: those that differ between
    trajectories, which Ψ sees.
    grid: points per coordinate of the solver's grid.   scheme, order: how ∂u/∂t is computed there,
    as in physics.solve; order 0 is the default of the scheme.
    latent: length of α.   decoder: "sine", a network of sines on (x, α), or "filter", Fourier
    filters of x whose biases α shifts.   width, depth: of its hidden layers or stages.
    fronts, spots: inputs of the sine decoder that move with the latent, see `moving`: for shocks,
    for bumps.   frequency: of its coordinates at the start.
    walls: the decoder vanishes where the System says u = 0, see `walls`.   homogeneous: the first
    entry of the latent is the size of the field, see `scaling`.   sized: Ψ sees it, as it has to
    where λu does not solve the System with u.
    prior: deviation that encoding takes exact measurements to have, in normalised units, against
    the latents of training; 0 for that of `encoding`.
    dynamics_width, dynamics_depth: hidden layers of Ψ.   quadratic: it has all products of two
    entries beside them, see `dynamics`.
    anchors: latents, of training and beyond it, that are kept as starts for encoding.
    kept: trajectories whose first latent is kept, so that the model speaks without data.
    """

    system: dict = field(hash=False)
    parameters: tuple[str, ...] = ()
    grid: tuple[int, ...] = ()
    scheme: str = "auto"
    order: int = 0
    latent: int = 8
    decoder: str = "sine"
    width: int = 32
    depth: int = 4
    fronts: int = 0
    spots: int = 0
    frequency: float = 3.0
    walls: bool = False
    homogeneous: bool = False
    sized: bool = False
    prior: float = 0.0
    dynamics_width: int = 64
    dynamics_depth: int = 3
    quadratic: bool = False
    anchors: int = 64
    kept: int = 8

    def __post_init__(self):
        system = System.from_json(self.system)
        check_system(system)
        for name, low in SMALLEST.items():
            object.__setattr__(self, name, arguments.whole(getattr(self, name), name, low))
        arguments.real(self.frequency, "frequency", 0, strict=True)
        arguments.real(self.prior, "prior", 0)
        names = arguments.names(self.parameters, "parameters")
        object.__setattr__(self, "parameters", names)
        for name in names:
            system.parameter(name)
        if self.decoder not in DECODERS:
            raise ValueError(
                f"unknown decoder {self.decoder!r}{nearest(str(self.decoder), DECODERS)}; one of "
                f"{', '.join(DECODERS)}"
            )
        if self.scheme not in SCHEMES:
            raise ValueError(f"scheme is one of {', '.join(SCHEMES)}, not {self.scheme!r}")
        scheme = choose(system)[0] if self.scheme == "auto" else self.scheme
        object.__setattr__(self, "scheme", scheme)
        points = self.grid or RESOLUTIONS[system.dim]
        object.__setattr__(self, "grid", Grid(system.domain, points, LAYOUTS[scheme]).points)
        if self.decoder == "filter" and (self.width % 2 or self.fronts or self.spots):
            raise ValueError("the filter decoder takes an even width, no fronts and no spots")
        if self.homogeneous and (self.latent < 2 or not (self.sized or homogeneous(system))):
            raise ValueError(
                f"homogeneous=True needs latent >= 2 and a System that λu solves where u does; "
                f"leave it out for {system.name!r}, or give sized=True"
            )
        if self.sized and not self.homogeneous:
            raise ValueError("sized=True goes with homogeneous=True")
        if self.width**2 * self.depth + math.prod(self.grid) * self.latent > MOST_NUMBERS:
            raise ValueError("width, grid and latent ask for too many numbers; make them smaller")

    @property
    def linear(self) -> bool:
        """Whether decoded fields are linear in α, beside a constant."""
        return self.decoder == "filter" and not (self.walls or self.homogeneous)

    @property
    def equation(self) -> System:
        """The System."""
        return System.from_json(self.system)

    @property
    def solver_grid(self) -> Grid:
        """The grid on which the solver differentiates decoded fields."""
        return Grid(self.equation.domain, self.grid, LAYOUTS[self.scheme])


def check_system(system: System) -> None:
    """Raise ValueError for a System that no Φ-ROM can be of."""
    from physics.pacing import depends_on_time

    arguments.system(system)
    if system.domain is None or system.time != "continuous" or system.noise:
        raise ValueError(f"{system.name!r} is no deterministic PDE, which a Φ-ROM needs")
    if system.controls:
        raise ValueError(f"{system.name!r} has controls, which a Φ-ROM does not take")
    if depends_on_time(system):
        raise ValueError(f"{system.name!r} depends on time itself; latent dynamics is autonomous")


SIZES = {
    "small": {"latent": 4, "decoder": "sine", "width": 32, "depth": 4, "fronts": 4},
    "plane": {"latent": 16, "decoder": "filter", "width": 64, "depth": 3},
    "large": {"latent": 100, "decoder": "filter", "width": 80, "depth": 3,
              "dynamics_width": 256, "dynamics_depth": 4},
}  # fmt: skip
