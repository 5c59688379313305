"""The Dyna loop: random rows, then fit, train inside the surrogate, act for an episode, and again.

After every real episode its rows join the data. The best policy is kept; after some episodes in a
row that fall far below it, training goes back to it on the better surrogate. A round is one program
(rounds.py); here is what comes before, between and after.
"""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from zoo.models.sindy_rl import standing
from zoo.models.sindy_rl.buffer import filled
from zoo.models.sindy_rl.config import Config, Training
from zoo.models.sindy_rl.experience import Counted, Rows, joined, lengthened
from zoo.models.sindy_rl.fitting import fitted, within
from zoo.models.sindy_rl.ppo import Ppo
from zoo.models.sindy_rl.rounds import Rounds, State
from zoo.models.sindy_rl.surrogate import Coefficients, Surrogate

WAIT = 0.01  # seconds between looks whether a program has ended, so that Ctrl-C is heard


class Outcome(NamedTuple):
    """weights: of the best policy.   coefficients: median and spread of the last
    fit, members: (member, observed, term).   history: one dict per real episode.   rows: all real
    rows, starts: (episode, observed) their beginnings."""

    weights: Any
    coefficients: Coefficients
    members: np.ndarray
    history: list[dict]
    rows: Rows
    starts: np.ndarray


def learn(
    counted: Counted, config: Config, training: Training, surrogate: Surrogate, graph: Any,
    weights: Any, say: Callable[[dict], None] | None = None, fit: Callable = fitted,
) -> Outcome:  # fmt: skip
    """Spend the real steps of `training` on `counted`, which counts them.

    say: called after every real episode.   fit: another than `fitted`, of the same arguments, for
    another surrogate.
    """
    began = time.perf_counter()
    rng = np.random.default_rng(training.seed)
    history: list[dict] = []

    def tell(rows: list[dict]) -> None:
        for row in rows:
            history.append(row | {"seconds": time.perf_counter() - began})
            if say:
                say(history[-1])

    rounds, state, first = opened(counted, config, training, surrogate, graph, weights, rng, fit)
    tell(first)
    while not state.spent:
        before = int(state.count)
        if counted.host:
            state = _beside_a_host(rounds, state, counted, rng)
        else:  # one round at a time: for `say`, and since a program cannot be stopped
            state = _waited(rounds.run(state, before + 1))
            counted.took(int(state.data.count) - counted.real_steps)
        tell(rounds.told(state, before))
    coefficients, members = state.surrogate
    return Outcome(
        state.standing.weights, coefficients, np.asarray(members), history, state.data.arrays,
        state.data.beginnings,
    )  # fmt: skip


def opened(
    counted: Counted, config: Config, t: Training, surrogate: Surrogate, graph: Any, weights: Any,
    rng: np.random.Generator, fit: Callable = fitted,
) -> tuple[Rounds, State, list[dict]]:  # fmt: skip
    """(rounds, their state before the first one, what is to be told) after the first real rows.

    They are random; a trained policy gathers them on another plant itself, and may stay the best.
    """
    parts, returns = gathered(counted, config, t, rng)
    count = max(1, (t.real_steps - counted.real_steps) // config.steps)
    ppo = Ppo(
        graph, surrogate, t, scale=config.scale, low=config.low, high=config.high,
        updates=count * t.iterations * t.epochs * t.minibatches,
    )  # fmt: skip
    warm = not parts
    if warm:
        parts = [counted.follow(ppo.act, weights, rng, config.steps)]
        returns = [float(parts[0].reward.sum())]
    s = standing.opened(weights, float(np.mean(returns)), t, seen=int(warm))
    told = {"real_steps": counted.real_steps, "return": returns[0], "best": float(s.best)}
    room = max(t.real_steps, counted.real_steps + config.steps)
    data = filled(parts, room, len(config.observed), len(config.controls))
    rounds = Rounds(None if counted.host else counted.environment, ppo, config, t, fit)
    state = rounds.start(ppo.start(weights, joined(parts).x, rng), s, data)
    return rounds, state, [told | {"back": False}] if warm else []


def gathered(counted: Counted, config: Config, t: Training, rng: Any) -> tuple:
    """(episodes, their returns) of random actions, `random_steps` in all."""
    parts: list[Rows] = []
    while counted.real_steps < t.random_steps:
        length = min(t.random_episode, config.steps, t.random_steps - counted.real_steps)
        parts.append(counted.random(length, t.hold, lambda x: within(x, config.limits), rng))
    return parts, [float(p.reward.sum()) * config.steps / max(1, len(p)) for p in parts]


def _beside_a_host(rounds: Rounds, state: State, counted: Counted, rng: Any) -> State:
    """One round whose episode a host takes."""
    steps, state = rounds.config.steps, _waited(rounds.taught(state))
    if state.spent:
        return state
    rows = counted.follow(rounds.ppo.act, state.carry.weights, rng, steps)
    return rounds.closed(state, lengthened(rows, steps), len(rows))


def _waited(state: State) -> State:
    """The state, once it is there: Python hears no Ctrl-C while it waits inside JAX."""
    while not state.count.is_ready():
        time.sleep(WAIT)
    return state
