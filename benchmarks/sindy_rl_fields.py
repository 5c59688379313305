"""Control of a chaotic field by SINDy-RL, by seed: python -m benchmarks.sindy_rl_fields [CASE …].

Kuramoto-Sivashinsky on a box of 22. Judged: mean square of the field over the second half of 20
episodes from the attractor, beside no control and beside plain feedback, every actuator against the
sensor it stands on, of the best of GAINS. Settings were chosen on seeds from 100 on.
"""

import argparse
import functools
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rows import append, load
from benchmarks.sindy_rl import JUDGED
from physics.control.environment import Environment, rollout
from physics.control.environments import kuramoto_sivashinsky
from zoo.models.sindy_rl.config import Training
from zoo.models.sindy_rl.model import SindyRL

STORE = Path("docs/results/sindy-rl-fields.jsonl")
EPISODES = 20
GAINS = (0.25, 0.5, 1.0, 2.0, 4.0)
LIBRARY = {"degree": 2, "bilinear": False, "known_reward": False, "policy_degree": 1}
LOOP: dict[str, Any] = dict(
    real_steps=6000, random_steps=2000, hold=2, random_episode=250, iterations=50, horizon=50,
    episode=100, discount=0.97, reset_share=0.2, threshold=0.01, shrink=1e-3, smooth=2,
    reward_threshold=0.005, log_std=-0.7, rate=1e-3, last_rate=2e-4,
)  # fmt: skip
CASES: dict[str, tuple[dict, dict, dict]] = {
    "five": (dict(actuators=5, sensors=15, dt=0.2), LIBRARY, LOOP),
    "eight": (dict(actuators=8, sensors=8, dt=0.2), LIBRARY, LOOP),
}


def energies(environment: Environment, act: Any, seed: int = JUDGED) -> np.ndarray:
    """(episode, step) mean square of the field under act(observation)."""
    import jax
    import jax.numpy as jnp

    def run(key):
        rows = rollout(environment, lambda x, _: act(x), key)
        u = jnp.clip(rows["action"], environment.low, environment.high)
        return -rows["reward"] - 0.01 * (u**2).sum(-1)

    return np.asarray(jax.jit(jax.vmap(run))(jax.random.split(jax.random.key(seed), EPISODES)))


@functools.cache
def plain(case: str) -> dict[str, Any]:
    """Energies without control and under plain feedback."""
    environment = kuramoto_sivashinsky.environment(**CASES[case][0])
    stride = len(environment.observed) // len(environment.controls)
    late = lambda e: float(e[:, e.shape[1] // 2 :].mean())  # noqa: E731
    free = late(energies(environment, lambda x: 0 * x[::stride]))
    gains = {g: late(energies(environment, lambda x, g=g: -g * x[::stride])) for g in GAINS}
    gain = min(gains, key=lambda g: gains[g])
    return {"free": free, "feedback": gains[gain], "gain": gain}


def one(case: str, seed: int, say: Any = None) -> dict:
    """One run: learn, judge network and formula."""
    options, library, loop = CASES[case]
    environment = kuramoto_sivashinsky.environment(**options)
    began = time.perf_counter()
    model = SindyRL.create(environment, seed=seed, **library)
    model = model.fit(environment, Training(**loop, seed=seed), say=say)
    learnt = time.perf_counter() - began
    found = energies(environment, model.act)
    row = {"case": case, "seed": seed, "real_steps": model.history[-1]["real_steps"]}
    row |= _late(found, "network") | {"learn_s": round(learnt, 1)}
    row["curve"] = [[h["real_steps"], round(h["return"], 2)] for h in model.history]
    row["terms"] = model.history[-1]["terms"]
    model = model.distil(seed=seed, most=len(model.config.policy_library))
    formula = energies(environment, functools.partial(model.act, policy="formula"))
    row |= _late(formula, "formula")
    row["formula_terms"] = int((np.asarray(model.policy[...]) != 0).sum())
    return row | plain(case)


def _late(found: np.ndarray, name: str) -> dict[str, float]:
    half = found[:, found.shape[1] // 2 :].mean(1)
    return {name: float(half.mean()), f"{name}_worst": float(half.max())}


def main() -> None:
    """Run what the store lacks, then print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", default=list(CASES))
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--store", type=Path, default=STORE)
    options = parser.parse_args()
    for seed in options.seeds:
        for case in options.cases:
            if (case, seed) not in {(r["case"], r["seed"]) for r in load(options.store)}:
                row = one(case, seed)
                append(options.store, row)
    head = ["case", "seed", "real steps", "free", "feedback", "network", "worst episode",
            "of the free", "formula", "terms", "learning, s"]  # fmt: skip
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
    for r in load(options.store):
        print(f"| {r['case']} | {r['seed']} | {r['real_steps']:,} | {r['free']:.2f} | "
              f"{r['feedback']:.3f} | {r['network']:.3f} | {r['network_worst']:.3f} | "
              f"{r['network'] / r['free']:.3f} | {r['formula']:.3f} | {r['formula_terms']} | "
              f"{r['learn_s']:.0f} |")  # fmt: skip


if __name__ == "__main__":
    main()
