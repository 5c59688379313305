"""The law of a window forecaster: regressed on its own rollouts, not on the data.

Rollouts start from windows that were not trained on, and the measured window itself is left out. A
model that predicts what follows those windows no better than the plain continuation of a polynomial
has learnt no dynamics, and gets no law: that is what random weights are. Rollouts are no more exact
than the model, so noise of the size of its error on held-out data is added to them; without it,
what the model errs would have to be explained by the law too.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray

from physics import arguments
from zoo.layers import windows
from zoo.layers.forecasting import BOUND, MOST_STEPS, kept_windows, within_reach
from zoo.layers.rollout import one_step, rollout

if TYPE_CHECKING:
    from symbolic import Discovery
    from zoo.layers.forecaster import Forecaster

STEPS = 200
LEAST = 20  # steps of a rollout that a law can be read off
FAITHFUL = 1e-3  # distance of a law of the default library from the rollouts that ends the search
PLAIN = {"seed", "degree"}  # options that sparse regression takes as well
BETTER = 0.5  # error relative to the best polynomial's below which something has been learnt


def discover_law(
    model: "Forecaster",
    dataset: xarray.Dataset | None = None,
    engine: str = "auto",
    *,
    steps: int = STEPS,
    **options: Any,
) -> "Discovery":
    """The Discovery on autonomous rollouts of `steps` steps.

    dataset: data to start from (its first complete windows); default: held-out windows that the
    model keeps.   options: of symbolic.discover.
    """
    import symbolic

    steps = arguments.whole(steps, "steps", LEAST, MOST_STEPS)
    learnt, plain = skill(model)
    if not learnt < BETTER * plain:
        return _nothing(
            f"the model has learnt no dynamics: one step ahead it errs by {learnt:.2g} of the "
            f"spread on held-out windows, continuing a polynomial by {plain:.2g}"
        )
    rolled = rollouts(model, dataset, steps)
    if rolled is None:
        return _nothing("the rollouts leave all bounds, so there is nothing to read a law off")
    rng = np.random.default_rng(options.get("seed", 0))
    exact = rolled.copy()
    for name, level in zip(model.config.states, drift(model), strict=True):
        rolled[name] = rolled[name] + level * rng.standard_normal(rolled[name].shape)
    if engine == "auto" and set(options) <= PLAIN:
        # what a model errs is smooth, and larger libraries would find terms for that too
        found = symbolic.discover(rolled, engine="sindy", **options)
        if found.best is not None and symbolic.check(found.best, exact).total < FAITHFUL:
            return found
    return symbolic.discover(rolled, engine=engine, **options)


def rollouts(
    model: "Forecaster", dataset: xarray.Dataset | None = None, steps: int = STEPS
) -> xarray.Dataset | None:
    """Autonomous rollouts as a Dataset (sample, time), the measured windows left out; None where
    all blow up at once. Those that blow up later are cut for all."""
    if dataset is None:
        starts, environment = kept_windows(model)
        starts, place = np.unique(starts, axis=0, return_index=True)
        environment = environment[place]
    else:
        record = windows.read(model.config, dataset, model.config.window)
        pieces = np.lib.stride_tricks.sliding_window_view(
            record.values, model.config.window, axis=1
        )
        whole = np.isfinite(pieces).all((2, 3))
        rows = np.flatnonzero(whole.any(1))
        first = whole.argmax(1)
        starts = np.stack([record.values[i, first[i] :][: model.config.window] for i in rows])
        environment = record.environment[rows]
        within_reach(model, starts)
    states, s = rollout(model, starts, steps, environment), model.statistics()
    inside = (np.abs(states - s["center"]) < BOUND * s["scale"]).all((0, 2))
    count = len(inside) if inside.all() else int(np.argmin(inside))
    if count < LEAST:
        return None
    times = model.config.dt * np.arange(count)
    return xarray.Dataset(
        {n: (("sample", "time"), states[:, :count, i]) for i, n in enumerate(model.config.states)},
        coords={"time": times, "sample": np.arange(len(states))},
    )


def skill(model: "Forecaster") -> tuple[float, float]:
    """(one-step error of the model, of the best polynomial continuation) on the windows that the
    model keeps and what follows them, relative to the spread of the states."""
    s, n = model.statistics(), model.config.window
    segments, environment = s["segments"], kept_windows(model)[1]
    normal = (segments - s["center"]) / s["scale"]
    errors, plain = [], {order: [] for order in range(min(4, n))}
    for k in range(segments.shape[1] - n):
        seen = np.isfinite(segments[:, k : k + n + 1]).all((1, 2))
        if not seen.any():
            continue
        said = one_step(model, segments[seen, k : k + n], environment[seen])
        truth = normal[seen, k + n]
        errors.append(((said - s["center"]) / s["scale"] - truth).ravel())
        for order in plain:
            weights = windows.extrapolation(order)
            held = normal[seen, k + n - order - 1 : k + n]
            plain[order].append(((held * weights[:, None]).sum(1) - truth).ravel())
    rms = lambda parts: float(np.sqrt(np.mean(np.concatenate(parts) ** 2)))  # noqa: E731
    return rms(errors), min(rms(p) for p in plain.values())


def drift(model: "Forecaster") -> np.ndarray:
    """(state,) root mean square error of rollouts to the ends of the held-out pieces that the model
    keeps, in physical units; median over the pieces."""
    s, n = model.statistics(), model.config.window
    segments, environment = s["segments"], kept_windows(model)[1]
    after = segments[:, n:]
    said = rollout(model, segments[:, :n], after.shape[1], environment)
    return np.median(np.sqrt(np.nanmean((said - after) ** 2, axis=1)), axis=0)


def _nothing(reason: str) -> "Discovery":
    from symbolic.provenance import versions
    from symbolic.result import Discovery

    return Discovery(
        candidates=(), chosen=None, reason=reason, null_directions=(), noise={},
        method="no search", seed=0, versions=versions(),
    )  # fmt: skip
