"""What the surrogate says that policies earn, so that an easy beginning is not taken for merit.

Where episodes begin in many places, a real return says more of its beginning than of the policy.
What it earned beyond what the surrogate had foreseen of that beginning (a control variate) says
how far the surrogate can be believed; the surrogate then compares policies from many beginnings.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from zoo.models.sindy_rl.ppo import Ppo

BEGINNINGS = 512


class Foreseen(NamedTuple):
    """own: return of the new policy from where its real episode began.   new, best: mean returns of
    the new one and of the best so far from the same many places.   Zeros: nothing is foreseen."""

    own: Any = 0.0
    new: Any = 0.0
    best: Any = 0.0


def foreseen(
    ppo: Ppo, coefficients: Any, new: Any, best: Any, began: Any, places: Any, steps: int
) -> Foreseen:
    """Returns of the policies of two weights over `steps` surrogate steps, by their mean actions.

    began: (observed,).   places: (n, observed), of which the first BEGINNINGS are used.
    After a step out of bounds the rest counts as the least reward of the data.
    """
    begin = jnp.concatenate([began[None], places[:BEGINNINGS]])

    def run(weights):
        agent = ppo.agent(weights)

        def body(state, _):
            x, alive, total = state
            u = ppo.physical(agent.mean(x / ppo.scale))
            after, reward, out = ppo.surrogate.step(coefficients, x, u)
            alive = alive & ~out
            return (after, alive, total + jnp.where(alive, reward, coefficients.worst)), None

        start = (begin, jnp.ones(len(begin), bool), jnp.zeros(len(begin)))
        return jax.lax.scan(body, start, None, length=steps)[0][2]

    first, second = jax.lax.map(run, jax.tree.map(lambda *v: jnp.stack(v), new, best))
    return Foreseen(first[0], first[1:].mean(), second[1:].mean())
