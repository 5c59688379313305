"""Which policy is the best so far, and when training goes back to it."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from zoo.models.sindy_rl.config import Training
from zoo.models.sindy_rl.foresight import Foreseen


class Standing(NamedTuple):
    """best: mean return of the `smooth` real episodes by which the best policy was chosen, excess:
    that beyond what was foreseen.   weights: of that policy.   below: poor episodes in a row.
    recent: (smooth, 2) last returns and their excesses, of which `seen` are since training began or
    last went back.   plain: what random actions, or the policy that came, earned."""

    best: Any
    excess: Any
    weights: Any
    below: Any
    recent: Any
    seen: Any
    plain: Any


def opened(weights: Any, plain: float, t: Training, seen: int = 0) -> Standing:
    """Before the first round; seen: 1 where an episode of `weights` earned `plain`."""
    best = np.float32(plain if seen and t.smooth == 1 else -np.inf)
    recent = np.full((t.smooth, 2), (plain, plain if t.smooth == 1 else 0.0), np.float32)
    return Standing(best, best, weights, np.int32(0), recent, np.int32(seen), np.float32(plain))


def judged(
    s: Standing, earned: Any, weights: Any, t: Training, said: Foreseen
) -> tuple[Standing, Any, Any]:
    """(standing, weights to go on from, whether they are the best ones again) after an episode.

    A policy is worth what is foreseen of it and the mean excess of its last real episodes; where
    nothing is foreseen, their mean return. The best policy takes over after `t.rollback` episodes
    in a row that leave it below `t.tolerance` of the way from the plain to the best one.
    """
    row = jnp.stack([earned, earned - said.own])
    recent, seen = jnp.roll(s.recent, -1, 0).at[-1].set(row), s.seen + 1
    mean, excess = recent.mean(0)
    score, bar = jnp.where(seen >= t.smooth, excess + said.new, -jnp.inf), s.excess + said.best
    better = score > bar
    kept = _either(better, weights, s.weights)
    poor = ~better & (score < s.plain + t.tolerance * (bar - s.plain))
    below = jnp.where(poor, s.below + 1, 0)
    back = below >= t.rollback if t.rollback else jnp.asarray(False)
    after = Standing(
        jnp.where(better, mean, s.best), jnp.where(better, excess, s.excess), kept,
        jnp.where(back, 0, below), recent, jnp.where(back, 0, seen), s.plain,
    )  # fmt: skip
    return after, _either(back, kept, weights), back


def _either(first: Any, one: Any, other: Any) -> Any:
    return jax.lax.cond(first, lambda: one, lambda: other)
