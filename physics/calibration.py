"""calibrate: known equations, unknown parameters and initial states, noisy and gappy data."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from physics import arguments
from physics.data.validate import check_units, stack, validate
from physics.failures import FailedRun
from physics.system import System

if TYPE_CHECKING:
    import xarray

NOISE = ("additive", "multiplicative")
SHOWN = 4  # initial states that are printed


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What a fit found.

    system: the System with the fitted values.   intervals: {parameter: (low, high)} at `level`.
    initial: (sample, state) fitted initial states.   noise: {state: standard deviation}, of the
    logarithm for multiplicative noise.   covariance: (free, free) of the free parameters.
    misfit: root mean square of the residuals over their standard deviation before fitting it is
    in `rms` {state: …}, in data units (log units for multiplicative noise).
    log_likelihood, unknowns, measured: for information criteria.   simulated: Dataset of the fit.
    """

    system: System
    free: tuple[str, ...]
    intervals: Mapping[str, tuple[float, float]]
    level: float
    initial: np.ndarray
    noise: Mapping[str, float]
    rms: Mapping[str, float]
    covariance: np.ndarray
    log_likelihood: float
    unknowns: int
    measured: int
    converged: bool
    notes: tuple[str, ...] = ()
    simulated: "xarray.Dataset | None" = field(default=None, repr=False)

    @property
    def values(self) -> dict[str, float]:
        """{free parameter: fitted value}."""
        return {name: self.system.values[name] for name in self.free}

    @property
    def bic(self) -> float:
        """Bayesian information criterion; smaller is better."""
        return self.unknowns * float(np.log(self.measured)) - 2 * self.log_likelihood

    def __str__(self) -> str:
        lines = [f"{self.system.name}: {self.measured} measurements, {self.unknowns} unknowns"]
        for name, value in self.values.items():
            low, high = self.intervals[name]
            lines.append(
                f"  {name:>10} = {value:<12.6g} [{low:.4g}, {high:.4g}] at {self.level:.0%}"
            )
        lines += [f"  starts from {row}" for row in self._starts()]
        lines += [f"  noise of {s}: {v:.4g}" for s, v in self.noise.items()]
        return "\n".join([*lines, *(f"  note: {n}" for n in self.notes)])

    def _starts(self) -> list[str]:
        """The initial states, one row per sample up to SHOWN."""
        names = self.system.state_names
        rows = [
            ", ".join(f"{n} = {v:.6g}" for n, v in zip(names, row, strict=True))
            for row in self.initial[:SHOWN]
        ]
        if len(self.initial) == 1:
            return rows
        rows = [f"{row} (sample {i})" for i, row in enumerate(rows)]
        rest = len(self.initial) - SHOWN
        return [*rows, f"{rest} more states; see .initial"] if rest > 0 else rows


def calibrate(
    system: System,
    data: "xarray.Dataset",
    free: Sequence[str] | str | None = None,
    *,
    initial: Any = "free",
    noise: str = "additive",
    level: float = 0.95,
    segments: int | None = None,
    steps: int = 100,
    watch: Callable[[str], object] | None = None,
) -> Calibration:
    """Fit the `free` parameters (default: all) of `system` and the initial states to `data`.

    data: Dataset with dims (sample, time); NaN is not measured; states without a variable are
    unobserved; parameters that stand in the data per sample and are not free are taken from there.
    initial: "free", or (sample, state) / (state,) / {state: …} where it is known exactly.
    noise: "additive" or "multiplicative" (errors of the logarithm: counts, concentrations); its
    size is estimated per state and sample.   segments: pieces per trajectory,
    default from the number of times.   steps: of Levenberg-Marquardt per stage.
    watch: told now and then how far the fit is.
    Maximum likelihood by multiple shooting and Levenberg-Marquardt in float64; intervals from
    the Gauss-Newton covariance. Parameters stay in their ranges.
    Raises ValueError for bad input, FailedRun if no finite fit is found.

    Source: Bock (1983), doi:10.1007/978-1-4684-7324-7_7.
    """
    import jax

    from physics import fitting, unknowns
    from physics.intervals import uncertainty

    if noise not in NOISE:
        raise ValueError(f'noise is "additive" or "multiplicative", not {noise!r}')
    arguments.system(system)
    arguments.dataset(data)
    segments = None if segments is None else arguments.whole(segments, "segments", 1)
    steps = arguments.whole(steps, "steps", 1)
    if not 0 < arguments.real(level, "level") < 1:
        raise ValueError(f"level is a probability like 0.95, not {level}")
    if system.domain is not None or system.noise:
        raise ValueError(f"{system.name!r}: only ODEs and maps can be calibrated")
    every = tuple(p.name for p in system.parameters)
    free = every if free is None else tuple(dict.fromkeys(arguments.names(free, "free")))
    for name in free:
        system.parameter(name)
    observed = [s for s in system.state_names if s in data]
    if not observed:
        there = [str(n) for n, v in data.data_vars.items() if "time" in v.dims]
        raise ValueError(
            f"data has none of the states {', '.join(system.state_names)}; it has: "
            f"{', '.join(there) or 'none'}: rename the one or the other"
        )
    data = validate(data, observed)
    check_units(data, system)
    if noise == "multiplicative" and (stack(data, observed) <= 0).any():
        raise ValueError("multiplicative noise needs positive measurements; use noise='additive'")
    with jax.enable_x64(True), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        problem = unknowns.problem(system, data, free, initial, noise == "multiplicative")
        fit = _fit(problem, segments, steps, watch)
        if not np.isfinite(fit.log_likelihood):
            raise FailedRun(_NO_FIT.format(system.name))
        covariance, intervals, notes = uncertainty(problem, fit, level)
    return Calibration(
        system=system.with_values(**{n: fit.values[n] for n in free}),
        free=free,
        intervals=intervals,
        level=level,
        initial=fit.initial,
        noise=dict(zip(observed, np.sqrt((fit.sigma**2).mean(0))[problem.seen], strict=True)),
        rms=dict(zip(observed, fit.rms[problem.seen], strict=True)),
        covariance=covariance,
        log_likelihood=fit.log_likelihood,
        unknowns=problem.unknowns,
        measured=problem.measured,
        converged=fit.converged,
        notes=tuple(notes),
        simulated=fitting.simulated(problem, fit, data),
    )


_NO_FIT = (
    "no finite fit of {!r} was found; give better starting values of the parameters "
    "(system.with_values) or more segments"
)


def _fit(problem, segments: int | None, steps: int, watch):
    """`fitting.fit`; what the solvers below report of a run that broke down becomes a FailedRun."""
    from physics import fitting

    try:
        return fitting.fit(problem, segments, steps, watch)
    except FailedRun:
        raise
    except (RuntimeError, ValueError) as error:
        if isinstance(error, ValueError) and not str(error).startswith("INTERNAL"):
            raise
        raise FailedRun(_NO_FIT.format(problem.system.name)) from error
