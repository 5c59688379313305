"""Lorenz seen through x alone, with noise: python -m benchmarks.stnn_partial [--report].

dt 0.05, 20 trajectories of 1000 points, noise of 1, 2, 5, 10 % of the deviation of x in training
and test. Valid time: until the forecast of x misses the true x by 0.4 of its deviation; median of
50 starts. Hankel-DMD is HAVOK without its forcing, with the window of the networks and with 100
delays."""

import argparse
from pathlib import Path

import numpy as np

import zoo
from benchmarks import stnn_data
from benchmarks.rows import append, load
from benchmarks.stnn import cell
from benchmarks.stnn_methods import schedule, states, untrained, valid_times
from zoo.layers.rollout import rollout

STORE = Path("docs/results/stnn-partial.jsonl")
LEVELS = (0.01, 0.02, 0.05, 0.1)
WINDOW, BLOCKS, UPDATES, ROWS = 32, 2, 25, 6000
BEGIN, STEPS = 100, 200
METHODS = ("stnn", "mlp-1", "linear-ar", "hankel-dmd", "hankel-dmd-long")


def one(method: str, level: float, seed: int, check: bool = False) -> dict:
    """One method at one noise level."""
    data = stnn_data.lorenz(0.05, 20, 1000, stnn_data.TRAIN + seed)[["x"]]
    data = stnn_data.noisy(data, seed, level)
    aside = stnn_data.lorenz(0.05, 8, 500, stnn_data.VALIDATION)[["x"]]
    aside = stnn_data.noisy(aside, 500, level)
    exact = stnn_data.lorenz(0.05, 50, 400, stnn_data.VALIDATION + 1 if check else stnn_data.TEST)
    exact = exact[["x"]]
    seen, truth = states(stnn_data.noisy(exact, 901 if check else 900, level)), states(exact)
    if method in ("stnn", "mlp-1"):
        model = untrained(method, data, seed, WINDOW, BLOCKS)
        model = model.fit(data, schedule(UPDATES, seed), held_out=aside, evidence=True,
                          rows=ROWS, progress=False)  # fmt: skip
    else:
        family, window = method.removesuffix("-long"), 100 if method.endswith("long") else WINDOW
        model = zoo.create(family, data, window=window).fit(data, held_out=aside)
    said = rollout(model, seen[:, BEGIN - model.config.window : BEGIN], STEPS)
    valid = valid_times(said, truth[:, BEGIN : BEGIN + STEPS], 0.05)
    quartiles = [float(q) for q in np.quantile(valid, (0.25, 0.75))]
    return {"method": method, "noise": level, "seed": seed, "valid": float(np.median(valid)),
            "valid_quartiles": quartiles}  # fmt: skip


def report(rows: list[dict]) -> str:
    """Markdown: mean (worst) over seeds of the median valid time."""
    lines = [f"| noise | {' | '.join(METHODS)} |", "|---" * (len(METHODS) + 1) + "|"]
    for level in LEVELS:
        some = [r for r in rows if r["noise"] == level]
        cells = []
        for method in METHODS:
            own = [r for r in some if r["method"] == method]
            cells.append(cell(own, "valid", "{:.2f}", worst=min) if own else "–")
        lines.append(f"| {level:.0%} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Run what the store lacks, then print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", nargs="*", type=int, default=list(stnn_data.SEEDS))
    parser.add_argument("--levels", nargs="*", type=float, default=list(LEVELS))
    parser.add_argument("--methods", nargs="*", default=list(METHODS))
    parser.add_argument("--check", action="store_true", help="on the validation data")
    parser.add_argument("--store", type=Path, default=STORE)
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    for seed in [] if options.report else options.seeds:
        for level in options.levels:
            for method in options.methods:
                done = {(r["method"], r["noise"], r["seed"]) for r in load(options.store)}
                if (method, level, seed) not in done:
                    append(options.store, one(method, level, seed, options.check))
    print(report(load(options.store)))


if __name__ == "__main__":
    main()
