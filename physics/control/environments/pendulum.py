"""Pendulum swing-up: bring the pendulum upright with a torque too weak to lift it at once.

Constants, observation, reward and beginnings of Gymnasium's Pendulum-v1: a rod of length 1 and
mass 1, g = 10, |u| ≤ 2, |θ′| ≤ 8, 200 steps of 0.05 s; reward = −(θ² + 0.1 θ′² + 0.001 u²), θ from
above in (−π, π]. Gymnasium takes one Euler step per interval, this environment Runge-Kutta steps.
Source: Towers et al. (2024), Gymnasium, arXiv:2407.17032.
"""

import math
from dataclasses import replace

import sympy

from physics.catalogue import get
from physics.control.environment import Environment
from physics.control.ode_plant import OdePlant, Start
from physics.formula import Formula
from physics.jets import fields, symbol
from physics.symbols import Control, Parameter
from physics.system import System


def environment() -> Environment:
    """Swing-up from anywhere."""
    theta, omega = fields("theta omega")
    outputs = {"costheta": -sympy.cos(theta), "sintheta": -sympy.sin(theta), "omega": omega}
    measured = Formula(name="measured", inputs=["theta", "omega"], expressions=outputs)
    start = Start(center=(0.0, 0.0), spread=(math.pi, 1.0), law="uniform")
    return Environment(
        name="pendulum",
        plant=OdePlant(driven(), measured, start, dt=0.05, substeps=2),
        observed=measured.outputs,
        reward=reward(),
        rewarded="before",
        dt=0.05,
        steps=200,
        bounds={"omega": (-8.0, 8.0)},
        circles=(("costheta", "sintheta"),),
        description="swing the pendulum up and balance it",
    )


def driven() -> System:
    """The pendulum of the catalogue, undamped, with a torque u: ω′ = … + b u, b = 3/(m l²)."""
    free = get("pendulum", gamma=0.0, omega0=math.sqrt(15.0))
    theta, omega = free.states
    return replace(
        free,
        states=[theta, replace(omega, low=-8.0, high=8.0)],
        equations=dict(free.equations)
        | {"omega": free.equations["omega"] + symbol("b") * symbol("u")},
        parameters=[*free.parameters, Parameter("b", 3.0, description="acceleration per torque")],
        controls=[Control(name="u", low=-2, high=2, description="torque")],
        diagnostics={},
    )


def reward() -> Formula:
    """−(θ² + 0.1 θ′² + 0.001 u²); |θ| = arccos cos θ."""
    c, omega, u = map(symbol, ("costheta", "omega", "u"))
    angle = sympy.acos(sympy.Max(-1, sympy.Min(1, c)))
    total = -(angle**2 + omega**2 / 10 + u**2 / 1000)
    return Formula(name="reward", inputs=["costheta", "omega", "u"], expressions={"reward": total})
