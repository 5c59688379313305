"""Fine-tuning to another pole: python -m benchmarks.sindy_rl_heavier [PLANT …].

Real steps until a real episode first earns the bars, from scratch and from the checkpoint
`sindy-rl.cartpole` (whose own real steps are not counted again), the same settings otherwise; and
what the checkpoint earns untuned. `heavier` is a pole of twice the mass; `longer` one of twice the
mass and twice the length, at which the untuned policy fails; chosen on seed 100.
"""

import argparse
from pathlib import Path

from benchmarks.rows import append, load
from benchmarks.sindy_rl import EPISODES, JUDGED, SETTINGS
from physics import control
from physics.control.environment import Environment
from physics.systems.cart_pole import inertia
from zoo.models.sindy_rl.config import Training
from zoo.models.sindy_rl.model import SindyRL

STORE = Path("docs/results/sindy-rl-heavier.jsonl")
BARS = (500, 800)
PLANTS = {"heavier": (0.2, 1.0), "longer": (0.2, 2.0)}  # mass and length of the pole


def plant(name: str) -> Environment:
    """The cart-pole with another pole."""
    mass, length = PLANTS[name]
    return control.get("cart_pole", m=mass, l=length / 2, J=inertia(mass, length))


def one(name: str, seed: int) -> dict:
    """Both arms of one seed."""
    import zoo

    _, options, settings, _ = SETTINGS["cart_pole"]
    other, usual = plant(name), zoo.load("sindy-rl.cartpole")
    earned = lambda model: float(model.returns(other, episodes=EPISODES, seed=JUDGED).mean())  # noqa: E731
    scratch = SindyRL.create(other, seed=seed, **options)
    scratch = scratch.fit(other, Training(**settings, seed=seed))
    tuned = zoo.finetune(usual, other, steps=5000, seed=seed, progress=False)
    return {
        "plant": name, "seed": seed, "untuned": earned(usual), "scratch": _reached(scratch),
        "tuned": _reached(tuned), "scratch_return": earned(scratch), "tuned_return": earned(tuned),
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
    parser.add_argument("plants", nargs="*", default=list(PLANTS))
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--store", type=Path, default=STORE)
    options = parser.parse_args()
    for name in options.plants:
        for seed in options.seeds:
            if (name, seed) not in {(r["plant"], r["seed"]) for r in load(options.store)}:
                row = one(name, seed)
                append(options.store, row)
    for row in load(options.store):
        print(row)


if __name__ == "__main__":
    main()
