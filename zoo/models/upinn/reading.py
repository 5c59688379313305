"""What a trained UPINN says: its surrogates, and forecasts with the learnt hidden term."""

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray

from physics import arguments
from physics.data.validate import stack, validate
from zoo.models.upinn.clock import even
from zoo.models.upinn.residuals import pointwise

if TYPE_CHECKING:
    from zoo.models.upinn.model import UPINN


def surrogates(model: "UPINN", times: Any = None) -> xarray.Dataset:
    """States, `d_<state>` slopes and `hidden_<state>` along the training trajectories."""
    import jax

    config, s, weights = model.config, model.statistics(), model.weights()
    if times is None:
        times = span(model, 201)
    times = arguments.increasing(times)
    functions = pointwise(config)

    def point(theta, t):
        u, slope = jax.jvp(lambda w: functions.states(theta, w, s), (t,), (t * 0 + 1,))
        return u, slope, functions.hidden(weights["hidden"], u, t, s)

    with jax.enable_x64(True):
        lines = jax.jit(jax.vmap(jax.vmap(point, in_axes=(None, 0)), in_axes=(0, None)))
        u, slope, hidden = (np.asarray(a) for a in lines(weights["surrogate"], times))
    dims = ("sample", "time")
    variables = {}
    for i, name in enumerate(config.system.state_names):
        unit = config.system.states[i].unit
        variables[name] = (dims, u[..., i], {"units": unit} if unit else {})
        variables[f"d_{name}"] = (dims, slope[..., i])
        if name in config.outputs:
            variables[f"hidden_{name}"] = (dims, hidden[..., i])
    return xarray.Dataset(variables, coords={"time": times, "sample": np.arange(len(u))})


def span(model: "UPINN", count: int) -> np.ndarray:
    """`count` times over the training span, evenly spaced on the model's clock."""
    s = model.statistics()
    begin, horizon = s["begin"][0], s["horizon"][0]
    if model.config.clock == "time":
        return begin + horizon * np.linspace(0, 1, count)
    first = begin + s["first_interval"][0]
    return even(model.config, np.array([begin, first, begin + horizon]), count)


def forecast(model: "UPINN", data: xarray.Dataset, times: Any = None) -> xarray.Dataset:
    """u' = F(u) + G(u) integrated from the first full measurement of every sample of `data`.

    times: (time,), none before that of any sample; default: those of the data, NaN before it.
    """
    names = model.config.system.state_names
    missing = [n for n in names if n not in arguments.dataset(data)]
    if missing:
        raise ValueError(
            f"the data have no variable {missing[0]!r}: this model is of the states "
            f"{', '.join(names)}, the data hold {', '.join(map(str, data.data_vars))}; rename "
            f"them, or tune the model to them first with zoo.finetune"
        )
    data = validate(data, names, least=1)
    measured, values = data["time"].values.astype(np.float64), stack(data, names)
    full = ~np.isnan(values).any(axis=2)
    if not full.any(axis=1).all():
        sample = int(np.argmin(full.any(axis=1)))
        raise ValueError(
            f"sample {sample} has no time at which all of {', '.join(names)} are measured, so "
            f"there is no state to forecast from; fill its gaps or leave the sample out"
        )
    first = full.argmax(axis=1)
    begin, initial = measured[first], values[np.arange(len(values)), first]
    given = measured if times is None else arguments.increasing(times)
    if times is not None and given[0] < begin.max():
        sample = int(np.argmax(begin))
        raise ValueError(
            f"times begin at {given[0]:g}, before the first measurement of sample {sample} at "
            f"{begin[sample]:g}; a forecast needs times from there on"
        )
    states = np.full((len(values), len(given), len(names)), np.nan)
    for start in np.unique(begin):
        own, later = np.flatnonzero(begin == start), given >= start
        found = _integrated(model, initial[own], start, given[later], own)
        states[np.ix_(own, later)] = found
    return xarray.Dataset(
        {n: (("sample", "time"), states[..., i]) for i, n in enumerate(names)},
        coords={"time": given, "sample": np.arange(len(states))},
    )


def _integrated(model: "UPINN", initial, start: float, times, samples) -> np.ndarray:
    """States (sample, time, channel) at `times` >= start, from `initial` at `start`."""
    import jax

    from physics.failures import BlowUp
    from physics.integrate.ode import integrate

    config, s, phi = model.config, model.statistics(), model.weights()["hidden"]
    functions = pointwise(config)

    def rhs(t, u, params):
        return functions.known(u, t, params) + functions.hidden(phi, u, t, s)

    grid = times if times[0] == start else np.concatenate([[start], times])
    values = {k: np.asarray(v) for k, v in config.system.values.items()}
    with jax.enable_x64(True):
        run = jax.jit(lambda u, t, p: integrate(rhs, u, t, p, rtol=1e-7, atol=1e-9))
        solved = run(initial, grid, values)
    states = np.asarray(solved.states)
    if not np.isfinite(states).all():
        sample = int(np.argmin(np.isfinite(states).all(axis=(1, 2))))
        raise BlowUp(
            f"the forecast of sample {samples[sample]} leaves all bounds at t = "
            f"{float(solved.reached[sample]):.4g}: it left the states seen in training; "
            f"forecast less far or fine-tune on more data"
        )
    return states[:, len(grid) - len(times) :]
