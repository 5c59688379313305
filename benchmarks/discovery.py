"""How often laws are found unaided: python -m benchmarks.discovery [--json] [--seeds 5].

Noise 0, 1 and 5 % of each state's spread; planted.py fixes systems and sampling. Recovered:
exactly the right terms in every equation. Wrong: a best law is returned and is not that law.
Rational systems count as right where the right-hand side is within 5 % on the visited states.
Reported seeds are 0 … n−1; choices were made on seeds 100 … 104. --peer adds PySINDy 2.1 on the
same data, in the same process. Resumes from --store, a JSON-lines file.
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np

import symbolic
from benchmarks.planted import CASES
from physics.lower import rhs

NOISES = {"ode": (0.0, 0.01, 0.05), "pde": (0.0, 0.01, 0.05), "rational": (0.0, 0.01)}
CLOSE = 0.05


def score(law, truth, clean, group: str) -> dict:
    """recovered, wrong, and the largest error of a coefficient (or of the right-hand side)."""
    if law is None:
        return {"recovered": False, "wrong": False, "error": None, "law": None}
    found = {"law": "; ".join(law.numeric().lines())}
    if group == "rational":
        error = side_error(law, truth, clean)
        right = error <= CLOSE
    else:
        same = symbolic.same_law(law, truth)
        right, error = same.same_terms, same.worst if same.same_terms else None
    return found | {"recovered": bool(right), "wrong": not right, "error": error}


def side_error(law, truth, clean) -> float:
    """Relative L2 error of the right-hand side on the visited states, the worst state."""
    u = np.stack([clean[n].values for n in truth.state_names], -1).reshape(-1, len(truth.states))
    with np.errstate(all="ignore"):
        ours, theirs = np.asarray(rhs(law)(0.0, u)), np.asarray(rhs(truth)(0.0, u))
    error = np.linalg.norm(ours - theirs, axis=0) / np.linalg.norm(theirs, axis=0)
    return float(np.max(error)) if np.isfinite(error).all() else float("inf")


def one(name: str, noise: float, seed: int, peer: bool) -> dict:
    """One data set: ours, and PySINDy's where asked for."""
    case = CASES[name]
    data, clean, truth = case.data(noise, seed)
    row = {"case": name, "group": case.group, "noise": noise, "seed": seed}
    if peer:
        from benchmarks.peer_sindy import best_law

        started = time.perf_counter()
        terms = best_law(case, data)
        row["seconds"] = time.perf_counter() - started
        right = symbolic.same_law(terms, truth).same_terms if terms is not None else False
        text = None if terms is None else "; ".join(terms.numeric().lines())
        wrong = terms is not None and not right
        return row | {"recovered": bool(right), "wrong": wrong, "law": text}
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = symbolic.discover(data, **case.options)
    row["seconds"] = time.perf_counter() - started
    row["reason"] = found.reason
    return row | score(found.best, truth, clean, case.group)


def report(rows: list[dict], peers: list[dict]) -> str:
    """The table as Markdown, then every failure."""
    lines = ["| system | noise | recovered | coefficients, % (worst) | wrong | seconds | PySINDy | "
             "its seconds |", "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for name, case in CASES.items():
        for noise in NOISES[case.group]:
            some = [r for r in rows if (r["case"], r["noise"]) == (name, noise)]
            if not some:
                continue
            other = [r for r in peers if (r["case"], r["noise"]) == (name, noise)]
            errors = [100 * r["error"] for r in some if r["recovered"]]
            middle = f"{np.mean(errors):.2f} ({max(errors):.2f})" if errors else "–"
            theirs = f"{sum(r['recovered'] for r in other)}/{len(other)}" if other else "–"
            slow = f"{np.median([r['seconds'] for r in other]):.1f}" if other else "–"
            lines.append(
                f"| {name} | {noise:.0%} | {sum(r['recovered'] for r in some)}/{len(some)} | "
                f"{middle} | {sum(r['wrong'] for r in some)} | "
                f"{np.median([r['seconds'] for r in some]):.1f} | {theirs} | {slow} |"
            )
    lines += ["", "| group | noise | recovered | wrong | PySINDy | its wrong |",
              "|---|---|---|---|---|---|"]  # fmt: skip
    for group, noises in NOISES.items():
        for noise in noises:
            some = [r for r in rows if (r["group"], r["noise"]) == (group, noise)]
            other = [r for r in peers if (r["group"], r["noise"]) == (group, noise)]
            if some:
                cells = [_share(some, "recovered"), _share(some, "wrong"),
                         _share(other, "recovered"), _share(other, "wrong")]  # fmt: skip
                lines.append(f"| {group} | {noise:.0%} | " + " | ".join(cells) + " |")
    failures = [r for r in rows if not r["recovered"]]
    lines += ["", f"{len(failures)} of {len(rows)} not recovered:"]
    for r in failures:
        what = r["law"] or f"no law found: {r['reason']}"
        lines.append(f"- {r['case']}, {r['noise']:.0%}, seed {r['seed']}: {what}")
    return "\n".join(lines)


def _share(rows: list[dict], name: str) -> str:
    return f"{np.mean([r[name] for r in rows]):.0%}" if rows else "–"


def main() -> None:
    """Run what the store lacks, then print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="first seed (100: the tuning split)")
    parser.add_argument("--only", nargs="*", help="names of systems or groups")
    parser.add_argument("--noises", nargs="*", type=float)
    parser.add_argument("--peer", action="store_true", help="run PySINDy on the same data")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--store", type=Path, default=Path("runs/benchmarks/discovery.jsonl"))
    options = parser.parse_args()
    options.store.parent.mkdir(parents=True, exist_ok=True)
    stores = {False: options.store, True: options.store.with_suffix(".peer.jsonl")}
    rows = {k: [json.loads(x) for x in p.read_text().splitlines()] if p.exists() else []
            for k, p in stores.items()}  # fmt: skip
    methods = (False, True) if options.peer else (False,)
    done = {(k, r["case"], r["noise"], r["seed"]) for k, v in rows.items() for r in v}
    for seed in range(options.first, options.first + options.seeds):
        for name, case in CASES.items():
            if options.only and not {name, case.group} & set(options.only):
                continue
            for noise in NOISES[case.group]:
                if options.noises is not None and noise not in options.noises:
                    continue
                for peer in methods:
                    if (peer, name, noise, seed) not in done:
                        rows[peer].append(one(name, noise, seed, peer))
                        with open(stores[peer], "a") as file:
                            file.write(json.dumps(rows[peer][-1]) + "\n")
    last = range(options.first, options.first + options.seeds)
    rows = {k: [r for r in v if r["seed"] in last] for k, v in rows.items()}
    print(json.dumps(rows[False]) if options.json else report(rows[False], rows[True]))


if __name__ == "__main__":
    main()
