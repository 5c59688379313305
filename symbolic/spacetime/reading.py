"""Measured fields over (sample, time, x[, y[, z]]), checked, with the box they live in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy
import xarray

from physics import arguments
from physics.data.validate import check_times, other_dims
from physics.domain import Box
from physics.names import COORDINATES, check_name, nearest
from physics.symbols import State
from physics.system import System
from symbolic.spacetime.closures import computed, read_closures

LEAST_TIMES, LEAST_POINTS = 8, 16
WRAP = 3.0  # a periodic field jumps over its end by at most this many neighbours' differences
EVEN = 1e-4
LARGEST = 1e40  # cubes of it, and derivatives of them, have finite squares


@dataclass(frozen=True, kw_only=True)
class Fields:
    """States over space and time. values: (sample, time, *space, state), without gaps.

    auxiliary: {name: (sample, time, *space)}, fields that laws may hold and that are no states.
    closures: {auxiliary name: expression of the states that it is}, where that is known.
    coordinates: per dimension, even.   box: with the kinds that were given or seen.
    periodic: per dimension.   origin: the System that made the data, if known.
    """

    states: Sequence[State]
    times: np.ndarray
    values: np.ndarray
    coordinates: Sequence[np.ndarray]
    box: Box
    auxiliary: Mapping[str, np.ndarray] = field(default_factory=dict)
    closures: Mapping[str, sympy.Expr] = field(default_factory=dict)
    origin: System | None = None
    time_unit: str | None = None
    discrete: bool = False

    @property
    def names(self) -> list[str]:
        """Names of the states."""
        return [s.name for s in self.states]

    @property
    def controls(self) -> Mapping[str, np.ndarray]:
        """Auxiliary fields that are no expressions of the states: controls of a law."""
        return {n: v for n, v in self.auxiliary.items() if n not in self.closures}

    @property
    def dim(self) -> int:
        """Number of spatial dimensions."""
        return len(self.coordinates)

    @property
    def periodic(self) -> tuple[bool, ...]:
        """Per dimension whether fields go on beyond the end."""
        return tuple(kind == "periodic" for kind in self.box.kinds)


def spatial(data: Any) -> list[str]:
    """The spatial dims of a Dataset of fields; empty for anything else."""
    dims = getattr(data, "dims", ())
    return [c for c in COORDINATES if c in dims] if "time" in dims else []


def read_fields(
    data: xarray.Dataset,
    states: Sequence[str] | None,
    auxiliary: Mapping[str, Any] | Sequence[str] | None,
    origin: System | None,
    domain: Box | None = None,
) -> Fields:
    """The states (default: those of the origin, else all fields that are not auxiliary).

    auxiliary: names of variables, or {name: array (sample, time, *space) or an expression of the
    states as text, like "inverse_laplacian(omega_x)"}.
    Raises ValueError for missing dims or coordinates, uneven grids, gaps and infinities.
    """
    space = spatial(data)
    if space != list(COORDINATES[: len(space)]):
        raise ValueError(f"fields have the dims x, then y, then z; these have {', '.join(space)}")
    if not isinstance(data, xarray.Dataset):
        data = data.to_dataset(name=data.name or "u")
    coordinates = [_coordinate(data, name) for name in space]
    if "time" not in data.coords:
        raise ValueError("data needs the coordinate 'time' with the times of measurement")
    check_times(data["time"].values, 1)
    times = np.asarray(data["time"].values, np.float64)
    if len(times) < LEAST_TIMES:
        raise ValueError(f"fields at {len(times)} times are too few: {LEAST_TIMES} are needed")
    closures: dict[str, sympy.Expr] = {}
    full = {"time", *space}
    known = [str(n) for n, v in data.data_vars.items() if full <= set(v.dims) <= {*full, "sample"}]
    extra = _auxiliary(data, auxiliary, known)
    if states is None:
        made = origin.state_names if origin else ()
        states = made if made and set(made) <= set(known) else known
        states = [n for n in states if n not in extra]
    for name in states:
        check_name(name, "state")
        if name not in known:
            raise ValueError(
                f"data has no field {name!r} over (time, {', '.join(space)})"
                f"{nearest(name, known)}; it has: {', '.join(known) or 'none'}"
            )
        if name in extra or (isinstance(auxiliary, Mapping) and name in auxiliary):
            raise ValueError(
                f"{name!r} is a state and cannot be auxiliary too: a law may hold any state; "
                f"give the auxiliary field another name"
            )
    if not states:
        raise ValueError(_no_state(data, space, known))
    values = np.stack([_field(data[n], n, space) for n in states], axis=-1)
    same = origin is not None and set(origin.state_names) == set(states)
    if domain is not None:
        box = _checked(domain, coordinates)
    elif same and origin.domain is not None:
        box = _box(coordinates, origin.domain.kinds, origin)
    else:
        box = _box(coordinates, _kinds(values), None)
    if isinstance(auxiliary, Mapping):
        closures = read_closures(auxiliary, list(states), box)
        extra |= {n: computed(e, list(states), values, box) for n, e in closures.items()}
    for name, array in extra.items():
        check_name(name, "auxiliary field")
        if array.shape != values.shape[:-1]:
            raise ValueError(
                f"auxiliary {name!r} has shape {array.shape}, the states {values.shape[:-1]}"
            )
        _finite(array, name)
    units = {n: data[n].attrs.get("units") for n in states}
    return Fields(
        states=tuple(State(name=n, unit=units[n]) for n in states),
        times=times,
        values=values,
        coordinates=coordinates,
        box=box,
        auxiliary=extra,
        closures=closures,
        origin=origin if same else None,
        time_unit=data["time"].attrs.get("units"),
    )


def _no_state(data: xarray.Dataset, space: Sequence[str], known: Sequence[str]) -> str:
    """Why no field is left that a law could be sought for."""
    if known:
        return "no state is left: every field of the data is auxiliary"
    return f"data has no field over (sample, time, {', '.join(space)}){other_dims(data)}"


def _coordinate(data: xarray.Dataset, name: str) -> np.ndarray:
    if name not in data.coords:
        raise ValueError(f"data needs the coordinate {name!r} with the positions of measurement")
    found = arguments.increasing(data[name].values, f"the coordinate {name!r}")
    gaps = np.diff(found)
    if len(found) < LEAST_POINTS:
        raise ValueError(f"{len(found)} points along {name} are too few: {LEAST_POINTS} are needed")
    if np.ptp(gaps) > EVEN * gaps.mean():
        raise ValueError(
            f"the points along {name} are unevenly spaced; interpolate to an even grid first "
            f"(data.interp)"
        )
    return found


def _auxiliary(data: xarray.Dataset, given: Any, known: Sequence[str]) -> dict[str, np.ndarray]:
    space = spatial(data)
    if given is None:
        given = [n for n in known if data[n].attrs.get("role") in ("auxiliary", "control")]
    if isinstance(given, Mapping):
        arrays = {n: v for n, v in given.items() if not isinstance(v, str | sympy.Expr)}
        return {n: arguments.array(v, f"auxiliary {n!r}") for n, v in arrays.items()}
    found = {}
    for name in arguments.names(given, "auxiliary"):
        if name not in known:
            raise ValueError(
                f"data has no field {name!r}{nearest(name, known)} to be auxiliary; "
                f"it has: {', '.join(known) or 'none'}"
            )
        found[name] = _field(data[name], name, space)
    return found


def _field(variable: xarray.DataArray, name: str, space: Sequence[str]) -> np.ndarray:
    if "sample" not in variable.dims:
        variable = variable.expand_dims("sample")
    values = arguments.array(variable.transpose("sample", "time", *space).values, repr(name))
    if not len(values):
        raise ValueError(f"the field {name!r} has no sample: the dim 'sample' is empty")
    return _finite(values, name)


def _finite(values: np.ndarray, name: str) -> np.ndarray:
    """`values` if they can be computed with."""
    if not np.isfinite(values).all():
        raise ValueError(
            f"the field {name!r} has gaps or infinities: fill them (data.interpolate_na), or leave "
            f"those frames out"
        )
    if np.abs(values).max() > LARGEST:
        raise ValueError(
            f"{name!r} reaches {np.abs(values).max():.3g}, too large to compute with; convert it "
            f"to another unit"
        )
    if np.ptp(values) == 0:
        raise ValueError(f"the field {name!r} is constant: there is nothing to learn from it")
    return values


def _checked(domain: Box, coordinates: Sequence[np.ndarray]) -> Box:
    if not isinstance(domain, Box) or domain.dim != len(coordinates):
        raise ValueError(f"domain is a Box of {len(coordinates)} dimensions, not {domain!r}")
    for x, low, high in zip(coordinates, domain.low, domain.high, strict=True):
        if x[0] < low - (x[1] - x[0]) or x[-1] > high + (x[1] - x[0]):
            raise ValueError(f"the points from {x[0]:g} to {x[-1]:g} leave the domain {domain}")
    return domain


def _kinds(values: np.ndarray) -> tuple[str, ...]:
    """ "periodic" along a dimension whose ends fit together, else "outflow": nothing is asked."""
    kinds = []
    for axis in range(2, values.ndim - 1):
        rows = np.moveaxis(values, axis, 0)
        inner = np.sqrt(np.mean(np.diff(rows, axis=0) ** 2))
        wrap = np.sqrt(np.mean((rows[0] - rows[-1]) ** 2))
        kinds.append("periodic" if 0 < wrap <= WRAP * inner else "outflow")
    return tuple(kinds)


def _box(coordinates, kinds: Sequence[str], origin: System | None) -> Box:
    """The box: that of the origin, else from the first point to the last (periodic: one more)."""
    if origin is not None and origin.domain is not None:
        low, high = origin.domain.low, origin.domain.high
        fits = all(
            abs(x[0] - a) <= x[1] - x[0] and abs(x[-1] - b) <= 1.01 * (x[1] - x[0])
            for x, a, b in zip(coordinates, low, high, strict=True)
        )
        if fits:
            return origin.domain
    high = [
        x[-1] + (x[1] - x[0] if kind == "periodic" else 0.0)
        for x, kind in zip(coordinates, kinds, strict=True)
    ]
    return Box(low=tuple(x[0] for x in coordinates), high=tuple(high), kinds=tuple(kinds))
