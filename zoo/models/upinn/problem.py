"""Measured data -> the arrays and scales that a UPINN is trained with."""

from typing import Any

import numpy as np
import xarray

from physics.data.validate import check_units, stack, validate
from physics.names import COORDINATES
from physics.request import read_initial
from zoo.models.upinn.clock import even, stretch
from zoo.models.upinn.config import Config


def read(config: Config, data: xarray.Dataset, initial: Any = None) -> dict[str, np.ndarray]:
    """The training batch of a Dataset (sample, time), float64.

    times (m,), values and mask (n, m, d), start (n, d) and sure (n, d): known initial states and
    1 where there is one, points (c,) collocation times, params {name: (n,)}.
    initial: states at the first time that are known exactly, (state,), (sample, state) or
    {state: …}; None if they are measured like the rest.
    Raises ValueError for data that do not fit the known system.
    """
    system = config.system
    names = system.state_names
    missing = [n for n in names if n not in data]
    space = [c for c in COORDINATES if c in data.dims]
    if missing and space:
        raise ValueError(
            f"the data are fields over {', '.join(space)} of a PDE, the model is of the ODE "
            f"{system.name!r}; give the known part of the PDE as known=…, or take a model of fields"
        )
    if missing:
        raise ValueError(
            f"data has no variable {missing[0]!r}, a state of {system.name!r}; it has: "
            f"{', '.join(map(str, data.data_vars))}; rename its variables, or, for another "
            f"equation, give its known part as known=…"
        )
    data = validate(data, names, least=4)
    check_units(data, system)
    values = stack(data, names)
    mask = ~np.isnan(values)
    if config.multiplicative and (values[mask] <= 0).any():
        raise ValueError("multiplicative noise needs positive data; use noise='additive'")
    if (mask.sum(axis=1) < 2).any():
        sample, channel = np.argwhere(mask.sum(axis=1) < 2)[0]
        raise ValueError(f"sample {sample} has fewer than two measurements of {names[channel]!r}")
    times = data["time"].values.astype(np.float64)
    start, sure = np.ones_like(values[:, 0]), np.zeros_like(values[:, 0])
    if initial is not None:
        start = read_initial(system, initial, len(values), None, None)
        sure = np.ones_like(start)
    params = {n: np.full(len(values), v) for n, v in system.values.items()}
    for name in params:
        if name in data and data[name].dims == ("sample",):
            params[name] = np.asarray(data[name].values, np.float64)
    return {
        "times": times,
        "values": np.where(mask, values, 1.0),
        "mask": mask.astype(np.float64),
        "start": start,
        "sure": sure,
        "points": even(config, times, config.collocation),
        "params": params,
    }


def statistics(config: Config, batch: dict) -> dict[str, np.ndarray]:
    """Scales from the data alone, so that nothing is tuned to one equation.

    begin, horizon: of time.   center, scale: of the surrogate's variable (log u if noise is
    multiplicative).   noise: (n, d) what the noise level is relative to.   input_center,
    input_scale: of the hidden term's inputs.   rate: (d,) size of du/dt, by the "log" clock at the
    first time.   first_interval: of the "log" clock alone.
    """
    from physics.lower import rhs

    values, mask, times = batch["values"], batch["mask"], batch["times"]
    log = config.multiplicative
    y = np.log(np.where(mask > 0, values, 1.0)) if log else values

    def mean(a, axis=(0, 1)):
        return (a * mask).sum(axis) / mask.sum(axis)

    center = mean(y)
    scale = _positive(np.sqrt(mean((y - center) ** 2)))
    state_mean = mean(values)
    state_scale = _positive(np.sqrt(mean((values - state_mean) ** 2)))
    noise = np.ones_like(mean(y, 1)) if log else _positive(mean(np.abs(y), 1))
    known = rhs(config.system)
    params = {k: v[:, None] for k, v in batch["params"].items()}
    slope = np.abs(np.asarray(known(times[None, :], values, params)))
    slope = mean(slope / values if log else slope)
    pace, extra = times, {}
    if config.clock == "log":  # the residual then adds |F| where it is
        first = np.full(1, times[1] - times[0])
        starting = {"begin": times[0], "first_interval": first}
        pace, slope = first * np.log(stretch(times, starting)), 0.0 * slope
        extra = {"first_interval": first}
    names = config.system.state_names
    clock = {"t": (times[0] + times[-1]) / 2}, {"t": (times[-1] - times[0]) / 2}
    inputs = [
        dict(zip(names, state, strict=True)) | own
        for state, own in zip((state_mean, state_scale), clock, strict=True)
    ]
    return {
        "begin": np.float64(times[0]) + np.zeros(1),
        "horizon": np.float64(times[-1] - times[0]) + np.zeros(1),
        "center": center,
        "scale": scale,
        "noise": noise,
        "input_center": np.array([inputs[0][n] for n in config.inputs]),
        "input_scale": np.array([inputs[1][n] for n in config.inputs]),
        "rate": _variation(pace, y, mask) + slope,
    } | extra


def _variation(times, y, mask) -> np.ndarray:
    """Total variation per time, (d,), over neighbouring measured values."""
    total, spans = np.zeros(y.shape[-1]), np.zeros(y.shape[-1])
    for sample, seen in zip(y, mask > 0, strict=True):
        for c in range(y.shape[-1]):
            at = np.flatnonzero(seen[:, c])
            total[c] += np.abs(np.diff(sample[at, c])).sum()
            spans[c] += times[at[-1]] - times[at[0]]
    return _positive(total / spans)


def _positive(scale: np.ndarray) -> np.ndarray:
    """Zero scales (a constant state) replaced, so that division is safe."""
    return np.where(scale > 1e-300, scale, 1.0)
