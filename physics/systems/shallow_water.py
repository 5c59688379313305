"""Shallow water: ∂ₜh = −∇·q,  ∂ₜq = −∇·(q⊗q/h) − ∇(g h²/2) + ν Δq − μ q,  q = (hu, hv).

Humps of water collapse into rings of waves of speed √(g h), which steepen in front and cross each
other. viscous=False leaves out ν (fronts become bores); friction=True adds the drag μ of the bed.
Parameters: g, gravity [L/T²]; nu, viscosity ν [L²/T], if viscous; mu, drag μ [1/T], if friction.
States: h, depth [L]; hu, hv, discharge along x and y [L²/T].
Diagnostics (densities, to be averaged over the box): mass is kept; momentum is kept without drag;
energy falls.
Source: Vreugdenhil (1994), Numerical Methods for Shallow-Water Flow, doi:10.1007/978-94-015-8354-1.
"""

import math

from physics.fields import Bumps
from physics.jets import derivative, div, fields, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import check_option, periodic


def system(viscous: bool = True, friction: bool = False) -> System:
    """Long waves on water in two dimensions."""
    check_option("viscous", viscous, (False, True))
    check_option("friction", friction, (False, True))
    (h, *discharge), g = fields("h hu hv"), symbol("g")
    equations = {"h": -div(discharge)}
    parameters = [Parameter("g", 1.0, low=0.5, high=2, unit="L/T²", description="gravity")]
    for q, along in zip(discharge, "xy", strict=True):
        carried = [other * q / h for other in discharge]
        equations[q.name] = -div(carried) - derivative(g * h**2 / 2, along)
    if viscous:
        equations |= {q.name: equations[q.name] + symbol("nu") * laplacian(q, 2) for q in discharge}
        parameters.append(
            Parameter(
                "nu", 0.03, low=0.02, high=0.1, log=True, unit="L²/T", description="viscosity"
            )
        )
    if friction:
        equations |= {q.name: equations[q.name] - symbol("mu") * q for q in discharge}
        parameters.append(Parameter("mu", 0.1, low=0, high=1, unit="1/T", description="drag"))
    return System(
        name="shallow_water",
        states=[
            State(name="h", unit="L", low=0),
            *(State(name=q.name, unit="L²/T") for q in discharge),
        ],
        equations=equations,
        parameters=parameters,
        initial=Bumps(count=(1, 3), height={"h": (0.05, 0.2)}, width=(0.4, 0.8), offset={"h": 1.0}),
        horizon=3.0,
        diagnostics={
            "mass": h,
            "momentum": discharge[0],
            "energy": sum(q**2 for q in discharge) / (2 * h) + g * h**2 / 2,
        },
        **periodic(2 * math.pi, 2),
    )
