"""Forecasts of a window forecaster in physical units, as xarray."""

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray

from physics import arguments
from zoo.layers import windows
from zoo.layers.rollout import one_step, rollout

if TYPE_CHECKING:
    from zoo.layers.forecaster import Forecaster

STEPS = 100
MOST_STEPS = 10**6
CHECKED = 200  # windows of the data on which a model is compared with keeping the last state
LEAST_ERROR = 1e-3  # of the spread: what is not worth a word
ON_GRID = 1e-6  # distance from a step, in steps, up to which a time counts as one
BOUND = 1e3  # states further from the training data than this many of their deviations: blown up


def forecast(model: "Forecaster", data: xarray.Dataset | None, times: Any = None) -> xarray.Dataset:
    """See Forecaster.predict. Raises ValueError for data and times that do not fit, BlowUp."""
    from physics.failures import BlowUp

    config = model.config
    if data is None:
        begin, starts, environment = 0.0, *kept_windows(model)
        begins = np.zeros(len(starts))
        if times is None:
            times = config.dt * np.arange(config.window + STEPS)
    else:
        record = windows.read(config, data)
        if times is None:
            times = record.times
        begins, starts = _latest(config, record, arguments.increasing(times)[0])
        environment = record.environment
        within_reach(model, starts)
        _heed(model, record)
    times = arguments.increasing(times)
    begin = begins.max()
    if times[0] < begin - ON_GRID * config.dt:
        raise ValueError(
            f"times begin at {times[0]:g}, before the first complete window, which begins at "
            f"{begin:g}; a forecast needs times from there on"
        )
    ahead = (times[-1] - begins.min()) / config.dt
    if ahead > MOST_STEPS:
        raise ValueError(f"times ask for {ahead:.2g} steps of {config.dt:g}; at most {MOST_STEPS}")
    steps = max(1, int(np.ceil(ahead - ON_GRID)) - config.window + 1)
    after = rollout(model, starts, steps, environment)
    s = model.statistics()
    far = ~(np.abs(after - s["center"]) < BOUND * s["scale"]).all((1, 2))
    if far.any():
        raise BlowUp(
            f"the forecast of sample {int(np.argmax(far))} leaves all bounds: it left the states "
            f"seen in training; forecast less far or fine-tune on more data",
            np.flatnonzero(far),
        )
    path = np.concatenate([starts, after], 1)
    states = np.stack([_at(path[i], (times - b) / config.dt) for i, b in enumerate(begins)])
    attributes = {n: data[n].attrs for n in config.states} if data is not None else {}
    return xarray.Dataset(
        {n: (("sample", "time"), states[..., i], attributes.get(n, {}))
         for i, n in enumerate(config.states)},
        coords={"time": times, "sample": np.arange(len(states))},
    )  # fmt: skip


def kept_windows(model: "Forecaster") -> tuple[np.ndarray, np.ndarray]:
    """(windows (16, N, state) of held-out data that the model keeps, their environments)."""
    s = model.statistics()
    environment = s["segment_environment"].astype(np.int64)
    return s["segments"][:, : model.config.window], np.minimum(
        environment, model.config.environments - 1
    )


def within_reach(model: "Forecaster", starts: np.ndarray) -> None:
    """Raise ValueError for windows (sample, N, state) that lie nowhere near the training data."""
    s = model.statistics()
    away = np.abs(starts - s["center"]) / s["scale"]
    worst = away.max((0, 1))
    if (worst > model.reach).any():
        state = int(np.argmax(worst))
        value = starts[..., state].ravel()[np.argmax(away[..., state])]
        raise ValueError(
            f"{model.config.states[state]!r} reaches {value:.3g}, but the model was trained on "
            f"numbers near {s['center'][state]:.3g} (spread {s['scale'][state]:.3g}); convert the "
            f"data to its units, or fine-tune it on them"
        )


def _heed(model: "Forecaster", record: windows.Record) -> None:
    """Warn where the data themselves show that the model does not know what they do."""
    try:
        found = windows.cut(model.config, record)
    except ValueError:  # no window with a state after it: nothing to compare with
        return
    pick = np.linspace(0, len(found.inputs) - 1, min(CHECKED, len(found.inputs))).astype(int)
    scale = model.statistics()["scale"]
    inputs, truth = found.inputs[pick], found.targets[pick]
    said = one_step(model, inputs, found.environment[pick])
    error, still = (
        float(np.sqrt((((a - truth) / scale) ** 2).mean())) for a in (said, inputs[:, -1])
    )
    if error > max(still, LEAST_ERROR):
        warnings.warn(
            f"the model does not follow these data: one step ahead it errs by {error:.2g} of the "
            f"spread it was trained on, keeping the last state by {still:.2g}; check units and "
            f"columns, or fine-tune it on them",
            UserWarning,
            stacklevel=4,
        )


def _latest(config, record: windows.Record, first: float) -> tuple[np.ndarray, np.ndarray]:
    """(time at which each sample's window begins, windows (sample, N, state))."""
    n = config.window
    pieces = np.lib.stride_tricks.sliding_window_view(record.values, n, axis=1)
    whole = np.isfinite(pieces).all((2, 3))
    ends = record.times[n - 1 :]
    if not whole.any(1).all():
        raise ValueError(
            f"sample {int(np.argmin(whole.any(1)))} has no {n} times in a row without a gap, so "
            f"there is no window to forecast from; fill its gaps or leave the sample out"
        )
    early = whole & (ends <= first + ON_GRID * config.dt)
    pick = np.where(
        early.any(1), early.shape[1] - 1 - early[:, ::-1].argmax(1), whole.argmax(1)
    )  # the latest that ends in time, else the first
    found = np.stack([record.values[i, k : k + n] for i, k in enumerate(pick)])
    return record.times[pick], found


def _at(path: np.ndarray, places: np.ndarray) -> np.ndarray:
    """States (time, state) at `places`, in steps from the beginning of the path."""
    near = np.rint(places).astype(int)
    if np.abs(places - near).max() <= ON_GRID:
        return path[near]
    from scipy.interpolate import CubicSpline

    return CubicSpline(np.arange(len(path)), path, axis=0)(places)
