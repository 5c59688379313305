"""Predator and prey whose interaction is hidden: u' = known linear rates + G(prey, predator).

    zoo train upinn-lotka-volterra

Three simulated trajectories of Lotka-Volterra, 31 times each, 2 % multiplicative noise; the linear
rates are known, the two interaction terms are learnt by one network.
"""

from typing import Any

import numpy as np

from zoo.training.schedule import Schedule

CHECKPOINT = "upinn.lotka-volterra"
SCHEDULE = Schedule(steps=250, optimiser="levenberg-marquardt", chunk=10, save=50, seed=0)

INITIAL = np.array([[0.44249296, 4.6280594], [1.0, 1.0], [3.0, 1.5]])
TIMES = np.linspace(0.0, 6.0, 31)
NOISE = 0.02
NOISE_SEED = 2023


def build(seed: int = 0) -> tuple[Any, Any]:
    """(untrained model, noisy Dataset)."""
    import zoo

    known = _truth().without("beta", "gamma")
    model = zoo.create("upinn", known, len(INITIAL), seed=seed, noise="multiplicative")
    return model, data()


def data() -> Any:
    """The training data, the same every time: relative noise, so that counts stay positive."""
    clean = _clean(TIMES)
    rng = np.random.default_rng(NOISE_SEED)
    factors = {n: np.exp(NOISE * rng.standard_normal(clean[n].shape)) for n in ("x", "y")}
    return clean.assign({n: clean[n] * factors[n] for n in factors})


def train(schedule: Schedule, **run: Any) -> Any:
    """The trained model."""
    model, measured = build(schedule.seed)
    return model.fit(measured, schedule, **run)


def evaluate(model: Any) -> dict[str, dict]:
    """Errors against the System that made the data, and the law read off unaided."""
    import symbolic

    truth = _truth()
    dense = _clean(np.linspace(TIMES[0], TIMES[-1], 301))
    said = model.predict(times=dense["time"].values)
    hidden = model.hidden({n: dense[n].values for n in ("x", "y")})
    part = truth.without("alpha", "delta")
    from physics.lower import rhs

    u = np.stack([dense[n].values for n in ("x", "y")], -1)
    true = np.asarray(rhs(part)(0.0, u))
    learnt = np.stack([hidden[n] for n in ("x", "y")], -1)
    states = np.stack([said[n].values for n in ("x", "y")], -1)
    found = model.law(data())
    comparison = symbolic.same_law(found.best, truth) if found.best is not None else None
    recovered = comparison is not None and comparison.same_terms
    return {
        "surrogate_error": {"value": _relative(states, u), "tolerance": 2e-3},
        "hidden_error": {"value": _relative(learnt, true), "tolerance": 2e-2},
        "law_recovered": {"value": float(recovered), "tolerance": 0.0},
        "law_coefficient_error": {
            "value": float(comparison.worst) if recovered else 1.0,
            "tolerance": 2e-3,
        },
    }


def card(model: Any) -> dict[str, Any]:
    """What else stands on the card."""
    truth = _truth()
    found = model.law(data())
    return {
        "systems": [truth.to_json()],
        "law": found.best.to_json() if found.best is not None else None,
        "limits": (
            "Two species; the hidden term is only known along the visited orbits. Fine-tune before "
            "use on other data: zoo.finetune(model, data, known=...)."
        ),
    }


def _truth() -> Any:
    import physics

    return physics.get("lotka_volterra")


def _clean(times: np.ndarray) -> Any:
    import physics

    return physics.solve(_truth(), initial=INITIAL, times=times)


def _relative(value: np.ndarray, truth: np.ndarray) -> float:
    return float(np.linalg.norm(value - truth) / np.linalg.norm(truth))
