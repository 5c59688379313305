"""Lotka-Volterra as in LEADS: python -m benchmarks.stnn_leads [--report].

Ten environments, one training trajectory of 20 points each (dt 0.5), 32 test trajectories per
environment. `pooled`: one model of all; `own`: one model per environment; `split`: one model whose
read-outs have a shared and a per-environment part. Windows of 4 points; errors one step ahead, and
of the rollout from the first four points to the end, relative to the states."""

import argparse
from pathlib import Path

import numpy as np
import xarray

import symbolic
import zoo
from benchmarks import stnn_data
from benchmarks.rows import append, load
from benchmarks.stnn_methods import schedule, simulated, states, untrained
from zoo.layers.rollout import one_step, rollout

STORE = Path("docs/results/stnn-leads.jsonl")
WINDOW, BLOCKS, UPDATES = 4, 2, 40
ACTIVATIONS = ("tanh", "identity", "identity")  # 160 windows do not feed a second layer
NETWORKS = ("stnn", "mlp-1", "mlp-2")
CLASSICAL = (
    "extrapolation-1",
    "extrapolation-2",
    "extrapolation-3",
    "linear-ar",
    "dmd",
    "hankel-dmd",
)
SPLITS = {"pooled": (*NETWORKS, *CLASSICAL), "own": (*NETWORKS, *CLASSICAL[3:], "sindy"),
          "split": NETWORKS}  # fmt: skip


def fitted(method: str, split: str, data: xarray.Dataset, seed: int):
    """One model of `data`; "sindy" gives a System or None."""
    if method == "sindy":
        return symbolic.discover(data[["x", "y"]], engine="sindy", degree=2).best
    if method in CLASSICAL:
        family, _, order = method.partition("-") if method.startswith("extra") else (method, "", "")
        options = {"order": int(order)} if order else {}
        return zoo.create(family, data[["x", "y"]], window=WINDOW, **options).fit(
            data, held_out=data
        )
    environments = len(stnn_data.LEADS) if split == "split" else 1
    more = {"activations": ACTIVATIONS} if method == "stnn" else {}
    model = untrained(
        method, data[["x", "y"]], seed, WINDOW, BLOCKS, environments=environments, **more
    )
    return model.fit(data, schedule(UPDATES, seed), held_out=data, evidence=True, progress=False)


def one(method: str, split: str, seed: int, test: xarray.Dataset) -> dict:
    """Errors per environment."""
    train, _ = stnn_data.problem("leads", seed)
    whole = fitted(method, split, train, seed) if split != "own" else None
    steps, rolls = [], []
    for number in range(len(stnn_data.LEADS)):
        seen = test.isel(sample=np.flatnonzero(test["environment"].values == number))
        own = train.isel(sample=np.flatnonzero(train["environment"].values == number))
        model = whole if split != "own" else fitted(method, split, own, seed)
        truth = states(seen)
        said = np.stack([truth[:, k - WINDOW : k] for k in range(WINDOW, truth.shape[1])], 1)
        after, count = truth[:, WINDOW:], truth.shape[1] - WINDOW
        flat, place = said.reshape(-1, WINDOW, 2), np.full(len(truth), number)
        if isinstance(model, zoo.Model):
            ahead = one_step(model, flat, np.repeat(place, count)).reshape(after.shape)
            rolled = rollout(model, truth[:, :WINDOW], count, place)
        else:
            times = 0.5 * np.arange(2)
            ahead = simulated(model, flat[:, -1], times)[:, 1].reshape(after.shape)
            rolled = simulated(model, truth[:, WINDOW - 1], 0.5 * np.arange(count + 1))[:, 1:]
        relative = lambda e, a=after: float(np.linalg.norm(e) / np.linalg.norm(a))  # noqa: E731
        steps.append(relative(ahead - after))
        rolls.append(relative(rolled - after))
    finite = lambda row: [v if np.isfinite(v) else None for v in row]  # noqa: E731
    return {"method": method, "split": split, "seed": seed, "step": finite(steps),
            "rollout": finite(rolls)}  # fmt: skip


def report(rows: list[dict]) -> str:
    """Markdown: mean over environments and seeds (worst environment, mean over seeds), percent."""
    lines = [
        "| split | method | seeds | one step, % | rollout to T = 10, % "
        "| per environment, one step, % |",
        "|---|---|---|---|---|---|",
    ]
    for split, methods in SPLITS.items():
        for method in methods:
            own = [r for r in rows if (r["split"], r["method"]) == (split, method)]
            if not own:
                continue
            cells = []
            for name in ("step", "rollout"):
                values = np.array([[np.nan if v is None else v for v in r[name]] for r in own])
                values = 100 * np.mean(values, 0)
                lost = int(np.isnan(values).sum())
                text = f"{np.nanmean(values):.2f} ({np.nanmax(values):.2f})" if lost < 10 else "–"
                cells.append(text + (f", {lost} failed" if lost else ""))
                each = [f"{v:.2f}" for v in values] if name == "step" else each  # noqa: F821
            lines.append(
                f"| {split} | {method} | {len(own)} | {cells[0]} | {cells[1]} | {' '.join(each)} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Run what the store lacks, then print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", nargs="*", type=int, default=list(stnn_data.SEEDS))
    parser.add_argument("--splits", nargs="*", default=list(SPLITS))
    parser.add_argument("--methods", nargs="*", default=None)
    parser.add_argument("--check", action="store_true", help="on the validation data")
    parser.add_argument("--store", type=Path, default=STORE)
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    validation = stnn_data.leads(8, stnn_data.VALIDATION)
    test = validation if options.check else stnn_data.test_data("leads")[1]
    for seed in [] if options.report else options.seeds:
        for split in options.splits:
            for method in options.methods or SPLITS[split]:
                done = {(r["method"], r["split"], r["seed"]) for r in load(options.store)}
                if method in SPLITS[split] and (method, split, seed) not in done:
                    append(options.store, one(method, split, seed, test))
    print(report(load(options.store)))


if __name__ == "__main__":
    main()
