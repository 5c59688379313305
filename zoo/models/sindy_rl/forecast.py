"""What the surrogate says: rolled out under given controls, or under the policy.

Controls hold from one time of the grid to the next. Without data an episode begins where those of
the environment do.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray

from physics.failures import FailedRun
from zoo.models.sindy_rl.surrogate import Surrogate

if TYPE_CHECKING:
    from zoo.models.sindy_rl.model import SindyRL


def forecast(
    model: "SindyRL", dataset: Any, times: Any, controls: Mapping | None, samples: int, policy: str,
    seed: int,
) -> xarray.Dataset:  # fmt: skip
    """Dataset of the observed (sample, time) and of the controls that acted; see SindyRL.predict.

    Raises ValueError for times off the grid of control intervals and for what is missing, FailedRun
    where the surrogate grows without bound.
    """
    c = model.config
    if not np.asarray(model.members[...]).any():
        raise ValueError("this model has seen no data yet; fit it first")
    if policy == "formula" and not np.asarray(model.policy[...]).any():
        raise ValueError("no policy was distilled yet; use model.distil()")
    start, begun = _begin(model, dataset, samples, seed)
    grid, places = _grid(c, dataset, times, begun)
    held = _controls(c, dataset, controls, grid, len(start))
    x, u = _run(model, start, held, len(grid), policy)
    if not np.isfinite(x).all():
        raise FailedRun("the surrogate grows without bound from here; ask for fewer times")
    where = ("sample", "time")
    found = {n: (where, x[..., i][:, places]) for i, n in enumerate(c.observed)}
    found |= {n: (where, u[..., i][:, places]) for i, n in enumerate(c.controls)}
    return xarray.Dataset(found, coords={"time": ("time", grid[places])})


def _begin(model: "SindyRL", dataset: Any, samples: int, seed: int) -> tuple[np.ndarray, float]:
    """((sample, observed) first observations, their time)."""
    c = model.config
    if dataset is not None:
        if not isinstance(dataset, xarray.Dataset):
            raise ValueError(f"an xarray.Dataset is needed, not {type(dataset).__name__}")
        missing = [n for n in c.observed if n not in dataset]
        if missing:
            raise ValueError(
                f"the data lack {missing[0]!r}; this model needs {', '.join(c.observed)}"
            )
        first = dataset.isel(time=0) if "time" in dataset.dims else dataset
        start = np.stack([np.atleast_1d(first[n].values) for n in c.observed], -1).astype(float)
        if start.ndim != 2 or not np.isfinite(start).all():
            raise ValueError("the first observations must be finite numbers over (sample,)")
        return start, float(dataset["time"].values[0]) if "time" in dataset.coords else 0.0
    if not c.environment:
        raise ValueError("this model's plant is a host's; give data with the first observations")
    import jax

    from physics.control.names import get

    environment = get(c.environment)
    if environment.observed != c.observed:
        raise ValueError("this model's plant is no plain one; give data with first observations")
    keys = jax.random.split(jax.random.key(seed), samples)
    seen = jax.jit(jax.vmap(lambda key: environment.observation(environment.reset(key))))(keys)
    return np.asarray(seen, float), 0.0


def _grid(c: Any, dataset: Any, times: Any, begun: float) -> tuple[np.ndarray, np.ndarray]:
    """(times of all control intervals from `begun`, which of them were asked for)."""
    if times is None and dataset is not None and dataset.sizes.get("time", 1) > 1:
        times = dataset["time"].values
    if times is None:
        count = np.arange(c.steps + 1)
    else:
        wanted = np.atleast_1d(np.asarray(times, float))
        if wanted.ndim != 1 or not wanted.size or not np.isfinite(wanted).all():
            raise ValueError("times are finite numbers in a row")
        count = np.rint((wanted - begun) / c.dt).astype(int)
        off = np.abs(begun + count * c.dt - wanted) > 1e-3 * c.dt
        if off.any() or (count < 0).any() or (np.diff(count) <= 0).any():
            raise ValueError(
                f"times increase from {begun:g} in whole intervals of {c.dt:g}; take 0:END:COUNT so"
            )
    return begun + c.dt * np.arange(count[-1] + 1), count


def _controls(c, dataset, controls, grid, samples) -> np.ndarray | None:
    """(sample, time, control), or None where the policy acts."""
    given = dict(controls or {})
    if dataset is not None and not given:
        if all(n in dataset and "time" in dataset[n].dims for n in c.controls):
            moments = dataset["time"].values.astype(float)
            last = np.searchsorted(moments, grid + 1e-3 * c.dt, side="right") - 1
            given = {n: np.atleast_2d(dataset[n].values)[:, last] for n in c.controls}
    if not given:
        return None
    for name in sorted(set(given) ^ set(c.controls)):
        known = ", ".join(c.controls)
        raise ValueError(f"controls= gives {known} as numbers or (sample, time) arrays; {name!r}?")
    count = len(grid)
    try:
        rows = [np.broadcast_to(np.asarray(given[n], float), (samples, count)) for n in c.controls]
    except (TypeError, ValueError):
        raise ValueError(
            f"a control is a number or of shape (time,) = ({count},) or (sample, time) = "
            f"({samples}, {count}), one value per interval of {c.dt:g} and one for the last time"
        ) from None
    held = np.stack(rows, -1)
    if not np.isfinite(held).all():
        raise ValueError("controls must be finite; fill their gaps")
    return np.clip(held, c.low, c.high)


def _run(model: "SindyRL", start: np.ndarray, held: Any, count: int, policy: str) -> tuple:
    """(x (sample, time, observed), u (sample, time, control)) of `count` times."""
    import jax
    import jax.numpy as jnp

    c, coefficients = model.config, model.coefficients()
    surrogate = Surrogate(c.library, c.reward_library)
    given = None if held is None else jnp.asarray(np.swapaxes(held, 0, 1), jnp.float32)

    @jax.jit
    def run(x, given):
        def body(x, u):
            u = model.act(x, policy) if u is None else u
            return surrogate.project(x + c.library.terms(x, u) @ coefficients.xi.T), (x, u)

        return jax.lax.scan(body, x, given, length=count)[1]

    x, u = run(jnp.asarray(start, jnp.float32), given)
    return np.swapaxes(np.asarray(x), 0, 1), np.swapaxes(np.asarray(u), 0, 1)
