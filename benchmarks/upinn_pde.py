"""UPINN of a PDE and of a stiff switch: python -m benchmarks.upinn_pde [--json] [--seeds 5].

Burgers: ν ∂ₓₓu known, −u ∂ₓu hidden, 3 fields, 300 scattered points each, 2 % noise. Apoptosis:
the rational sinks of y hidden, 5 trajectories, 61 times each, 2 % noise. Both as in the recipes,
but the initial states, points, noise and network are drawn anew by every seed: reported 0 … n−1;
choices were made on 100 … 104. Fine-tuning: the shipped checkpoints against training from scratch
on five other parameter sets. Resumes from --store, a JSON-lines file.
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

import symbolic
from benchmarks.upinn_pde_finetune import Store, finetuning
from benchmarks.upinn_pde_finetune import row as finetuning_row
from zoo.models.upinn.evidence import Tightening
from zoo.recipes import upinn_apoptosis, upinn_burgers

# -- from scratch ---------------------------------------------------------------------------


def burgers(seed: int) -> dict:
    """One data set: surrogate, hidden term, law and two baselines."""
    recipe = upinn_burgers
    truth, clean = recipe.truth(), recipe.exact(seed=seed)
    data, part = recipe.data(clean, seed), recipe.known(recipe.truth())
    started = time.perf_counter()
    model = recipe.untrained(part, seed).fit(data, recipe.SCHEDULE, progress=False)
    row = {"fit_s": time.perf_counter() - started} | recipe.scores(model, clean)
    started = time.perf_counter()
    law = model.law(data).best
    row["law_s"] = time.perf_counter() - started
    same = symbolic.same_law(law, truth) if law is not None else None
    row["law"] = bool(same is not None and same.same_terms)
    row["coefficient"] = float(same.worst) if row["law"] else float("inf")
    row["text"] = "none" if law is None else "; ".join(law.numeric().lines())
    schedule = replace(recipe.SCHEDULE, steps=80)
    for name, rules in {
        "data_only": Tightening(residual=1e4, loose=1.0, warm=50),
        "no_hidden": Tightening(residual=0.02, ramp=40, warm=10**6, alpha=1e12),
    }.items():
        other = recipe.untrained(part, seed).fit(data, schedule, progress=False, rules=rules)
        row[name] = recipe.scores(other, clean)["surrogate_error"]
    return row


def apoptosis(seed: int) -> dict:
    """One data set: surrogate, hidden term and the formula as it is found."""
    recipe = upinn_apoptosis
    truth = recipe.truth()
    data = recipe.data(recipe.exact(seed=seed), seed)
    started = time.perf_counter()
    model = recipe.untrained(recipe.known(truth), seed).fit(data, recipe.SCHEDULE, progress=False)
    row = {"fit_s": time.perf_counter() - started} | recipe.scores(model, truth, seed)
    found = model.law()
    shown = {"chosen": found.chosen} | {
        f"rational {sum(c.terms.values())}": i
        for i, c in enumerate(found.candidates)
        if c.engine == "rational" and sum(c.terms.values()) == 2
    }
    for name, index in shown.items():
        if index is not None:
            hidden = found.candidates[index].hidden
            row[name] = found.candidates[index].lines()[-1]
            row[f"{name} error"] = _formula_error(hidden, truth, seed)
    row["text"] = "none" if found.best is None else found.best.lines()[-1]
    return row


def _formula_error(hidden, truth, seed) -> float:
    """Relative L2 of a formula on the visited range."""
    from physics.jets import Jet
    from physics.lower.expression import evaluate

    dense = upinn_apoptosis.exact(truth, seed, upinn_apoptosis.clock(301))
    values = {Jet(n): dense[n].values for n in ("x", "y")}
    (learnt,) = evaluate([hidden.numeric().expressions["y"]], values, np)
    true = upinn_apoptosis.sinks(truth, dense)
    return float(np.linalg.norm(learnt - true) / np.linalg.norm(true))


# -- what is kept and printed ---------------------------------------------------------------


def report(store: Store) -> str:
    """The tables, as Markdown."""
    lines = [
        "| Burgers, seed | U, % | data only, % | no hidden, % | correlation | factor of G "
        "| law exact | coefficient off, % | fit, s | law, s |",
        "|" + "---|" * 10,
    ]
    for r in store.part("burgers"):
        lines.append(
            f"| {r['name']} | {100 * r['surrogate_error']:.2f} | {100 * r['data_only']:.2f} "
            f"| {100 * r['no_hidden']:.2f} | {r['correlation']:.4f} | {r['factor']:.3f} "
            f"| {'yes' if r['law'] else 'no'} | {100 * r['coefficient']:.2f} | {r['fit_s']:.0f} "
            f"| {r['law_s']:.0f} |"
        )
    lines += [
        "", "| apoptosis, seed | x, % | y, % | hidden, % | hidden, t > 5, % | fit, s "
        "| formula chosen (error, %) | rational of two terms (error, %) |", "|" + "---|" * 8,
    ]  # fmt: skip
    for r in store.part("apoptosis"):
        cells = [
            f"{r[n]} ({100 * r[n + ' error']:.1f})" if n in r else "–"
            for n in ("chosen", "rational 2")
        ]
        lines.append(
            f"| {r['name']} | {100 * r['x_error']:.3f} | {100 * r['y_error']:.2f} "
            f"| {100 * r['hidden_error']:.2f} | {100 * r['hidden_error_late']:.2f} "
            f"| {r['fit_s']:.0f} | {' | '.join(cells)} |"
        )
    lines += [
        "",
        "| fine-tuning | parameters | best from scratch, % | steps: scratch | tuned | control "
        "| tuned / scratch | last from scratch, % | scratch | tuned | tuned / scratch |",
        "|" + "---|" * 11,
    ]
    for problem in ("burgers", "apoptosis"):
        rows = {r["name"]: r for r in store.part(f"finetune-{problem}")}
        for i in range(5):
            if all(f"{i}-{arm}" in rows for arm in ("scratch", "tuned", "control")):
                lines.append(finetuning_row(problem, i, rows))
    return "\n".join(lines)


def main() -> None:
    """Run what the store lacks, then print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="first seed, to share work")
    parser.add_argument("--parts", default="burgers,apoptosis,tuning", help="which to run")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--store", type=Path, default=Path("runs/benchmarks/upinn_pde.jsonl"))
    options = parser.parse_args()
    store = Store(options.store)
    parts = options.parts.split(",")
    for seed in range(options.first, options.first + options.seeds):
        for name, run in {"burgers": burgers, "apoptosis": apoptosis}.items():
            if name in parts:
                store.get(name, str(seed), lambda run=run, seed=seed: run(seed))
    for problem in ("apoptosis", "burgers"):
        if "tuning" in parts or f"tuning-{problem}" in parts:
            finetuning(store, problem, options.seeds)
    rows = [json.dumps(r) for r in store.rows.values()]
    print("\n".join(rows) if options.json else report(store))


if __name__ == "__main__":
    main()
