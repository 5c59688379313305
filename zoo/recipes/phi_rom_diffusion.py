"""Diffusion of a warm spot between cold walls, 42 x 42 nodes: sixteen numbers follow it.

    zoo train phi-rom-diffusion

A hundred Gaussians, 25 frames 0.1 apart; the model is asked for other Gaussians and for twice the
time. One CPU core, 186 s: relative L2 error of fifty unseen Gaussians 1.7 % inside and 0.9 %
beyond the training horizon.
"""

from typing import Any

import numpy as np

from zoo.models.phi_rom.judging import figures
from zoo.training.schedule import Schedule

CHECKPOINT = "phi-rom.diffusion"
SCHEDULE = Schedule(
    steps=2000, optimiser="soap", rate=5e-3, warmup=100, chunk=100, save=500, seed=0
)
RULES = {
    "points": 32, "snapshots": 500, "first": "moments", "symmetric": True, "level": 0.05,
    "limit": 0.6, "settle": 0.15, "taught": 6, "picked": 176, "ahead": 6, "mix": True,
    "pull": 0.1, "tangent": 0.3, "rounds": 2, "drills": 3000, "stratified": True,
}  # fmt: skip

NODES, DT, FRAMES, TRAINING = 42, 0.1, 50, 25
SAMPLES, TESTS, SEED, TEST_SEED = 100, 50, 300, 400
OPTIONS = {
    "grid": NODES, "scheme": "finite-difference", "order": 2, "latent": 16, "decoder": "sine",
    "width": 64, "depth": 3, "spots": 2, "walls": True, "homogeneous": True, "dynamics_depth": 3,
    "anchors": 256, "prior": 0.1,
}  # fmt: skip
FLOOR = slice(5, None, 10)  # not the first frame, which is not yet cold at the walls
GALERKIN = {"inside": 0.0991, "beyond": 0.0638}  # of the same data: python -m benchmarks.phi_rom


def build(seed: int = 0) -> tuple[Any, Any]:
    """(untrained model, training Dataset)."""
    import zoo

    data = simulated(SAMPLES, SEED).isel(time=slice(0, TRAINING))
    return zoo.create("phi-rom", system(), seed=seed, **OPTIONS), data


def system() -> Any:
    """The System."""
    import physics

    return physics.get("diffusion_walls")


def simulated(samples: int, seed: int) -> Any:
    """Trajectories of one Gaussian each: second-order differences, as in the training residual."""
    import physics

    return physics.solve(
        system(), samples=samples, seed=seed, times=DT * np.arange(FRAMES), resolution=NODES,
        scheme="finite-difference", order=2, rtol=1e-5,
    )  # fmt: skip


def train(schedule: Schedule, **run: Any) -> Any:
    """The trained model."""
    model, data = build(schedule.seed)
    return model.fit(data, schedule, rules=RULES, **run)


def evaluate(model: Any) -> dict[str, dict]:
    """Errors of 50 unseen Gaussians, inside and beyond the training horizon, beside the floor,
    which is the best latent of every tenth frame."""
    truth = simulated(TESTS, TEST_SEED)
    return figures(model, truth, TRAINING, FLOOR, pod_galerkin=GALERKIN)


def card(model: Any) -> dict[str, Any]:
    """What else stands on the card."""
    return {
        "systems": [system().to_json()],
        "ranges": {},
        "limits": (
            "One Gaussian, 3 to 10 wide, in the middle three fifths of the plate, of any height; "
            "κ = 2, times up to 5. Encodes states of that family only; fine-tune for others: "
            "zoo.finetune(model, data)."
        ),
    }
