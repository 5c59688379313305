"""What `discover` was given, checked: trajectories of states, or samples of inputs and targets."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import xarray

from physics import arguments
from physics.data.validate import LARGEST, other_dims, stack, validate
from physics.names import TIME, check_name, nearest
from physics.symbols import Parameter, State
from physics.system import System
from symbolic.library import symbol_of

LEAST_TIMES = 5
EVEN = 1e-6


@dataclass(frozen=True, kw_only=True)
class Trajectories:
    """States along time. values: (sample, time, state), NaN where not measured.

    controls: {name: (sample, time)}, without gaps.   discrete: a map, times are steps.
    origin: the System that made the data, if it is known.   time_unit: of the coordinate.
    """

    states: Sequence[State]
    times: np.ndarray
    values: np.ndarray
    controls: Mapping[str, np.ndarray]
    discrete: bool
    origin: System | None = None
    time_unit: str | None = None

    @property
    def names(self) -> list[str]:
        """Names of the states."""
        return [s.name for s in self.states]


@dataclass(frozen=True, kw_only=True)
class Samples:
    """Plain pairs. inputs, targets: {name: (point,)}.   group: (point,), weight: (point,)."""

    inputs: Mapping[str, np.ndarray]
    targets: Mapping[str, np.ndarray]
    group: np.ndarray
    weight: np.ndarray
    units: Mapping[str, str] = field(default_factory=dict)


def read_trajectories(
    data: xarray.Dataset,
    states: Sequence[str] | None,
    inputs: Sequence[str],
    time: str | None,
    others: bool = True,
) -> Trajectories:
    """The states (default: all variables over sample and time that are no controls).

    others: take variables that are marked as controls as inputs where none are named.

    Raises ValueError for missing dims, infinities, times that do not increase, constant states.
    """
    if not isinstance(data, xarray.Dataset | xarray.DataArray):
        arguments.dataset(data)
    if isinstance(data, xarray.Dataset) and "time" not in data.dims and "point" not in data.dims:
        raise ValueError(
            f"data needs the dims (sample, time) for a differential equation or map, or 'point' "
            f"for plain samples; it has {', '.join(map(str, data.dims)) or 'none'}"
        )
    data = validate(data, least=LEAST_TIMES)
    origin = origin_of(data)
    kind = time or data.attrs.get("time") or (origin.time if origin else "continuous")
    if kind == "discrete":
        _check_steps(data["time"].values)
    timed = [str(n) for n, v in data.data_vars.items() if set(v.dims) == {"sample", "time"}]
    given = list(inputs)
    if not given and others:
        given = [n for n in timed if data[n].attrs.get("role") == "control"]
    for name in (*given, *(states or ())):
        if name not in timed:
            raise ValueError(
                f"data has no variable {name!r} over (sample, time){nearest(name, timed)}; "
                f"it has: {', '.join(timed)}{_dims(data, name)}"
            )
    if states is None:
        made = origin.state_names if origin else ()
        states = made if made and set(made) <= set(timed) else timed
        states = [n for n in states if n not in given]
    if not states:
        raise ValueError("no state is left: every variable of the data is an input")
    for name in (*states, *given):
        check_name(name, "state")
        if name == TIME:
            raise ValueError("'t' is the time itself; rename that variable of the data")
    data = validate(data, [*states, *given])
    values = stack(data, states)
    for j, name in enumerate(states):
        if _spread(values[..., j]) == 0:
            raise ValueError(
                f"state {name!r} is constant on this data ({np.nanmax(values[..., j]):g}): its "
                f"effect cannot be told from a number; leave it out with targets=… or vary it"
            )
    return Trajectories(
        states=tuple(_state(data, name, origin) for name in states),
        times=np.asarray(data["time"].values, np.float64),
        values=values,
        controls={n: _control(data, n) for n in given},
        discrete=kind == "discrete",
        origin=origin if origin and set(origin.state_names) == set(states) else None,
        time_unit=data["time"].attrs.get("units"),
    )


def _dims(data: xarray.Dataset, name: str) -> str:
    return other_dims(data[[name]]) if name in data.data_vars else ""


def _check_steps(times: np.ndarray) -> None:
    """Raise ValueError unless the times of a map are steps, some of which may be missing."""
    gaps = np.diff(times) / np.diff(times).min()
    if np.abs(gaps - gaps.round()).max() > EVEN * gaps.max():
        raise ValueError(
            'time="discrete" needs evenly spaced times, and these are not: number the steps '
            '(data.assign_coords(time=[0, 1, 2, …])), or take time="continuous"'
        )


def read_samples(data: xarray.Dataset | None, inputs: Any, targets: Any, weights: Any) -> Samples:
    """Plain samples: a Dataset with the dim `point`, or mappings {name: array}.

    Arrays of shape (group, n) are held out group by group; flat ones in blocks. Points with a gap
    in any variable are left out. Raises ValueError for lengths that differ, infinities, constant
    inputs or targets, and too few points.
    """
    units: dict[str, str] = {}
    if data is not None:
        inputs, targets, units, group = _columns_of(data, inputs, targets)
    else:
        group = None
    inputs, targets = (
        arguments.mapping(part, name, "array")
        for name, part in (("inputs", inputs), ("targets", targets))
    )
    if not inputs or not targets:
        raise ValueError("samples need at least one input and one target")
    given = {("input", n): _numbers(n, v) for n, v in inputs.items()}
    given |= {("target", n): _numbers(n, v) for n, v in targets.items()}
    for name in set(inputs) & set(targets):  # a hidden term is named like its state
        if np.array_equal(given["input", name], given["target", name], equal_nan=True):
            raise ValueError(f"input and target {name!r} are the same numbers")
    shapes = {v.shape for v in given.values()}
    if len(shapes) != 1:
        sizes = ", ".join(f"{n} {v.shape}" for (_, n), v in given.items())
        raise ValueError(f"inputs and targets must have one shape; they have: {sizes}")
    (shape,) = shapes
    if group is None:
        group = _groups(shape)
    weight = np.ones(shape) if weights is None else arguments.array(weights, "weights")
    if weight.shape != shape or not (np.isfinite(weight).all() and (weight >= 0).all()):
        raise ValueError(f"weights must be finite, not negative and of shape {shape}")
    flat = {n: v.ravel() for n, v in given.items()}
    for (_, name), values in flat.items():
        if np.isinf(values).any():
            where = int(np.argmax(np.isinf(values)))
            raise ValueError(f"{name!r} is infinite at point {where}; use NaN for gaps")
        if np.nanmax(np.abs(values), initial=0.0) > LARGEST:
            raise ValueError(
                f"{name!r} reaches {np.nanmax(np.abs(values)):.3g}, too large to compute with; "
                f"convert it to another unit"
            )
    kept = np.all([np.isfinite(v) for v in flat.values()], axis=0) & (weight.ravel() > 0)
    if not kept.any():
        raise ValueError("no point has a value of every input and target")
    flat = {n: v[kept] for n, v in flat.items()}
    for (what, name), values in flat.items():
        if _spread(values) == 0:
            raise ValueError(
                f"{what} {name!r} is constant on this data ({values[0]:g}): "
                f"there is nothing to learn from it; leave it out or vary it"
            )
    for name in targets:
        check_name(name, "formula output")
    for name in inputs:
        check_name(symbol_of(name).field if name != TIME else "t", "formula input")
    return Samples(
        inputs={n: flat["input", n] for n in inputs},
        targets={n: flat["target", n] for n in targets},
        group=group.ravel()[kept],
        weight=weight.ravel()[kept],
        units=units,
    )


def _numbers(name: str, values: Any) -> np.ndarray:
    return arguments.array(values, repr(name))


def _columns_of(data: xarray.Dataset, inputs: Any, targets: Any):
    """Inputs, targets, units and groups of a Dataset with the dim `point`."""
    if isinstance(inputs, Mapping) or isinstance(targets, Mapping):
        raise ValueError("give either data or the mappings inputs= and targets=, not both")
    if targets is None:
        raise ValueError('samples need targets=["name", …]: which variables are to be explained')
    pointed = [str(n) for n in (*data.data_vars, *data.coords) if data[n].dims == ("point",)]
    targets = list(arguments.names(targets, "targets"))
    outside = {"point", "sample", *targets}
    others = [n for n in pointed if n not in outside]
    inputs = others if inputs is None else list(arguments.names(inputs, "inputs"))
    for name in (*inputs, *targets):
        if name not in pointed:
            raise ValueError(
                f"data has no variable {name!r} over point{nearest(name, pointed)}; "
                f"it has: {', '.join(pointed) or 'none'}"
            )
        if data[name].dtype.kind not in "fiub":
            raise ValueError(f"variable {name!r} holds {data[name].dtype}, not real numbers")
    group = data["sample"].values if "sample" in pointed else None
    units = {n: data[n].attrs["units"] for n in (*inputs, *targets) if "units" in data[n].attrs}
    if group is not None:
        group = np.unique(group, return_inverse=True)[1]
        group = group if len(np.unique(group)) >= 3 else None
    return ({n: data[n].values for n in inputs}, {n: data[n].values for n in targets}, units, group)


def _groups(shape: tuple[int, ...]) -> np.ndarray:
    """Rows of an array of 3 or more groups; else 10 blocks of neighbouring points."""
    if len(shape) >= 2 and shape[0] >= 3:
        rows = np.arange(shape[0]) % 10
        return np.broadcast_to(rows.reshape(-1, *[1] * (len(shape) - 1)), shape)
    count = int(np.prod(shape))
    return (np.arange(count) * min(10, max(count, 1)) // max(count, 1)).reshape(shape)


def origin_of(data: Any) -> System | None:
    """The System that made `data`, if its attrs hold one, with the values that all samples have."""
    text = getattr(data, "attrs", {}).get("system")
    if not isinstance(text, str):
        return None
    try:
        origin = System.from_json(json.loads(text))
    except (ValueError, KeyError, TypeError):
        return None
    return replace(origin, parameters=[_measured(p, data) for p in origin.parameters])


def _measured(parameter: Parameter, data: Any) -> Parameter:
    """`parameter` with the value that all samples of the data have in common, if there is one."""
    held = getattr(data, "data_vars", {}).get(parameter.name)
    if held is None or held.dims != ("sample",) or not held.size or held.dtype.kind not in "fiu":
        return parameter
    if np.ptp(held.values) != 0:
        return parameter
    try:
        return replace(parameter, value=held.values[0])
    except ValueError:  # out of its range
        return parameter


def differing(data: Any) -> bool:
    """Whether the data hold a number per sample, such as a parameter, that differs."""
    found = [v for v in getattr(data, "data_vars", {}).values() if v.dims == ("sample",)]
    return any(v.dtype.kind in "fiu" and _spread(v.values.astype(float)) > 0 for v in found)


def _state(data: xarray.Dataset, name: str, origin: System | None) -> State:
    if origin is not None and name in origin.state_names:
        return origin.states[origin.state_names.index(name)]
    return State(name=name, unit=data[name].attrs.get("units"))


def _control(data: xarray.Dataset, name: str) -> np.ndarray:
    values = data[name].values
    if not np.isfinite(values).all():
        raise ValueError(f"input {name!r} has gaps; fill them: an input is needed at every time")
    if _spread(values) == 0:
        raise ValueError(f"input {name!r} is constant on this data; leave it out or vary it")
    return values


def _spread(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(np.ptp(known)) if len(known) else 0.0
