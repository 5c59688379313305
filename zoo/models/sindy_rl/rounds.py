"""Rounds of the Dyna loop as one program: fit, train inside the surrogate, act for an episode.

On a plant that is ours as many rounds as are asked for are one program, a loop whose body holds
everything; a host's episode is taken in between, and what comes before and after it is a program.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from physics.control.environment import Environment
from zoo.models.sindy_rl import buffer, ensemble, standing
from zoo.models.sindy_rl.buffer import Buffer
from zoo.models.sindy_rl.config import Config, Training
from zoo.models.sindy_rl.experience import Rows, followed
from zoo.models.sindy_rl.fitting import places
from zoo.models.sindy_rl.foresight import Foreseen, foreseen
from zoo.models.sindy_rl.ppo import Carry, Ppo
from zoo.models.sindy_rl.standing import Standing

TOLD = {
    "real_steps": int, "return": float, "best": float, "back": bool, "surrogate_reward": float,
    "out": float, "std": float, "terms": int,
}  # fmt: skip
AFTER = 4  # of these are known after the episode, the others before


class State(NamedTuple):
    """carry: of PPO.   standing: of the policies.   data: all real rows.   surrogate: what the last
    fit found, and its members.   bags: see ensemble.py.   key: random.   count: rounds so far.
    spent: whether the budget holds no further round, and the last fit was to all rows.   log:
    (room, name of TOLD), one row per round, of which there are no more than real steps."""

    carry: Carry
    standing: Standing
    data: Buffer
    surrogate: tuple[Any, Any]
    bags: Any
    key: Any
    count: Any
    spent: Any
    log: Any


class Rounds:
    """environment: the plant, None for a host's.   fit: see learn.

    run(state, until): rounds on the plant until there are `until` of them or the budget is spent.
    taught(state): the part of a round before a real episode.   closed(state, episode, steps): the
    part behind it, for arrays of config.steps rows of which `steps` are real.
    """

    def __init__(
        self, environment: Environment | None, ppo: Ppo, config: Config, t: Training, fit: Callable
    ):
        self.environment, self.ppo, self.config, self.t = environment, ppo, config, t
        self.fit = functools.partial(fit, config=config, t=t)
        self.run, self.closed = jax.jit(self._run), jax.jit(self._closed)
        self.taught = jax.jit(lambda state: self._fitted(state, self._taught))

    def start(self, carry: Carry, s: Standing, data: Buffer) -> State:
        """The state before the first round, outside a program."""
        bags = ensemble.bags(self.config.members, self.t.seed)
        found = jax.eval_shape(self.fit, data, bags)
        blank = jax.tree.map(lambda v: np.zeros(v.shape, v.dtype), found)
        log = np.zeros((len(data.opens), len(TOLD)), np.float32)
        key = jax.random.key(self.t.seed)
        return State(carry, s, data, blank, bags, key, np.int32(0), np.bool_(False), log)

    def told(self, state: State, first: int) -> list[dict]:
        """What is known of the rounds from `first` on, one dict each."""
        rows = np.asarray(state.log)[first : int(state.count)]
        return [{n: kind(v) for (n, kind), v in zip(TOLD.items(), r, strict=True)} for r in rows]

    # -- the program -----------------------------------------------------------------------

    def _run(self, state: State, until: Any) -> State:
        return jax.lax.while_loop(
            lambda s: (s.count < until) & ~s.spent,
            lambda s: self._fitted(s, lambda s: self._acted(self._taught(s))),
            state,
        )

    def _fitted(self, state: State, then: Callable) -> State:
        """After a fit to all rows, and `then` where the budget holds another episode."""
        state = state._replace(surrogate=self.fit(state.data, state.bags))
        room = state.data.count + self.config.steps <= self.t.real_steps
        room = room | (state.count == 0)  # one round at least
        return jax.lax.cond(room, then, lambda s: s._replace(spent=jnp.asarray(True)), state)

    def _taught(self, state: State) -> State:
        """After PPO inside the surrogate."""
        key, placing = jax.random.split(state.key)
        coefficients, members = state.surrogate
        starts = places(state.data, self.config, self.t, placing)
        carry, metrics = self.ppo.run(
            state.carry, coefficients, starts, iterations=self.t.iterations
        )
        terms = (jnp.median(members, 0) != 0).sum()
        told = [*(metrics[name][-1] for name in ("reward", "out", "std")), terms]
        return state._replace(carry=carry, key=key, log=_noted(state, told, AFTER))

    def _acted(self, state: State) -> State:
        """After an episode of the policy on the plant."""
        key, acting = jax.random.split(state.key)
        act = functools.partial(self.ppo.act, state.carry.weights)
        return self._closed(
            state._replace(key=key), *followed(self.environment, act, acting, self.config.steps)
        )

    def _closed(self, state: State, episode: Rows, steps: Any) -> State:
        real = jnp.arange(self.config.steps) < steps
        earned = jnp.where(real, episode.reward, 0.0).sum()
        data = buffer.written(state.data, episode, steps)
        new, key, said = state.carry.weights, state.key, Foreseen()
        if self.t.smooth > 1:
            key, placing = jax.random.split(key)
            said = foreseen(
                self.ppo, state.surrogate[0], new, state.standing.weights, episode.x[0],
                places(state.data, self.config, self.t, placing), self.config.steps,
            )  # fmt: skip
        s, weights, back = standing.judged(state.standing, earned, new, self.t, said)
        told = [data.count, earned, s.best, back]
        return state._replace(
            key=key,
            carry=state.carry._replace(weights=weights), standing=s, data=data,
            count=state.count + 1, log=_noted(state, told, 0),
        )  # fmt: skip


def _noted(state: State, told: list, at: int) -> Any:
    row = jnp.stack([jnp.asarray(v, jnp.float32) for v in told])
    return jax.lax.dynamic_update_slice(state.log, row[None], (state.count, at))
