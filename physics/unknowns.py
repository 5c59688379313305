"""What a calibration is given and has to find, as arrays: records, parameters, initial states."""

from dataclasses import dataclass

import numpy as np

from physics.data.validate import stack
from physics.request import read_initial
from physics.system import System


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


def bounds(problem: Problem, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(which parameters are on a log scale, low, high) of `size` unknowns, parameters first."""
    logged = problem.logged
    low, high = np.full(size, -np.inf), np.full(size, np.inf)
    for i, name in enumerate(problem.free):
        p = problem.system.parameter(name)
        if p.low is not None:
            low[i] = np.log(p.low) if logged[i] else p.low
        if p.high is not None:
            high[i] = np.log(p.high) if logged[i] else p.high
    return logged, low, high


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
