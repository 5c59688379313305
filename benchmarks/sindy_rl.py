"""SINDy-RL on its environments, by seed: python -m benchmarks.sindy_rl [PROBLEM …].

Resumes from --store, a JSON-lines file; --report prints the tables of what is there. Settings were
tuned on seeds from 10 on; the seeds reported are 0 to 4. --refit times the refit of the ensemble.
"""

import argparse
import time
from pathlib import Path
from types import ModuleType

import numpy as np

from benchmarks.rows import append, load
from zoo.models.sindy_rl.config import Training
from zoo.recipes import sindy_rl_cartpole, sindy_rl_pendulum

STORE = Path("docs/results/sindy-rl.jsonl")
SEEDS = range(5)
EPISODES, JUDGED = 50, 123_456  # real episodes of the judgement, not counted, and their seed


def settings(recipe: ModuleType) -> tuple[str, dict, dict, dict]:
    """(environment, options of the model, of the training, of distilling) of a recipe."""
    training = {k: v for k, v in recipe.SCHEDULE.to_json().items() if k != "seed"}
    return recipe.ENVIRONMENT, recipe.OPTIONS, training, recipe.DISTILLING


SETTINGS: dict[str, tuple[str, dict, dict, dict | None]] = {  # None: no formula is made
    "pendulum": settings(sindy_rl_pendulum), "cart_pole": settings(sindy_rl_cartpole),
}  # fmt: skip
SETTINGS["cart_pole_linear"] = ("cart_pole", {"degree": 1}, SETTINGS["cart_pole"][2], None)
SETTINGS["cart_pole_penalty"] = (
    "cart_pole", {}, SETTINGS["cart_pole"][2] | {"penalty": 5.0}, None
)  # fmt: skip
SETTINGS["lorenz"] = ("lorenz", {"degree": 3}, dict(
    real_steps=8000, random_steps=1000, hold=5, random_episode=250, iterations=30, horizon=100,
    episode=500, discount=0.97, reset_share=0.5, smooth=3,
), {})  # fmt: skip


def one(problem: str, seed: int) -> dict:
    """One run: learn, judge network and formula on fresh real episodes."""
    from zoo.models.sindy_rl.model import SindyRL

    environment, options, training, distilling = SETTINGS[problem]
    began = time.perf_counter()
    model = SindyRL.create(environment, seed=seed, **options)
    model = model.fit(environment, Training(**training, seed=seed))
    learnt = time.perf_counter() - began
    judged = model.returns(episodes=EPISODES, seed=JUDGED)
    row = {
        "problem": problem, "seed": seed, "real_steps": model.history[-1]["real_steps"],
        "network": float(judged.mean()), "worst": float(judged.min()), "learn_s": round(learnt, 1),
        "curve": [[h["real_steps"], round(h["return"], 1)] for h in model.history],
        "surrogate_terms": model.history[-1]["terms"],
    }  # fmt: skip
    if distilling is None:
        return row
    began = time.perf_counter()
    model = model.distil(seed=seed, **distilling)
    formula = model.returns(episodes=EPISODES, seed=JUDGED, policy="formula")
    return row | {
        "terms": int((np.asarray(model.policy[...]) != 0).sum()), "formula": float(formula.mean()),
        "worst_formula": float(formula.min()), "tried": model.distilled["real_steps"],
        "trials": model.distilled["tried"],
        "distil_s": round(time.perf_counter() - began, 1),
    }  # fmt: skip


def refit(repeats: int = 5) -> float:
    """Median seconds of a refit of 20 members, 16 000 x 41 -> 5, on rows of the cart-pole."""
    from physics import control
    from zoo.models.sindy_rl import ensemble
    from zoo.models.sindy_rl.experience import Counted, joined
    from zoo.models.sindy_rl.library import Library

    environment = control.get("cart_pole")
    counted, rng = Counted(environment), np.random.default_rng(0)
    anywhere = lambda x: np.ones(len(x), bool)  # noqa: E731
    rows = joined([counted.random(1000, 10, anywhere, rng) for _ in range(16)])
    library = Library(environment.observed, environment.controls, 2)
    seconds = []
    for seed in range(repeats + 1):
        began = time.perf_counter()
        terms = library.terms(rows.x, rows.u)
        ensemble.fit(terms, rows.after - rows.x, members=20, threshold=0.01, ridge=1e-6, seed=seed)
        seconds.append(time.perf_counter() - began)
    assert terms.shape == (16_000, 41)
    return float(np.median(seconds[1:]))  # the first one compiles


def report(rows: list[dict]) -> str:
    """Markdown, one line per seed and one of medians per problem."""
    head = ["problem", "seed", "real steps", "network", "worst episode", "steps of trials",
            "formula", "worst episode", "terms", "learning, s", "distilling, s"]  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    names = ("real_steps", "network", "worst", "tried", "formula", "worst_formula", "terms",
             "learn_s", "distil_s")  # fmt: skip
    for problem in SETTINGS:
        own = sorted((r for r in rows if r["problem"] == problem), key=lambda r: r["seed"])
        for r in own:
            values = " | ".join(f"{r[n]:,.0f}" if n in r else "–" for n in names)
            lines.append(f"| {problem} | {r['seed']} | {values} |")
        if own:
            middle = " | ".join(
                f"**{np.median([r[n] for r in own]):,.0f}**" if all(n in r for r in own) else "–"
                for n in names
            )
            lines.append(f"| {problem} | median | {middle} |")
    return "\n".join(lines)


def main() -> None:
    """Run what the store lacks, then print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("problems", nargs="*", default=list(SETTINGS))
    parser.add_argument("--seeds", nargs="*", type=int, default=list(SEEDS))
    parser.add_argument("--store", type=Path, default=STORE)
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--refit", action="store_true")
    options = parser.parse_args()
    if options.refit:
        return print(f"refit, 20 members, 16 000 x 41 -> 5: {refit():.3f} s")
    for seed in [] if options.report else options.seeds:
        for problem in options.problems:
            if (problem, seed) not in {(r["problem"], r["seed"]) for r in load(options.store)}:
                append(options.store, one(problem, seed))
    print(report(load(options.store)))


if __name__ == "__main__":
    main()
