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

from physics.catalogue import get
from physics.control.environment import Environment
from physics.control.field_plant import ENERGY, FieldPlant
from physics.domain import Box
from physics.formula import Formula
from physics.jets import coordinate, symbol
from physics.symbols import Control
from physics.system import System

LENGTH, ACTUATORS, SENSORS, WIDTH = 22.0, 4, 8, 0.4


def environment() -> Environment:
    """Four actuators, eight sensors."""
    plant = FieldPlant(driven(), points=64, sensors=SENSORS, dt=0.5, substeps=5, settle=50.0)
    names = [f"a_{i}" for i in range(ACTUATORS)]
    effort = sum(symbol(n) ** 2 for n in names)
    total = -symbol(ENERGY) - sympy.Rational(1, 100) * effort
    return Environment(
        name="kuramoto_sivashinsky",
        plant=plant,
        observed=plant.names[:SENSORS],
        reward=Formula(name="reward", inputs=[ENERGY, *names], expressions={"reward": total}),
        dt=0.5,
        steps=100,
        limits={ENERGY: (-1.0, 100.0)},
        bounds={n: (-10.0, 10.0) for n in plant.names[:SENSORS]},
        description="calm a chaotic flame front",
    )


def driven() -> System:
    """The equation of the catalogue on a box of length 22, with four actuators."""
    free = get("kuramoto_sivashinsky")
    x, s = coordinate("x"), WIDTH * 2 * math.pi / SENSORS
    pushes = 0
    for i in range(ACTUATORS):
        phase = 2 * sympy.pi * (x / int(LENGTH) - sympy.Rational(i, ACTUATORS))
        pushes += symbol(f"a_{i}") * sympy.exp((sympy.cos(phase) - 1) / (2 * s**2))
    return replace(
        free,
        equations={"u": free.equations["u"] + pushes},
        domain=Box(low=(0.0,), high=(LENGTH,)),
        controls=[Control(name=f"a_{i}", low=-1, high=1, unit="L/T²") for i in range(ACTUATORS)],
        diagnostics={},
    )
