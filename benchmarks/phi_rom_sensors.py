"""Noisy sensors over a window against one frame of them: python -m benchmarks.phi_rom_sensors.

phi-rom.burgers-source at nine unseen μ₂: 5 % of the cells (13) carry sensors with noise of 2 % of
the deviation of the states. One frame: the first frame of the window is encoded. Window: its frames
are fitted together through Ψ. Cycle: windows one after the other over the whole record. Errors are
relative L2 of the full fields, mean over trajectories and frames; forecasts begin after the window.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

import zoo
from benchmarks.phi_rom import scattered
from benchmarks.phi_rom_data import burgers
from benchmarks.rows import append

STORE = Path("docs/results/phi-rom-sensors.jsonl")
SENSORS, NOISE, WINDOWS = 13, 0.02, (5, 10, 20, 40)
BEGIN, AFTER = 20, 100  # first frame of the window, frames that are forecast after it


def relative(said: Any, truth: np.ndarray) -> float:
    """Mean over trajectories and frames of ‖û − u‖/‖u‖."""
    gap = np.linalg.norm(said - truth, axis=-1) / np.linalg.norm(truth, axis=-1)
    return float(gap.mean())


def one(model: Any, problem: Any, seed: int) -> dict:
    """Sensors and noise drawn by `seed`."""
    rng = np.random.default_rng(seed)
    truth = problem.sets["unseen"]
    places = np.sort(rng.choice(truth.sizes["x"], SENSORS, replace=False))
    deviation = NOISE * float(truth["u"].std())
    sensors = scattered(truth, "u", places)
    noisy = sensors["u"] + deviation * rng.standard_normal(sensors["u"].shape)
    sensors = sensors.assign(u=noisy)
    u, times = truth["u"].values, truth["time"].values
    axes = {"x": truth["x"].values}
    row: dict = {"seed": seed}
    for window in WINDOWS:
        part = sensors.isel(time=slice(BEGIN, BEGIN + window))
        later = slice(BEGIN + window, BEGIN + window + AFTER)
        for name, options in {
            "frame": {"noise": deviation},
            "window": {"window": window, "noise": deviation},
        }.items():
            said = model.predict(part, times=times[later], points=axes, **options)
            row[f"{name}_{window}"] = relative(said["u"].values, u[:, later])
    every = model.assimilate(sensors, window=10, noise=deviation, points=axes)
    row["cycle_10"] = relative(every["u"].values, u)
    row["frames"] = relative(model.reconstruct(sensors, points=axes)["u"].values, u)
    return row


def main() -> None:
    """Measure, store, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="phi-rom.burgers-source")
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--store", type=Path, default=STORE)
    options = parser.parse_args()
    model, problem = zoo.load(options.model), burgers("unseen")
    for seed in options.seeds:
        row = one(model, problem, seed)
        append(options.store, row)
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
