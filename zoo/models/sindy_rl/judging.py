"""What a card says of a controller: real returns, its formulas, and how right its surrogate is."""

from typing import TYPE_CHECKING, Any

import numpy as np

from physics.control.environment import Environment, rollout
from zoo.models.sindy_rl.plants import opened

if TYPE_CHECKING:
    from zoo.models.sindy_rl.model import SindyRL

EPISODES, SEED = 50, 123_456  # of the judgement, whose real steps are not counted


def judged(model: "SindyRL", tolerance: float) -> dict[str, dict]:
    """Metrics of a card; tolerance: of returns, which differ between machines.

    Return of network and formula, mean and worst over EPISODES real episodes, beside no control and
    random actions; terms of the formula; error of one step of the surrogate along episodes of the
    network, relative to the steps, root mean square over rows, mean over the observed.
    """
    environment = opened(model.config.environment)
    network = model.returns(environment, episodes=EPISODES, seed=SEED)
    formula = model.returns(environment, episodes=EPISODES, seed=SEED, policy="formula")
    others = {
        "no control": _plain(environment, still=True), "random": _plain(environment, still=False)
    }  # fmt: skip
    worth = lambda v, **more: {"value": float(v), "tolerance": tolerance} | more  # noqa: E731
    return {
        "return_network": worth(network.mean(), baselines=others),
        "return_network_worst": worth(network.min()),
        "return_formula": worth(formula.mean(), baselines=others),
        "return_formula_worst": worth(formula.min()),
        "formula_terms": {
            "value": float((np.asarray(model.policy[...]) != 0).sum()), "tolerance": 0.0,
        },
        "one_step_error": {
            "value": _one_step(model, environment), "tolerance": 2e-3,
            "baselines": {"persistence": 1.0},
        },
    }  # fmt: skip


def formulas(model: "SindyRL") -> dict[str, Any]:
    """{"reward", "policy"} as JSON; the dynamics are the law of the card."""
    return {"reward": model.reward_formula().to_json(), "policy": model.policy_formula().to_json()}


def _plain(environment: Environment, still: bool) -> float:
    import jax
    import jax.numpy as jnp

    low, high = (jnp.asarray(v, jnp.float32) for v in (environment.low, environment.high))

    def act(_, key):
        return 0 * low if still else jax.random.uniform(key, low.shape, minval=low, maxval=high)

    rows = jax.jit(jax.vmap(lambda key: rollout(environment, act, key)))(_keys())
    return float((rows["reward"] * rows["alive"]).sum(-1).mean())


def _one_step(model: "SindyRL", environment: Environment) -> float:
    import jax

    run = lambda key: rollout(environment, lambda x, _: model.act(x), key)  # noqa: E731
    rows = jax.jit(jax.vmap(run))(_keys()[:4])
    x, u, after = (np.asarray(rows[k], float) for k in ("observation", "action", "after"))
    xi = np.asarray(model.coefficients().xi, float)
    gap = x + model.config.library.terms(x, u) @ xi.T - after
    inside = ((x > model.config.limits[:, 0]) & (x < model.config.limits[:, 1])).all(-1)
    size = lambda v: np.sqrt((v[inside] ** 2).mean(0))  # noqa: E731
    return float((size(gap) / size(after - x)).mean())


def _keys() -> Any:
    import jax

    return jax.random.split(jax.random.key(SEED), EPISODES)
