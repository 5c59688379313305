"""Measured fields -> the arrays and scales that a UPINN of a PDE is trained with.

Points may be anywhere: a grid with gaps (sample, time, x), sensors (sample, time, point) with the
coordinate x(point), or scattered points (sample, point) with time(point) and x(point).
"""

import numpy as np
import xarray

from physics import arguments
from physics.data.validate import check_units
from physics.names import COORDINATES
from zoo.models.upinn.config import Config

MOST_POINTS = 600  # measured points used per sample
NEIGHBOURS = 10


def read(config: Config, data: xarray.Dataset, seed: int = 0) -> dict[str, np.ndarray]:
    """The training batch of a Dataset of fields, float64; d states, k coordinates.

    places (n, m, 1 + k): time and coordinates of the measured points, values and mask (n, m, d),
    points (c, 1 + k): collocation points in the box low, low + span, params {name: (n,)}.
    More than MOST_POINTS per sample are thinned at random by `seed`.
    Raises ValueError for data that do not fit the known system.
    """
    system = config.system
    arguments.dataset(data)
    check_units(data, system)
    names, axes = system.state_names, ("time", *COORDINATES[: system.dim])
    for name in (*names, *axes):
        if name not in data.variables:
            kind = "coordinate" if name in axes else "variable"
            raise ValueError(
                f"data has no {kind} {name!r} of {system.name!r}; it has: "
                f"{', '.join(map(str, data.variables))}"
            )
    if "sample" not in data.dims:
        data = data.drop_vars("sample", errors="ignore").expand_dims("sample")
    columns = xarray.broadcast(*(data[n].astype(np.float64) for n in (*axes, *names)))
    rest = [dim for dim in columns[0].dims if dim != "sample"]
    flat = np.stack([c.transpose("sample", *rest).values for c in columns], -1)
    flat = flat.reshape(len(flat), -1, len(columns))
    if np.isinf(flat).any():
        raise ValueError("the data hold an infinity; use NaN for what was not measured")
    rows = [_measured(own, len(axes), i, seed) for i, own in enumerate(flat)]
    most = max(map(len, rows))
    full = np.stack([np.pad(r, ((0, most - len(r)), (0, 0)), "edge") for r in rows])
    places, values = full[..., : len(axes)], full[..., len(axes) :]
    mask = ~np.isnan(values) & (np.arange(most) < [[len(r)] for r in rows])[..., None]
    _check_places(config, places)
    params = {n: np.full(len(rows), v) for n, v in system.values.items()}
    for name in params:
        if name in data and data[name].dims == ("sample",):
            params[name] = np.asarray(data[name].values, np.float64)
    low = np.array([places[..., 0].min(), *system.domain.low])
    high = np.array([places[..., 0].max(), *system.domain.high])
    return {
        "places": places,
        "values": np.where(mask, values, 0.0),
        "mask": mask.astype(np.float64),
        "points": low + (high - low) * halton(config.collocation, len(axes)),
        "low": low,
        "span": high - low,
        "params": params,
    }


def statistics(config: Config, batch: dict) -> dict[str, np.ndarray]:
    """Scales from the data alone; derivatives by local linear fits to neighbouring points.

    begin, horizon: of time.   center, scale: (d,) of the states.   noise: (n, d) what the noise
    level is relative to.   input_center, input_scale: of the hidden term's inputs.
    rate: (d,) size of ∂u/∂t.
    """
    values, mask, places = batch["values"], batch["mask"], batch["places"]
    times = places[..., 0]
    begin, horizon = times.min(), np.ptp(times)
    center = (values * mask).sum((0, 1)) / mask.sum((0, 1))
    scale = np.sqrt((((values - center) * mask) ** 2).sum((0, 1)) / mask.sum((0, 1)))
    scale = np.where(scale > 1e-300, scale, 1.0)
    size = np.sqrt((((values - center) * mask) ** 2).sum(1) / mask.sum(1))
    slopes = _slopes(config, batch, scale)
    inputs = [_input_scale(config, n, begin, horizon, center, scale, slopes) for n in config.inputs]
    return {
        "begin": np.full(1, begin),
        "horizon": np.full(1, horizon),
        "center": center,
        "scale": scale,
        "noise": np.where(size > 1e-300, size, 1.0),
        "input_center": np.array([c for c, _ in inputs]),
        "input_scale": np.array([s for _, s in inputs]),
        "rate": slopes[:, 0],
    }


