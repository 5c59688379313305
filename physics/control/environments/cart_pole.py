"""Cart-pole swing-up: bring the hanging pole upright and keep it there, in the middle of the rail.

Constants, observation, reward and beginnings of dm_control's cartpole-swingup: force 10 u,
|u| ≤ 1, 10 s of 0.01 s, soft stops at ±1.8; reward = upright · centred · small control · small
velocity, each in (0, 1], so that an episode earns up to 1000.
Source: Tassa et al. (2018), DeepMind Control Suite, arXiv:1801.00690.
"""

import math

import sympy

from physics.catalogue import get
from physics.control.environment import Environment
from physics.control.ode_plant import OdePlant, Start
from physics.formula import Formula
from physics.jets import fields, symbol

SHARPNESS = -sympy.log(sympy.Rational(1, 10))  # a margin is where a tolerance has fallen to 0.1


def environment(**values: float) -> Environment:
    """Swing-up; values: parameters of the system, such as m=0.2 for a heavier pole."""
    x, theta, v, omega = fields("x theta v omega")
    system = get("cart_pole", actuated=True, **values)
    outputs = {
        "x": x, "costheta": sympy.cos(theta), "sintheta": sympy.sin(theta), "v": v, "omega": omega,
    }  # fmt: skip
    measured = Formula(name="measured", inputs=system.state_names, expressions=outputs)
    start = Start(center=(0.0, math.pi, 0.0, 0.0), spread=(0.01, 0.01, 0.01, 0.01))
    return Environment(
        name="cart_pole",
        plant=OdePlant(system, measured, start, dt=0.01),
        observed=measured.outputs,
        reward=reward(),
        dt=0.01,
        steps=1000,
        bounds={"x": (-1.75, 1.75), "v": (-10.0, 10.0), "omega": (-20.0, 20.0)},
        circles=(("costheta", "sintheta"),),
        description="swing the pole up and balance it",
    )


def reward() -> Formula:
    """(1 + cos θ)/2 · (1 + tol(x, 2))/2 · (4 + max(0, 1 − u²))/5 · (1 + tol(θ′, 5))/2."""
    x, c, omega, u = map(symbol, ("x", "costheta", "omega", "u"))
    upright = (1 + c) / 2
    centred = (1 + _tolerance(x, 2)) / 2
    small_control = (4 + sympy.Max(0, 1 - u**2)) / 5
    small_velocity = (1 + _tolerance(omega, 5)) / 2
    total = upright * centred * small_control * small_velocity
    return Formula(
        name="reward", inputs=["x", "costheta", "omega", "u"], expressions={"reward": total}
    )


def _tolerance(value, margin: float):
    """exp(−ln 10 (value/margin)²)."""
    return sympy.exp(-SHARPNESS * (value / margin) ** 2)
