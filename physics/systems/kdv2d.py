"""Zakharov-Kuznetsov, KdV in the plane: ∂ₜu = −α u ∂ₓu − β ∂ₓΔu.

Smooth starts break into round pulses that travel along x and shed waves behind them.
Parameters: alpha, steepening α [-]; beta, dispersion β [L³/T].   State: u, density of ions as a
speed [L/T].
Diagnostics (densities, to be averaged over the box): mass, momentum and energy are kept.
Source: Zakharov and Kuznetsov (1974), Soviet Physics JETP 39, 285.
"""

from physics.fields import RandomFourier
from physics.jets import Jet, fields, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import periodic


def system() -> System:
    """Dispersive pulses in two dimensions."""
    (u,), alpha, beta = fields("u"), symbol("alpha"), symbol("beta")
    slope = Jet("u", "x") ** 2 + Jet("u", "y") ** 2
    return System(
        name="kdv2d",
        states=[State(name="u", unit="L/T")],
        equations={
            "u": -alpha * u * Jet("u", "x") - beta * (Jet("u", "xxx") + Jet("u", "xyy")),
        },
        parameters=[
            Parameter("alpha", 6.0, low=3, high=9, unit="-", description="steepening"),
            Parameter("beta", 1.0, low=0.5, high=2, unit="L³/T", description="dispersion"),
        ],
        initial=RandomFourier(modes=2, amplitude=(0.5, 1.0)),
        horizon=1.6,
        diagnostics={
            "mass": u,
            "momentum": u**2 / 2,
            "energy": beta * slope / 2 - alpha * u**3 / 6,
        },
        **periodic(15.0, 2),
    )
