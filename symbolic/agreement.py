"""check: how well a law describes measured data.

A System is re-simulated from the data; a Formula is evaluated on it. Errors are relative L2 norms
per state; a law passes if it stays within the tolerance and beats persistence.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import xarray

from physics.data.validate import stack, validate
from physics.failures import FailedRun
from physics.formula import Formula
from physics.system import System
from symbolic.resimulation import resimulate
from symbolic.restarts import Starts, ahead, whole_record, windows

MARGIN = 0.9  # a law must leave at most this share of persistence's error
ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Check:
    """How well a law describes data; true if it passed.

    errors: {state or output: relative L2 error} (mean over the restarts of a System).
    log_errors: {state: RMS of log(law/data)} of the states whose data are all positive.
    from_start: errors of one run over the whole record.   persistence: errors of "nothing
    changes" on the same restarts.   horizon: how far ahead each restart runs [T].
    reasons: what went wrong, in words.   units: what the unit check found, if units are given.
    Infinite errors stand for runs that blew up or values that are not finite.
    """

    law: str
    tolerance: float
    errors: Mapping[str, float]
    log_errors: Mapping[str, float] = field(default_factory=dict)
    from_start: Mapping[str, float] = field(default_factory=dict)
    persistence: Mapping[str, float] = field(default_factory=dict)
    horizon: float | None = None
    restarts: int = 0
    reasons: tuple[str, ...] = ()
    units: str = ""

    @property
    def total(self) -> float:
        """Root mean square of the errors of all states that could be compared."""
        return _total(self.errors)

    @property
    def passed(self) -> bool:
        """Within the tolerance, and better than predicting that nothing changes."""
        return self.total <= self.tolerance and not self._idle

    @property
    def _idle(self) -> bool:
        baseline = _total(self.persistence)
        return bool(self.persistence) and self.total > max(MARGIN * baseline, ROUNDING)

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        verdict = "passed" if self.passed else "failed"
        lines = [f"{self.law}: {verdict}, error {self.total:.3g} (allowed {self.tolerance:g})"]
        if self.restarts:
            lines.append(f"{self.restarts} restarts from the data, each {self.horizon:.4g} ahead")
        columns = {
            "error": self.errors,
            "log error": self.log_errors,
            "persistence": self.persistence,
            "whole record": self.from_start,
        }
        columns = {name: column for name, column in columns.items() if column}
        width = max(len("total"), *(len(name) for name in self.errors))
        lines.append("  ".join([" " * width, *(f"{name:>12}" for name in columns)]))
        for name in self.errors:
            cells = (f"{c[name]:12.3g}" if name in c else " " * 12 for c in columns.values())
            lines.append("  ".join([f"{name:{width}}", *cells]))
        totals = (
            f"{_total(c):12.3g}" if len(c) == len(self.errors) else " " * 12
            for c in columns.values()
        )
        lines.append("  ".join([f"{'total':{width}}", *totals]))
        if self._idle and self.total <= self.tolerance:
            lines.append("no better than persistence: these data cannot confirm the law")
        lines += [f"units: {self.units}"] if self.units else []
        return "\n".join(line.rstrip() for line in [*lines, *self.reasons])


def check(
    law: System | Formula,
    data: xarray.Dataset,
    system: System | None = None,
    *,
    tolerance: float = 0.1,
    restarts: int = 8,
    parameters: Mapping[str, float] | None = None,
) -> Check:
    """How well `law` describes `data`.

    data: dims (sample, time), for a PDE with x, y, z, one variable per state (for a Formula: per
    input and output, any dims), NaN where not measured, controls as variables.   system: the
    partly known System that a Formula completes; the completed one is then re-simulated.
    tolerance: largest total relative error that passes.   restarts: most per sample.
    parameters: {name: number or (sample,)} instead of the law's values; a variable of the data
    named like a parameter is taken where it differs between samples.
    Raises ValueError for data that do not fit the law, and for laws with noise.
    """
    if not isinstance(law, System | Formula):
        hint = "no law was found" if law is None else "pass a discovery's .best"
        raise ValueError(f"can check a System or a Formula, not {type(law).__name__}: {hint}")
    if not isinstance(tolerance, int | float) or not tolerance > 0:
        raise ValueError(f"tolerance must be a positive number, not {tolerance!r}")
    if not isinstance(restarts, int) or restarts < 1:
        raise ValueError(f"restarts must be a positive whole number, not {restarts!r}")
    if isinstance(law, System) and system is not None:
        raise ValueError("system= is for a Formula that completes it; a System stands alone")
    if isinstance(law, Formula) and system is not None:
        law = system.complete(law)
    if isinstance(law, Formula):
        from symbolic.samples import check_samples

        errors, reasons = check_samples(law, data, parameters)
        return Check(law=law.name, tolerance=tolerance, errors=errors, reasons=reasons)
    return _check_system(law, data, float(tolerance), restarts, parameters)


def _check_system(law, data, tolerance, restarts, parameters) -> Check:
    if law.domain is not None:
        from symbolic.spacetime.holding import held

        return Check(
            law=law.name, tolerance=tolerance, units=_units(law),
            **held(law, data, restarts, _parameters(law, data, parameters)),
        )  # fmt: skip
    if law.noise:
        raise ValueError(
            f"{law.name!r} has noise, so its paths differ from the data's; "
            f"compare moments of physics.solve with those of the data"
        )
    names = law.state_names
    dataset = validate(data, names)
    values, times = stack(dataset, names), np.asarray(dataset["time"].values, np.float64)
    chosen = _parameters(law, dataset, parameters)
    starts, whole = windows(times, values, restarts), whole_record(values)
    if not len(starts.sample):
        raise ValueError("no entry of the data has all states measured and data after it")
    scale = np.sqrt(np.nanmean(values**2, axis=(0, 1)))
    scale[scale == 0] = 1.0
    reasons: list[str] = []

    def run(which: Starts, what: str) -> np.ndarray:
        try:
            return resimulate(law, dataset, values, which, chosen, len(starts.sample))
        except FailedRun as error:
            reasons.append(f"{what}: {error}")
            return np.full((len(which.sample), which.steps + 1, len(names)), np.inf)

    record, model = ahead(values, starts), run(starts, "restarts")
    still = np.broadcast_to(record[:, :1], record.shape)
    return Check(
        law=law.name,
        tolerance=tolerance,
        errors=_per_state(names, model, record, scale),
        log_errors=_log_errors(names, values, model, record),
        from_start=_per_state(names, run(whole, "whole record"), ahead(values, whole), scale),
        persistence=_per_state(names, still, record, scale),
        horizon=float(np.mean(np.diff(times)) * starts.steps),
        restarts=len(starts.sample),
        reasons=tuple(reasons),
        units=_units(law),
    )


# -- pieces --------------------------------------------------------------------------------


def _total(errors: Mapping[str, float]) -> float:
    known = [e for e in errors.values() if not math.isnan(e)]
    return math.hypot(*known) / math.sqrt(len(known)) if known else math.nan


def _per_state(names, model: np.ndarray, record: np.ndarray, scale: np.ndarray) -> dict:
    """RMS of model − record after the start, relative to `scale`, averaged over the starts."""
    errors = {}
    for i, name in enumerate(names):
        runs = []
        for one, other in zip(model[:, 1:, i], record[:, 1:, i], strict=True):
            known = np.isfinite(other)
            if known.any():
                apart = one[known] - other[known]
                runs.append(_norm(apart / scale[i]) / math.sqrt(known.sum()))
        errors[name] = float(np.mean(runs)) if runs else math.nan
    return errors


def _norm(values: np.ndarray) -> float:
    """The Euclidean norm, infinite if one of `values` is not finite."""
    largest = float(np.abs(values).max())
    if not math.isfinite(largest):
        return math.inf
    return largest * float(np.linalg.norm(values / largest)) if largest else 0.0


def _log_errors(names, values: np.ndarray, model: np.ndarray, record: np.ndarray) -> dict:
    errors = {}
    for i, name in enumerate(names):
        if np.nanmin(values[..., i]) > 0:
            known = np.isfinite(record[:, 1:, i])
            ratio = model[:, 1:, i][known] / record[:, 1:, i][known]
            good = bool(np.isfinite(ratio).all() and (ratio > 0).all())
            errors[name] = float(np.sqrt(np.mean(np.log(ratio) ** 2))) if good else math.inf
    return errors


def _parameters(law, dataset, given) -> dict[str, np.ndarray]:
    """{name: number or (sample,)} that differ from the law's values."""
    for name in given or {}:
        law.parameter(name)
    chosen = {name: np.asarray(value, np.float64) for name, value in (given or {}).items()}
    for name in law.values:
        if name in dataset and name not in chosen and dataset[name].dims == ("sample",):
            column = dataset[name].values.astype(np.float64)
            if np.ptp(column) > 0:
                chosen[name] = column
    return chosen


def _units(law: System) -> str:
    from physics.units import check_units

    symbols = (*law.states, *law.parameters, *law.controls)
    if not any(getattr(s, "unit", None) for s in symbols) and not law.units:
        return ""
    report = check_units(law, strict=False)
    return "; ".join(map(str, report.disagreements)) or "consistent"
