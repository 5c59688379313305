"""The stages of a calibration: guess, multiple shooting with growing stiffness, polish."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from physics import shooting
from physics.data.validate import stack
from physics.likelihood import levels, log_likelihood
from physics.request import read_initial
from physics.system import System

STIFFNESS = (0.3, 3.0, 30.0, 1000.0)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A calibration, as arrays. Unknown parameters first, then initial states."""

    system: System
    times: np.ndarray
    data: np.ndarray  # (sample, time, channel), NaN where not measured
    controls: dict[str, np.ndarray]
    known: dict[str, np.ndarray]  # (sample,)
    free: tuple[str, ...]
    start: np.ndarray  # (sample, channel)
    start_known: bool
    guess: np.ndarray  # (sample, time, channel) without gaps
    scale: np.ndarray  # (channel,)
    seen: np.ndarray  # (channel,) bool
    multiplicative: bool

    @property
    def measured(self) -> int:
        """Number of measured values."""
        return int((~np.isnan(self.data)).sum())

    @property
    def unknowns(self) -> int:
        """Number of fitted values, noise levels included."""
        states = 0 if self.start_known else self.start.size
        return len(self.free) + states + int(self.seen.sum())

    @property
    def logged(self) -> np.ndarray:
        """(free,) which parameters are fitted on a log scale."""
        return np.array([self.system.parameter(n).log for n in self.free], bool)


@dataclass(frozen=True, kw_only=True)
class Fit:
    """The outcome of a fit: values by name, initial states, noise levels, Jacobian."""

    values: Mapping[str, float]
    initial: np.ndarray
    vector: np.ndarray
    sigma: np.ndarray
    rms: np.ndarray
    jacobian: np.ndarray
    log_likelihood: float
    converged: bool
    substeps: int


def problem(system, data, free, initial, multiplicative) -> Problem:
    """Read a Dataset into a Problem; raises ValueError for too few measurements."""
    names = system.state_names
    seen = np.array([n in data for n in names])
    times = data["time"].values.astype(np.float64)
    samples = data.sizes["sample"]
    values = np.full((samples, len(times), len(names)), np.nan)
    values[..., seen] = stack(data, [n for n in names if n in data])
    if system.time == "discrete":
        times, values = _dense(times, values)
    known = {n: np.full(samples, v) for n, v in system.values.items() if n not in free}
    known |= {
        n: np.asarray(data[n].values, np.float64)
        for n in known
        if n in data and data[n].dims == ("sample",)
    }
    controls = {c.name: stack(data, [c.name])[..., 0] for c in system.controls if c.name in data}
    if len(controls) < len(system.controls):
        raise ValueError("data lacks a control of the system; add it over (sample, time)")
    start_known = not (isinstance(initial, str) and initial == "free")
    start = read_initial(system, initial, samples, None, None) if start_known else None
    guess = _fill(system, times, values, start)
    scale = np.nanmean(np.abs(np.where(np.isnan(values), guess, values)), axis=(0, 1))
    problem = Problem(
        system=system, times=times, data=values, controls=controls, known=known, free=free,
        start=guess[:, 0] if start is None else start, start_known=start_known,
        guess=guess, scale=np.where(scale > 0, scale, 1.0), seen=seen,
        multiplicative=multiplicative,
    )  # fmt: skip
    if problem.measured <= problem.unknowns - int(seen.sum()):
        raise ValueError(
            f"{problem.measured} measurements cannot fix {problem.unknowns - int(seen.sum())} "
            f"unknowns (parameters and initial states); free fewer parameters"
        )
    return problem


