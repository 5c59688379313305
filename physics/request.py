"""What `solve` was asked for: times, initial states, parameters and controls as checked arrays."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from physics import arguments
from physics.names import TIME, nearest
from physics.system import System

MOST_STEPS = 10_000_000  # of a map, or of fixed size
MOST_NUMBERS = 10**9  # kept of all steps of a map


def read_settings(system, samples, seed, vary, dt, rtol, atol) -> tuple:
    """The plain arguments of `solve`, checked: (samples, seed, vary, dt, rtol, atol)."""
    arguments.system(system)
    return (
        None if samples is None else arguments.whole(samples, "samples", 1),
        arguments.whole(seed, "seed", 0),
        arguments.names(vary, "vary"),
        None if dt is None else arguments.real(dt, "dt", low=0, strict=True),
        None if rtol is None else arguments.real(rtol, "rtol", low=0, strict=True),
        None if atol is None else arguments.real(atol, "atol", low=0),
    )


def read_times(system: System, times: Any) -> np.ndarray:
    """Increasing times (time,); default 101 up to the horizon, whole numbers for a map."""
    if times is None:
        if system.horizon is None:
            raise ValueError(f"system {system.name!r} has no default horizon: give times=…")
        count = int(system.horizon) + 1 if system.time == "discrete" else 101
        times = np.linspace(0.0, system.horizon, count)
    times = arguments.increasing(times)
    if system.time == "discrete":
        if (times != np.round(times)).any():
            raise ValueError(f"{system.name!r} is a map: its times are whole numbers")
        if np.abs(times).max() > 2**53 or times[-1] - times[0] >= MOST_STEPS:
            raise ValueError(
                f"times from {times[0]:g} to {times[-1]:g} mean more than ten million steps of the "
                f"map {system.name!r}; take an earlier end"
            )
    return times


def read_initial(system, initial, samples, parameters, rng) -> np.ndarray:
    """Initial states (sample, state), given or drawn from the law."""
    names = system.state_names
    if initial is None:
        if system.initial is None:
            raise ValueError(
                f"system {system.name!r} has no initial law: give initial={{{names[0]!r}: …}}"
            )
        columns = arguments.mapping(parameters, "parameters").items()
        sizes = [v.size for v in (arguments.array(v, f"parameter {n!r}") for n, v in columns)
                 if v.ndim]  # fmt: skip
        return system.initial.draw(rng, names, samples or (max(sizes) if sizes else 1))
    if isinstance(initial, Mapping):
        for given in initial:
            if given not in names:
                raise ValueError(f"{given!r} is no state of {system.name!r}{nearest(given, names)}")
        missing = [n for n in names if n not in initial]
        if missing:
            raise ValueError(
                f"no initial value for state {missing[0]!r}; give one for each of: "
                f"{', '.join(names)}"
            )
        columns = [
            np.atleast_1d(arguments.array(initial[n], f"the initial value of {n!r}")) for n in names
        ]
        try:
            u0 = np.stack(np.broadcast_arrays(*columns), axis=-1)
        except ValueError:
            raise ValueError(
                "initial values of the states differ in length; give each as many, or one number"
            ) from None
    else:
        u0 = arguments.array(initial, "initial")
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
    for name, value in arguments.mapping(given, "parameters").items():
        parameter = system.parameter(name)
        array = arguments.array(value, f"parameter {name!r}")
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
    given = arguments.mapping(given, "controls", "number or array")
    for name in given:
        if name not in names:
            raise ValueError(
                f"{name!r} is no control of {system.name!r}{nearest(name, names)}; it has: "
                f"{', '.join(names) or 'none'}"
            )
    inputs = {}
    for name in names:
        if name not in given:
            raise ValueError(f"control {name!r} of {system.name!r} has no value: give controls=…")
        array = arguments.array(given[name], f"control {name!r}")
        if array.shape not in ((), (count,), (samples, count)):
            raise ValueError(
                f"control {name!r} has shape {array.shape}; give a number, one per time "
                f"({count}) or (sample, time) = ({samples}, {count})"
            )
        if not np.isfinite(array).all():
            raise ValueError(f"control {name!r} must be finite; fill its gaps")
        inputs[name] = array if array.ndim == 0 else np.broadcast_to(array, (samples, count))
    return inputs


def check_start(system, u0, time, values, inputs) -> None:
    """Raise ValueError where the right-hand side is not finite at the initial states."""
    import sympy

    from physics.jets import Jet
    from physics.lower.expression import evaluate

    environment: dict = {Jet(n): u0[:, i] for i, n in enumerate(system.state_names)}
    environment |= {sympy.Symbol(n): v for n, v in values.items()}
    environment |= {sympy.Symbol(n): v if v.ndim == 0 else v[:, 0] for n, v in inputs.items()}
    environment[sympy.Symbol(TIME)] = np.float64(time)
    with np.errstate(all="ignore"):
        sides = evaluate(list(system.equations.values()), environment, np)
    for state, side in zip(system.equations, sides, strict=True):
        good = np.broadcast_to(np.isfinite(side), len(u0))
        if not good.all():
            sample = int(np.argmin(good))
            place = ", ".join(
                f"{n} = {v:g}" for n, v in zip(system.state_names, u0[sample], strict=True)
            )
            raise ValueError(
                f"the right-hand side of {state!r} is not finite at the start of sample {sample} "
                f"({place}, {TIME} = {time:g}); start elsewhere or change the parameters"
            )
