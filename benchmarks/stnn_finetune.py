"""Fine-tuning the shipped StNNs to other parameters: python -m benchmarks.stnn_finetune [--report].

Every parameter of the new systems is at least 20 % away. Data: eight or two trajectories, the
validation error is the one-step error on four others. `scratch`: from random weights; `tuned`: from
the checkpoint of that system; `control`: from the checkpoint's weights in random order; all with
the statistics of the new data. Updates are Levenberg-Marquardt steps; the first damping of each arm
is the best of three on a further parameter set. Counted: updates until the error first is 1.05
times the best of the scratch arm."""

import argparse
import dataclasses
from itertools import product
from pathlib import Path

import numpy as np

import physics
import zoo
from benchmarks.rows import append, load
from benchmarks.stnn_methods import states, step_errors
from zoo.training.schedule import Schedule

STORE = Path("docs/results/stnn-finetune.jsonl")
UPDATES, LEVEL = 30, 1.05
TRAJECTORIES = (8, 2)
DAMPINGS = {
    "scratch": (1e-6, 1e-3, 1.0), "tuned": (1e-8, 1e-6, 1e-3), "control": (1e-6, 1e-3, 1.0),
}  # fmt: skip
# factors on the catalogue's parameters; set 0 chooses the damping, the others are reported
SETS = {
    "stnn.lotka-volterra": (
        (0.78, 1.22, 0.78, 1.22), (1.25, 0.8, 1.25, 0.8), (0.75, 1.3, 1.3, 0.75),
    ),
    "stnn.lorenz63": ((1.2, 1.25, 0.8), (1.3, 1.2, 1.2), (0.8, 1.3, 0.8), (1.25, 1.35, 1.3)),
}  # fmt: skip
OPTIONS = {"evidence": True, "rows": 1000}


def data(name: str, which: int, trajectories: int):
    """(training, validation) of one parameter set."""
    system = physics.get("lotka_volterra" if "lotka" in name else "lorenz63")
    chaotic = system.name == "lorenz63"
    factors = SETS[name][which]
    values = {p.name: p.value * f for p, f in zip(system.parameters, factors, strict=True)}
    made = []
    for samples, seed in ((trajectories, 300 + which), (4, 400 + which)):
        initial = None
        if chaotic:
            start = physics.solve(system, samples=samples, seed=seed, times=[0.0, 5.0],
                                  parameters=values)  # fmt: skip
            initial = np.stack([start[n].values[:, -1] for n in "xyz"], -1)
        times = 0.01 * np.arange(300) if chaotic else 0.1 * np.arange(101)
        solved = physics.solve(
            system, samples=None if chaotic else samples, seed=seed, initial=initial, times=times,
            parameters=values,
        )  # fmt: skip
        made.append(solved[list(system.state_names)])
    return made


def curve(name: str, arm: str, which: int, trajectories: int, damping: float) -> list[float]:
    """Validation error after every update."""
    train, check = data(name, which, trajectories)
    source = zoo.load(name)
    fields = dataclasses.asdict(source.config)
    model = type(source).create(fields.pop("states"), seed=which, **fields)
    if arm == "tuned":
        model = source
    if arm == "control":
        model = source.put(_shuffled(source.weights(), np.random.default_rng(which)))
    probe = model.put(statistics=model._scales(*_records(model, train, check)))
    errors, seen = [], states(check)
    dt = float(source.config.dt)

    def watch(step, state):
        now = probe.put(_plain(state["best"]))
        errors.append(step_errors(now, seen, seen, source.config.window, dt)["true"])

    plan = Schedule(steps=UPDATES, optimiser="levenberg-marquardt", chunk=1, save=10**6, seed=which)
    model.fit(train, plan, held_out=check, progress=False, watch=watch, damping=damping, **OPTIONS)
    return errors


def _records(model, train, check):
    from zoo.layers import windows

    return [windows.read(model.config, d) for d in (train, check)]


def _plain(tree):
    return {k: _plain(v) if isinstance(v, dict) else np.asarray(v) for k, v in tree.items()}


def _shuffled(tree, rng):
    mixed = lambda v: rng.permutation(np.ravel(v)).reshape(np.shape(v))  # noqa: E731
    return {k: _shuffled(v, rng) if isinstance(v, dict) else mixed(v) for k, v in tree.items()}


def reached(errors: list[float], level: float) -> int | None:
    """Updates until the error first is at most `level`."""
    return next((k + 1 for k, e in enumerate(errors) if e <= level), None)


def report(rows: list[dict]) -> str:
    """Markdown."""
    lines = [
        "| checkpoint | trajectories | factors on the parameters | best from scratch, tuned "
        "| updates: scratch | tuned | control | tuned / scratch |",
        "|---" * 8 + "|",
    ]
    for name, sets in SETS.items():
        for count in TRAJECTORIES:
            for which in range(1, len(sets)):
                key = (name, which, count)
                own = {r["arm"]: r["errors"] for r in rows
                       if (r["name"], r["set"], r["trajectories"]) == key}  # fmt: skip
                if len(own) == 3:
                    lines.append(f"| {name} | {count} | {', '.join(map(str, sets[which]))} | "
                                 f"{_counts(own)} |")  # fmt: skip
    return "\n".join(lines)


def _counts(own: dict[str, list[float]]) -> str:
    best = min(own["scratch"])
    counts = {arm: reached(e, LEVEL * best) for arm, e in own.items()}
    ratio = counts["tuned"] and f"{counts['tuned'] / counts['scratch']:.2f}"
    said = [str(counts[a] or "–") for a in ("scratch", "tuned", "control")]
    return f"{best:.2e}, {min(own['tuned']):.2e} | {' | '.join(said)} | {ratio or '–'}"


def main() -> None:
    """Run what the store lacks, then print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, default=STORE)
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    for name, count in () if options.report else product(SETS, TRAJECTORIES):
        rows = load(options.store)
        for arm in ("scratch", "tuned", "control"):
            if any((r["name"], r["arm"], r["trajectories"]) == (name, arm, count) for r in rows):
                continue
            tried = {d: curve(name, arm, 0, count, d) for d in DAMPINGS[arm]}
            best = min(tried, key=lambda d: np.mean(np.log(tried[d])))
            for which in range(1, len(SETS[name])):
                errors = curve(name, arm, which, count, best)
                append(options.store, {"name": name, "arm": arm, "set": which,
                                       "trajectories": count, "damping": best,
                                       "errors": errors})  # fmt: skip
    print(report(load(options.store)))


if __name__ == "__main__":
    main()
