"""Decaying Navier-Stokes in the plane: a hundred numbers follow the vorticity.

    zoo train phi-rom-navier-stokes

256 random flows on 32 x 32 points, 30 frames 0.4 apart; the model is asked for other flows and for
twice the time. 592 s on two busy CPU cores: relative L2 error of the vorticity of
32 unseen flows 12 % inside and 11 % beyond the training horizon.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from zoo.models.phi_rom.judging import figures
from zoo.training.schedule import Schedule

CHECKPOINT = "phi-rom.navier-stokes"
SCHEDULE = Schedule(steps=1000, rate=5e-3, warmup=100, chunk=100, save=1000, seed=0)
RULES = {
    "points": 128, "taught": 32, "ahead": 32, "pool": 512, "mix": True, "share": 0.98,
    "level": 0.1, "rounds": 3, "drills": 2000, "lessons": 8192, "trajectories": 16,
}  # fmt: skip
DT, FRAMES, TRAINING, POINTS, FLOWS, TESTS = 0.4, 60, 30, 32, 256, 32
SEED, TEST_SEED = 700, 800
OPTIONS = {
    "grid": POINTS, "latent": 100, "decoder": "filter", "width": 80, "depth": 2,
    "dynamics_width": 256, "dynamics_depth": 2, "quadratic": True,
}  # fmt: skip


def system() -> Any:
    """The System: ν = 0.02 in a box of 2π; flows of wavenumbers up to 3 at first."""
    import physics
    from physics.fields import RandomFourier

    first = RandomFourier(modes=3, amplitude=(2.0, 4.0), decay=1.0)
    return replace(physics.get("navier_stokes_vorticity", forcing=0), initial=first)


def simulated(count: int, seed: int, frames: int = FRAMES) -> Any:
    """`count` flows from random initial vorticity."""
    import physics

    times = DT * np.arange(frames)
    return physics.solve(
        system(), samples=count, seed=seed, times=times, resolution=POINTS, rtol=1e-5
    )


def build(seed: int = 0) -> tuple[Any, Any]:
    """(untrained model, training Dataset)."""
    import zoo

    model = zoo.create("phi-rom", system(), seed=seed, **OPTIONS)
    return model, simulated(FLOWS, SEED, TRAINING)


def train(schedule: Schedule, **run: Any) -> Any:
    """The trained model."""
    model, data = build(schedule.seed)
    return model.fit(data, schedule, rules=RULES, **run)


def evaluate(model: Any) -> dict[str, dict]:
    """Errors of unseen flows inside and beyond the training horizon, beside the floor, which is the
    best latent of every tenth frame."""
    return figures(model, simulated(TESTS, TEST_SEED), TRAINING)


def card(model: Any) -> dict[str, Any]:
    """What else stands on the card."""
    return {
        "systems": [system().to_json()],
        "ranges": {},
        "limits": (
            "ν = 0.02, no force, box of 2π, vorticity of wavenumbers up to 3 and largest value 2 "
            "to 4 at first, 32 x 32 points, times up to 24. The decoder is affine in the latent: "
            "it cannot be better than 100 principal components. Fine-tune for others: "
            "zoo.finetune(model, data)."
        ),
    }
