"""What `solve` was asked for: times, initial states, parameters and controls as checked arrays."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from physics.names import nearest
from physics.system import System


def read_times(system: System, times: Any) -> np.ndarray:
    """Increasing times (time,); default 101 up to the horizon, whole numbers for a map."""
    if times is None:
        if system.horizon is None:
            raise ValueError(f"system {system.name!r} has no default horizon: give times=…")
        count = int(system.horizon) + 1 if system.time == "discrete" else 101
        times = np.linspace(0.0, system.horizon, count)
    times = np.asarray(times, np.float64)
    if times.ndim != 1 or times.size == 0 or not np.isfinite(times).all():
        raise ValueError("times must be a one-dimensional array of finite numbers")
    if (np.diff(times) <= 0).any():
        bad = int(np.argmax(np.diff(times) <= 0))
        raise ValueError(f"times must increase; entry {bad + 1} ({times[bad + 1]:g}) does not")
    if system.time == "discrete" and (times != np.round(times)).any():
        raise ValueError(f"{system.name!r} is a map: its times are whole numbers")
    return times


def read_initial(system, initial, samples, parameters, rng) -> np.ndarray:
    """Initial states (sample, state), given or drawn from the law."""
    names = system.state_names
    if initial is None:
        if system.initial is None:
            raise ValueError(
                f"system {system.name!r} has no initial law: give initial={{{names[0]!r}: …}}"
            )
        sizes = [np.size(v) for v in (parameters or {}).values() if np.ndim(v)]
        return system.initial.draw(rng, names, samples or (max(sizes) if sizes else 1))
    if isinstance(initial, Mapping):
        for given in initial:
            if given not in names:
                raise ValueError(f"{given!r} is no state of {system.name!r}{nearest(given, names)}")
        missing = [n for n in names if n not in initial]
        if missing:
            raise ValueError(f"no initial value for state {missing[0]!r}")
        columns = [np.atleast_1d(np.asarray(initial[n], np.float64)) for n in names]
        try:
            u0 = np.stack(np.broadcast_arrays(*columns), axis=-1)
        except ValueError:
            raise ValueError("initial values of the states differ in length") from None
    else:
        u0 = np.asarray(initial, np.float64)
        if u0.ndim <= 1 and len(names) == 1:
            u0 = u0.reshape(-1, 1)
        u0 = np.atleast_2d(u0)
    if u0.ndim != 2 or u0.shape[1] != len(names):
        raise ValueError(
            f"initial has shape {u0.shape}; {system.name!r} needs (sample, {len(names)}), "
            f"states in the order {', '.join(names)}"
        )
    if not np.isfinite(u0).all():
        raise ValueError("initial values must be finite")
    if samples and len(u0) not in (1, samples):
        raise ValueError(f"samples={samples}, but initial holds {len(u0)} states")
    return np.repeat(u0, samples, axis=0) if samples and len(u0) == 1 else u0


def read_parameters(system, given, vary, samples, rng) -> dict[str, np.ndarray]:
    """{name: scalar or (sample,)}, given, drawn from ranges (`vary`) or nominal."""
    values = {name: np.asarray(value, np.float64) for name, value in system.values.items()}
    for name, value in (given or {}).items():
        parameter = system.parameter(name)
        array = np.asarray(value, np.float64)
        if array.ndim > 1 or (array.ndim == 1 and len(array) != samples):
            raise ValueError(
                f"parameter {name!r} has shape {array.shape}; give a number or one per sample "
                f"({samples})"
            )
        for entry in np.atleast_1d(array):
            parameter.check(entry)
        values[name] = array
    for name in vary:
        p = system.parameter(name)
        if p.low is None or p.high is None:
            raise ValueError(f"parameter {name!r} has no range to draw from; give values instead")
        draw = rng.random(samples)
        if p.log:
            values[name] = np.exp(np.log(p.low) + draw * (np.log(p.high) - np.log(p.low)))
        else:
            values[name] = p.low + draw * (p.high - p.low)
    return values


def read_controls(system, given, samples, count) -> dict[str, np.ndarray]:
    """{name: scalar or (sample, time)}; every control must be given."""
    names = [c.name for c in system.controls]
    for name in given or {}:
        if name not in names:
            raise ValueError(f"{name!r} is no control of {system.name!r}{nearest(name, names)}")
    inputs = {}
    for name in names:
        if given is None or name not in given:
            raise ValueError(f"control {name!r} of {system.name!r} has no value: give controls=…")
        array = np.asarray(given[name], np.float64)
        if array.shape not in ((), (count,), (samples, count)):
            raise ValueError(
                f"control {name!r} has shape {array.shape}; give a number, one per time "
                f"({count}) or (sample, time) = ({samples}, {count})"
            )
        inputs[name] = array if array.ndim == 0 else np.broadcast_to(array, (samples, count))
    return inputs
