"""Burgers with a source, any growth μ₂ of the source: four numbers follow a shock.

    zoo train phi-rom-burgers-source

Eight values of μ₂ in [0.015, 0.03], 100 frames 0.07 apart on 256 cells; the model is asked for
other values and for twice the time. One CPU core, 178 s: relative L2 error at nine unseen values
0.09 % inside and 0.13 % beyond the training horizon.
"""

from typing import Any

import numpy as np

from zoo.models.phi_rom.judging import figures
from zoo.training.schedule import Schedule

CHECKPOINT = "phi-rom.burgers-source"
SCHEDULE = Schedule(
    steps=4000, optimiser="soap", rate=5e-3, warmup=100, chunk=100, save=1000, seed=0
)
RULES = {"points": 32, "taught": 16, "ahead": 16, "tangent": 0.3, "stratified": True}

DT, FRAMES, TRAINING, BEFORE, CELLS = 0.07, 200, 100, 61, 256
MU = np.linspace(0.015, 0.03, 8)
SPACING = 0.015 / 7
UNSEEN = np.concatenate([(MU[1:] + MU[:-1]) / 2, [0.015 - SPACING, 0.03 + SPACING]])
OPTIONS = {
    "parameters": ("mu2",), "grid": CELLS, "scheme": "finite-volume", "order": 1, "latent": 4,
    "width": 32, "depth": 4, "fronts": 4, "dynamics_depth": 4,
}  # fmt: skip


def build(seed: int = 0) -> tuple[Any, Any]:
    """(untrained model, training Dataset)."""
    import zoo

    data = simulated(MU).isel(time=slice(0, TRAINING))
    return zoo.create("phi-rom", system(), seed=seed, **OPTIONS), data


def system() -> Any:
    """The System."""
    import physics

    return physics.get("burgers_source")


def simulated(values: Any, points: int = CELLS) -> Any:
    """Trajectories at `values` of μ₂, all from the state that u = 1 reaches at μ₂ = 0.021 after 61
    frames: first-order finite volumes, as in the training residual."""
    import physics

    scheme = {"resolution": points, "scheme": "finite-volume", "order": 1, "dt": DT / 8}
    before = physics.solve(
        system().with_values(mu2=0.021), initial=np.ones(points), times=[0.0, BEFORE * DT], **scheme
    )
    start = np.repeat(before["u"].values[:, -1], len(values), 0)
    return physics.solve(
        system(), initial=start, times=DT * np.arange(FRAMES), parameters={"mu2": values}, **scheme
    )


def train(schedule: Schedule, **run: Any) -> Any:
    """The trained model."""
    model, data = build(schedule.seed)
    return model.fit(data, schedule, rules=RULES, **run)


def evaluate(model: Any) -> dict[str, dict]:
    """Errors at nine unseen values of μ₂, inside and beyond the training horizon, beside the floor,
    which is the best latent of every tenth frame."""
    return figures(model, simulated(UNSEEN), TRAINING)


def card(model: Any) -> dict[str, Any]:
    """What else stands on the card."""
    return {
        "systems": [system().to_json()],
        "ranges": {"mu2": [float(MU[0]), float(MU[-1])]},
        "limits": (
            "One initial state, inflow 4.25, q = 0.02; μ₂ from 0.013 to 0.032, times up to 14. "
            "Encodes states of that family only; fine-tune for others: zoo.finetune(model, data)."
        ),
    }
