"""Φ-ROM beside DINo, PINN-ROM and linear reduced models: python -m benchmarks.phi_rom [PROBLEM …].

Relative L2 error on unseen parameters or initial states, mean over trajectories and frames, inside
and beyond the training horizon, at equal latent size. Nets, steps, batches and rates of Φ-ROM, DINo
and PINN-ROM are equal; seed s draws weights and batches anew. Adam: by that optimiser, and points
drawn anywhere. Sparse: training and encoding from 5 % of the points, of exact values. Moved data:
with the images of the data under the motions that the equation does not notice. Resumes from
--store, a JSON-lines file; --report prints the tables of what is there; --runs keeps unfinished
trainings, which then go on where they stopped.
"""

import argparse
import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import xarray

import physics
import zoo
from benchmarks import phi_rom_baselines as linear
from benchmarks.phi_rom_data import PROBLEMS, Problem
from benchmarks.rows import append, load
from zoo.models.phi_rom.judging import errors, floor
from zoo.models.phi_rom.motions import motions, moved_points
from zoo.recipes import phi_rom_burgers_source as burgers
from zoo.recipes import phi_rom_diffusion as diffusion
from zoo.recipes import phi_rom_navier_stokes as flow

STORE = Path("docs/results/phi-rom.jsonl")
RECIPES = {"burgers": burgers, "diffusion": diffusion, "navier-stokes": flow}
STEPS = {("navier-stokes", "dino"): 3000}  # as long as Φ-ROM's steps and lessons take together
KINDS = {  # method: rules that differ
    "phi-rom": {},
    "phi-rom, adam": {"stratified": False},
    "dino, adam": {"stratified": False, "physics": "none", "ahead": 0},
    "phi-rom, plain": {"ahead": 0, "tangent": 0.0},
    "dino": {"physics": "none", "ahead": 0},
    "pinn-rom": {"physics": "strong", "ahead": 0, "tangent": 0.0},
    "phi-rom, 5 % of points": {},
    "dino, 5 % of points": {"physics": "none", "ahead": 0},
}
MOVED = ", moved data"
PLAIN = ("pod floor", "pod-galerkin", "pod-dmd")
LINEAR = (*PLAIN, *(name + MOVED for name in PLAIN))
SPARSE, SENSOR_SEED = 0.05, 77
SPARSE_RULES = {  # of Φ-ROM
    "burgers": {"tangent": 1.0, "path": 1.0, "travel": 0.3, "same": True, "shoot": 1.0},
    "diffusion": {"points": 0},
}
# of zoo.create: a prior set for all points is twenty times as heavy beside 5 % of them
SPARSE_OPTIONS: dict[str, dict] = {"diffusion": {"prior": 0.02, "anchors": 4096}}
SENSOR_NOISE = 0.5  # of the deviation of u: what 13 values hardly see stays as in training


def one(problem: Problem, method: str, seed: int, runs: Path | None, tests: str) -> dict:
    """A row of the table."""
    row = {"problem": problem.name, "method": method, "seed": seed, "set": tests}
    truth, name = problem.sets[tests], problem.state
    if method in LINEAR:
        return row | errors(linear_forecast(problem, method, truth), truth[name].values,
                            problem.training)  # fmt: skip
    sparse = "points" in method
    train, seen, options = problem.train, truth, problem.options
    if sparse:
        places = sensors(problem)
        train, seen = (scattered(d, name, places) for d in (train, truth))
        options = options | SPARSE_OPTIONS.get(problem.name, {})
    model = zoo.create("phi-rom", problem.system, seed=seed, **options)
    recipe = RECIPES[problem.name]
    rules = recipe.RULES | KINDS[method]
    if method == "phi-rom, 5 % of points":
        rules = rules | SPARSE_RULES.get(problem.name, {})
    steps = STEPS.get((problem.name, method), recipe.SCHEDULE.steps)
    schedule = dataclasses.replace(recipe.SCHEDULE, seed=seed, steps=steps)
    if method.endswith("adam"):
        schedule = dataclasses.replace(schedule, optimiser="adam")
    folder = runs / f"{problem.name}-{method.replace(' ', '-')}-{seed}" if runs else None
    resume = bool(folder and (folder / "config.json").exists())
    started = time.perf_counter()
    model = model.fit(
        train, schedule, rules=rules, progress=False, folder=folder, resume=resume,
    )  # fmt: skip
    row["fit_s"] = round(time.perf_counter() - started, 1)
    axes = {c: truth[c].values for c in ("x", "y") if c in truth.dims}
    own = sparse and not model.config.prior
    noise = SENSOR_NOISE * float(train[name].std()) if own else None
    options = {"points": axes, "noise": noise}
    row |= forecast_errors(problem, model, seen, truth, **options)
    row["train"] = forecast_errors(problem, model, train, problem.sets["train"], **options)
    if not sparse:
        row["floor"] = floor(model, truth, problem.training, problem.floor)
    return row


