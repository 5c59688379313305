"""The Dyna loop: random rows, then fit, train inside the surrogate, act for an episode, and again.

After every real episode its rows join the data. The best policy by real return is kept; after some
episodes in a row that fall far below it, training goes back to it on the better surrogate.
"""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from zoo.models.sindy_rl import ensemble
from zoo.models.sindy_rl.config import Config, Training
from zoo.models.sindy_rl.experience import Counted, Rows, imaged, joined
from zoo.models.sindy_rl.ppo import Ppo
from zoo.models.sindy_rl.surrogate import Coefficients, Surrogate

STARTS = 4096  # places that surrogate episodes may begin from
ROOM = 4.0  # bounds without a given one: this many half ranges of the data


class Outcome(NamedTuple):
    """weights: of the best policy by real return.   coefficients: median and spread of the last
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
    weights: Any, say: Callable[[dict], None] | None = None, fit: Callable | None = None,
) -> Outcome:  # fmt: skip
    """Spend the real steps of `training` on `counted`, which counts them.

    fit: another (rows, config, training, surrogate) -> (coefficients, members) than `fitted`, for
    another surrogate.
    """
    import jax
    import jax.numpy as jnp

    t, began, fit = training, time.perf_counter(), fit or fitted
    rng = np.random.default_rng(t.seed)
    parts, opening, returns = gathered(counted, config, t, rng)
    rounds = max(1, (t.real_steps - counted.real_steps) // config.steps)
    ppo = Ppo(
        graph, surrogate, t, scale=config.scale, low=config.low, high=config.high,
        updates=rounds * t.iterations * t.epochs * t.minibatches,
    )  # fmt: skip

    def act(weights, x, key):
        agent = ppo.agent(weights)
        mean = agent.mean(x / ppo.scale)
        deviate = t.noise * jnp.exp(agent.log_std[...]) * jax.random.normal(key, mean.shape)
        return ppo.physical(mean + deviate)

    best, best_weights, below = -np.inf, weights, 0
    history: list[dict] = []
    recent: list[float] = []
    if not parts:  # a trained policy gathers the first rows on another plant, and may stay the best
        parts = [counted.follow(act, weights, rng, config.steps)]
        opening, returns = [parts[0].x[0]], [float(parts[0].reward.sum())]
        recent = list(returns)
        best = returns[0] if t.smooth == 1 else best
        history.append({
            "real_steps": counted.real_steps, "return": returns[0], "best": best, "back": False,
            "seconds": time.perf_counter() - began,
        })  # fmt: skip
        if say:
            say(history[-1])
    plain, before = float(np.mean(returns)), len(history)
    carry = None
    while counted.real_steps + config.steps <= t.real_steps or len(history) == before:
        rows = joined(parts)
        coefficients, members = fit(rows, config, t, surrogate)
        starts = jnp.asarray(places(rows, opening, config, t, rng), jnp.float32)
        if carry is None:
            carry = ppo.start(weights, starts, jax.random.key(t.seed))
        carry, metrics = ppo.run(carry, coefficients, starts, iterations=t.iterations)
        episode = counted.follow(act, carry.weights, rng, config.steps)
        earned = float(episode.reward.sum())
        parts.append(episode)
        opening.append(episode.x[0])
        recent.append(earned)
        score = float(np.mean(recent[-t.smooth :])) if len(recent) >= t.smooth else -np.inf
        if score > best:
            best, best_weights, below = score, carry.weights, 0
        elif score < plain + t.tolerance * (best - plain):
            below += 1
        else:
            below = 0
        back = t.rollback and below >= t.rollback
        if back:
            carry, below, recent = carry._replace(weights=best_weights), 0, []
        history.append({
            "real_steps": counted.real_steps, "return": earned, "best": best, "back": bool(back),
            "surrogate_reward": float(metrics["reward"][-1]), "out": float(metrics["out"][-1]),
            "std": float(metrics["std"][-1]), "terms": int((np.median(members, 0) != 0).sum()),
            "seconds": time.perf_counter() - began,
        })  # fmt: skip
        if say:
            say(history[-1])
    rows = joined(parts)
    coefficients, members = fit(rows, config, t, surrogate)
    return Outcome(best_weights, coefficients, members, history, rows, np.stack(opening))


def gathered(counted: Counted, config: Config, t: Training, rng: Any) -> tuple:
    """(parts, first observations, returns) of random episodes, `random_steps` in all."""
    parts: list[Rows] = []
    returns = []
    while counted.real_steps < t.random_steps:
        length = min(t.random_episode, config.steps, t.random_steps - counted.real_steps)
        inside = lambda x: within(x, config.limits).all(-1)  # noqa: E731
        parts.append(counted.random(length, t.hold, inside, rng))
        returns.append(float(parts[-1].reward.sum()) * config.steps / max(1, len(parts[-1])))
    return parts, [part.x[0] for part in parts], returns


def within(x: np.ndarray, bounds: Any) -> np.ndarray:
    """(…, observed) whether each observation lies within its bounds."""
    low, high = bounds.T
    return (x >= low) & (x <= high)


def fitted(
    rows: Rows, config: Config, t: Training, surrogate: Surrogate
) -> tuple[Coefficients, np.ndarray]:
    """(coefficients of the surrogate, those of all members) fitted to the rows within bounds."""
    import jax.numpy as jnp

    rows = imaged(rows, config.symmetries)
    good = (within(rows.x, config.limits) & within(rows.after, config.limits)).all(-1)
    x, u, after = rows.x[good], rows.u[good], rows.after[good]
    found = ensemble.fit(
        config.library.terms(x, u), after - x, members=config.members, threshold=t.threshold,
        ridge=t.ridge, shrink=t.shrink, seed=t.seed,
    )  # fmt: skip
    terms = surrogate.reward_terms(after, u)
    if config.known_reward:
        reward = np.zeros(terms.shape[-1])
    else:
        reward = ensemble.fit(
            terms, rows.reward[good][:, None], members=config.members,
            threshold=t.reward_threshold, ridge=t.ridge, shrink=t.shrink, seed=t.seed,
        ).median[0]  # fmt: skip
    low, high = trusted(config, rows.x)
    arrays = found.median, found.deviations, reward, low, high, rows.reward.min()
    return Coefficients(*(jnp.asarray(a, jnp.float32) for a in arrays)), found.coefficients


def trusted(config: Config, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) of every observation: the bounds given, or the range of the data with room."""
    low, high = config.limits.T
    middle, half = (x.max(0) + x.min(0)) / 2, np.maximum((x.max(0) - x.min(0)) / 2, 1e-3)
    low = np.where(np.isfinite(low), low, middle - ROOM * half)
    return low, np.where(np.isfinite(high), high, middle + ROOM * half)


def places(rows: Rows, opening: list, config: Config, t: Training, rng: Any) -> np.ndarray:
    """(STARTS, observed): beginnings of real episodes, and observations from all over the data."""
    rows = imaged(rows, config.symmetries)
    pool = rows.x[within(rows.x, config.limits).all(-1)]
    first = np.stack(opening)[rng.integers(len(opening), size=STARTS)]
    anywhere = pool[rng.integers(len(pool), size=STARTS)]
    return np.where(rng.random((STARTS, 1)) < t.reset_share, first, anywhere)
