"""Model-free PPO, the same networks and settings on the real plant: how many real steps it takes.

    python -m benchmarks.sindy_rl_free [PROBLEM …]

Prints the real steps after which the plain policy first earns each bar, per seed.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rows import append, load
from benchmarks.sindy_rl import EPISODES, JUDGED, SETTINGS
from physics.control.environment import Environment
from zoo.models.sindy_rl.config import Training

STORE = Path("docs/results/sindy-rl-free.jsonl")
BARS = {"pendulum": (-300, -200), "cart_pole": (500, 800)}
MOST = {"pendulum": 1_000_000, "cart_pole": 4_000_000}
EVERY = 5  # iterations between judgements


class Real:
    """The real plant in the place of the surrogate; its state is read off (…, cos, sin, …)."""

    def __init__(self, environment: Environment):
        self.e = environment

    def step(self, c: Any, seen: Any, u: Any) -> tuple[Any, Any, Any]:
        """See Surrogate.step; nothing is out of bounds."""
        import jax
        import jax.numpy as jnp

        names = self.e.observed
        known = {n: seen[..., i] for i, n in enumerate(names)}
        up = jnp.arctan2(known["sintheta"], known["costheta"])
        known["theta"] = up + np.pi if self.e.name == "pendulum" else up
        state = jnp.stack([known[n] for n in self.e.system.state_names], -1)
        after = self.e.plant.measure(jax.vmap(self.e.plant.advance)(state, u))
        told = after if self.e.rewarded == "after" else seen
        return after, self.e.reward_of(told, u), jnp.zeros(u.shape[:1], bool)


def one(problem: str, seed: int) -> dict:
    """Real steps to each bar; None where it was not reached."""
    import jax
    import jax.numpy as jnp
    from flax import nnx

    from physics import control
    from zoo.models.sindy_rl.model import SindyRL
    from zoo.models.sindy_rl.ppo import Ppo

    name, options, training, _ = SETTINGS[problem]
    t = Training(**training, seed=seed)
    environment = control.get(name)
    model = SindyRL.create(environment, seed=seed, **options)
    graph, weights = nnx.split(model.agent)
    per = t.envs * t.horizon
    count = MOST[problem] // per
    c = model.config
    ppo = Ppo(graph, Real(environment), t, scale=c.scale, low=c.low, high=c.high,
              updates=count * t.epochs * t.minibatches)  # fmt: skip
    starts = jax.vmap(lambda k: environment.observation(environment.reset(k)))(
        jax.random.split(jax.random.key(seed), 4096)
    )
    arrays = model.coefficients()._replace(worst=jnp.float32(0.0))
    carry = ppo.start(weights, np.asarray(starts), np.random.default_rng(seed))
    carry = carry._replace(age=jnp.zeros_like(carry.age))
    judge = jax.jit(lambda w: _judged(environment, ppo, w))
    reached: dict[str, int | None] = {str(bar): None for bar in BARS[problem]}
    curve = []
    for k in range(0, count, EVERY):
        carry, _ = ppo.run(carry, arrays, starts, iterations=EVERY)
        steps, earned = (k + EVERY) * per, float(judge(carry.weights))
        curve.append([steps, round(earned, 1)])
        for bar in BARS[problem]:
            if earned >= bar and reached[str(bar)] is None:
                reached[str(bar)] = steps
        if all(reached.values()):
            break
    return {"problem": problem, "seed": seed, "reached": reached, "curve": curve}


def _judged(environment: Environment, ppo: Any, weights: Any) -> Any:
    import jax

    from physics.control.environment import rollout

    act = lambda x, _: ppo.physical(ppo.agent(weights).mean(x / ppo.scale))  # noqa: E731
    run = jax.vmap(lambda key: rollout(environment, act, key)["reward"].sum())
    return run(jax.random.split(jax.random.key(JUDGED), EPISODES // 5)).mean()


def main() -> None:
    """Run what the store lacks, then print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("problems", nargs="*", default=list(BARS))
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--store", type=Path, default=STORE)
    options = parser.parse_args()
    for seed in options.seeds:
        for problem in options.problems:
            if (problem, seed) not in {(r["problem"], r["seed"]) for r in load(options.store)}:
                row = one(problem, seed)
                append(options.store, row)
    for row in load(options.store):
        reached = ", ".join(f"{bar}: {n or 'not reached'}" for bar, n in row["reached"].items())
        print(f"{row['problem']} seed {row['seed']}: {reached}; {row['curve'][-1]}")


if __name__ == "__main__":
    main()
