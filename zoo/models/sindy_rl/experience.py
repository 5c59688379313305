"""Real rows: how they are gathered, counted and kept. Nothing else touches the real plant.

A plant that is ours runs as one scanned program; a host's is stepped outside. Both count.
"""

import functools
from typing import Any, NamedTuple

import numpy as np

from physics.control.adapters import HostEnvironment
from physics.control.environment import Environment, rollout
from zoo.models.sindy_rl.library import array_library


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
        self._own, self._before = 0, environment.real_steps if self.host else 0
        if isinstance(environment, Environment):
            import jax

            self._replay = jax.jit(functools.partial(_replay, environment))
            self._follow = jax.jit(self._episode, static_argnames=("act", "steps"))

    @property
    def host(self) -> bool:
        """Whether it is stepped outside JAX."""
        return isinstance(self.environment, HostEnvironment)

    @property
    def real_steps(self) -> int:
        """Actions taken on the real plant since this was made."""
        return self.environment.real_steps - self._before if self.host else self._own

    def took(self, steps: int) -> None:
        """Count steps that a program took on a plant that is ours."""
        self._own += steps

    def random(self, steps: int, hold: int, inside: Any, rng: np.random.Generator) -> Rows:
        """An episode of at most `steps` random actions, each held for `hold` intervals; it is left
        when `inside(x)` is False."""
        e = self.environment
        levels = rng.uniform(e.low, e.high, (-(-steps // hold), len(e.low)))
        actions = np.repeat(levels, hold, 0)[:steps]
        if self.host:
            return self._walk(lambda x, k: actions[k], steps, inside, rng)
        key = _key(rng)
        rows, alive = self._replay(key, actions)
        alive = np.asarray(alive)
        left = ~alive | ~inside(np.asarray(rows.after))
        count = int(left.argmax()) + int(alive[left.argmax()]) if left.any() else steps
        self.took(count)
        return _first(rows, count)

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
        rows, count = self._follow(_key(rng), weights, act=act, steps=steps)
        self.took(int(count))
        return _first(rows, int(count))

    def _episode(self, key: Any, weights: Any, *, act: Any, steps: int) -> tuple[Rows, Any]:
        return followed(self.environment, functools.partial(act, weights), key, steps)

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
    return Rows(
        *(array_library(column[0]).concatenate(column) for column in zip(*parts, strict=True))
    )


def imaged(rows: Rows, symmetries: tuple) -> Rows:
    """The rows and their images under all symmetries."""
    parts = [rows]
    for observed, sign, controls, control_sign in symmetries:
        seen = [v[:, list(observed)] * np.array(sign) for v in (rows.x, rows.after)]
        u = rows.u[:, list(controls)] * np.array(control_sign)
        parts.append(Rows(seen[0], u, seen[1], rows.reward))
    return joined(parts)


def lengthened(rows: Rows, steps: int) -> Rows:
    """Rows and behind them as many of zeros as make `steps`."""
    room = steps - len(rows)
    return Rows(*(np.pad(v, ((0, room), *((0, 0),) * (v.ndim - 1))) for v in rows))


def followed(environment: Environment, act: Any, key: Any, steps: int) -> tuple[Rows, Any]:
    """(rows of arrays (steps, …), how many of them are real) of an episode of act(x, key), within
    a program."""
    import jax.numpy as jnp

    rows = rollout(environment, act, key, steps)
    low, high = (jnp.asarray(v, jnp.float32) for v in (environment.low, environment.high))
    action = jnp.clip(rows["action"], low, high)
    taken = Rows(rows["observation"], action, rows["after"], rows["reward"])
    return taken, rows["alive"].sum(dtype=jnp.int32)


def _replay(environment: Environment, key: Any, actions: Any) -> tuple[Rows, Any]:
    """(rows, whether each is real) of given actions (step, control)."""
    import jax
    import jax.numpy as jnp

    episode = environment.reset(key)

    def body(carry, action):
        episode, seen, over = carry
        later, after, reward, done = environment.step(episode, action)
        return (later, after, over | done), (Rows(seen, action, after, reward), ~over)

    start = (episode, environment.observation(episode), jnp.asarray(False))
    return jax.lax.scan(body, start, jnp.asarray(actions, jnp.float32))[1]


def _first(rows: Rows, count: int) -> Rows:
    return Rows(*(np.asarray(v[:count], np.float64) for v in rows))


def _key(rng: np.random.Generator) -> Any:
    import jax

    return jax.random.key(int(rng.integers(2**31)))
