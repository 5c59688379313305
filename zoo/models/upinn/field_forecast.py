"""Forecasts of a UPINN of a PDE: ∂u/∂t = F + G by the method of lines on a periodic grid."""

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray

from physics import arguments
from physics.names import COORDINATES, TIME
from zoo.models.upinn.fields import field_functions

if TYPE_CHECKING:
    from zoo.models.upinn.model import UPINN


def forecast(model: "UPINN", data: xarray.Dataset, times: Any = None) -> xarray.Dataset:
    """∂u/∂t = F + G from the first field of every sample of `data`, on its full periodic grid.

    Derivatives by Fourier series, steps by an explicit adaptive method. times: (time,) from the
    first time of the data on; default those of the data.
    Raises ValueError for walls, gaps in the first field and points that are no full grid.
    """
    import jax

    from physics.failures import BlowUp
    from physics.integrate.ode import integrate

    system = model.config.system
    names, axes = system.state_names, COORDINATES[: system.dim]
    if set(system.domain.kinds) != {"periodic"}:
        raise ValueError(
            f"{system.name!r} has walls; simulate the learnt law instead: physics.solve(model.law("
            f"data).best, ...)"
        )
    arguments.dataset(data)
    for name in (*names, "time", *axes):
        if name not in data.variables:
            raise ValueError(f"the data have no {name!r}; a forecast needs {', '.join(names)} on a "
                             f"grid of {', '.join(('time', *axes))}")  # fmt: skip
    grid = data if "sample" in data.dims else data.expand_dims("sample")
    order = ("sample", "time", *axes)
    if any(set(grid[n].dims) != set(order) for n in names):
        raise ValueError(f"a forecast needs fields over ({', '.join(order)})")
    first = [grid[n].transpose(*order).values[:, 0].astype(np.float64) for n in names]
    initial = np.stack(first, -1)
    if not np.isfinite(initial).all():
        raise ValueError("the first field has gaps; a forecast needs it in full")
    begin = float(grid["time"].values[0])
    given = grid["time"].values.astype(np.float64) if times is None else times
    given = arguments.increasing(given)
    if given[0] < begin:
        raise ValueError(f"times begin at {given[0]:g}, before the data at {begin:g}")
    shape, rhs = initial.shape[1:], _rhs(model, initial.shape[1:-1])
    padded = given if given[0] == begin else np.concatenate([[begin], given])
    with jax.enable_x64(True):
        run = jax.jit(lambda u, t, p: integrate(rhs, u, t, p, rtol=1e-6, atol=1e-8))
        own = {k: np.asarray(v) for k, v in system.values.items()}
        solved = run(initial.reshape(len(initial), -1), padded, own)
    states = np.asarray(solved.states)[:, len(padded) - len(given) :]
    if not np.isfinite(states).all():
        raise BlowUp("the forecast leaves all bounds: it left the fields seen in training")
    states = states.reshape(*states.shape[:2], *shape)
    return xarray.Dataset(
        {n: (order, states[..., i]) for i, n in enumerate(names)},
        coords={"time": given, "sample": np.arange(len(states)),
                **{c: grid[c].values for c in axes}},
    )  # fmt: skip


def _rhs(model: "UPINN", points: tuple[int, ...]) -> Any:
    """f(t, u, params) on flattened fields, derivatives by Fourier series."""
    import jax
    import jax.numpy as jnp
    import sympy

    from physics.jets import Jet, expand_fluxes, jets_in

    config, s, phi = model.config, model.statistics(), model.weights()["hidden"]
    functions, system = field_functions(config), model.config.system
    names, axes = system.state_names, COORDINATES[: system.dim]
    wanted = set().union(*(jets_in(expand_fluxes(e)) for e in system.equations.values()))
    wanted |= {j for j in config.symbols.values() if isinstance(j, Jet)}
    indices = {j.index for j in wanted} | {()}
    box, numbers = system.domain, []
    for axis, count in enumerate(points):
        length = box.high[axis] - box.low[axis]
        k = 2 * np.pi * np.fft.fftfreq(count, length / count)
        shape = [1] * len(points)
        shape[axis] = count
        numbers.append(k.reshape(shape))
    mesh = np.meshgrid(
        *(np.linspace(a, b, n, endpoint=False) for a, b, n in zip(box.low, box.high, points,
                                                                  strict=True)), indexing="ij"
    )  # fmt: skip
    space = tuple(range(len(points)))

    def f(t, u, params):
        fields = u.reshape(*points, len(names))
        jets = {sympy.Symbol(c): jnp.asarray(m).ravel() for c, m in zip(axes, mesh, strict=True)}
        size = fields[..., 0].size
        jets[sympy.Symbol(TIME)] = jnp.full(size, t)
        hat = jnp.fft.fftn(fields, axes=space)
        for index in indices:
            factor = np.ones(points, complex)
            for c in index:
                factor = factor * 1j * numbers[axes.index(c)]
            real = jnp.fft.ifftn(hat * factor[..., None], axes=space).real
            jets |= {Jet(n, index): real[..., i].ravel() for i, n in enumerate(names)}
        own = {k: jnp.full(size, v) for k, v in params.items()}

        symbols = tuple(jets)

        def point(values, own):
            here = dict(zip(symbols, values, strict=True))
            return functions.known(here, own) + functions.hidden(phi, here, s)

        return jax.vmap(point)(tuple(jets.values()), own).reshape(u.shape)

    return f
