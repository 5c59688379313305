"""Fine-tuning the shipped StNNs to other parameters: python -m benchmarks.stnn_finetune [--report].

Every parameter of the new systems is at least 20 % away. Data: eight trajectories, the validation
error is the one-step error on four others. `scratch`: from random weights; `tuned`: from the
checkpoint of that system; `control`: from the checkpoint's weights in random order. Updates are
Levenberg-Marquardt steps; the first damping of each arm is the best of three on a further parameter
set. Counted: updates until the error first is 1.05 times the best of the scratch arm."""

import argparse
import dataclasses
from pathlib import Path

import numpy as np

import physics
import zoo
from benchmarks.stnn import append, load
from benchmarks.stnn_methods import states, step_errors
from zoo.training.schedule import Schedule

STORE = Path("docs/results/stnn-finetune.jsonl")
UPDATES, LEVEL = 30, 1.05
DAMPINGS = (1e-6, 1e-3, 1.0)
# factors on the catalogue's parameters; set 0 chooses the damping, the others are reported
SETS = {
    "stnn.lotka-volterra": (
        (0.78, 1.22, 0.78, 1.22), (1.25, 0.8, 1.25, 0.8), (0.75, 1.3, 1.3, 0.75),
    ),
    "stnn.lorenz63": ((1.2, 1.25, 0.8), (1.3, 1.2, 1.2), (0.8, 1.3, 0.8), (1.25, 1.35, 1.3)),
}  # fmt: skip
OPTIONS = {"evidence": True, "rows": 1000}


def data(name: str, which: int):
    """(training, validation) of one parameter set."""
    system = physics.get("lotka_volterra" if "lotka" in name else "lorenz63")
    chaotic = system.name == "lorenz63"
    factors = SETS[name][which]
    values = {p.name: p.value * f for p, f in zip(system.parameters, factors, strict=True)}
    made = []
    for samples, seed in ((8, 300 + which), (4, 400 + which)):
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


def curve(name: str, arm: str, which: int, damping: float) -> list[float]:
    """Validation error after every update."""
    train, check = data(name, which)
    source = zoo.load(name)
    fields = dataclasses.asdict(source.config)
    model = type(source).create(fields.pop("states"), seed=which, **fields)
    scales = "data" if arm == "scratch" else "model"
    if arm == "tuned":
        model = source
    if arm == "control":
        rng = np.random.default_rng(which)
        mixed = _shuffled(source.weights(), rng)
        model = source.put(mixed)
    probe = model if scales == "model" else None
    errors, seen = [], states(check)
    dt = float(source.config.dt)

    def watch(step, state):
        nonlocal probe
        if probe is None:
            probe = model.put(statistics=model._scales(*_records(model, train, check)))
        now = probe.put(_plain(state["best"]))
        errors.append(step_errors(now, seen, seen, source.config.window, dt)["true"])

    plan = Schedule(steps=UPDATES, optimiser="levenberg-marquardt", chunk=1, save=10**6, seed=which)
    model.fit(train, plan, held_out=check, scales=scales, progress=False, watch=watch,
              damping=damping, **OPTIONS)  # fmt: skip
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
        "| checkpoint | factors on the parameters | best from scratch | updates: scratch | tuned "
        "| control | tuned / scratch |",
        "|---" * 7 + "|",
    ]
    for name, sets in SETS.items():
        for which in range(1, len(sets)):
            own = {r["arm"]: r["errors"] for r in rows if (r["name"], r["set"]) == (name, which)}
            if len(own) < 3:
                continue
            best = min(own["scratch"])
            counts = {arm: reached(e, LEVEL * best) for arm, e in own.items()}
            ratio = counts["tuned"] and f"{counts['tuned'] / counts['scratch']:.2f}"
            said = [str(counts[a] or "–") for a in ("scratch", "tuned", "control")]
            factors = ", ".join(map(str, sets[which]))
            lines.append(
                f"| {name} | {factors} | {best:.2e} | {' | '.join(said)} | {ratio or '–'} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Run what the store lacks, then print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, default=STORE)
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    for name in () if options.report else SETS:
        rows = load(options.store)
        for arm in ("scratch", "tuned", "control"):
            tried = {d: curve(name, arm, 0, d) for d in DAMPINGS} if not any(
                (r["name"], r["arm"]) == (name, arm) for r in rows) else {}  # fmt: skip
            best = min(tried, key=lambda d: np.mean(np.log(tried[d]))) if tried else None
            for which in range(1, len(SETS[name])):
                if best is not None:
                    errors = curve(name, arm, which, best)
                    append(options.store, {"name": name, "arm": arm, "set": which,
                                           "damping": best, "errors": errors})  # fmt: skip
    print(report(load(options.store)))


if __name__ == "__main__":
    main()
