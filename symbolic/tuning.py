"""The constants of the best law, and the initial states, fitted through its solver.

The rows that a law was found with are linear in its constants, and curves stand in for the
states; a run of the law itself has neither error, so it decides the constants last.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from symbolic.result import Discovery

MOST_MEASURED = 4000  # numbers up to which a law's constants are fitted again
MOST_UNKNOWN = 40
FACTOR = 2.0  # by which a constant may move without the law becoming another one


def tuned(found: Discovery, data: Any) -> Discovery:
    """`found` with the constants of its best law fitted to `data` by physics.calibrate.

    `found` itself where the law is no ODE of measured states, where the data are many, and where
    the fit fails or would make another law of it.
    """
    import physics

    law = found.best
    if not _fits(law, data) or found.varying:
        return found
    hidden = found.candidates[found.chosen].hidden
    free = [p.name for p in (hidden or law).parameters]
    try:
        fits = [physics.calibrate(law, data, free=free)]
        if all(_positive(data[s].values) for s in law.state_names):
            fits.append(physics.calibrate(law, data, free=free, noise="multiplicative"))
    except (ValueError, physics.FailedRun):
        return found
    logs = [float(np.nansum(np.log(data[s].values))) if len(fits) > 1 else 0.0
            for s in law.state_names]  # fmt: skip
    scores = [fit.log_likelihood - i * sum(logs) for i, fit in enumerate(fits)]
    index = int(np.argmax(scores))
    fit, kind = fits[index], ("additive", "multiplicative")[index]
    if not _same(law.values, fit.values):
        return found
    ranges = (f"{n} in [{low:.4g}, {high:.4g}]" for n, (low, high) in fit.intervals.items())
    noise = {s: _relative(fit.noise[s], data[s].values, kind) for s in law.state_names}
    candidates = list(found.candidates)
    candidates[found.chosen] = replace(candidates[found.chosen], law=fit.system)
    return replace(
        found,
        candidates=tuple(candidates),
        noise=noise,
        initial=fit.initial,
        method=(
            f"{found.method}; constants of the best law then fitted to the data through the ODE, "
            f"{kind} noise, at {fit.level:.0%}: {', '.join(ranges)}"
        ),
    )


def _fits(law: Any, data: Any) -> bool:
    """Whether a law can be calibrated on the data in a moment."""
    import physics

    if not isinstance(law, physics.System) or law.time != "continuous" or not law.parameters:
        return False
    if not {"sample", "time"} >= set(data.dims) or any(s not in data for s in law.state_names):
        return False
    samples = data.sizes.get("sample", 1)
    size = samples * data.sizes["time"] * len(law.states)
    unknown = samples * len(law.states) + len(law.parameters)
    return size <= MOST_MEASURED and unknown <= MOST_UNKNOWN


def _positive(values: np.ndarray) -> bool:
    return bool((values[~np.isnan(values)] > 0).all())


def _same(before: Any, after: Any) -> bool:
    """Whether no constant changed its sign or moved by more than FACTOR."""
    return all(
        value == before[n] or 1 / FACTOR <= value / before[n] <= FACTOR
        for n, value in after.items()
        if before[n]
    )


def _relative(level: float, values: np.ndarray, kind: str) -> float:
    """A noise level relative to the standard deviation of the data."""
    size = np.sqrt(np.nanmean(values**2)) if kind == "multiplicative" else 1.0
    return float(level * size / np.nanstd(values))
