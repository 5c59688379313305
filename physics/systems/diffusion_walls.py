"""Diffusion between cold walls: ∂ₜu = κ Δu on a square, u = 0 on its sides.

One warm spot spreads and, once it reaches the walls, leaks away.
Parameters: kappa, diffusivity κ [L²/T].   State: u, temperature [U].
Diagnostics (densities, to be averaged over the box): mass and energy fall.
Source: set-up of Φ-ROM, arXiv:2505.14595.
"""

from physics.domain import Box
from physics.fields import Bumps
from physics.jets import fields, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System


def system() -> System:
    """A cooling plate."""
    (u,), kappa = fields("u"), symbol("kappa")
    return System(
        name="diffusion_walls",
        states=[State(name="u", unit="U", low=0)],
        equations={"u": kappa * laplacian(u, 2)},
        parameters=[
            Parameter(
                "kappa", 2.0, low=0.1, high=10, log=True, unit="L²/T", description="diffusivity"
            )
        ],
        domain=Box(low=(-20.5,) * 2, high=(20.5,) * 2, kinds=("dirichlet",) * 2),
        initial=Bumps(count=1, height=(0.5, 2.0), width=(3.0, 10.0), margin=0.2),
        horizon=5.0,
        diagnostics={"mass": u, "energy": u**2 / 2},
        units={"t": "T", "x": "L", "y": "L"},
    )
