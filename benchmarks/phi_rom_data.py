"""Problems of the Φ-ROM benchmark: data, splits and what is varied; all fixed before training.

burgers: Burgers with a source, 8 μ₂ equispaced in [0.015, 0.03], 256 cells, 100 of 200 frames 0.07
apart for training. All start from the state that u = 1 reaches at μ₂ = 0.021 after 61 frames.
Reported: the 7 midpoints and two values outside by one spacing. Tuned on others.
diffusion: one warm spot between cold walls, 42 x 42 nodes, 25 of 50 frames 0.1 apart.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

import physics
from zoo.recipes import phi_rom_burgers_source as recipe

TUNING = np.concatenate(
    [0.015 + recipe.SPACING * (np.arange(0, 7, 2) + 0.25),
     [0.015 - recipe.SPACING / 2, 0.03 + recipe.SPACING / 2]]
)  # fmt: skip
PLATE, PLATE_DT, PLATE_FRAMES, PLATE_TRAINING = 42, 0.1, 50, 25
SPOTS, SPOT_TESTS = 100, 50  # trajectories
SPOT_SEED, SPOT_TEST_SEED, SPOT_TUNE_SEED = 300, 400, 500


@dataclass(frozen=True)
class Problem:
    """training: frames of the horizon.   sets: {name: Dataset with all frames}; "train", "unseen",
    "tuning".   options: of zoo.create."""

    name: str
    system: Any
    training: int
    sets: dict
    options: dict

    @property
    def train(self) -> Any:
        """The training trajectories over the training horizon."""
        return self.sets["train"].isel(time=slice(0, self.training))


def burgers(*sets: str, points: int = recipe.CELLS) -> Problem:
    """`sets`: which of train, unseen, tuning are simulated."""
    chosen = {"train": recipe.MU, "unseen": recipe.UNSEEN, "tuning": TUNING}
    made = {n: recipe.simulated(chosen[n], points) for n in sets}
    return Problem("burgers", recipe.system(), recipe.TRAINING, made, recipe.OPTIONS)


def diffusion(*sets: str) -> Problem:
    """One Gaussian per trajectory, whose foot may touch a wall."""
    system = physics.get("diffusion_walls")

    def made(count, seed):
        return physics.solve(
            system, samples=count, seed=seed, times=PLATE_DT * np.arange(PLATE_FRAMES),
            resolution=PLATE, scheme="finite-difference", order=2, rtol=1e-5,
        )  # fmt: skip

    chosen = {"train": (SPOTS, SPOT_SEED), "unseen": (SPOT_TESTS, SPOT_TEST_SEED),
              "tuning": (20, SPOT_TUNE_SEED)}  # fmt: skip
    options = {
        "grid": PLATE, "scheme": "finite-difference", "order": 2, "latent": 16,
        "decoder": "sine", "width": 64, "depth": 3, "spots": 4, "dynamics_depth": 3,
    }  # fmt: skip
    return Problem("diffusion", system, PLATE_TRAINING, {n: made(*chosen[n]) for n in sets},
                   options)  # fmt: skip


PROBLEMS = {"burgers": burgers, "diffusion": diffusion}
