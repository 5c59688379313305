"""Fine-tuning phi-rom.burgers-source: python -m benchmarks.phi_rom_finetune [--report].

To another range of parameters, μ₂ in [0.03, 0.04] (trained on: [0.015, 0.03]), and to another
equation, a reaction −k u, k = 0.05, typed by the user. Eight trajectories of 100 frames; the error
is that of forecasts of 200 frames from the first field at the seven midpoints. `scratch`: random
weights, the recipe; `scratch, fast`: at the rate of zoo.finetune; `scratch, short`: at that rate
and in as many steps; `scratch, adam`: the recipe with Adam and points drawn anywhere; `tuned`: from
the checkpoint, with the settings of zoo.finetune; `control`: from its weights in random order.
Counted: steps until the error first is 1.05 times what a run from scratch of that seed ends with.
"""

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

import physics
import zoo
from benchmarks.rows import append, load
from physics.symbols import Parameter
from zoo.models.phi_rom import tuning, tuning_rules
from zoo.recipes import phi_rom_burgers_source as burgers

STORE = Path("docs/results/phi-rom-finetune.jsonl")
EVERY, LEVEL = 100, 1.05
SCRATCH = ("scratch", "scratch, fast", "scratch, short", "scratch, adam")
ARMS = (*SCRATCH, "tuned", "control")
HIGHEST = 0.045  # μ₂ of the System, whose own range ends at 0.035
TARGETS = {
    "range": ({}, np.linspace(0.03, 0.04, 8)),
    "reaction": ({"k": 0.05}, burgers.MU),
}
TOLD = {"range": "μ₂ in [0.03, 0.04]", "reaction": "−k u, k = 0.05"}


def equation(more: dict) -> Any:
    """The System of the recipe with a wider range, or the same with a reaction."""
    known = burgers.system()
    wider = [dataclasses.replace(p, high=HIGHEST) if p.name == "mu2" else p
             for p in known.parameters]  # fmt: skip
    known = dataclasses.replace(known, parameters=wider)
    if not more:
        return known
    return physics.parse(
        "u_t = -D(u^2/2, x) + q*exp(mu2*x) - k*u",
        [*known.parameters, *(Parameter(n, v) for n, v in more.items())], states=known.states,
        domain=known.domain, boundary=known.boundary, initial=known.initial, name="reacting",
    )  # fmt: skip


def data(system: Any, values: np.ndarray) -> Any:
    """Trajectories as in the recipe, from its first state."""
    first = burgers.simulated(values[:1])["u"].values[:, 0]
    return physics.solve(
        system, initial=np.repeat(first, len(values), 0), times=burgers.DT * np.arange(200),
        parameters={"mu2": values}, resolution=burgers.CELLS, scheme="finite-volume", order=1,
        dt=burgers.DT / 8,
    )  # fmt: skip


def curve(name: str, arm: str, seed: int, rate: float, steps: int) -> list[float]:
    """The error after every EVERY steps."""
    from zoo.models.phi_rom import fitting, judging, reading

    more, values = TARGETS[name]
    system = equation(more)
    train = data(system, values).isel(time=slice(0, burgers.TRAINING))
    check = data(system, (values[1:] + values[:-1]) / 2)
    fresh, plain = arm.startswith("scratch"), arm.endswith("adam")
    if fresh:
        model = zoo.create("phi-rom", system, seed=seed, **burgers.OPTIONS)
    else:
        model, _ = zoo.load("phi-rom.burgers-source").adapt(system)
    if arm == "control":
        model = model.put(shuffled(model.weights(), np.random.default_rng(seed)))
    plan = dataclasses.replace(
        burgers.SCHEDULE, seed=seed, rate=rate, steps=steps,
        optimiser="adam" if plain else tuning.OPTIMISER,
    )  # fmt: skip
    measured, errors = reading.read(model.config, train), []
    scales = "model" if arm == "tuned" else "data"
    statistics = fitting.statistics_of(model.config, measured) if scales == "data" else {}
    rules = fitting.check_rules(
        burgers.RULES | {"stratified": not plain} | ({} if fresh else {"limit": tuning_rules.LIMIT})
    )
    probe = model.put(statistics=statistics)

    def watch(step, state):
        if step % EVERY == 0:
            now = fitting.trained(probe, state["params"], measured, rules)
            try:
                said = now.predict(check)["u"].values
                found = judging.errors(said, check["u"].values, burgers.TRAINING)
                errors.append((found["inside"] + found["beyond"]) / 2)
            except physics.BlowUp:
                errors.append(float("inf"))

    model.fit(train, plan, rules=rules, scales=scales, progress=False, watch=watch)
    return errors


def shuffled(tree: Any, rng: np.random.Generator) -> Any:
    """Every array with its entries in random order."""
    if isinstance(tree, dict):
        return {k: shuffled(v, rng) for k, v in tree.items()}
    return rng.permutation(np.ravel(tree)).reshape(np.shape(tree))


def reached(errors: list[float], level: float) -> int | None:
    """Steps until the error first is at most `level`."""
    return next(((k + 1) * EVERY for k, e in enumerate(errors) if e <= level), None)


def report(rows: list[dict]) -> str:
    """Markdown; the last row of every arm and seed."""
    heads = ["target", "seed", "run", "steps", "rate", "last error"]
    heads += [f"steps to the end of {name}: share" for name in SCRATCH]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    every = {(r["target"], r["seed"], r["arm"]): r for r in rows}
    for target, seed, arm in sorted(every, key=lambda k: (k[0], k[1], ARMS.index(k[2]))):
        row = every[target, seed, arm]
        cells = [TOLD[target], seed, arm, row["steps"], row["rate"], f"{row['errors'][-1]:.4f}"]
        for name in SCRATCH:
            theirs = every.get((target, seed, name), {"errors": []})["errors"]
            goal = LEVEL * theirs[-1] if theirs else 0.0
            own, whole = reached(row["errors"], goal), reached(theirs, goal)
            cells.append(f"{own}: {own / whole:.2f}" if own and whole else "–")
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def main() -> None:
    """Run what the store lacks, then print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, default=STORE)
    parser.add_argument("--seeds", nargs="*", type=int, default=[0])
    parser.add_argument("--targets", nargs="*", default=["range", "reaction"])
    parser.add_argument("--arms", nargs="*", default=ARMS, choices=ARMS)
    parser.add_argument("--rate", type=float, default=tuning.RATE, help="of all but the recipe")
    parser.add_argument("--steps", type=int, default=tuning.STEPS, help="of tuned, control, short")
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()

    def kept(name, arm, seed, rate, steps):
        key = {"target": name, "arm": arm, "seed": seed, "rate": rate, "steps": steps}
        for row in load(options.store):
            if all(row[k] == v for k, v in key.items()):
                return row["errors"]
        errors = curve(name, arm, seed, rate, steps)
        append(options.store, key | {"errors": errors})
        print(json.dumps(key), [round(e, 4) for e in errors], flush=True)
        return errors

    if not options.report:
        for name in options.targets:
            for seed in options.seeds:
                for arm in options.arms:
                    recipe = arm in ("scratch", "scratch, adam")
                    rate = burgers.SCHEDULE.rate if recipe else options.rate
                    whole = recipe or arm == "scratch, fast"
                    steps = burgers.SCHEDULE.steps if whole else options.steps
                    kept(name, arm, seed, rate, steps)
    print(report(load(options.store)))


if __name__ == "__main__":
    main()
