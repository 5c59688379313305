"""Predator and prey, forecast from eight states in a row by a structured network.

    zoo train stnn-lotka-volterra

Twenty simulated trajectories of Lotka-Volterra, dt 0.1, 101 times each; 800 trained numbers.
"""

from typing import Any

import numpy as np

from zoo.training.schedule import Schedule

CHECKPOINT = "stnn.lotka-volterra"
SCHEDULE = Schedule(steps=30, optimiser="levenberg-marquardt", chunk=10, save=30, seed=0)
WINDOW, BLOCKS, ROWS = 8, 4, 1500
DT, COUNT, SAMPLES = 0.1, 101, 20
TRAIN, HELD_OUT, TEST = 20, 21, 122  # seeds of the initial states


def build(seed: int = 0) -> tuple[Any, Any]:
    """(untrained model, training Dataset)."""
    import zoo

    data = simulated(SAMPLES, TRAIN)
    return zoo.create("stnn", data[["x", "y"]], window=WINDOW, blocks=BLOCKS, seed=seed), data


def train(schedule: Schedule, **run: Any) -> Any:
    """The trained model."""
    model, data = build(schedule.seed)
    aside = simulated(8, HELD_OUT)
    return model.fit(data, schedule, held_out=aside, evidence=True, rows=ROWS, **run)


def evaluate(model: Any) -> dict[str, dict]:
    """Errors on 50 unseen trajectories beside the plain baselines, and the law of its rollouts."""
    from zoo.layers.judging import baselines, forecast_errors, law_errors

    test = simulated(50, TEST)
    others = baselines(simulated(SAMPLES, TRAIN), simulated(8, HELD_OUT), WINDOW)
    measured = forecast_errors(model, test, others)
    return measured | law_errors(model, _truth(), 100)


def card(model: Any) -> dict[str, Any]:
    """What else stands on the card."""
    found = model.law(engine="sindy", steps=100)
    return {
        "systems": [_truth().to_json()],
        "law": found.best.to_json() if found.best is not None else None,
        "limits": (
            "Steps by dt = 0.1, from eight states in a row; prey 0.4 to 4 and predators 0.5 to 5 "
            "at the start, parameters of the catalogue. Fine-tune for others: "
            "zoo.finetune(model, data)."
        ),
    }


def simulated(samples: int, seed: int) -> Any:
    """Trajectories of the catalogue's system."""
    import physics

    return physics.solve(_truth(), samples=samples, seed=seed, times=DT * np.arange(COUNT))


def _truth() -> Any:
    import physics

    return physics.get("lotka_volterra")
