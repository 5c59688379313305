"""Complex Ginzburg-Landau, A = u + iv: ∂ₜA = A + (1 + ib) ΔA − (1 + ic) |A|² A.

Waves near the onset of oscillation. Plane waves are stable for 1 + b c > 0; beyond there is phase
turbulence, and farther out defects, in two dimensions as the cores of spirals.
Parameters: b, linear dispersion [-]; c, shift of frequency with amplitude [-].
States: u, v, real and imaginary part of the amplitude A [-].
Diagnostics (densities, to be averaged over the box): energy |A|²/2.
Source: Aranson and Kramer (2002), doi:10.1103/RevModPhys.74.99.
"""

from physics.fields import RandomFourier
from physics.jets import fields, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import periodic

_LENGTH = {1: 64.0, 2: 64.0, 3: 32.0}


def system(dim: int = 1) -> System:
    """Waves, spirals and defects in one to three dimensions."""
    box = periodic(_LENGTH, dim, space="-", time="-")
    (u, v), b, c = fields("u v"), symbol("b"), symbol("c")
    square = u**2 + v**2
    return System(
        name="ginzburg_landau",
        states=[State(name="u", unit="-"), State(name="v", unit="-")],
        equations={
            "u": u + laplacian(u, dim) - b * laplacian(v, dim) - square * (u - c * v),
            "v": v + laplacian(v, dim) + b * laplacian(u, dim) - square * (v + c * u),
        },
        parameters=[
            Parameter("b", 1.0, low=-1, high=2, unit="-", description="linear dispersion"),
            Parameter("c", -1.5, low=-2, high=1, unit="-", description="shift of frequency"),
        ],
        initial=RandomFourier(modes=8, amplitude=(0.3, 1.0)),
        horizon=40.0,
        diagnostics={"energy": square / 2},
        **box,
    )
