"""What stands on the card of a window forecaster: errors beside plain baselines, and its law's."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray

from zoo.layers import windows
from zoo.layers.rollout import one_step, rollout

if TYPE_CHECKING:
    from physics.system import System
    from zoo.layers.forecaster import Forecaster

BOUND = 0.4  # error over the spread of the states up to which a forecast counts as valid
TOLERANCE = 0.05  # relative, of errors that other machines compute


def baselines(
    data: xarray.Dataset, held_out: xarray.Dataset, window: int
) -> "dict[str, Forecaster]":
    """Polynomial, linear autoregression and Hankel-DMD on the same windows."""
    from zoo.registry import family

    made = {}
    for name, options in {"extrapolation": {"order": min(3, window - 1)}, "linear-ar": {},
                          "hankel-dmd": {}}.items():  # fmt: skip
        states = data[[n for n in data.data_vars if "time" in data[n].dims]]
        model = family(name).MODEL.create(states, window=window, **options)
        made[name] = model.fit(data, held_out=held_out)
    return made


def forecast_errors(
    model: "Forecaster",
    test: xarray.Dataset,
    others: "Mapping[str, Forecaster]",
    *,
    chaotic: bool = False,
) -> dict[str, dict]:
    """One-step error over the spread of the states; the relative L2 error of rollouts over the test
    trajectories or, where `chaotic`, the median valid time [T]."""
    record = windows.read(model.config, test)
    cut, n = windows.cut(model.config, record), model.config.window
    scale, after = record.values.std((0, 1)), record.values[:, n:]

    def ahead(m: "Forecaster") -> float:
        return float(np.sqrt((((one_step(m, cut.inputs) - cut.targets) / scale) ** 2).mean()))

    def followed(m: "Forecaster") -> float:
        said = rollout(m, record.values[:, :n], after.shape[1])
        if not chaotic:
            return float(np.linalg.norm(said - after) / np.linalg.norm(after))
        error = np.sqrt((((said - after) / scale) ** 2).mean(-1))
        beyond = ~(error < BOUND)
        steps = np.where(beyond.any(1), beyond.argmax(1), after.shape[1])
        return float(model.config.dt * np.median(steps))

    second = "valid_time" if chaotic else "rollout_error"
    measured = {}
    for name, measure in {"one_step_error": ahead, second: followed}.items():
        value = measure(model)
        beside = {k: v for k, m in others.items() if np.isfinite(v := measure(m))}
        measured[name] = {
            "value": value,
            "tolerance": (0.15 if name == "valid_time" else TOLERANCE) * value,
            "baselines": beside,
        }
    return measured


def law_errors(model: "Forecaster", truth: "System", steps: int) -> dict[str, dict]:
    """Whether the law of the rollouts has the true terms, its worst relative coefficient error
    (truth), and its distance from the model's own rollouts (faithfulness)."""
    import symbolic
    from zoo.layers.rollout_law import rollouts

    found: Any = model.law(engine="sindy", steps=steps).best
    comparison = symbolic.same_law(found, truth) if found is not None else None
    same = comparison is not None and comparison.same_terms
    faithful = 1.0
    if found is not None:
        faithful = symbolic.check(found, rollouts(model, steps=steps)).total
    return {
        "law_recovered": {"value": float(same), "tolerance": 0.0},
        "law_coefficient_error": {
            "value": float(comparison.worst) if same else 1.0, "tolerance": 1e-3,
        },
        "law_faithfulness": {"value": float(faithful), "tolerance": 1e-2},
    }  # fmt: skip
