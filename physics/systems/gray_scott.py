"""Gray-Scott: ∂ₜu = a Δu − u v² + F (1 − u),  ∂ₜv = b Δv + u v² − (F + k) v.

A chemical v that eats its feed u to make more of itself: spots that divide like cells, worms and
labyrinths, depending on F and k; elsewhere v dies out.
Parameters: a, b, diffusivities of u and v [-]; F, feed rate [-]; k, removal rate [-].
States: u, feed; v, autocatalyst [-].
Diagnostics (densities, to be averaged over the box): feed u, catalyst v.
Source: Pearson (1993), doi:10.1126/science.261.5118.189.
"""

from physics.fields import Spots
from physics.jets import fields, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import periodic

_LENGTH = {1: 1.25, 2: 1.25, 3: 0.64}


def system(dim: int = 2) -> System:
    """Dividing spots in one to three dimensions."""
    box = periodic(_LENGTH, dim, space="-", time="-")
    (u, v), a, b, feed, kill = fields("u v"), *map(symbol, "abFk")
    return System(
        name="gray_scott",
        states=[State(name="u", unit="-", low=0, high=1), State(name="v", unit="-", low=0)],
        equations={
            "u": a * laplacian(u, dim) - u * v**2 + feed * (1 - u),
            "v": b * laplacian(v, dim) + u * v**2 - (feed + kill) * v,
        },
        parameters=[
            Parameter(
                "a", 2e-5, low=1e-5, high=4e-5, log=True, unit="-", description="diffusivity of u"
            ),
            Parameter(
                "b", 1e-5, low=5e-6, high=2e-5, log=True, unit="-", description="diffusivity of v"
            ),
            Parameter("F", 0.04, low=0.015, high=0.06, unit="-", description="feed rate"),
            Parameter("k", 0.06, low=0.045, high=0.066, unit="-", description="removal rate"),
        ],
        initial=Spots(
            inside={"u": 0.5, "v": (0.25, 0.35)},
            outside={"u": 1.0},
            count=(2, 6),
            width=(0.03, 0.06),
        ),
        horizon=2000.0,
        diagnostics={"feed": u, "catalyst": v},
        **box,
    )
