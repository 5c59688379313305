"""Cart and pole: (M+m) x″ + m l (θ′ cos θ)′ = F − c x′,  J θ″ + m l x″ cos θ = m g l sin θ − d θ′.

A pole hinged on a cart that slides on a rail; x′ = v, θ′ = ω, θ = 0 is upright and unstable. With
c = d = F = 0 the energy (M+m)v²/2 + m l v ω cos θ + J ω²/2 + m g l cos θ is conserved.
Parameters: M, mass of the cart M [M]; m, mass of the pole m [M]; l, hinge to the centre of mass of
the pole l [L]; J, inertia of the pole about its hinge J [M L²]; g, gravity g [L/T²]; c, friction of
the rail c [M/T]; d, friction of the hinge d [M L²/T].
States: x, position of the cart [L]; theta, angle from above θ [-]; v [L/T]; omega, ω [1/T].
With actuated=True the force F = gear·u is a control, −1 ≤ u ≤ 1, and the rail has soft stops at
|x| = reach: a damped spring, of the stiffness that a constraint of MuJoCo has.
Values: the cart-pole of dm_control's suite; the pole is a capsule of length 1 and radius 0.045.
Source: Barto, Sutton & Anderson (1983), doi:10.1109/TSMC.1983.6313077; Tassa et al. (2018),
arXiv:1801.00690.
"""

import math

import sympy

from physics.initial import Uniform
from physics.jets import fields, symbol
from physics.symbols import Control, Parameter, State
from physics.system import System
from physics.systems._periodic import check_option
from physics.systems._soft_stop import soft_stop


def system(actuated: bool = False) -> System:
    """A pole on a cart, free or driven."""
    check_option("actuated", actuated, (False, True))
    x, theta, v, omega = fields("x theta v omega")
    M, m, l, J, g, c, d = map(symbol, "M m l J g c d".split())  # noqa: E741
    force = -c * v + m * l * omega**2 * sympy.sin(theta)
    if actuated:
        force = force + symbol("gear") * symbol("u")
    torque = m * g * l * sympy.sin(theta) - d * omega
    coupling = m * l * sympy.cos(theta)

    def determinant(k):
        return (M + m) * J - k**2

    if actuated:  # the stop pushes until the cart decelerates as its spring asks
        free = (J * force - coupling * torque) / determinant(coupling)
        ease = J / determinant(coupling), J / determinant(m * l)
        force = force - soft_stop(x, v, free, *ease, symbol("reach"))
    return System(
        name="cart_pole",
        states=[
            State(name="x", unit="L"), State(name="theta", unit="-"),
            State(name="v", unit="L/T"), State(name="omega", unit="1/T"),
        ],
        equations={
            "x": v,
            "theta": omega,
            "v": (J * force - coupling * torque) / determinant(coupling),
            "omega": ((M + m) * torque - coupling * force) / determinant(coupling),
        },
        parameters=[
            Parameter("M", 1.0, low=1e-3, unit="M", description="mass of the cart"),
            Parameter("m", 0.1, low=1e-3, unit="M", description="mass of the pole"),
            Parameter("l", 0.5, low=1e-3, unit="L", description="hinge to centre of mass"),
            Parameter("J", inertia(0.1), low=1e-6, unit="M·L²", description="inertia at the hinge"),
            Parameter("g", 9.81, low=0, unit="L/T²", description="gravity"),
            Parameter("c", 5e-4, low=0, unit="M/T", description="friction of the rail"),
            Parameter("d", 2e-6, low=0, unit="M·L²/T", description="friction of the hinge"),
            *((
                Parameter("gear", 10.0, unit="M·L/T²", description="force of full drive"),
                Parameter("reach", 1.8, low=0, unit="L", description="half length of the rail"),
            ) if actuated else ()),
        ],
        controls=[Control(name="u", low=-1, high=1, unit="-", description="drive")]
        if actuated else [],
        initial=Uniform(
            low={"x": -0.1, "theta": 2.0, "v": -0.1, "omega": -1.0},
            high={"x": 0.1, "theta": 4.0, "v": 0.1, "omega": 1.0},
        ),
        horizon=10.0,
        diagnostics={"energy": (M + m) * v**2 / 2 + coupling * v * omega + J * omega**2 / 2
                     + m * g * l * sympy.cos(theta)},
        units={"t": "T"},
    )  # fmt: skip


def inertia(mass: float, length: float = 1.0, radius: float = 0.045) -> float:
    """Inertia of a capsule about one of its ends [M L²]: a cylinder with two half balls.

    >>> round(inertia(0.1), 7)
    0.0344246
    """
    cylinder, ball = math.pi * radius**2 * length, 4 / 3 * math.pi * radius**3
    tube, ends = (mass * part / (cylinder + ball) for part in (cylinder, ball))
    middle = tube * (3 * radius**2 + length**2) / 12
    middle += ends * (2 * radius**2 / 5 + length**2 / 4 + 3 * length * radius / 8)
    return middle + mass * length**2 / 4
