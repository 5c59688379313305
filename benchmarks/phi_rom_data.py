"""Problems of the Φ-ROM benchmark: data, splits and what is varied; all fixed before training.

burgers: Burgers with a source, 8 μ₂ equispaced in [0.015, 0.03], 256 cells, 100 of 200 frames 0.07
apart for training. All start from the state that u = 1 reaches at μ₂ = 0.021 after 61 frames.
Reported: the 7 midpoints and two values outside by one spacing. Tuned on others.
diffusion: one warm spot between cold walls, 42 x 42 nodes, 25 of 50 frames 0.1 apart.
navier-stokes: decaying flows on 32 x 32 points, 30 of 60 frames 0.4 apart.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zoo.recipes import phi_rom_burgers_source as recipe
from zoo.recipes import phi_rom_diffusion as plate
from zoo.recipes import phi_rom_navier_stokes as flow

TUNING = np.concatenate(
    [0.015 + recipe.SPACING * (np.arange(0, 7, 2) + 0.25),
     [0.015 - recipe.SPACING / 2, 0.03 + recipe.SPACING / 2]]
)  # fmt: skip
TUNING_SPOTS, SPOT_TUNE_SEED = 20, 500
TUNING_FLOWS, FLOW_TUNE_SEED = 16, 900


@dataclass(frozen=True)
class Problem:
    """training: frames of the horizon.   sets: {name: Dataset with all frames}; "train", "unseen",
    "tuning".   options: of zoo.create.   floor: frames of which the best latent is sought."""

    name: str
    system: Any
    training: int
    sets: dict
    options: dict
    floor: slice = field(default_factory=lambda: slice(0, None, 10))

    @property
    def state(self) -> str:
        """The one state that is compared."""
        return self.system.state_names[0]

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
    chosen = {"train": (plate.SAMPLES, plate.SEED), "unseen": (plate.TESTS, plate.TEST_SEED),
              "tuning": (TUNING_SPOTS, SPOT_TUNE_SEED)}  # fmt: skip
    made = {n: plate.simulated(*chosen[n]) for n in sets}
    return Problem("diffusion", plate.system(), plate.TRAINING, made, plate.OPTIONS, plate.FLOOR)


def navier_stokes(*sets: str) -> Problem:
    """Random flows of wavenumbers up to 3 at first."""
    chosen = {"train": (flow.FLOWS, flow.SEED), "unseen": (flow.TESTS, flow.TEST_SEED),
              "tuning": (TUNING_FLOWS, FLOW_TUNE_SEED)}  # fmt: skip
    made = {n: flow.simulated(*chosen[n]) for n in sets}
    return Problem("navier-stokes", flow.system(), flow.TRAINING, made, flow.OPTIONS)


PROBLEMS = {"burgers": burgers, "diffusion": diffusion, "navier-stokes": navier_stokes}
