"""PPO inside the surrogate: rollouts, advantages and updates of many iterations as one scan.

A step out of bounds ends an episode with the value of the least reward for ever, so that leaving is
never worth while; running out of time does not count as an end. Rewards are divided by the running
spread of their discounted sums.

Source: Schulman et al. (2017), arXiv:1707.06347; (2016), arXiv:1506.02438 (advantages).
"""

from typing import Any, NamedTuple

import numpy as np

from zoo.models.sindy_rl.config import Training
from zoo.models.sindy_rl.surrogate import Coefficients, Surrogate

GRADIENT = 0.5  # largest norm


class Carry(NamedTuple):
    """weights, optimiser, surrogate episodes (x, age, discounted sum), its spread, key."""

    weights: Any
    optimiser: Any
    x: Any
    age: Any
    total: Any
    spread: Any
    key: Any


class Ppo:
    """start(weights, starts, rng) -> Carry; run(carry, coefficients, starts, iterations)."""

    def __init__(
        self, graph: Any, surrogate: Surrogate, training: Training, *, scale: Any, low: Any,
        high: Any, updates: int,
    ):  # fmt: skip
        import jax
        import optax

        self.graph, self.surrogate, self.t = graph, surrogate, training
        self.scale = np.asarray(scale, np.float32)
        self.middle = np.asarray((np.add(low, high)) / 2, np.float32)
        self.half = np.asarray((np.subtract(high, low)) / 2, np.float32)
        rate = optax.linear_schedule(training.rate, training.last_rate, max(1, updates))
        self.optimiser = optax.chain(
            optax.clip_by_global_norm(GRADIENT), optax.adam(rate, eps=1e-5)
        )
        self.run = jax.jit(self._run, static_argnames="iterations")

    # -- pieces ----------------------------------------------------------------------------

    def agent(self, weights: Any) -> Any:
        """The Agent with these weights."""
        from flax import nnx

        return nnx.merge(self.graph, weights)

    def physical(self, action: Any) -> Any:
        """Actions in units of their half range -> in the units of the plant, clipped."""
        import jax.numpy as jnp

        return self.middle + self.half * jnp.clip(action, -1, 1)

    def act(self, weights: Any, x: Any, key: Any) -> Any:
        """(control,) action of a real episode at x (observed,): the mean and `noise` beside it."""
        import jax
        import jax.numpy as jnp

        agent = self.agent(weights)
        mean = agent.mean(x / self.scale)
        deviate = self.t.noise * jnp.exp(agent.log_std[...]) * jax.random.normal(key, mean.shape)
        return self.physical(mean + deviate)

    def start(self, weights: Any, starts: np.ndarray, rng: np.random.Generator) -> Carry:
        """The state before the first iteration, outside a program; starts: (n, observed)."""
        import jax

        count, zero = self.t.envs, np.float32(0)
        x = np.asarray(starts[rng.integers(len(starts), size=count)], np.float32)
        age = rng.integers(self.t.episode, size=count).astype(np.int32)
        key = jax.random.key(int(rng.integers(2**31)))
        total = np.zeros(count, np.float32)
        return Carry(weights, self.optimiser.init(weights), x, age, total, zero, key)

    # -- the program -----------------------------------------------------------------------

    def _run(self, carry: Carry, c: Coefficients, starts: Any, *, iterations: int):
        """(carry, metrics (iteration,)) after `iterations` of rollouts and updates."""
        import jax

        return jax.lax.scan(
            lambda carry, _: self._iteration(carry, c, starts), carry, None, length=iterations
        )

    def _iteration(self, carry: Carry, c: Coefficients, starts: Any):
        import jax
        import jax.numpy as jnp

        t, agent = self.t, self.agent(carry.weights)
        key, acting, beginning, mixing = jax.random.split(carry.key, 4)
        std = jnp.exp(agent.log_std[...])
        drawn = (
            jax.random.normal(acting, (t.horizon, t.envs, len(self.half))),
            jax.random.randint(beginning, (t.horizon, t.envs), 0, len(starts)),
        )

        def body(state, drawn):
            x, age, total = state
            deviate, begin = drawn
            seen = x / self.scale
            mean = agent.mean(seen)
            action = mean + std * deviate
            u = self.physical(action)
            after, reward, out = self.surrogate.step(c, x, u)
            if t.penalty:
                doubt = self.surrogate.uncertainty(c, x, u) / self.scale
                reward = reward - t.penalty * doubt.mean(-1)
            late = age + 1 >= t.episode
            over = out | late
            row = {
                "x": seen, "action": action, "log": logarithm(mean, agent.log_std[...], action),
                "reward": reward, "after": after / self.scale, "out": out, "over": over,
                "total": total * t.discount + reward,
            }  # fmt: skip
            total = jnp.where(over, 0.0, row["total"])
            return (
                jnp.where(over[:, None], starts[begin], after), jnp.where(over, 0, age + 1), total,
            ), row  # fmt: skip

        state = (carry.x, carry.age, carry.total)
        (x, age, total), rows = jax.lax.scan(body, state, drawn)
        found = jnp.std(rows["total"]) + 1e-6
        spread = jnp.where(carry.spread == 0, found, 0.9 * carry.spread + 0.1 * found)
        worst = c.worst / (1 - t.discount) / spread
        reward = rows["reward"] / spread
        value, next_value = agent.value(rows["x"]), agent.value(rows["after"])
        next_value = jnp.where(rows["out"], worst, next_value)
        delta = reward + t.discount * next_value - value

        def back(later, row):
            delta, over = row
            now = delta + t.discount * t.trace * jnp.where(over, 0.0, later)
            return now, now

        _, advantage = jax.lax.scan(back, jnp.zeros(t.envs), (delta, rows["over"]), reverse=True)
        batch = {"x": rows["x"], "action": rows["action"], "log": rows["log"],
                 "advantage": advantage, "goal": advantage + value}  # fmt: skip
        batch = {k: v.reshape(-1, *v.shape[2:]) for k, v in batch.items()}
        weights, optimiser = self._update(carry.weights, carry.optimiser, batch, mixing)
        metrics = {
            "reward": rows["reward"].mean(), "out": rows["out"].mean(), "std": std.mean(),
            "spread": spread,
        }  # fmt: skip
        return Carry(weights, optimiser, x, age, total, spread, key), metrics

    def _update(self, weights: Any, optimiser: Any, batch: dict, key: Any):
        import jax
        import optax

        t = self.t
        count = len(batch["log"]) // t.minibatches

        def step(state, index):
            weights, optimiser = state
            part = jax.tree.map(lambda v: v[index], batch)
            slope = jax.grad(self._loss)(weights, part)
            change, optimiser = self.optimiser.update(slope, optimiser, weights)
            return (optax.apply_updates(weights, change), optimiser), None

        order = jax.vmap(lambda k: jax.random.permutation(k, len(batch["log"])))(
            jax.random.split(key, t.epochs)
        )
        index = order[:, : count * t.minibatches].reshape(-1, count)
        return jax.lax.scan(step, (weights, optimiser), index)[0]

    def _loss(self, weights: Any, batch: dict) -> Any:
        import jax.numpy as jnp

        t, agent = self.t, self.agent(weights)
        log_std = agent.log_std[...]
        ratio = jnp.exp(logarithm(agent.mean(batch["x"]), log_std, batch["action"]) - batch["log"])
        gain = batch["advantage"]
        gain = (gain - gain.mean()) / (gain.std() + 1e-8)
        policy = -jnp.minimum(ratio * gain, jnp.clip(ratio, 1 - t.clip, 1 + t.clip) * gain).mean()
        value = 0.5 * ((agent.value(batch["x"]) - batch["goal"]) ** 2).mean()
        return policy + 0.5 * value - t.entropy * log_std.sum()


def logarithm(mean: Any, log_std: Any, action: Any) -> Any:
    """log N(action; mean, exp(log_std)²), summed over actions, but for its constant."""
    import jax.numpy as jnp

    return (-0.5 * ((action - mean) / jnp.exp(log_std)) ** 2 - log_std).sum(-1)
