"""Korteweg-de Vries: ∂ₜu = −α u ∂ₓu − β ∂ₓ³u.

Solitons, the tall ones fast and narrow, run to the right, overtake each other and come out
unchanged but for a shift.
Parameters: alpha, steepening α [-]; beta, dispersion β [L³/T].   State: u, elevation as a speed
[L/T].
Diagnostics (densities, to be averaged over the box): mass, momentum and energy are kept.
Source: Korteweg and de Vries (1895), doi:10.1080/14786449508620739; Zabusky and Kruskal (1965),
doi:10.1103/PhysRevLett.15.240.
"""

from physics.fields import Solitons
from physics.jets import Jet, fields, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import periodic


def system() -> System:
    """Solitons on a ring."""
    (u,), alpha, beta = fields("u"), symbol("alpha"), symbol("beta")
    return System(
        name="kdv",
        states=[State(name="u", unit="L/T")],
        equations={"u": -alpha * u * Jet("u", "x") - beta * Jet("u", "xxx")},
        parameters=[
            Parameter("alpha", 6.0, low=3, high=9, unit="-", description="steepening"),
            Parameter("beta", 1.0, low=0.5, high=2, unit="L³/T", description="dispersion"),
        ],
        initial=Solitons(count=(1, 3), height=(0.3, 1.2), steepness=0.5),
        horizon=10.0,
        diagnostics={
            "mass": u,
            "momentum": u**2 / 2,
            "energy": beta * Jet("u", "x") ** 2 / 2 - alpha * u**3 / 6,
        },
        **periodic(32.0, 1),
    )
