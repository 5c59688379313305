"""Kuramoto-Sivashinsky with actuators: calm the chaos of a flame front.

∂ₜu = −∂ₓ(u²/2) − ∂ₓₓu − ∂ₓₓₓₓu + Σᵢ aᵢ g(x − xᵢ) on a periodic box of length 22, |aᵢ| ≤ 1, with
bumps g(x) = exp((cos(2πx/L) − 1) / (2 s²)), s = 0.4 · 2π/8. Sensors stand at eight points, every
second one on an actuator. An episode begins on the attractor and lasts 100 intervals of 0.5.
Reward = −mean u² − 0.01 Σ aᵢ².
Source: Bucci et al. (2019), doi:10.1098/rspa.2019.0351 (equation, length, four actuators).
"""

import math
from dataclasses import replace

import sympy
from scipy.special import i0e

from physics.catalogue import get
from physics.control.environment import Environment, Symmetry
from physics.control.field_plant import ENERGY, FieldPlant
from physics.domain import Box
from physics.formula import Formula
from physics.jets import coordinate, symbol
from physics.symbols import Control
from physics.system import System

LENGTH, POINTS = 22.0, 64
WIDTH = 0.4 * 2 * math.pi / 8  # of an actuator, as a phase


def environment(
    actuators: int = 4, sensors: int = 8, dt: float = 0.5, balanced: bool = False
) -> Environment:
    """actuators, sensors: how many, at equal distances.   dt: control interval [T].

    balanced: whether bumps are taken less their mean, so that they set no mean flow going.
    """
    points = sensors * -(-POINTS // sensors)
    plant = FieldPlant(
        driven(actuators, balanced), points=points + points % 2 * sensors, sensors=sensors, dt=dt,
        substeps=round(dt / 0.1), settle=50.0,
    )  # fmt: skip
    names = [f"a_{i}" for i in range(actuators)]
    effort = sum(symbol(n) ** 2 for n in names)
    total = -symbol(ENERGY) - sympy.Rational(1, 100) * effort
    return Environment(
        name="kuramoto_sivashinsky",
        plant=plant,
        observed=plant.names[:sensors],
        reward=Formula(name="reward", inputs=[ENERGY, *names], expressions={"reward": total}),
        dt=dt,
        steps=round(50 / dt),
        limits={ENERGY: (-1.0, 100.0)},
        bounds={n: (-10.0, 10.0) for n in plant.names[:sensors]},
        symmetries=symmetries(actuators, sensors) if sensors % actuators == 0 else (),
        description="calm a chaotic flame front",
    )


def symmetries(actuators: int, sensors: int) -> tuple[Symmetry, ...]:
    """Shifts from actuator to actuator, and reflections u(x) → −u(−x) with them."""
    found = []
    for side in (1, -1):
        for shift in range(actuators):
            places = [(side * i + shift * sensors // actuators) % sensors for i in range(sensors)]
            pushed = [(side * i + shift) % actuators for i in range(actuators)]
            found.append(
                Symmetry(tuple(places), (side,) * sensors, tuple(pushed), (side,) * actuators)
            )
    return tuple(found[1:])


def driven(actuators: int = 4, balanced: bool = False) -> System:
    """The equation of the catalogue on a box of length 22, with actuators at equal distances."""
    free = get("kuramoto_sivashinsky")
    x, s = coordinate("x"), WIDTH
    mean = float(i0e(1 / (2 * s**2)))  # of a bump over the box
    pushes = 0
    for i in range(actuators):
        phase = 2 * sympy.pi * (x / int(LENGTH) - sympy.Rational(i, actuators))
        bump = sympy.exp((sympy.cos(phase) - 1) / (2 * s**2))
        pushes += symbol(f"a_{i}") * (bump - (mean if balanced else 0))
    return replace(
        free,
        equations={"u": free.equations["u"] + pushes},
        domain=Box(low=(0.0,), high=(LENGTH,)),
        controls=[Control(name=f"a_{i}", low=-1, high=1, unit="L/T²") for i in range(actuators)],
        diagnostics={},
    )
