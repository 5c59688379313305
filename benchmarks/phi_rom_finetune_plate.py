"""Fine-tuning phi-rom.diffusion: python -m benchmarks.phi_rom_finetune_plate [--report].

To reactions that a user types: −k u, k = 0.5, which leaves fields of any size alike, and −k u²,
k = 0.3, which does not. 24 trajectories of one Gaussian each, 25 frames 0.1 apart; the error is
that of forecasts of 50 frames from the first field of 24 others, mean of inside and beyond.
`scratch`: random weights, the recipe, its lessons at the end included; `tuned`: from the checkpoint
with the settings of zoo.finetune, every 100 steps, the last with its lessons; `before`: the
checkpoint under the new equation.
"""

import argparse
import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

import physics
import zoo
from benchmarks.phi_rom_finetune import EVERY, LEVEL, reached
from benchmarks.rows import append, load
from zoo.models.phi_rom import fitting, judging, reading, tuning
from zoo.recipes import phi_rom_diffusion as plate

STORE = Path("docs/results/phi-rom-finetune-plate.jsonl")
SAMPLES, SEED, TEST_SEED, STEPS = 24, 500, 600, 660
TARGETS = {"linear": ("u", 0.5), "quadratic": ("u^2", 0.3)}


def equation(name: str) -> Any:
    """The System of the recipe with a reaction."""
    known, (power, k) = plate.system(), TARGETS[name]
    return physics.parse(
        f"u_t = kappa*(u_xx + u_yy) - k*{power}",
        [*known.parameters, physics.Parameter("k", k)], states=known.states, domain=known.domain,
        boundary=known.boundary, initial=known.initial, name=f"{name}_reaction",
    )  # fmt: skip


def data(system: Any, seed: int) -> Any:
    """Trajectories as in the recipe."""
    return physics.solve(
        system, samples=SAMPLES, seed=seed, times=plate.DT * np.arange(plate.FRAMES),
        resolution=plate.NODES, scheme="finite-difference", order=2, rtol=1e-5,
    )  # fmt: skip


def error(model: Any, truth: Any) -> float:
    """Mean of inside and beyond."""
    try:
        found = judging.errors(model.predict(truth)["u"].values, truth["u"].values, plate.TRAINING)
    except physics.BlowUp:
        return float("inf")
    return (found["inside"] + found["beyond"]) / 2


def one(name: str, arm: str, seed: int) -> dict:
    """A row."""
    system = equation(name)
    train = data(system, SEED).isel(time=slice(0, plate.TRAINING))
    truth, row = data(system, TEST_SEED), {"target": name, "arm": arm, "seed": seed}
    started = time.perf_counter()
    if arm == "scratch":
        options = plate.OPTIONS | {"sized": name == "quadratic"}
        model = zoo.create("phi-rom", system, seed=seed, **options)
        schedule = dataclasses.replace(plate.SCHEDULE, seed=seed)
        model = model.fit(train, schedule, rules=plate.RULES, progress=False)
        row |= {"steps": schedule.steps, "errors": [error(model, truth)]}
        return row | {"seconds": time.perf_counter() - started}
    known = zoo.load(plate.CHECKPOINT)
    model, measured, schedule, rules = tuning.prepared(known, train, system, STEPS, seed, SAMPLES)
    fields, errors = reading.read(model.config, measured), [error(model, truth)]

    def watch(step, state):
        if step % EVERY == 0 or step == STEPS:
            errors.append(error(fitting.trained(model, state["params"], fields, rules), truth))

    model = model.fit(measured, schedule, rules=rules, scales="model", progress=False, watch=watch)
    errors[-1] = error(model, truth)
    row |= {"steps": STEPS, "before": errors[0], "errors": errors[1:]}
    return row | {"seconds": time.perf_counter() - started}


def report(rows: list[dict]) -> str:
    """Markdown."""
    lines = ["| reaction | seed | before | from scratch ends at | tuned ends at | steps to 1.05 of "
             "scratch's end: share |", "|---" * 6 + "|"]  # fmt: skip
    every = {(r["target"], r["seed"], r["arm"]): r for r in rows}
    for (target, seed, arm), row in sorted(every.items()):
        scratch = every.get((target, seed, "scratch"))
        if arm != "tuned" or scratch is None:
            continue
        steps = reached(row["errors"], LEVEL * scratch["errors"][-1])
        steps = min(steps, row["steps"]) if steps else None
        share = f"{steps}: {steps / scratch['steps']:.2f}" if steps else "–"
        cells = [f"{e:.4f}" for e in (row["before"], scratch["errors"][-1], row["errors"][-1])]
        lines.append("| " + " | ".join([target, str(seed), *cells, share]) + " |")
    return "\n".join(lines)


def main() -> None:
    """Run what the store lacks, then print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, default=STORE)
    parser.add_argument("--seeds", nargs="*", type=int, default=[0])
    parser.add_argument("--targets", nargs="*", default=TARGETS, choices=TARGETS)
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    wanted = [(t, arm, s) for s in options.seeds for t in options.targets
              for arm in ("tuned", "scratch")]  # fmt: skip
    for target, arm, seed in [] if options.report else wanted:
        key = {"target": target, "arm": arm, "seed": seed}
        if any(all(row[k] == v for k, v in key.items()) for row in load(options.store)):
            continue
        row = one(target, arm, seed)
        append(options.store, row)
        print(json.dumps(row), flush=True)
    print(report(load(options.store)))


if __name__ == "__main__":
    main()
