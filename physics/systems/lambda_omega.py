"""λ-ω reaction-diffusion: ∂ₜu = d Δu + (1 − A²) u + β A² v,
∂ₜv = d Δv − β A² u + (1 − A²) v,  A² = u² + v².

Oscillators on a circle A = 1 that turn at the rate β, coupled by diffusion: spiral waves around
points where A = 0 in two dimensions, plane waves in one.
Parameters: d, diffusivity [-]; beta, frequency β [-].   States: u, v, concentrations about their
mean [-].
Diagnostics (densities, to be averaged over the box): energy A²/2.
Source: Kopell and Howard (1973), doi:10.1002/sapm1973524291; as test of sparse regression: Rudy,
Brunton, Proctor, Kutz (2017), doi:10.1126/sciadv.1602614.
"""

from physics.fields import RandomFourier
from physics.jets import fields, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import periodic


def system(dim: int = 2) -> System:
    """Spiral waves in one to three dimensions."""
    box = periodic(20.0, dim, space="-", time="-")
    (u, v), d, beta = fields("u v"), symbol("d"), symbol("beta")
    square = u**2 + v**2
    return System(
        name="lambda_omega",
        states=[State(name="u", unit="-"), State(name="v", unit="-")],
        equations={
            "u": d * laplacian(u, dim) + (1 - square) * u + beta * square * v,
            "v": d * laplacian(v, dim) - beta * square * u + (1 - square) * v,
        },
        parameters=[
            Parameter("d", 0.1, low=0.05, high=0.5, log=True, unit="-", description="diffusivity"),
            Parameter("beta", 1.0, low=0.5, high=1.5, unit="-", description="frequency"),
        ],
        initial=RandomFourier(modes=3, amplitude=(0.8, 1.2)),
        horizon=20.0,
        diagnostics={"energy": square / 2},
        **box,
    )
