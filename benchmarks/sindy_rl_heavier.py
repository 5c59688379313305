"""Fine-tuning to a pole of twice the mass: python -m benchmarks.sindy_rl_heavier.

Real steps until a real episode first earns the bars, from scratch and from the policy of the usual
cart-pole (whose own real steps are not counted again), the same settings otherwise.
"""

import argparse
import json
from pathlib import Path

from benchmarks.sindy_rl import SETTINGS, load
from physics import control
from physics.systems.cart_pole import inertia
from zoo.models.sindy_rl.config import Training
from zoo.models.sindy_rl.model import SindyRL

STORE = Path("docs/results/sindy-rl-heavier.jsonl")
BARS = (500, 800)


def one(seed: int) -> dict:
    """Both arms of one seed."""
    _, options, settings = SETTINGS["cart_pole"]
    heavy = control.get("cart_pole", m=0.2, J=inertia(0.2))
    scratch = SindyRL.create(heavy, seed=seed, **options)
    scratch = scratch.fit(heavy, Training(**settings, seed=seed))
    usual = SindyRL.create("cart_pole", seed=seed, **options)
    usual = usual.fit("cart_pole", Training(**settings, seed=seed))
    before = float(usual.returns(heavy).mean())
    short = settings | {"random_steps": 0, "real_steps": 5000}
    tuned = usual.fit(heavy, Training(**short, seed=seed))
    return {
        "seed": seed, "untuned": before, "scratch": _reached(scratch), "tuned": _reached(tuned),
        "scratch_return": float(scratch.returns(heavy).mean()),
        "tuned_return": float(tuned.returns(heavy).mean()),
    }  # fmt: skip


def _reached(model: SindyRL) -> dict[str, int | None]:
    """{bar: real steps}; None where it was not reached."""
    found: dict[str, int | None] = {}
    for bar in BARS:
        passed = (h["real_steps"] for h in model.history if h["return"] >= bar)
        found[str(bar)] = next(passed, None)
    return found


def main() -> None:
    """Run what the store lacks, then print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--store", type=Path, default=STORE)
    options = parser.parse_args()
    for seed in options.seeds:
        if seed not in {r["seed"] for r in load(options.store)}:
            row = one(seed)
            with open(options.store, "a") as file:
                file.write(json.dumps(row) + "\n")
    for row in load(options.store):
        print(row)


if __name__ == "__main__":
    main()
