"""The methods of the StNN tables, each fitted to the same data, and what is measured of them.

Windows, blocks, activations and training were chosen on seeds 100 and 101 with the validation data.
The networks of equal parameter count see the same windows and are trained by the same
Levenberg-Marquardt steps with the same skip; of one and two hidden layers the one that errs less on
the validation data counts as "the equal-parameter MLP"."""

import dataclasses
import time

import numpy as np
import xarray

import physics
import symbolic
import zoo
from zoo.layers import windows
from zoo.layers.rollout import one_step, rollout
from zoo.models.mlp import MLP, equal_parameters, equal_widths
from zoo.models.mlp import parameter_count as mlp_count
from zoo.models.stnn.config import parameter_count
from zoo.models.stnn.model import StNN
from zoo.training.schedule import Schedule

# per problem: window, blocks, updates and windows of Levenberg-Marquardt
SETTINGS = {
    "lorenz-clean": {"window": 8, "blocks": 2, "steps": 36, "rows": 1500},
    "lorenz-noisy": {"window": 10, "blocks": 2, "steps": 25, "rows": 4000},
    "lotka": {"window": 8, "blocks": 4, "steps": 30, "rows": 1500},
}
DENSE = Schedule(steps=8000, rate=2e-3, warmup=100, chunk=1000, save=10**6, ema=0.999)
CLASSICAL = {
    "extrapolation-0": ("extrapolation", {"order": 0}),
    "extrapolation-1": ("extrapolation", {"order": 1}),
    "extrapolation-2": ("extrapolation", {"order": 2}),
    "extrapolation-3": ("extrapolation", {"order": 3}),
    "linear-ar": ("linear-ar", {}),
    "dmd": ("dmd", {}),
    "hankel-dmd": ("hankel-dmd", {}),
    "hankel-dmd-long": ("hankel-dmd", {"long": True}),
}  # fmt: skip
NETWORKS = ("stnn", "mlp-1", "mlp-2", "stnn-jitter", "mlp-1-jitter", "dense")
JITTER = 1e-4  # of the windows, in normalised units: "-jitter", for rollouts of noise-free data
METHODS = (*CLASSICAL, *NETWORKS, "sindy")
LONG = {"lorenz-clean": 100, "lorenz-noisy": 100, "lotka": 16}  # delays of the long Hankel-DMD
POINTS = 4000  # test windows, evenly spaced, of the one-step error


def schedule(steps: int, seed: int) -> Schedule:
    """Levenberg-Marquardt without snapshots."""
    return Schedule(steps=steps, optimiser="levenberg-marquardt", chunk=10, save=10**6, seed=seed)


def untrained(method: str, data: xarray.Dataset, seed: int, window: int, blocks: int, **more):
    """The network of a method for the states of `data`."""
    states = [n for n in data.data_vars if "time" in data[n].dims]
    options = {"dt": windows.step_of(data), "window": window, "seed": seed, **more}
    model = StNN.create(states, blocks=blocks, **options)
    if method == "stnn":
        return model
    if method == "dense":
        config = equal_widths(model.config, model.config.n, blocks)
    else:
        layers = int(method.removeprefix("mlp-"))
        config = equal_parameters(model.config, parameter_count(model.config), layers)
    fields = dataclasses.asdict(config)
    return MLP.create(fields.pop("states"), seed=seed, **fields)


def fit(method: str, problem: str, data: xarray.Dataset, check: xarray.Dataset, seed: int):
    """(model, seconds); "sindy" gives a System or None."""
    started = time.perf_counter()
    own = SETTINGS[problem]
    if method == "sindy":
        model = symbolic.discover(data, engine="sindy", degree=2).best
    elif method in CLASSICAL:
        family, options = CLASSICAL[method]
        options = dict(options)
        window = LONG[problem] if options.pop("long", False) else own["window"]
        model = zoo.create(family, data, window=window, **options).fit(data, held_out=check)
    else:
        plain = method.removesuffix("-jitter")
        jittered = {"jitter": JITTER} if plain != method else {}
        model = untrained(plain, data, seed, own["window"], own["blocks"])
        plan = dataclasses.replace(DENSE, seed=seed)
        more = {} if method == "dense" else {"evidence": True, "rows": own["rows"], **jittered}
        if method != "dense":
            plan = schedule(own["steps"], seed)
        model = model.fit(data, plan, held_out=check, progress=False, **more)
    return model, time.perf_counter() - started


def parameters(model) -> int:
    """Trained numbers."""
    if isinstance(model, StNN | MLP):
        return (parameter_count if isinstance(model, StNN) else mlp_count)(model.config)
    if not isinstance(model, zoo.Model):
        return 0 if model is None else len(model.parameters)
    return sum(int(np.count_nonzero(v)) for v in model.weights().values())


def states(data: xarray.Dataset) -> np.ndarray:
    """(sample, time, state)."""
    return np.stack([data[n].values for n in data.data_vars if "time" in data[n].dims], -1)


def step_errors(model, seen: np.ndarray, truth: np.ndarray, begin: int, dt: float) -> dict:
    """Root mean square one step ahead over the deviation of each state: against what was measured
    and against what is true, at places from `begin` on."""
    scale = truth.std((0, 1))
    places = [(i, k) for i in range(len(seen)) for k in range(begin, seen.shape[1])]
    pick = [
        places[j] for j in np.linspace(0, len(places) - 1, min(POINTS, len(places))).astype(int)
    ]
    sample, at = np.array(pick).T
    n = model.config.window if isinstance(model, zoo.Model) else 1
    inputs = np.stack([seen[i, k - n : k] for i, k in pick])
    if isinstance(model, zoo.Model):
        said = one_step(model, inputs)
    else:
        said = simulated(model, inputs[:, -1], dt * np.arange(2))[:, 1]
    rms = lambda e: float(np.sqrt(((e / scale) ** 2).mean()))  # noqa: E731
    return {"measured": rms(said - seen[sample, at]), "true": rms(said - truth[sample, at])}


def followed(model, seen: np.ndarray, begin: int, steps: int, dt: float) -> np.ndarray:
    """Rollouts (sample, steps, state) from the states before `begin`."""
    if isinstance(model, zoo.Model):
        return rollout(model, seen[:, begin - model.config.window : begin], steps)
    return simulated(model, seen[:, begin - 1], dt * np.arange(steps + 1))[:, 1:]


def simulated(law, initial: np.ndarray, times: np.ndarray) -> np.ndarray:
    """A law from `initial`; infinite where there is none or it cannot be followed."""
    shape = (len(initial), len(times), initial.shape[1])
    if law is None:
        return np.full(shape, np.inf)
    try:
        data = physics.solve(law, initial=initial, times=times)
    except physics.FailedRun:
        return np.full(shape, np.inf)
    return np.stack([data[n].values for n in law.state_names], -1)


def valid_times(said: np.ndarray, truth: np.ndarray, dt: float, bound: float = 0.4) -> np.ndarray:
    """Per sample the time until the error, over the deviation of the states, exceeds `bound`."""
    scale = truth.std((0, 1))
    error = np.sqrt((((said - truth) / scale) ** 2).mean(-1))
    beyond = ~(error < bound)
    return dt * np.where(beyond.any(1), beyond.argmax(1), said.shape[1])
