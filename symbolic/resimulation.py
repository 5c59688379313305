"""A law run from chosen entries of a record, with the record's parameters and controls."""

from collections.abc import Mapping

import numpy as np
import xarray

from physics.solution import solve
from physics.system import System
from symbolic.escapes import refuse_blow_up
from symbolic.restarts import Starts

EVEN = 1e-6  # relative spread of time steps up to which they count as equal


def resimulate(
    system: System,
    dataset: xarray.Dataset,
    values: np.ndarray,
    starts: Starts,
    parameters: Mapping[str, np.ndarray],
    width: int,
) -> np.ndarray:
    """States (start, steps + 1, state) of `system` from `values[sample, index]` on.

    values: (sample, time, state), the record.   parameters: {name: number or (sample,)}.
    width: batch size that runs are filled up to, so that all share one compilation.
    Entries beyond the end of the record are NaN where the times are not evenly spaced.
    Raises FailedRun where a run cannot be finished.
    """
    times = np.asarray(dataset["time"].values, np.float64)
    controls = {c.name: _control(dataset, c.name, values.shape[:2]) for c in system.controls}
    if system.time == "continuous":
        where = starts.sample, starts.index, starts.steps
        refuse_blow_up(system, values, times, where, parameters, controls)
    steps = np.diff(times)
    even = np.ptp(steps) <= EVEN * steps.mean()
    if even and system.autonomous and not controls:
        groups = [(np.arange(len(starts.sample)), times[: starts.steps + 1] - times[0], slice(0))]
    else:
        spans = [(i, slice(i, i + starts.steps + 1)) for i in np.unique(starts.index)]
        groups = [(np.flatnonzero(starts.index == i), times[span], span) for i, span in spans]
    out = np.full((len(starts.sample), starts.steps + 1, values.shape[-1]), np.nan)
    for rows, moments, span in groups:
        rows = np.resize(rows, max(width, len(rows)))
        samples = starts.sample[rows]
        solved = _solve(
            system,
            values[samples, starts.index[rows]],
            moments,
            {k: v[samples] if v.ndim else v for k, v in parameters.items()},
            {k: v[samples, span] for k, v in controls.items()},
            len(times),
        )
        out[rows, : len(moments)] = solved
    return out


def _solve(system, initial, times, parameters, controls, count) -> np.ndarray:
    """States (start, time, state); an ODE's times are filled up to `count` in between."""
    filled = times
    if system.time == "continuous" and len(times) < count:
        filled = _filled(times, count)
        controls = {
            name: np.stack([np.interp(filled, times, row) for row in rows])
            for name, rows in controls.items()
        }
    solved = solve(system, initial=initial, times=filled, parameters=parameters, controls=controls)
    states = np.stack([solved[s].values for s in system.state_names], axis=-1)
    return states[:, np.searchsorted(filled, times)]


def _filled(times: np.ndarray, count: int) -> np.ndarray:
    """`times` and further ones between them, `count` in all."""
    extra, gaps = count - len(times), len(times) - 1
    shares = np.full(gaps, extra // gaps)
    shares[: extra % gaps] += 1
    inner = [
        np.linspace(a, b, n + 2)[:-1] for a, b, n in zip(times[:-1], times[1:], shares, strict=True)
    ]
    return np.append(np.concatenate(inner), times[-1])


def _control(dataset: xarray.Dataset, name: str, shape: tuple[int, int]) -> np.ndarray:
    if name not in dataset:
        raise ValueError(f"the law has the control {name!r}, which is no variable of the data")
    given = dataset[name]
    outside = [str(d) for d in given.dims if d not in ("sample", "time")]
    if outside:
        raise ValueError(f"control {name!r} has the dim {outside[0]!r}; expected (sample, time)")
    template = xarray.DataArray(np.zeros(shape), dims=("sample", "time"))
    filled = given.drop_vars(list(given.coords)).broadcast_like(template)
    array = filled.transpose("sample", "time").values.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"control {name!r} has gaps; fill them, the law needs it at every time")
    return array