def halton(count: int, dim: int) -> np.ndarray:
    """(count, dim) evenly spread points of the unit cube.

    Source: Halton (1960), doi:10.1007/BF01386213.
    """
    columns = []
    for base in (2, 3, 5, 7)[:dim]:
        index, column, fraction = np.arange(1, count + 1), np.zeros(count), 1.0
        while index.any():
            fraction /= base
            column, index = column + fraction * (index % base), index // base
        columns.append(column)
    return np.stack(columns, -1)


# -- pieces --------------------------------------------------------------------------------


def _measured(rows: np.ndarray, axes: int, sample: int, seed: int) -> np.ndarray:
    """The rows at which something was measured, thinned."""
    kept = rows[~np.isnan(rows[:, axes:]).all(1)]
    if len(kept) < 2 * NEIGHBOURS:
        raise ValueError(
            f"sample {sample} has {len(kept)} measured points; at least {2 * NEIGHBOURS} are needed"
        )
    if np.isnan(kept[:, :axes]).any():
        raise ValueError(f"sample {sample} has a measured point without time or place")
    if len(kept) > MOST_POINTS:
        chosen = np.random.default_rng(seed).choice(len(kept), MOST_POINTS, replace=False)
        kept = kept[np.sort(chosen)]
    return kept


def _check_places(config: Config, places: np.ndarray) -> None:
    box = config.system.domain
    if np.ptp(places[..., 0]) <= 0:
        raise ValueError("the data are of one time; a rate needs several")
    for i, (low, high) in enumerate(zip(box.low, box.high, strict=True)):
        along, slack = places[..., 1 + i], 1e-9 * (high - low)
        if along.min() < low - slack or along.max() > high + slack:
            raise ValueError(
                f"the data reach from {along.min():g} to {along.max():g} along {COORDINATES[i]}, "
                f"{config.system.name!r} from {low:g} to {high:g}; give it the box of the data"
            )


def _slopes(config: Config, batch: dict, scale: np.ndarray) -> np.ndarray:
    """(d, 1 + k) root mean square of the first derivatives along time and coordinates."""
    spans = np.array([np.ptp(batch["places"][..., 0]), *np.subtract(
        config.system.domain.high, config.system.domain.low)])  # fmt: skip
    squares: list = []
    for places, values, mask in zip(batch["places"], batch["values"], batch["mask"], strict=True):
        for state in range(values.shape[-1]):
            seen = mask[:, state] > 0
            at, u = places[seen] / spans, values[seen, state]
            apart = ((at[:, None] - at[None]) ** 2).sum(-1)
            near = np.argsort(apart, axis=1)[:, :NEIGHBOURS]
            design = np.concatenate([at[near] - at[:, None], np.ones((*near.shape, 1))], -1)
            fitted = np.linalg.pinv(design, rcond=1e-3) @ u[near][..., None]
            squares.append((state, np.median(fitted[:, :-1, 0] ** 2, axis=0)))
    means = [np.mean([v for s, v in squares if s == i], axis=0) for i in range(len(scale))]
    slopes = 1.5 * np.sqrt(np.array(means)) / spans  # the median of squares is below their mean
    return np.maximum(slopes, 0.1 * scale[:, None] / spans)


def _input_scale(config, name, begin, horizon, center, scale, slopes) -> tuple[float, float]:
    """(center, scale) of one hidden input."""
    symbol, box = config.symbols[name], config.system.domain
    if not hasattr(symbol, "index"):
        if name == "t":
            return begin + horizon / 2, horizon / 2
        axis = COORDINATES.index(name)
        return (box.low[axis] + box.high[axis]) / 2, (box.high[axis] - box.low[axis]) / 2
    state = config.system.state_names.index(symbol.field)
    size = scale[state]
    for along in symbol.index:
        size = size * slopes[state, 1 + COORDINATES.index(along)] / scale[state]
    return (center[state] if not symbol.index else 0.0), size
