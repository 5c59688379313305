"""Adapters to Gymnasium, both ways. Gymnasium is imported when one is made."""

from typing import Any

import numpy as np

from physics.control.environment import Environment


class HostEnvironment:
    """Any Gymnasium environment of continuous actions, stepped outside JAX, its steps counted.

    real_steps: actions taken since it was made, over all episodes.   observed, controls: names made
    from `names`, or s_0, s_1, … and u_0, …   low, high: (control,) range of the actions.
    """

    def __init__(self, host: Any, names: tuple[str, ...] = ()):
        spaces = host.observation_space, host.action_space
        boxes = [getattr(space, "shape", None) for space in spaces]
        if not all(shape and len(shape) == 1 for shape in boxes):
            raise ValueError("only environments whose observation and action are vectors are read")
        (seen,), (acted,) = boxes
        if names and len(names) != seen:
            raise ValueError(f"{len(names)} names for {seen} observed numbers")
        self._host = host
        self.observed = tuple(names) or tuple(f"s_{i}" for i in range(seen))
        self.controls = tuple(f"u_{i}" for i in range(acted))
        self.low = np.asarray(host.action_space.low, float)
        self.high = np.asarray(host.action_space.high, float)
        self.real_steps = 0

    def reset(self, seed: int | None = None) -> np.ndarray:
        """The first observation (observed,) of a new episode."""
        seen, _ = self._host.reset(seed=seed)
        return np.asarray(seen, float)

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool]:
        """(observation, reward, over for good, out of time) after one action, which is counted."""
        action = np.clip(np.asarray(action, float), self.low, self.high)
        self.real_steps += 1
        seen, reward, ended, late, _ = self._host.step(action.astype(self._host.action_space.dtype))
        return np.asarray(seen, float), float(reward), bool(ended), bool(late)

    def close(self) -> None:
        """Release what the environment holds."""
        self._host.close()


def from_gymnasium(host: Any, names: tuple[str, ...] = ()) -> HostEnvironment:
    """A Gymnasium environment, or the id of one, as a HostEnvironment.

    names: of the observed numbers.   Raises ValueError for spaces that are no vectors.
    """
    if isinstance(host, str):
        host = _gymnasium().make(host)
    return HostEnvironment(host, names)


def to_gymnasium(environment: Environment) -> Any:
    """An Environment as a `gymnasium.Env`: observations are the observed names in order."""
    import jax

    gymnasium = _gymnasium()
    reset, step = jax.jit(environment.reset), jax.jit(environment.step)
    look = jax.jit(environment.observation)
    box, count = gymnasium.spaces.Box, len(environment.observed)

    class Controlled(gymnasium.Env):
        """One of our environments."""

        metadata: dict = {"render_modes": []}
        observation_space = box(-np.inf, np.inf, (count,), np.float32)
        action_space = box(environment.low.astype(np.float32), environment.high.astype(np.float32))

        def reset(self, *, seed=None, options=None):
            """(observation, info)."""
            super().reset(seed=seed)
            key = jax.random.key(int(self.np_random.integers(2**31)))
            self._episode = reset(key)
            return np.asarray(look(self._episode), np.float32), {}

        def step(self, action):
            """(observation, reward, terminated, truncated, info)."""
            self._episode, seen, reward, done = step(self._episode, np.asarray(action, np.float32))
            ended = bool(self._episode.ended)
            seen = np.asarray(seen, np.float32)
            return seen, float(reward), ended, bool(done) and not ended, {}

    return Controlled()


def _gymnasium() -> Any:
    try:
        import gymnasium
    except ImportError:
        raise ValueError("Gymnasium is not installed; pip install gymnasium") from None
    return gymnasium
