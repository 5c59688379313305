"""Φ-ROM beside DINo, PINN-ROM and linear reduced models: python -m benchmarks.phi_rom [PROBLEM …].

Relative L2 error on unseen parameters or initial states, mean over trajectories and frames, inside
and beyond the training horizon, at equal latent size. Nets, steps, batches and rates of Φ-ROM, DINo
and PINN-ROM are equal; seed s draws weights and batches anew. Sparse: training and encoding from 5
% of the points. Resumes from --store, a JSON-lines file; --report prints the tables of what is
there; --runs keeps unfinished trainings, which then go on where they stopped.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import xarray

import zoo
from benchmarks import phi_rom_baselines as linear
from benchmarks.phi_rom_data import PROBLEMS, Problem
from benchmarks.rows import append, load
from zoo.recipes import phi_rom_burgers_source as burgers
from zoo.recipes.phi_rom_burgers_source import errors
from zoo.training.schedule import Schedule

STORE = Path("docs/results/phi-rom.jsonl")
SCHEDULES = {
    "burgers": burgers.SCHEDULE,
    "diffusion": Schedule(steps=3000, rate=5e-3, warmup=100, chunk=100, save=1000),
}
RULES = {
    "burgers": burgers.RULES,
    "diffusion": {
        "points": 128,
        "snapshots": 125,
        "taught": 6,
        "ahead": 6,
        "picked": 176,
        "tangent": 0.3,
    },
}
KINDS = {  # method: rules that differ
    "phi-rom": {},
    "phi-rom, plain": {"ahead": 0, "tangent": 0.0},
    "dino": {"physics": "none", "ahead": 0},
    "pinn-rom": {"physics": "strong", "ahead": 0, "tangent": 0.0},
    "phi-rom, 5 % of points": {"points": 0},
    "dino, 5 % of points": {"physics": "none", "ahead": 0, "points": 0},
}
LINEAR = ("pod floor", "pod-galerkin", "pod-dmd")
SPARSE, SENSOR_SEED = 0.05, 77
FLOOR_EVERY = 10


def one(problem: Problem, method: str, seed: int, runs: Path | None, tests: str) -> dict:
    """A row of the table."""
    row = {"problem": problem.name, "method": method, "seed": seed, "set": tests}
    truth = problem.sets[tests]
    if method in LINEAR:
        return row | errors(linear_forecast(problem, method, truth), truth["u"].values,
                            problem.training)  # fmt: skip
    sparse = "points" in method
    train, seen = problem.train, truth
    if sparse:
        places = sensors(problem)
        train, seen = scattered(train, places), scattered(truth, places)
    model = zoo.create("phi-rom", problem.system, seed=seed, **problem.options)
    schedule = SCHEDULES[problem.name]
    schedule = type(schedule)(**(schedule.to_json() | {"seed": seed}))
    folder = runs / f"{problem.name}-{method.replace(' ', '-')}-{seed}" if runs else None
    resume = bool(folder and (folder / "config.json").exists())
    started = time.perf_counter()
    model = model.fit(
        train, schedule, rules=RULES[problem.name] | KINDS[method], progress=False, folder=folder,
        resume=resume,
    )  # fmt: skip
    row["fit_s"] = round(time.perf_counter() - started, 1)
    axes = {c: truth[c].values for c in ("x", "y") if c in truth.dims}
    said = model.predict(seen, points=axes)
    row |= errors(said["u"].values, truth["u"].values, problem.training)
    own = model.predict(train.isel(time=[0]), times=truth["time"].values, points=axes)
    row["train"] = errors(own["u"].values, problem.sets["train"]["u"].values, problem.training)
    if not sparse:
        some = truth.isel(time=slice(0, None, FLOOR_EVERY))
        again = model.reconstruct(some)
        row["floor"] = errors(
            again["u"].values, some["u"].values, -(-problem.training // FLOOR_EVERY)
        )
    return row


def linear_forecast(problem: Problem, method: str, truth: xarray.Dataset) -> np.ndarray:
    """Fields of a linear baseline for the trajectories of `truth`."""
    config = zoo.create("phi-rom", problem.system, **problem.options).config
    train, fields = problem.train["u"].values, truth["u"].values
    pod = linear.Pod(train, config.latent)
    own, values = (
        np.stack([d[n].values for n in config.parameters], -1) if config.parameters
        else np.zeros((len(d["u"]), 0)) for d in (problem.train, truth)
    )  # fmt: skip
    if method == "pod floor":
        return linear.floor(pod, fields)
    if method == "pod-galerkin":
        return linear.galerkin(pod, config, fields, values, truth["time"].values)
    return linear.dmd(pod, train, own, fields, values)


def sensors(problem: Problem) -> np.ndarray:
    """Indices of 5 % of the points, in the order of a flattened field, the same for all sets."""
    count = problem.train["u"].values[0, 0].size
    rng = np.random.default_rng(SENSOR_SEED)
    return np.sort(rng.choice(count, round(SPARSE * count), replace=False))


def scattered(data: xarray.Dataset, places: np.ndarray) -> xarray.Dataset:
    """`data` at some of its points."""
    space = [c for c in ("x", "y") if c in data.dims]
    mesh = np.meshgrid(*(data[c].values for c in space), indexing="ij")
    u = data["u"].values
    flat = u.reshape(*u.shape[:2], -1)[..., places]
    kept = {n: v for n, v in data.data_vars.items() if v.dims == ("sample",)}
    coordinates = {c: ("point", m.reshape(-1)[places]) for c, m in zip(space, mesh, strict=True)}
    return xarray.Dataset(
        {"u": (("sample", "time", "point"), flat), **kept},
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
