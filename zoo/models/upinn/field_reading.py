"""What a UPINN of a PDE says: its surrogates, and forecasts with the learnt hidden term."""

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray

from physics import arguments
from physics.names import COORDINATES
from zoo.models.upinn.fields import field_functions

if TYPE_CHECKING:
    from zoo.models.upinn.model import UPINN

POINTS = {1: 128, 2: 32, 3: 16}


def surrogates(model: "UPINN", times: Any = None, points: Any = None) -> xarray.Dataset:
    """States, `d_<state>` = ∂u/∂t and `hidden_<state>` of the training samples.

    times: (time,), default 101 of the training span.   points: how many per coordinate, or
    {coordinate: (points,)}; default 128, 32 or 16 in one, two or three dimensions.
    """
    import jax

    config, s, weights = model.config, model.statistics(), model.weights()
    if times is None:
        times = s["begin"][0] + s["horizon"][0] * np.linspace(0, 1, 101)
    times, axes = arguments.increasing(times), coordinates(model, points)
    mesh = np.stack(np.meshgrid(times, *axes.values(), indexing="ij"), -1)
    functions = field_functions(config)

    def point(theta, own, p):
        jets = functions.jets(theta, p, s)
        learnt, u = functions.hidden(weights["hidden"], jets, s), functions.states(theta, p, s)
        open_part, _ = functions.open_residual(theta, p, own, s)
        return u, open_part + functions.known(jets, own), learnt

    with jax.enable_x64(True):
        over = jax.vmap(jax.vmap(point, (None, None, 0)), (0, 0, None))
        flat = mesh.reshape(-1, mesh.shape[-1])
        found = jax.jit(over)(weights["surrogate"], model.parameters(), flat)
    u, slope, learnt = (np.asarray(a).reshape(-1, *mesh.shape[:-1], a.shape[-1]) for a in found)
    dims = ("sample", "time", *axes)
    variables = {}
    for i, name in enumerate(config.system.state_names):
        unit = config.system.states[i].unit
        variables[name] = (dims, u[..., i], {"units": unit} if unit else {})
        variables[f"d_{name}"] = (dims, slope[..., i])
        if name in config.outputs:
            variables[f"hidden_{name}"] = (dims, learnt[..., i])
    return xarray.Dataset(variables, coords={"time": times, "sample": np.arange(len(u)), **axes})


def coordinates(model: "UPINN", points: Any = None) -> dict[str, np.ndarray]:
    """{coordinate: (points,)} that a field is read at."""
    box = model.config.system.domain
    axes = COORDINATES[: box.dim]
    if points is None or isinstance(points, int | np.integer):
        count = POINTS[box.dim] if points is None else arguments.whole(points, "points", 2)
        return {
            c: np.linspace(low, high, count, endpoint=kind != "periodic")
            for c, low, high, kind in zip(axes, box.low, box.high, box.kinds, strict=True)
        }
    given = arguments.mapping(points, "points", "number or array")
    arguments.options(given, axes, "the points of a field")
    missing = [c for c in axes if c not in given]
    if missing:
        raise ValueError(f"points lack the coordinate {missing[0]!r}; give {', '.join(axes)}")
    return {c: arguments.increasing(given[c]) for c in axes}
