"""Lorenz stabilisation: hold the chaotic Lorenz system at one of its unstable fixed points.

A push on the first equation, x′ = σ (y − x) + u with |u| ≤ 50, for 10 time units of 0.02. Reward =
−(distance from the point (√(β(ρ−1)), √(β(ρ−1)), ρ−1) over 10)² − 0.01 (u/50)².
Source: after Beintema, Corbetta, Biferale & Toschi (2020), doi:10.1080/14685248.2020.1797059, for
control of convection, of which the system is the three-mode model.
"""

import math
from dataclasses import replace

from physics.catalogue import get
from physics.control.environment import Environment
from physics.control.ode_plant import OdePlant, Start
from physics.formula import Formula
from physics.jets import fields, symbol
from physics.symbols import Control
from physics.system import System


def environment(push: float = 50.0) -> Environment:
    """Stabilisation; push: largest control."""
    system = driven(push)
    x, y, z = fields("x y z")
    measured = Formula(
        name="measured", inputs=["x", "y", "z"], expressions={"x": x, "y": y, "z": z}
    )
    start = Start(center=(0.0, 0.0, 25.0), spread=(15.0, 15.0, 15.0), law="uniform")
    return Environment(
        name="lorenz",
        plant=OdePlant(system, measured, start, dt=0.02, substeps=2),
        observed=("x", "y", "z"),
        reward=_reward(system, push),
        dt=0.02,
        steps=500,
        limits={n: (-200.0, 200.0) for n in "xyz"},
        bounds={"x": (-50.0, 50.0), "y": (-60.0, 60.0), "z": (-30.0, 90.0)},
        description="hold an unstable fixed point",
    )


def driven(push: float) -> System:
    """The Lorenz system of the catalogue with a push on x."""
    free = get("lorenz63")
    pushed = dict(free.equations) | {"x": free.equations["x"] + symbol("u")}
    control = Control(name="u", low=-push, high=push, unit="-", description="push")
    return replace(free, equations=pushed, controls=[control])


def goal(system: System) -> tuple[float, float, float]:
    """The fixed point of the right-hand wing."""
    rho, beta = system.values["rho"], system.values["beta"]
    wing = math.sqrt(beta * (rho - 1))
    return wing, wing, rho - 1


def _reward(system: System, push: float) -> Formula:
    gaps = [(symbol(n) - g) / 10 for n, g in zip("xyz", goal(system), strict=True)]
    total = -sum(gap**2 for gap in gaps) - (symbol("u") / push) ** 2 / 100
    return Formula(name="reward", inputs=[*"xyz", "u"], expressions={"reward": total})
