"""Environment: a controlled System with a reward, an end and a law of beginnings.

reset(key) -> episode;  step(episode, action) -> episode, observation, reward, done. Both are pure:
they are jitted, vmapped over keys, episodes and actions, and scanned over time.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
import sympy

from physics.formula import Formula
from physics.jets import Jet
from physics.system import System

REWARDED = ("after", "before")


class Episode(NamedTuple):
    """u: state of the plant.   count: actions taken.   ended: whether it is over for good."""

    u: Any
    count: Any
    ended: Any


class Symmetry(NamedTuple):
    """A motion of the plant that leaves its equation as it is: row[observed] * sign and
    action[controls] * control_sign are a row and an action of the same plant."""

    observed: tuple[int, ...]
    sign: tuple[int, ...]
    controls: tuple[int, ...]
    control_sign: tuple[int, ...]


class Plant(Protocol):
    """What is controlled: a System that is measured, and advanced while its controls are held."""

    system: System
    names: tuple[str, ...]

    def draw(self, key: Any) -> Any:
        """A state to begin from."""

    def advance(self, u: Any, action: Any) -> Any:
        """The state one control interval later; action: (control,), in the units of the System."""

    def measure(self, u: Any) -> Any:
        """(name,) values of `names`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Environment:
    """A plant with a task.

    observed: names, of those that the plant measures, that an agent sees.   reward: a Formula with
    one output, of measured names and controls; rewarded: with the measurements "after" the
    interval, or "before" it.   dt: control interval [T].   steps: actions per episode.
    limits: {measured name: (low, high)} beyond which an episode ends for good.
    bounds: {observed name: (low, high)} within which a model of the plant need be right.
    circles: pairs of observed names that are cosine and sine of one angle.   symmetries: of plant
    and reward, the identity left out.
    Raises ValueError for names that are not measured.
    """

    name: str
    plant: Plant
    observed: tuple[str, ...]
    reward: Formula
    dt: float
    steps: int
    rewarded: str = "after"
    limits: dict[str, tuple[float, float]] = field(default_factory=dict)
    bounds: dict[str, tuple[float, float]] = field(default_factory=dict)
    circles: tuple[tuple[str, str], ...] = ()
    symmetries: tuple[Symmetry, ...] = ()
    description: str = ""

    def __post_init__(self):
        measured = self.plant.names
        wanted = {*self.observed, *self.limits} | (set(self.reward.inputs) - set(self.controls))
        for name in sorted(wanted - set(measured)):
            raise ValueError(
                f"environment {self.name!r} measures {', '.join(measured)}, and not {name!r}"
            )
        for name in sorted({*self.bounds, *sum(self.circles, ())} - set(self.observed)):
            raise ValueError(f"{name!r} is not observed in environment {self.name!r}")
        if self.rewarded not in REWARDED or len(self.reward.outputs) != 1:
            raise ValueError(f"one reward, {' or '.join(REWARDED)} the interval, is needed")

    @property
    def system(self) -> System:
        """The controlled System."""
        return self.plant.system

    @property
    def controls(self) -> tuple[str, ...]:
        """Names of the controls, in the order of an action."""
        return tuple(c.name for c in self.plant.system.controls)

    @property
    def low(self) -> np.ndarray:
        """(control,) least values."""
        return np.array([c.low for c in self.plant.system.controls], float)

    @property
    def high(self) -> np.ndarray:
        """(control,) largest values."""
        return np.array([c.high for c in self.plant.system.controls], float)

    # -- the protocol ----------------------------------------------------------------------

    def reset(self, key: Any) -> Episode:
        """A new episode."""
        import jax.numpy as jnp

        return Episode(self.plant.draw(key), jnp.int32(0), jnp.asarray(False))

    def observation(self, episode: Episode) -> Any:
        """(observed,) what an agent sees."""
        return self._seen(self.plant.measure(episode.u))

    def step(self, episode: Episode, action: Any) -> tuple[Episode, Any, Any, Any]:
        """(episode, observation, reward, done) after one action (control,), clipped to its range.

        done: over for good (`episode.ended`) or out of time.
        """
        import jax.numpy as jnp

        held = jnp.clip(action, self.low.astype(episode.u.dtype), self.high.astype(episode.u.dtype))
        u = self.plant.advance(episode.u, held)
        after = self.plant.measure(u)
        told = after if self.rewarded == "after" else self.plant.measure(episode.u)
        ended = episode.ended | self._outside(after) | ~jnp.isfinite(u).all()
        count = episode.count + 1
        reward = self.reward_of(told, held)
        return Episode(u, count, ended), self._seen(after), reward, ended | (count >= self.steps)

    def reward_of(self, measured: Any, action: Any) -> Any:
        """The reward (...) of measurements (..., name) and actions (..., control)."""
        (value,) = formula_values(self.reward, self.plant.names, measured, self.controls, action)
        return value

    def _seen(self, measured: Any) -> Any:
        index = np.array([self.plant.names.index(n) for n in self.observed])
        return measured[..., index]

    def _outside(self, measured: Any) -> Any:
        import jax.numpy as jnp

        out = jnp.asarray(False)
        for name, (low, high) in self.limits.items():
            value = measured[..., self.plant.names.index(name)]
            out = out | (value < low) | (value > high)
        return out


def formula_values(
    formula: Formula, names: Any, values: Any, controls: Any = (), action: Any = None
) -> list:
    """Outputs of a Formula at values (..., name) and actions (..., control)."""
    import jax.numpy as jnp

    from physics.lower.expression import evaluate

    known = {n: values[..., i] for i, n in enumerate(names)}
    known |= {n: action[..., i] for i, n in enumerate(controls)}
    environment: dict = {}
    for name, value in known.items():
        environment |= {sympy.Symbol(name): value, Jet(name): value}
    shape = values.shape[:-1]
    found = evaluate(list(formula.numeric().expressions.values()), environment, jnp)
    return [jnp.broadcast_to(jnp.asarray(v, values.dtype), shape) for v in found]


def rollout(environment: Environment, policy: Any, key: Any, steps: int | None = None) -> dict:
    """One episode of `policy(observation, key) -> action`, as one scan of `steps` actions.

    Returns {"observation" (step, observed), "action", "after", "reward" (step,), "alive"}: alive is
    False for what is taken after the episode was done, which counts for nothing.
    """
    import jax
    import jax.numpy as jnp

    begin, acting = jax.random.split(key)
    episode = environment.reset(begin)

    def body(carry, key):
        episode, seen, over = carry
        action = jnp.atleast_1d(policy(seen, key))
        later, after, reward, done = environment.step(episode, action)
        row = {"observation": seen, "action": action, "after": after, "reward": reward}
        return (later, after, over | done), row | {"alive": ~over}

    start = (episode, environment.observation(episode), jnp.asarray(False))
    _, rows = jax.lax.scan(body, start, jax.random.split(acting, steps or environment.steps))
    return rows
