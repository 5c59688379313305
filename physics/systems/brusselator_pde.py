"""Brusselator in space: ∂ₜu = c Δu + a − (b + 1) u + u² v,  ∂ₜv = d Δv + b u − u² v.

The uniform state (a, b/a) breaks up for b > (1 + a √(c/d))² into a Turing pattern, spots or stripes
of length 2π (c d/a²)^¼; for b > 1 + a² it oscillates.
Parameters: a, feed [-]; b, conversion [-]; c, d, diffusivities of u and v [-].
States: u, v, concentrations [-].
Diagnostics (densities, to be averaged over the box): total u + v.
Source: Prigogine and Lefever (1968), doi:10.1063/1.1668896; Turing (1952),
doi:10.1098/rstb.1952.0012.
"""

from physics.fields import RandomFourier
from physics.jets import fields, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import periodic


def system(dim: int = 2) -> System:
    """Turing patterns in one to three dimensions."""
    box = periodic(48.0, dim, space="-", time="-")
    (u, v), a, b, c, d = fields("u v"), *map(symbol, "abcd")
    return System(
        name="brusselator_pde",
        states=[State(name="u", unit="-", low=0), State(name="v", unit="-", low=0)],
        equations={
            "u": c * laplacian(u, dim) + a - (b + 1) * u + u**2 * v,
            "v": d * laplacian(v, dim) + b * u - u**2 * v,
        },
        parameters=[
            Parameter("a", 4.5, low=4, high=5, unit="-", description="feed"),
            Parameter("b", 7.5, low=6.5, high=9, unit="-", description="conversion"),
            Parameter("c", 2.0, low=1.5, high=2.5, unit="-", description="diffusivity of u"),
            Parameter("d", 16.0, low=12, high=20, unit="-", description="diffusivity of v"),
        ],
        initial=RandomFourier(modes=10, amplitude=0.3, offset={"u": 4.5, "v": 5 / 3}),
        horizon=20.0,
        diagnostics={"total": u + v},
        **box,
    )
