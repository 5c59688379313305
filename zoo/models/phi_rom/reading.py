"""Measured fields as arrays: on a grid or at scattered points, with gaps, and back to xarray."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray

from physics import arguments
from physics.data.validate import LARGEST, check_times
from physics.names import COORDINATES, nearest
from zoo.models.phi_rom.config import Config

SPACE = 1e-6  # of the box: how far a place may lie outside by rounding


class Measured(NamedTuple):
    """places: (point, dim) [L].   times: (time,) [T].   values: (sample, time, point, state) with
    NaN for gaps.   parameters: (sample, parameter).   axes: {coordinate: positions} of a grid, or
    {} where the points are scattered."""

    places: np.ndarray
    times: np.ndarray
    values: np.ndarray
    parameters: np.ndarray
    axes: dict[str, np.ndarray]

    @property
    def mask(self) -> np.ndarray:
        """1 where something was measured."""
        return np.isfinite(self.values)


def read(config: Config, data: xarray.Dataset) -> Measured:
    """The states, places, times and parameters of a Dataset.

    Dims (sample, time, x[, y[, z]]), or (sample, time, point) with coordinates x(point), …; without
    `sample` there is one. Raises ValueError, with what to do, for anything else.
    """
    arguments.dataset(data)
    system, space = config.equation, COORDINATES[: config.equation.dim]
    for name in system.state_names:
        if name not in data:
            held = list(map(str, data.data_vars))
            raise ValueError(
                f"the data have no variable {name!r}{nearest(name, held)}: this model is of the "
                f"states {', '.join(system.state_names)}, the data hold {', '.join(held)}"
            )
    if "time" not in data.coords:
        raise ValueError("data needs the dim 'time' and a coordinate of that name")
    if "time" not in data.dims:
        data = data.expand_dims("time")
    check_times(data["time"].values, 1)
    for name in space:
        if name not in data.coords:
            raise ValueError(
                f"the data have no coordinate {name!r}: fields are over (sample, time, "
                f"{', '.join(space)}) or (sample, time, point)"
            )
    scattered = "point" in data.dims
    order = ("sample", "time", *(("point",) if scattered else space))
    if "sample" not in data.dims:
        fields = [n for n in system.state_names]
        data = data.drop_vars("sample", errors="ignore")
        data = data.assign({n: data[n].expand_dims("sample") for n in fields})
    columns = [_column(data[n], n, order) for n in system.state_names]
    values = np.stack(columns, -1)
    places, axes = _places(data, space, scattered)
    _check_inside(config, places)
    samples = len(values)
    flat = values.reshape(*values.shape[:2], -1, values.shape[-1])
    times = data["time"].values.astype(np.float64)
    return Measured(places, times, flat, parameters(config, data, samples), axes)


def parameters(config: Config, data: xarray.Dataset, samples: int) -> np.ndarray:
    """(sample, parameter) of those that differ, nominal where the data do not say."""
    columns = []
    for name in config.parameters:
        given = data[name].values if name in data else config.equation.values[name]
        if np.ndim(given) > 1 or not np.isfinite(np.asarray(given, np.float64)).all():
            raise ValueError(f"parameter {name!r} of the data is one finite number per sample")
        columns.append(np.broadcast_to(np.asarray(given, np.float64), (samples,)))
    return np.stack(columns, -1) if columns else np.zeros((samples, 0))


def _column(variable: xarray.DataArray, name: str, order: tuple[str, ...]) -> np.ndarray:
    if set(variable.dims) != set(order):
        raise ValueError(
            f"variable {name!r} has dims ({', '.join(map(str, variable.dims))}); expected "
            f"({', '.join(order)})"
        )
    if variable.dtype.kind not in "fiu":
        raise ValueError(f"variable {name!r} holds {variable.dtype}, not real numbers")
    values = variable.transpose(*order).values.astype(np.float64)
    if np.isinf(values).any() or np.nanmax(np.abs(values), initial=0.0) > LARGEST:
        raise ValueError(f"variable {name!r} is infinite somewhere; use NaN for gaps")
    return values


def _places(data: xarray.Dataset, space: tuple[str, ...], scattered: bool) -> tuple:
    if scattered:
        for name in space:
            if data[name].dims != ("point",):
                raise ValueError(f"scattered data need the coordinate {name}(point)")
        return np.stack([data[n].values.astype(np.float64) for n in space], -1), {}
    axes = {n: arguments.increasing(data[n].values, n) for n in space}
    mesh = np.meshgrid(*axes.values(), indexing="ij")
    return np.stack(mesh, -1).reshape(-1, len(space)), axes


def _check_inside(config: Config, places: np.ndarray) -> None:
    box = config.equation.domain
    low, high = np.asarray(box.low), np.asarray(box.high)
    outside = (places < low - SPACE * (high - low)) | (places > high + SPACE * (high - low))
    if outside.any():
        row = places[int(np.argmax(outside.any(1)))]
        raise ValueError(
            f"the place ({', '.join(f'{v:g}' for v in row)}) is outside the box from "
            f"({', '.join(f'{v:g}' for v in low)}) to ({', '.join(f'{v:g}' for v in high)})"
        )


# -- where to speak, and how it is said --------------------------------------------------------


def targets(config: Config, points: Any, like: Measured | None) -> tuple[np.ndarray, dict]:
    """(places (point, dim), axes) of `points`: None for those of the data, else of the solver's
    grid; a number or tuple of points per coordinate; {coordinate: positions} of a grid; an array
    (point, dim) of scattered places."""
    grid, space = config.solver_grid, COORDINATES[: config.equation.dim]
    if points is None and like is not None:
        return like.places, like.axes
    if points is None:
        axes = dict(zip(space, grid.coordinates, strict=True))
    elif isinstance(points, Mapping):
        arguments.options(points, space, "the points of a field")
        missing = [c for c in space if c not in points]
        if missing:
            raise ValueError(f"points lack the coordinate {missing[0]!r}; give {', '.join(space)}")
        axes = {c: arguments.increasing(points[c], c) for c in space}
    elif np.ndim(points) == 2:
        places = arguments.array(points, "points")
        if places.shape[1] != len(space) or not np.isfinite(places).all():
            raise ValueError(f"scattered points are finite numbers (point, {len(space)})")
        _check_inside(config, places)
        return places, {}
    else:
        from physics.grid import Grid

        asked = Grid(config.equation.domain, points, grid.layout)
        axes = dict(zip(space, asked.coordinates, strict=True))
    places = np.stack(np.meshgrid(*axes.values(), indexing="ij"), -1).reshape(-1, len(space))
    _check_inside(config, places)
    return places, axes


def dataset(
    config: Config, values: np.ndarray, times: np.ndarray, places: np.ndarray, axes: dict,
    parameters: np.ndarray,
) -> xarray.Dataset:  # fmt: skip
    """values (sample, time, point, state) in physical units as a Dataset with units."""
    import json

    system = config.equation
    dims = ("sample", "time", *(axes or ("point",)))
    shape = (*values.shape[:2], *(len(a) for a in axes.values())) if axes else values.shape[:3]
    variables: dict[str, Any] = {}
    for i, state in enumerate(system.states):
        unit = {"units": state.unit} if state.unit else {}
        variables[state.name] = (dims, values[..., i].reshape(shape), unit)
    for i, name in enumerate(config.parameters):
        variables[name] = (("sample",), parameters[:, i], {"role": "parameter"})
    coordinates: dict[str, Any] = {"sample": np.arange(len(values))}
    unit = {"units": system.units["t"]} if "t" in system.units else {}
    coordinates["time"] = ("time", times, unit)
    space = COORDINATES[: system.dim]
    for axis, name in enumerate(space):
        unit = {"units": system.units[name]} if name in system.units else {}
        held = (name, axes[name]) if axes else ("point", places[:, axis])
        coordinates[name] = (*held, unit)
    attributes = {"system": json.dumps(config.system)}
    return xarray.Dataset(variables, coords=coordinates, attrs=attributes)
