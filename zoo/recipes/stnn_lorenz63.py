"""Lorenz 1963, forecast from eight states in a row by a structured network.

    zoo train stnn-lorenz63

Forty simulated trajectories on the attractor, dt 0.01, 500 times each; 832 trained numbers.
"""

from typing import Any

import numpy as np

from zoo.training.schedule import Schedule

CHECKPOINT = "stnn.lorenz63"
SCHEDULE = Schedule(steps=60, optimiser="levenberg-marquardt", chunk=10, save=30, seed=0)
WINDOW, BLOCKS, ROWS = 8, 2, 3000
DT, COUNT, SAMPLES = 0.01, 500, 40
BURN = 5.0  # time units before the record begins
TRAIN, HELD_OUT, TEST = 20, 21, 122  # seeds of the initial states


def build(seed: int = 0) -> tuple[Any, Any]:
    """(untrained model, training Dataset)."""
    import zoo

    data = simulated(SAMPLES, TRAIN)
    return zoo.create("stnn", data[list("xyz")], window=WINDOW, blocks=BLOCKS, seed=seed), data


def train(schedule: Schedule, **run: Any) -> Any:
    """The trained model."""
    model, data = build(schedule.seed)
    aside = simulated(8, HELD_OUT)
    return model.fit(data, schedule, held_out=aside, evidence=True, rows=ROWS, **run)


def evaluate(model: Any) -> dict[str, dict]:
    """Errors on 50 unseen trajectories beside the plain baselines, and the law of its rollouts."""
    from zoo.layers.judging import baselines, forecast_errors, law_errors

    test = simulated(50, TEST, 1200)
    others = baselines(simulated(SAMPLES, TRAIN), simulated(8, HELD_OUT), WINDOW)
    measured = forecast_errors(model, test, others, chaotic=True)
    return measured | law_errors(model, _truth(), 200)


def card(model: Any) -> dict[str, Any]:
    """What else stands on the card."""
    found = model.law(engine="sindy", steps=200)
    return {
        "systems": [_truth().to_json()],
        "law": found.best.to_json() if found.best is not None else None,
        "limits": (
            "Steps by dt = 0.01, from eight noise-free states in a row on the attractor of sigma "
            "10, rho 28, beta 8/3. Fine-tune for others: zoo.finetune(model, data)."
        ),
    }


def simulated(samples: int, seed: int, count: int = COUNT) -> Any:
    """Trajectories on the attractor."""
    import physics

    start = physics.solve(_truth(), samples=samples, seed=seed, times=[0.0, BURN])
    initial = np.stack([start[n].values[:, -1] for n in "xyz"], -1)
    return physics.solve(_truth(), initial=initial, times=DT * np.arange(count))


def _truth() -> Any:
    import physics

    return physics.get("lorenz63")
