"""Gymnasium's Swimmer-v5, stepped outside JAX: python -m benchmarks.sindy_rl_swimmer.

Needs `pip install "gymnasium[mujoco]"`. Dynamics and reward are sparse; the policy is judged on
five episodes of 1000 steps, which are not counted, beside random actions.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rows import append, load
from benchmarks.sindy_rl import JUDGED
from physics import control
from physics.control.adapters import HostEnvironment
from zoo.models.sindy_rl.config import Training
from zoo.models.sindy_rl.model import SindyRL

STORE = Path("docs/results/sindy-rl-swimmer.jsonl")
EPISODES = 5
NAMES = ("heading", "front", "back", "vx", "vy", "turning", "front_rate", "back_rate")
SETTINGS = dict(
    real_steps=12_000, random_steps=6000, hold=5, random_episode=250, iterations=50, horizon=100,
    episode=300, discount=0.99, reset_share=0.3, threshold=0.01, log_std=-0.3,
)  # fmt: skip
LIBRARY = dict(known_reward=False, steps=1000, degree=2, scale=(1, 1, 1, 1, 1, 2, 2, 2))


def one(seed: int) -> dict:
    """One run."""
    host = control.from_gymnasium("Swimmer-v5", NAMES)
    began = time.perf_counter()
    model = SindyRL.create(host, seed=seed, **LIBRARY)
    model = model.fit(host, Training(**SETTINGS, seed=seed))
    learnt, counted = time.perf_counter() - began, host.real_steps
    rng = np.random.default_rng(JUDGED)
    random = _earned(host, lambda x: rng.uniform(host.low, host.high))
    return {
        "seed": seed, "real_steps": counted, "network": _earned(host, model.act),
        "random": random, "learn_s": round(learnt, 1), "terms": model.history[-1]["terms"],
        "curve": [[h["real_steps"], round(h["return"], 1)] for h in model.history],
    }  # fmt: skip


def _earned(host: HostEnvironment, act: Any) -> float:
    """Mean return of EPISODES episodes."""
    total = 0.0
    for k in range(EPISODES):
        x, over = host.reset(seed=JUDGED + k), False
        while not over:
            x, reward, ended, late = host.step(np.asarray(act(x)))
            total, over = total + reward, ended or late
    return total / EPISODES


def main() -> None:
    """Run what the store lacks, then print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", nargs="*", type=int, default=[0])
    parser.add_argument("--store", type=Path, default=STORE)
    options = parser.parse_args()
    for seed in options.seeds:
        if seed not in {r["seed"] for r in load(options.store)}:
            row = one(seed)
            append(options.store, row)
    for row in load(options.store):
        print(row)


if __name__ == "__main__":
    main()
