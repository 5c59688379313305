"""Lorenz 1963: x′ = σ (y − x),  y′ = x (ρ − z) − y,  z′ = x y − β z.

Convection reduced to three modes. Two fixed points (±√(β(ρ−1)), ±√(β(ρ−1)), ρ−1) lose their
stability at ρ ≈ 24.74; at ρ = 28 trajectories wander between the two wings without period.
Parameters: sigma, Prandtl number σ [-]; rho, Rayleigh number over its critical value ρ [-]; beta,
aspect of the rolls β [-].   States: x, convection; y, z, temperature modes [-].
Source: Lorenz (1963), doi:10.1175/1520-0469(1963)020<0130:DNF>2.0.CO;2.
"""

from physics.initial import Uniform
from physics.jets import fields, symbol
from physics.symbols import Parameter, State
from physics.system import System


def system() -> System:
    """Three convection modes."""
    x, y, z = fields("x y z")
    sigma, rho, beta = map(symbol, ("sigma", "rho", "beta"))
    return System(
        name="lorenz63",
        states=[State(name=name, unit="-") for name in "xyz"],
        equations={
            "x": sigma * (y - x),
            "y": x * (rho - z) - y,
            "z": x * y - beta * z,
        },
        parameters=[
            Parameter("sigma", 10.0, low=0, high=100, unit="-", description="Prandtl number"),
            Parameter(
                "rho", 28.0, low=0, high=400, unit="-", description="reduced Rayleigh number"
            ),
            Parameter("beta", 8 / 3, low=0, high=10, unit="-", description="aspect of the rolls"),
        ],
        initial=Uniform(
            low={"x": -15.0, "y": -15.0, "z": 10.0}, high={"x": 15.0, "y": 15.0, "z": 40.0}
        ),
        horizon=20.0,
        units={"t": "-"},
    )
