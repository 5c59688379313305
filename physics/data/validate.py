"""What every consumer of measured data checks first, in one place."""

from collections.abc import Sequence

import numpy as np
import xarray

from physics import arguments
from physics.names import nearest
from physics.system import System

LARGEST = 1e100  # squares and products of measurements stay within floating point


def validate(
    dataset: xarray.Dataset,
    states: Sequence[str] | None = None,
    *,
    least: int = 2,
    gaps: bool = True,
) -> xarray.Dataset:
    """`dataset` with dims (sample, time) in float64, or ValueError with one sentence.

    A missing `sample` dim is added. states: variables that must be there, over (sample, time),
    else all variables that have a time are checked.   least: fewest times.   gaps: allow NaN.
    """
    if isinstance(dataset, xarray.DataArray):
        dataset = dataset.to_dataset(name=dataset.name or "u")
    arguments.dataset(dataset)
    if "time" not in dataset.dims:
        raise ValueError(
            f"data needs the dim 'time'; it has {', '.join(map(str, dataset.dims)) or 'none'}"
        )
    if "time" not in dataset.coords:
        raise ValueError("data needs the coordinate 'time' with the times of measurement")
    check_times(dataset["time"].values, least)
    given = dataset
    if "sample" not in dataset.dims:
        timed = [n for n, v in dataset.data_vars.items() if "time" in v.dims]
        dataset = dataset.drop_vars("sample", errors="ignore")
        dataset = dataset.assign({n: dataset[n].expand_dims("sample") for n in timed})
    names = states if states is not None else _timed(dataset)
    if not names:  # then those that hold no numbers, which are refused below
        names = [n for n, v in dataset.data_vars.items() if set(v.dims) == {"sample", "time"}]
    if not names:
        raise ValueError(f"data has no variable over (sample, time){other_dims(given)}")
    changed = {}
    for name in names:
        if name not in dataset:
            measured = _timed(dataset)
            raise ValueError(
                f"data has no variable {name!r}{nearest(name, measured)}; "
                f"it has: {', '.join(measured) or 'none'}"
            )
        changed[name] = _check_values(dataset[name], name, gaps)
    return dataset.assign(changed)


def validate_fields(dataset: xarray.Dataset, values: bool = True) -> xarray.Dataset:
    """`dataset` as `validate` has it, but fields over space may be in it, and parameters alone.

    values: read them all and look for infinities; without it nothing large is read.
    """
    fields = [
        str(n) for n, v in dataset.data_vars.items() if {"time", *v.dims} > {"sample", "time"}
    ]
    if values and not fields:
        return validate(dataset)
    if "time" not in dataset.coords:
        raise ValueError("data needs the dim 'time' and a coordinate of that name")
    check_times(dataset["time"].values, 1)
    for name in fields if values else ():
        if dataset[name].dtype.kind == "f" and np.isinf(dataset[name].values).any():
            raise ValueError(f"variable {name!r} is infinite somewhere; use NaN for gaps")
    return dataset


def stack(dataset: xarray.Dataset, states: Sequence[str]) -> np.ndarray:
    """The named variables as one float64 array (sample, time, channel).

    Raises ValueError for numbers so large that their squares are infinite.
    """
    columns = [dataset[name].transpose("sample", "time").values for name in states]
    for name, column in (("time", dataset["time"].values), *zip(states, columns, strict=True)):
        if np.nanmax(np.abs(column), initial=0.0) > LARGEST:
            raise ValueError(
                f"{name!r} reaches {np.nanmax(np.abs(column)):.3g}, too large to compute with; "
                f"convert it to another unit"
            )
    return np.stack(columns, axis=-1).astype(np.float64)


def check_units(dataset: xarray.Dataset, system: System) -> None:
    """Raise ValueError where units of data and system are both given and differ."""
    pairs = [(s.name, s.unit) for s in system.states if s.name in dataset]
    pairs.append(("time", system.units.get("t")))
    for name, unit in pairs:
        given = dataset[name].attrs.get("units")
        if unit and given and unit != given:
            from physics.units import Unit

            if Unit.parse(unit) != Unit.parse(given):
                raise ValueError(
                    f"{name!r} is given in {given!r} but {system.name!r} has it in {unit!r}; "
                    f"convert the data or the system"
                )


def _timed(dataset: xarray.Dataset) -> list[str]:
    return [
        str(n)
        for n, v in dataset.data_vars.items()
        if set(v.dims) == {"sample", "time"} and v.dtype.kind in "fiub"
    ]


def other_dims(dataset: xarray.Dataset) -> str:
    """`"; 'u' has the dims (time, lon): …"` of the first variable with a time, or nothing."""
    for name, variable in dataset.data_vars.items():
        if "time" in variable.dims:
            dims = ", ".join(map(str, variable.dims))
            return (
                f"; {name!r} has the dims ({dims}): rename those of space to x, y, z "
                f"(data.rename), and choose one entry of any other (data.isel)"
            )
    return ""


def _kind(variable: xarray.DataArray) -> str:
    """What a variable holds that is no real numbers."""
    kind = variable.dtype.kind
    text = kind in "US" or (kind == "O" and any(isinstance(v, str) for v in variable.values.flat))
    return "text" if text else str(variable.dtype)


def check_times(times: np.ndarray, least: int) -> None:
    """Raise ValueError unless `times` are at least so many, finite and increasing."""
    if times.dtype.kind not in "fiu":
        raise ValueError("time must be numbers (for dates: days or years since the first one)")
    if not np.isfinite(times).all():
        raise ValueError("time holds a gap or an infinity; every row needs a time")
    if len(times) < least:
        raise ValueError(f"data has {len(times)} times; at least {least} are needed")
    if (np.diff(times) <= 0).any():
        row = int(np.argmax(np.diff(times) <= 0)) + 1
        raise ValueError(
            f"time must increase; entry {row} ({times[row]:g}) follows {times[row - 1]:g}; "
            f"use sortby('time') and drop repeats"
        )


def _check_values(variable: xarray.DataArray, name: str, gaps: bool) -> xarray.DataArray:
    if set(variable.dims) != {"sample", "time"}:
        raise ValueError(f"variable {name!r} has dims {variable.dims}; expected (sample, time)")
    if variable.dtype.kind == "c":
        raise ValueError(
            f"variable {name!r} holds complex numbers; give real ones, such as .real or .imag"
        )
    if variable.dtype.kind not in "fiub":
        raise ValueError(
            f"variable {name!r} holds {_kind(variable)}, not real numbers; leave it out"
        )
    variable = variable.transpose("sample", "time").astype(np.float64)
    infinite = np.argwhere(np.isinf(variable.values))
    if len(infinite):
        sample, row = infinite[0]
        raise ValueError(
            f"variable {name!r} is infinite at sample {sample}, time entry {row}; "
            f"use NaN for what was not measured"
        )
    missing = np.isnan(variable.values)
    if missing.all():
        raise ValueError(
            f"variable {name!r} holds no measured value; measure it, or leave the variable out"
        )
    if not gaps and missing.any():
        raise ValueError(f"variable {name!r} has gaps (NaN), which are not accepted here")
    return variable
