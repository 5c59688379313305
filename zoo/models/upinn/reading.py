"""What a trained UPINN says: its surrogates, and forecasts with the learnt hidden term."""

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray

from physics.data.validate import stack, validate
from zoo.models.upinn.residuals import pointwise

if TYPE_CHECKING:
    from zoo.models.upinn.model import UPINN


def surrogates(model: "UPINN", times: Any = None) -> xarray.Dataset:
    """States, `d_<state>` slopes and `hidden_<state>` along the training trajectories."""
    import jax

    config, s, weights = model.config, model.statistics(), model.weights()
    if times is None:
        times = s["begin"][0] + s["horizon"][0] * np.linspace(0, 1, 201)
    times = np.asarray(times, np.float64)
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


def forecast(model: "UPINN", data: xarray.Dataset, times: Any = None) -> xarray.Dataset:
    """u' = F(u) + G(u) integrated from the first measured state of every sample of `data`."""
    import jax

    from physics.failures import BlowUp
    from physics.integrate.ode import integrate

    config, s, phi = model.config, model.statistics(), model.weights()["hidden"]
    names = config.system.state_names
    data = validate(data, names, least=1)
    times = data["time"].values if times is None else times
    times = np.asarray(times, np.float64)
    initial = stack(data, names)[:, 0]
    if np.isnan(initial).any():
        raise ValueError("the first time of every sample must be measured to forecast from it")
    functions = pointwise(config)

    def rhs(t, u, params):
        return functions.known(u, t, params) + functions.hidden(phi, u, t, s)

    values = {k: np.asarray(v) for k, v in config.system.values.items()}
    with jax.enable_x64(True):
        run = jax.jit(lambda u, t, p: integrate(rhs, u, t, p, rtol=1e-7, atol=1e-9))
        solved = run(initial, times, values)
    states = np.asarray(solved.states)
    if not np.isfinite(states).all():
        sample = int(np.argmin(np.isfinite(states).all(axis=(1, 2))))
        raise BlowUp(
            f"the forecast of sample {sample} leaves all bounds at t = "
            f"{float(solved.reached[sample]):.4g}: it left the states seen in training; "
            f"forecast less far or fine-tune on more data"
        )
    return xarray.Dataset(
        {n: (("sample", "time"), states[..., i]) for i, n in enumerate(names)},
        coords={"time": times, "sample": np.arange(len(states))},
    )
