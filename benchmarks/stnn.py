"""One-step errors and rollouts of StNN beside its baselines: python -m benchmarks.stnn [PROBLEM …].

Problems: lorenz-clean (dt 0.01), lorenz-noisy (dt 0.05, 1 % noise), lotka (dt 0.1, 20
trajectories). Resumes from --store, a JSON-lines file; --report prints the tables of what is there.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks import stnn_data, stnn_methods
from benchmarks.rows import append, load

STORE = Path("docs/results/stnn.jsonl")
BEGIN = {
    "lorenz-clean": 100,
    "lorenz-noisy": 100,
    "lotka": 16,
}  # states that rollouts may start from
STEPS = {"lorenz-clean": 1600, "lorenz-noisy": 300, "lotka": 100}


def one(problem: str, method: str, seed: int) -> dict:
    """One method on one training set."""
    data, check = stnn_data.problem(problem, seed)
    seen, truth = map(stnn_methods.states, stnn_data.test_data(problem))
    dt = float(np.round(np.diff(data["time"].values[:2])[0], 9))
    model, seconds = stnn_methods.fit(method, problem, data, check, seed)
    begin, steps = BEGIN[problem], STEPS[problem]
    errors = stnn_methods.step_errors(model, seen, truth, begin, dt)
    row = {"problem": problem, "method": method, "seed": seed, "fit_s": round(seconds, 1)}
    row |= {"parameters": stnn_methods.parameters(model), **errors}
    aside, exact = map(stnn_methods.states, (check, check))
    row["validation"] = stnn_methods.step_errors(model, aside, exact, min(begin, 20), dt)["true"] \
        if not method.endswith("long") else None  # fmt: skip
    said = stnn_methods.followed(model, seen, begin, steps, dt)
    after = truth[:, begin : begin + steps]
    valid = stnn_methods.valid_times(said, after, dt)
    row["valid"] = float(np.median(valid))
    row["valid_quartiles"] = [float(q) for q in np.quantile(valid, (0.25, 0.75))]
    gaps = np.linalg.norm(said - after, axis=(1, 2)) / np.linalg.norm(after, axis=(1, 2))
    row["rollout"] = float(np.linalg.norm(said - after) / np.linalg.norm(after))
    row["rollout_mean"] = float(np.mean(gaps))
    row["rollout_median"] = float(np.median(gaps))
    row["rollout_worst"] = float(np.max(gaps))
    return {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in row.items()}


def report(rows: list[dict]) -> str:
    """Markdown; mean (worst) over seeds."""
    lines = []
    for problem in stnn_methods.SETTINGS:
        some = [r for r in rows if r["problem"] == problem]
        if not some:
            continue
        lines += [
            f"\n| {problem} | seeds | trained numbers | one step, true | one step, measured | "
            "valid time | rollout, % | rollout, median % | fit, s |",
            "|---" * 9 + "|",
        ]
        for method in stnn_methods.METHODS:
            own = [r for r in some if r["method"] == method]
            if own:
                lines.append(f"| {method} | {len(own)} | {own[0]['parameters']} | " + " | ".join(
                    [cell(own, "true", "{:.2e}"), cell(own, "measured", "{:.2e}"),
                     cell(own, "valid", "{:.2f}", worst=min), cell(own, "rollout", "{:.2f}", 100),
                     cell(own, "rollout_median", "{:.3f}", 100), cell(own, "fit_s", "{:.0f}")]
                ) + " |")  # fmt: skip
    return "\n".join(lines)


def cell(rows: list[dict], name: str, form: str, factor: float = 1.0, worst=max) -> str:
    """mean (worst); "–" where something is not finite."""
    values = [r.get(name) for r in rows]
    if any(v is None for v in values):
        return "–"
    values = [factor * v for v in values]
    return f"{form.format(np.mean(values))} ({form.format(worst(values))})"


def main() -> None:
    """Run what the store lacks, then print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("problems", nargs="*", default=list(stnn_methods.SETTINGS))
    parser.add_argument("--methods", nargs="*", default=list(stnn_methods.METHODS))
    parser.add_argument("--seeds", nargs="*", type=int, default=list(stnn_data.SEEDS))
    parser.add_argument("--store", type=Path, default=STORE)
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    for seed in [] if options.report else options.seeds:
        for problem in options.problems:
            for method in options.methods:
                done = {(r["problem"], r["method"], r["seed"]) for r in load(options.store)}
                if (problem, method, seed) not in done:
                    append(options.store, one(problem, method, seed))
    print(report(load(options.store)))


if __name__ == "__main__":
    main()
