"""Coefficients of a chosen hidden term, fitted together with the surrogates of a PDE."""

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from zoo.models.upinn.law_of_fields import Choice
    from zoo.models.upinn.model import UPINN

STEPS = 30
WEAK = 1e-8  # prior precision of the coefficients
TOLERANCE = 0.02  # of the equation, as in training


def term_values(config: Any, library: Any) -> Any:
    """jets -> (terms,) values of the library."""
    import jax.numpy as jnp

    from physics.lower.expression import evaluate

    def values(jets):
        dtype = next(iter(jets.values())).dtype
        return jnp.stack([jnp.asarray(v, dtype) for v in evaluate(list(library), jets, jnp)])

    return values


def refit(model: "UPINN", batch: dict, library: list, choice: "Choice") -> tuple[np.ndarray, ...]:
    """Coefficients fitted together with the surrogates, the hidden network replaced by them."""
    outputs, sigma = len(model.config.outputs), float(model.statistics()["sigma"][0])
    values, used = np.zeros((outputs, len(library))), np.zeros((outputs, len(library)))
    for o, terms in enumerate(choice.terms):
        values[o, list(terms)], used[o, list(terms)] = choice.coefficients[o], 1.0
    params = {"surrogate": model.weights()["surrogate"], "hidden": {"k": values}}
    optimiser = {"damping": 1.0, "sigma": sigma, "alpha": WEAK, "count": 0.0}
    state = {"params": params, "optimiser": {k: np.float64(v) for k, v in optimiser.items()}}
    batch = batch | {"statistics": model.statistics() | {"used": used}}
    state = _program(model.config, tuple(library))(state, batch)
    found = np.asarray(state["params"]["hidden"]["k"])
    return tuple(found[o, list(terms)] for o, terms in enumerate(choice.terms))


@functools.lru_cache(maxsize=8)
def _program(config: Any, library: tuple) -> Any:
    """Jitted fit of surrogates and coefficients; which terms are used is an argument."""
    import jax

    from zoo.models.upinn.evidence import Tightening
    from zoo.models.upinn.field_evidence import update_of
    from zoo.models.upinn.fields import field_functions

    base, terms = field_functions(config), term_values(config, library)
    names = config.system.state_names
    places = np.array([names.index(o) for o in config.outputs])

    def residual(theta, phi, p, params, s):
        left, jets = base.open_residual(theta, p, params, s)
        learnt = (phi["k"] * s["used"]) @ terms(jets)
        return (left.at[places].add(-learnt)) / s["rate"]

    rules = Tightening(residual=TOLERANCE, loose=1.0, ramp=1, warm=10**6)
    update = update_of(base._replace(residual=residual), rules, rotate=False)

    def run(state, batch):
        body = lambda carry, _: (update(carry, batch, None)[0], None)  # noqa: E731
        return jax.lax.scan(body, state, None, length=STEPS)[0]

    return jax.jit(run)