def forecast_errors(
    problem: Problem, model: Any, seen: xarray.Dataset, truth: xarray.Dataset, **options: Any
) -> dict[str, float]:
    """Of forecasts from the first fields of `seen`; infinite beyond if they left all bounds."""
    name, training = problem.state, problem.training
    first, times, fields = seen.isel(time=[0]), truth["time"].values, truth[name].values
    found = np.full(fields.shape, np.inf)
    try:
        found = model.predict(first, times=times, **options)[name].values
    except physics.BlowUp:
        inside = model.predict(first, times=times[:training], **options)
        found[:, :training] = inside[name].values
    return errors(found, fields, training)


def linear_forecast(problem: Problem, method: str, truth: xarray.Dataset) -> np.ndarray:
    """Fields of a linear baseline for the trajectories of `truth`."""
    config = zoo.create("phi-rom", problem.system, **problem.options).config
    train, fields = problem.train[problem.state].values, truth[problem.state].values
    if method.endswith(MOVED):
        train, method = moved(config, train), method.removesuffix(MOVED)
    pod = linear.Pod(train, config.latent)
    own, values = (
        np.stack([d[n].values for n in config.parameters], -1) if config.parameters
        else np.zeros((len(d[problem.state]), 0)) for d in (problem.train, truth)
    )  # fmt: skip
    if method == "pod floor":
        return linear.floor(pod, fields)
    if method == "pod-galerkin":
        return linear.galerkin(pod, config, fields, values, truth["time"].values)
    own = np.tile(own, (len(train) // len(own), 1))
    return linear.dmd(pod, train, own, fields, values)


def moved(config: Any, fields: np.ndarray) -> np.ndarray:
    """Fields (sample, time, *space) and all their images."""
    flat = fields.reshape(*fields.shape[:2], -1)
    index = [moved_points(config, m.astype(float)) for m in motions(config).places]
    return np.concatenate([flat[..., i] for i in index]).reshape(-1, *fields.shape[1:])


def sensors(problem: Problem) -> np.ndarray:
    """Indices of 5 % of the points, in the order of a flattened field, the same for all sets."""
    count = problem.train[problem.state].values[0, 0].size
    rng = np.random.default_rng(SENSOR_SEED)
    return np.sort(rng.choice(count, round(SPARSE * count), replace=False))


def scattered(data: xarray.Dataset, name: str, places: np.ndarray) -> xarray.Dataset:
    """The state `name` of `data` at some of its points."""
    space = [c for c in ("x", "y") if c in data.dims]
    mesh = np.meshgrid(*(data[c].values for c in space), indexing="ij")
    u = data[name].values
    flat = u.reshape(*u.shape[:2], -1)[..., places]
    kept = {n: v for n, v in data.data_vars.items() if v.dims == ("sample",)}
    coordinates = {c: ("point", m.reshape(-1)[places]) for c, m in zip(space, mesh, strict=True)}
    return xarray.Dataset(
        {name: (("sample", "time", "point"), flat), **kept},
        coords={"time": data["time"].values, **coordinates},
    )


def report(rows: list[dict]) -> str:
    """Markdown; mean (worst seed) of the means over trajectories."""
    lines = []
    for problem in PROBLEMS:
        some = [r for r in rows if r["problem"] == problem and r["set"] == "unseen"]
        if not some:
            continue
        lines += [f"\n| {problem} | seeds | inside | beyond | floor inside / beyond | trained on: "
                  "inside / beyond | fit, s |", "|---" * 7 + "|"]  # fmt: skip
        for method in (*KINDS, *LINEAR):
            own = [r for r in some if r["method"] == method]
            if own:
                seconds = f"{np.mean([r['fit_s'] for r in own]):.0f}" if "fit_s" in own[0] else "–"
                lines.append(
                    f"| {method} | {len(own)} | {cell(own, 'inside')} | {cell(own, 'beyond')} | "
                    f"{pair(own, 'floor')} | {pair(own, 'train')} | {seconds} |"
                )
    return "\n".join(lines)


def pair(rows: list[dict], part: str) -> str:
    """inside / beyond of a part of the rows; "–" where they have none."""
    if part not in rows[0]:
        return "–"
    return " / ".join(f"{np.mean([r[part][k] for r in rows]):.4f}" for k in ("inside", "beyond"))


def cell(rows: list[dict], name: str) -> str:
    """mean (worst)."""
    values = [r[name] for r in rows]
    return f"{np.mean(values):.4f} ({np.max(values):.4f})"


def main() -> None:
    """Run what the store lacks, then print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("problems", nargs="*", default=list(PROBLEMS))
    parser.add_argument("--methods", nargs="*", default=[*LINEAR, *KINDS])
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--set", default="unseen", choices=("unseen", "tuning"))
    parser.add_argument("--store", type=Path, default=STORE)
    parser.add_argument("--runs", type=Path, default=None)
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    for name in [] if options.report else options.problems:
        problem = PROBLEMS[name]("train", options.set)
        for seed in options.seeds:
            for method in options.methods:
                if method in LINEAR and seed != options.seeds[0]:
                    continue  # nothing in them is drawn
                done = {(r["problem"], r["method"], r["seed"], r["set"])
                        for r in load(options.store)}  # fmt: skip
                if (name, method, seed, options.set) not in done:
                    row = one(problem, method, seed, options.runs, options.set)
                    append(options.store, row)
                    print(json.dumps(row), flush=True)
    print(report(load(options.store)))


if __name__ == "__main__":
    main()
