"""A law of fields held against measured ones: runs from many frames, and one over the record."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray

from physics.failures import FailedRun
from physics.names import COORDINATES
from physics.solution import solve
from physics.system import System
from symbolic.measurements import origin_of
from symbolic.restarts import decorrelation_time
from symbolic.spacetime.reading import Fields, read_fields, spatial

RTOL = 1e-4
COARSE = 8  # every how many points are looked at for the decorrelation time


def held(
    law: System, data: xarray.Dataset, restarts: int, parameters: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Errors of runs: the arguments of a Check besides law and tolerance.

    Every start is a measured frame; runs go on for half a decorrelation time, and once over the
    whole record. Relative to the root mean square of each state.
    """
    wanted = list(COORDINATES[: law.dim])
    if spatial(data) != wanted:
        dims = ", ".join(map(str, getattr(data, "dims", ()))) or "none"
        raise ValueError(
            f"{law.name!r} is a PDE over {', '.join(wanted)}: the data need these dims beside time "
            f"and sample; they have {dims}"
        )
    if law.controls:
        raise ValueError(f"{law.name!r} has controls; fields of laws with controls cannot be run")
    fields = read_fields(data, list(law.state_names), None, origin_of(data), law.domain)
    count = len(fields.times)
    steps = frames_ahead(fields)
    starts = np.unique(np.linspace(0, count - 1 - steps, restarts).astype(int))
    space = tuple(i for i in range(fields.values.ndim - 1))
    scale = np.sqrt(np.mean(fields.values**2, axis=space))
    scale = np.where(scale > 0, scale, 1.0)
    reasons: list[str] = []

    def run(start: int, length: int) -> np.ndarray:
        record = fields.values[:, start : start + length + 1]
        begin = {n: record[:, 0, ..., j] for j, n in enumerate(fields.names)}
        times = fields.times[start : start + length + 1]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # noise leaves no spectrum resolved
                found = solve(law, initial=begin, times=times, parameters=parameters, rtol=RTOL)
        except FailedRun as error:
            reasons.append(str(error))
            return np.full(len(scale), np.inf)
        states = np.stack([found[n].values for n in fields.names], axis=-1)
        return _relative(states - record, scale)

    each = np.mean([run(int(s), steps) for s in starts], axis=0)
    still = np.mean(
        [
            _relative(fields.values[:, s : s + 1] - fields.values[:, s : s + steps + 1], scale)
            for s in starts
        ],
        axis=0,
    )
    whole = run(0, count - 1)

    def named(errors: np.ndarray) -> dict[str, float]:
        return dict(zip(fields.names, map(float, errors), strict=True))

    return {
        "errors": named(each),
        "from_start": named(whole),
        "persistence": named(still),
        "horizon": float(np.mean(np.diff(fields.times)) * steps),
        "restarts": len(starts) * len(fields.values),
        "reasons": tuple(dict.fromkeys(reasons)),
    }


def _relative(apart: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """(state,) root mean square after the start, mean over the samples."""
    later = (apart[:, 1:] / scale) ** 2
    return np.sqrt(later.mean(axis=tuple(range(1, later.ndim - 1)))).mean(0)


def frames_ahead(fields: Fields) -> int:
    """Half a decorrelation time in frames."""
    some = fields.values[(slice(None), slice(None), *(slice(None, None, COARSE),) * fields.dim)]
    series = some.reshape(*some.shape[:2], -1)
    frames = decorrelation_time(fields.times, series) / 2 / np.median(np.diff(fields.times))
    return int(np.clip(round(frames), 1, len(fields.times) - 1))
