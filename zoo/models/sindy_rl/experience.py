"""Real rows: how they are gathered, counted and kept. Nothing else touches the real plant.

A plant that is ours runs as one scanned program; a host's is stepped outside. Both count.
"""

import functools
from typing import Any, NamedTuple

import numpy as np

from physics.control.adapters import HostEnvironment
from physics.control.environment import Environment


class Rows(NamedTuple):
    """x (row, observed), u (row, control), after (row, observed), reward (row,)."""

    x: np.ndarray
    u: np.ndarray
    after: np.ndarray
    reward: np.ndarray

    def __len__(self) -> int:
        return len(self.x)


class Counted:
    """An environment, ours or a host's, whose real steps are counted in `real_steps`."""

    def __init__(self, environment: Environment | HostEnvironment):
        self.environment = environment
        self._own = 0
        if isinstance(environment, Environment):
            import jax

            self._replay = jax.jit(functools.partial(_replay, environment))
            self._follow = jax.jit(
                functools.partial(_follow, environment), static_argnames=("act",)
            )

    @property
    def host(self) -> bool:
        """Whether it is stepped outside JAX."""
        return isinstance(self.environment, HostEnvironment)

    @property
    def real_steps(self) -> int:
        """Actions taken on the real plant so far."""
        return self.environment.real_steps if self.host else self._own

    def random(self, steps: int, hold: int, inside: Any, rng: np.random.Generator) -> Rows:
        """An episode of at most `steps` random actions, each held for `hold` intervals; it is left
        when `inside(x)` is False."""
        e = self.environment
        levels = rng.uniform(e.low, e.high, (-(-steps // hold), len(e.low)))
        actions = np.repeat(levels, hold, 0)[:steps]
        if self.host:
            return self._walk(lambda x, k: actions[k], steps, inside, rng)
        key = _key(rng)
        rows = {k: np.asarray(v) for k, v in self._replay(key, actions).items()}
        left = ~rows["alive"] | ~inside(rows["after"])
        count = int(left.argmax()) + int(rows["alive"][left.argmax()]) if left.any() else steps
        self._own += count
        return _rows(rows, count)

    def follow(self, act: Any, weights: Any, rng: np.random.Generator, steps: int) -> Rows:
        """One whole episode of actions act(weights, x, key)."""
        import jax

        if self.host:
            step = jax.jit(act)
            keys = iter(jax.random.split(_key(rng), steps))
            everywhere = lambda x: np.ones(len(x), bool)  # noqa: E731
            return self._walk(
                lambda x, k: np.asarray(step(weights, x.astype(np.float32), next(keys))),
                steps, everywhere, rng,
            )  # fmt: skip
        rows = {k: np.asarray(v) for k, v in self._follow(_key(rng), weights, act=act).items()}
        count = int(rows["alive"].sum())
        self._own += count
        return _rows(rows, count)

    def _walk(self, choose: Any, steps: int, inside: Any, rng: np.random.Generator) -> Rows:
        e, found = self.environment, []
        x = e.reset(seed=int(rng.integers(2**31)))
        for k in range(steps):
            u = np.clip(np.atleast_1d(choose(x, k)), e.low, e.high)
            after, reward, ended, late = e.step(u)
            found.append((x, u, after, reward))
            x = after
            if ended or late or not inside(after[None])[0]:
                break
        return Rows(*(np.array(column) for column in zip(*found, strict=True)))


def joined(parts: list[Rows]) -> Rows:
    """All rows in order."""
    return Rows(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def imaged(rows: Rows, symmetries: tuple) -> Rows:
    """The rows and their images under all symmetries."""
    parts = [rows]
    for observed, sign, controls, control_sign in symmetries:
        seen = [v[:, list(observed)] * np.array(sign) for v in (rows.x, rows.after)]
        u = rows.u[:, list(controls)] * np.array(control_sign)
        parts.append(Rows(seen[0], u, seen[1], rows.reward))
    return joined(parts)


def _replay(environment: Environment, key: Any, actions: Any) -> dict:
    import jax
    import jax.numpy as jnp

    episode = environment.reset(key)

    def body(carry, action):
        episode, seen, over = carry
        later, after, reward, done = environment.step(episode, action)
        row = {"x": seen, "u": action, "after": after, "reward": reward, "alive": ~over}
        return (later, after, over | done), row

    start = (episode, environment.observation(episode), jnp.asarray(False))
    return jax.lax.scan(body, start, jnp.asarray(actions, jnp.float32))[1]


def _follow(environment: Environment, key: Any, weights: Any, *, act: Any) -> dict:
    import jax.numpy as jnp

    from physics.control.environment import rollout

    rows = rollout(environment, lambda x, k: act(weights, x, k), key)
    low, high = (jnp.asarray(v, jnp.float32) for v in (environment.low, environment.high))
    return {
        "x": rows["observation"], "u": jnp.clip(rows["action"], low, high),
        "after": rows["after"], "reward": rows["reward"], "alive": rows["alive"],
    }  # fmt: skip


def _rows(rows: dict, count: int) -> Rows:
    return Rows(*(np.asarray(rows[k][:count], np.float64) for k in ("x", "u", "after", "reward")))


def _key(rng: np.random.Generator) -> Any:
    import jax

    return jax.random.key(int(rng.integers(2**31)))
