"""Fisher-KPP: ∂ₜu = κ Δu + r u (1 − u).

An advantageous gene, or a population, spreads from where it is: fronts of width ~√(κ/r) advance
with speed 2√(κ r) into the empty state until u = 1 everywhere.
Parameters: kappa, diffusivity κ [L²/T]; r, growth rate [1/T].   State: u, share [-].
Diagnostics (densities, to be averaged over the box): mass grows.
Source: Fisher (1937), doi:10.1111/j.1469-1809.1937.tb02153.x; Kolmogorov, Petrovsky, Piskunov
(1937), Bulletin of Moscow University, Mathematics and Mechanics 1, 1.
"""

from physics.fields import Spots
from physics.jets import fields, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import periodic


def system(dim: int = 1) -> System:
    """Spreading fronts in one to three dimensions."""
    box = periodic(10.0, dim)
    (u,), kappa, r = fields("u"), symbol("kappa"), symbol("r")
    return System(
        name="fisher_kpp",
        states=[State(name="u", unit="-", low=0, high=1)],
        equations={"u": kappa * laplacian(u, dim) + r * u * (1 - u)},
        parameters=[
            Parameter(
                "kappa", 0.1, low=0.03, high=0.3, log=True, unit="L²/T", description="diffusivity"
            ),
            Parameter("r", 1.0, low=0.5, high=2, unit="1/T", description="growth rate"),
        ],
        initial=Spots(inside=(0.3, 1.0), count=(1, 4), width=(0.4, 0.8)),
        horizon=8.0,
        diagnostics={"mass": u},
        **box,
    )