def fit(problem: Problem, segments: int | None, steps: int) -> Fit:
    """Shoot over several segments while the gaps close, then over whole trajectories."""
    nominal = {n: problem.known[n] for n in problem.known} | {
        n: problem.system.values[n] for n in problem.free
    }
    substeps = shooting.substeps_for(problem.system, problem.times, problem.guess, nominal)
    count = segments or max(1, min(20, (len(problem.times) - 1) // 3))
    values = np.array([problem.system.values[n] for n in problem.free])
    size = np.maximum(np.abs(problem.guess).mean(axis=1), 1e-6 * problem.scale)
    sigma = 0.1 * (np.ones_like(size) if problem.multiplicative else size)
    nodes = problem.guess
    best = None
    if count > 1:
        for stiffness in STIFFNESS:
            best = _stage(problem, values, nodes, sigma, count, stiffness, steps, substeps)
            values, nodes, sigma = _array(best, problem), best.initial, best.sigma
    whole = nodes
    polished = best
    for _ in range(4):
        trial = _stage(problem, values, whole, sigma, 1, 1.0, steps, substeps)
        if not np.isfinite(trial.log_likelihood):
            break
        done = polished is not None and np.allclose(trial.sigma, sigma, rtol=1e-3)
        polished, sigma = trial, trial.sigma
        values, whole = _array(trial, problem), trial.initial
        if done:
            break
    if polished is None:
        raise ValueError("the data are too few to fit; give at least two times")
    return polished


def simulated(problem: Problem, fit: Fit, data):
    """The fitted trajectories at the times of the data, as a Dataset."""
    import jax
    import xarray

    with jax.enable_x64(True):
        piece = _cut(problem, 1)
        _, predict = shooting.program(
            problem.system, problem.free, problem.multiplicative, fit.substeps
        )
        states, _ = predict(fit.vector, problem.logged, piece, problem.scale)
    states = np.asarray(states)
    index = np.searchsorted(problem.times, data["time"].values)
    return xarray.Dataset(
        {
            n: (("sample", "time"), states[:, index, i], data[n].attrs if n in data else {})
            for i, n in enumerate(problem.system.state_names)
        },
        coords={"sample": data["sample"], "time": data["time"]} if "sample" in data.coords
        else {"time": data["time"]},
    )  # fmt: skip


# -- pieces --------------------------------------------------------------------------------


def _stage(problem, values, nodes, sigma, count, stiffness, steps, substeps) -> Fit:
    """One Levenberg-Marquardt run from `nodes`, (sample, time, channel) or (sample, channel)."""
    piece = _cut(problem, count)
    run, predict = shooting.program(problem.system, problem.free, problem.multiplicative, substeps)
    if nodes.ndim == 3:
        first = np.searchsorted(problem.times, piece.times[0, :, 0])
        nodes = nodes[:, first].reshape(-1, nodes.shape[-1])
    if problem.start_known:
        nodes = nodes.reshape(-1, piece.count, nodes.shape[-1]).copy()
        nodes[:, 0] = problem.start
        nodes = nodes.reshape(-1, nodes.shape[-1])
    logged = problem.logged
    width = len(problem.free)
    theta = np.where(logged, np.log(np.where(logged, values, 1.0)), values)
    vector = np.concatenate([theta, (nodes / problem.scale).ravel()])
    low, high = _bounds(problem, logged, vector.size)
    free = np.ones(vector.size, bool)
    if problem.start_known:
        fixed = free[width:].reshape(-1, piece.count, nodes.shape[-1])
        fixed[:, 0] = False
    rows = np.repeat(sigma, piece.count, axis=0)
    solved = run(
        vector, free, low, high, logged, piece, problem.scale, rows, float(stiffness), steps
    )
    vector = np.asarray(solved.x)
    states, starts = (np.asarray(a) for a in predict(vector, logged, piece, problem.scale))
    misfit = _misfit(problem, states, piece)
    level, rms = levels(problem, misfit, sigma)
    theta = np.where(logged, np.exp(np.where(logged, vector[:width], 0.0)), vector[:width])
    clipped = {
        n: _clip(problem.system.parameter(n), float(v))
        for n, v in zip(problem.free, theta, strict=True)
    }
    gauge = np.asarray(solved.jacobian)
    if count == 1:
        rows = np.broadcast_to((sigma / level)[:, None], piece.data.shape).ravel()
        gauge = gauge * rows[:, None]
    return Fit(
        values=clipped,
        initial=starts if count == 1 else _spread(problem, states, piece),
        vector=vector,
        sigma=level,
        rms=rms,
        jacobian=gauge,
        log_likelihood=log_likelihood(misfit, level) if np.isfinite(states).all() else -np.inf,
        converged=bool(solved.converged),
        substeps=substeps,
    )


def _cut(problem: Problem, count: int) -> shooting.Cut:
    return shooting.cut(problem.times, problem.data, problem.controls, problem.known, count)


def _clip(parameter, value: float) -> float:
    low = -np.inf if parameter.low is None else parameter.low
    high = np.inf if parameter.high is None else parameter.high
    return min(max(value, low), high)


def _bounds(problem: Problem, logged, size: int):
    low, high = np.full(size, -np.inf), np.full(size, np.inf)
    for i, name in enumerate(problem.free):
        p = problem.system.parameter(name)
        if p.low is not None:
            low[i] = np.log(p.low) if logged[i] else p.low
        if p.high is not None:
            high[i] = np.log(p.high) if logged[i] else p.high
    return low, high


def _misfit(problem: Problem, states, piece) -> np.ndarray:
    if problem.multiplicative:
        safe = np.asarray(shooting.safe_log(states, problem.scale))
        misfit = safe - np.log(np.where(piece.owned > 0, piece.data, 1.0))
    else:
        misfit = states - piece.data
    return np.where(piece.owned > 0, misfit, np.nan)


def _spread(problem: Problem, states, piece) -> np.ndarray:
    """Segment solutions (row, length, channel) back on the record's times."""
    samples = len(problem.data)
    out = np.empty_like(problem.guess)
    times = piece.times[0]
    states = states.reshape(samples, piece.count, times.shape[-1], -1)
    for k in range(piece.count - 1, -1, -1):
        out[:, np.searchsorted(problem.times, times[k])] = states[:, k]
    starts = np.searchsorted(problem.times, times[:, 0])
    out[:, starts] = states[:, :, 0]
    return out


def _array(fit: Fit, problem: Problem) -> np.ndarray:
    return np.array([fit.values[n] for n in problem.free], np.float64)


def _dense(times, values):
    """Fill a map's record with unmeasured rows so that consecutive times differ by one."""
    if (times != np.round(times)).any():
        raise ValueError("a map needs whole-number times")
    full = np.arange(times[0], times[-1] + 1)
    dense = np.full((len(values), len(full), values.shape[-1]), np.nan)
    dense[:, (times - times[0]).astype(int)] = values
    return full, dense


def _fill(system: System, times, values, start) -> np.ndarray:
    """Gaps closed by interpolation, for a first guess; unobserved states from the initial law."""
    filled = np.empty_like(values)
    middle = start
    if middle is None and system.initial is not None:
        draws = system.initial.draw(np.random.default_rng(0), system.state_names, 256)
        middle = np.broadcast_to(draws.mean(axis=0), values[:, 0].shape)
    for s in range(len(values)):
        for c in range(values.shape[-1]):
            seen = ~np.isnan(values[s, :, c])
            if seen.any():
                filled[s, :, c] = np.interp(times, times[seen], values[s, seen, c])
            else:
                filled[s, :, c] = 1.0 if middle is None else middle[s, c]
    return filled
