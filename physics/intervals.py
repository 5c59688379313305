"""How sure a calibration is: covariance, intervals and what the data could not fix."""

import numpy as np

from physics.fitting import Fit, Problem


def uncertainty(problem: Problem, fit: Fit, level: float):
    """(covariance of the free parameters, {name: (low, high)}, notes)."""
    from scipy.stats import t as student

    width = len(problem.free)
    used = np.linalg.norm(fit.jacobian, axis=0) > 0
    unseen = [name for name, seen in zip(problem.free, used, strict=False) if not seen]
    covariance = np.full((width, width), np.inf)
    norm = np.where(used, np.linalg.norm(fit.jacobian, axis=0), 1.0)
    _, singular, vectors = np.linalg.svd(fit.jacobian[:, used] / norm[used], full_matrices=False)
    notes = []
    if unseen:
        notes.append(
            f"the data say nothing about {', '.join(unseen)}, so the value found means nothing: "
            f"measure a state that depends on it, or do not free it"
        )
    fine = len(singular) == 0 or singular[-1] > 1e-8 * singular[0]
    if fine:
        inverse = (vectors.T / singular**2) @ vectors / np.outer(norm[used], norm[used])
        full = np.full((len(used), len(used)), 0.0)
        full[np.ix_(used, used)] = inverse
        full[~used, ~used] = np.inf
        covariance = full[:width, :width]
    else:
        notes.append("the data do not fix all unknowns: some parameters can trade off exactly")
    freedom = max(problem.measured - problem.unknowns + int(problem.seen.sum()), 1)
    reach = student.ppf(0.5 + level / 2, freedom) * np.sqrt(np.diag(covariance)[:width])
    intervals = {}
    for i, name in enumerate(problem.free):
        value, parameter = fit.values[name], problem.system.parameter(name)
        if parameter.log:
            intervals[name] = (value * np.exp(-reach[i]), value * np.exp(reach[i]))
        else:
            intervals[name] = (float(value - reach[i]), float(value + reach[i]))
        if value in (parameter.low, parameter.high):
            notes.append(f"{name} sits on the edge of its range, {value:g}")
    if not fit.converged:
        notes.append("the last fit stopped before it converged")
    return covariance, intervals, notes
