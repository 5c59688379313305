"""The stages of a calibration: guess, multiple shooting with growing stiffness, polish."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from physics import shooting
from physics.failures import FailedRun
from physics.likelihood import levels, log_likelihood
from physics.matching import matched
from physics.unknowns import Problem, bounds

STIFFNESS = (0.3, 3.0, 30.0, 1000.0)
EXPLAINED = 0.5  # of the spread of the data, beyond which a fit is tried from elsewhere too
PORTION = 5  # steps of a stiff fit between looks at the clock
LONGEST = 120.0  # seconds of a stiff fit


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


def fit(
    problem: Problem, segments: int | None, steps: int, watch: Callable[[str], object] | None = None
) -> Fit:
    """The best of a fit from the given values and, where they are bad, from `matched` ones.

    watch: told how far the fit is.   Raises FailedRun where a stiff fit takes too long.
    """
    tell = watch or (lambda note: None)
    given = np.array([problem.system.values[n] for n in problem.free])
    found = refusal = None
    try:
        substeps = _substeps(problem, given)
    except ValueError as error:
        substeps, refusal = 0, error
    if substeps:
        found = _staged(problem, given, segments, steps, substeps, tell)
        if _explains(problem, found):
            return found
    guess = matched(problem)
    if guess is not None:
        tell("starting again from values that match the slopes of the data")
        again = _again(problem, guess, segments, steps, tell)
        if again is not None and _explains(problem, again):
            return again
    if refusal is not None:
        raise refusal
    return found or _staged(problem, given, segments, steps, 0, tell)


def _substeps(problem: Problem, values: np.ndarray) -> int:
    """See `shooting.substeps_for`."""
    nominal = problem.known | dict(zip(problem.free, values, strict=True))
    return shooting.substeps_for(problem.system, problem.times, problem.guess, nominal)


def _again(problem: Problem, values, segments, steps: int, tell: Callable) -> Fit | None:
    """A fit from other values if they can be followed cheaply, else None."""
    try:
        substeps = _substeps(problem, values)
    except ValueError:
        return None
    return _staged(problem, values, segments, steps, substeps, tell) if substeps else None


def _explains(problem: Problem, fit: Fit) -> bool:
    """Whether a fit leaves clearly less than a constant per state would."""
    if not np.isfinite(fit.log_likelihood):
        return False
    values = np.log(problem.data) if problem.multiplicative else problem.data
    middle = np.nanmean(values, axis=(0, 1))
    spread = np.sqrt(np.nanmean((values - middle) ** 2, axis=(0, 1)))
    return bool((fit.rms[problem.seen] <= EXPLAINED * spread[problem.seen]).all())


def _staged(problem: Problem, values, segments, steps: int, substeps: int, tell: Callable) -> Fit:
    """Shoot over several segments while the gaps close, then over whole trajectories."""
    count = segments or max(1, min(20, (len(problem.times) - 1) // 3))
    size = np.maximum(np.abs(problem.guess).mean(axis=1), 1e-6 * problem.scale)
    sigma = 0.1 * (np.ones_like(size) if problem.multiplicative else size)
    nodes = problem.guess
    best = None
    pace = Pace(steps, substeps == 0, tell)
    if count > 1:
        for number, stiffness in enumerate(STIFFNESS, 1):
            pace.stage = f"stage {number} of {len(STIFFNESS) + 1}"
            best = _stage(problem, values, nodes, sigma, count, stiffness, pace, substeps)
            if substeps == 0 and not np.isfinite(best.log_likelihood):
                return best  # too stiff to be followed even for a segment: further stages are dear
            values, nodes, sigma = _array(best, problem), best.initial, best.sigma
    whole = nodes
    polished = best
    pace.stage = f"stage {len(STIFFNESS) + 1} of {len(STIFFNESS) + 1}"
    for _ in range(4):
        trial = _stage(problem, values, whole, sigma, 1, 1.0, pace, substeps)
        if not np.isfinite(trial.log_likelihood):
            polished = trial if polished is best else polished
            break
        done = polished is not None and np.allclose(trial.sigma, sigma, rtol=1e-3)
        polished, sigma = trial, trial.sigma
        values, whole = _array(trial, problem), trial.initial
        if done:
            break
    return polished


class Pace:
    """Levenberg-Marquardt in portions: cheap fits in one, stiff ones a few steps at a time, so
    that they can be watched and given up."""

    def __init__(self, steps: int, slow: bool, tell: Callable[[str], object]):
        self.portion = PORTION if slow else steps
        self.steps, self.slow, self.tell = steps, slow, tell
        self.begun, self.stage = time.monotonic(), ""

    def solve(self, run: Callable, vector: np.ndarray) -> Any:
        """The last result of `run(vector, steps)`, each beginning where the one before ended."""
        for done in range(0, self.steps, self.portion):
            solved = run(vector, min(self.portion, self.steps - done))
            vector = np.asarray(solved.x)
            self.tell(f"{self.stage}, misfit {np.sqrt(2 * float(solved.cost)):.3g} noise levels")
            if bool(solved.converged) or not np.isfinite(float(solved.cost)):
                break
            if self.slow and time.monotonic() - self.begun > LONGEST:
                raise FailedRun(
                    f"no fit was found in {LONGEST:.0f} s: from these starting values the "
                    f"solutions are too stiff to be followed quickly; start from other values of "
                    f"the parameters, or fit fewer of them"
                )
        return solved


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


def _stage(problem, values, nodes, sigma, count, stiffness, pace: Pace, substeps) -> Fit:
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
    _, low, high = bounds(problem, vector.size)
    free = np.ones(vector.size, bool)
    if problem.start_known:
        fixed = free[width:].reshape(-1, piece.count, nodes.shape[-1])
        fixed[:, 0] = False
    rows = np.repeat(sigma, piece.count, axis=0)

    def portion(start, steps):
        fixed = (free, low, high, logged, piece, problem.scale, rows, float(stiffness))
        return run(start, *fixed, steps)

    solved = pace.solve(portion, vector)
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
