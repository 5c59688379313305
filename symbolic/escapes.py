"""Whether runs of a law blow up, seen in a moment.

The zoo's own solver takes its smallest steps, then an implicit method, before it gives a run up,
which is most of a minute. One pass of LSODA over all runs sees a singularity coming: the runs
leave the data a thousandfold, and as far again in no time.
"""

import warnings

import numpy as np
import sympy

from physics.failures import BlowUp
from physics.system import System
from symbolic.simulation import Restarts, right_hand_sides

MOST_RUNS = 64
EVALUATIONS = 5000
NEAR, FAR = 1e3, 1e6  # ranges of the data
SUDDEN = 1e-2  # share of the time in which a run gets from NEAR to FAR: e^690 if exponentially
STUCK = 10.0  # ranges of the data where a run whose steps are lost in rounding has blown up


def refuse_blow_up(
    law: System,
    record: np.ndarray,
    times: np.ndarray,
    starts: tuple[np.ndarray, np.ndarray, int],
    parameters: dict[str, np.ndarray],
    controls: dict[str, np.ndarray],
) -> None:
    """Raise BlowUp where a run of the ODE `law` runs into a singularity; anything else passes.

    record: (sample, time, state).   starts: (sample, index, steps), as in symbolic.restarts.
    parameters: {name: number or (sample,)}.   controls: {name: (sample, time)}.
    """
    sample, index, steps = starts
    some = np.unique(np.linspace(0, len(sample) - 1, min(MOST_RUNS, len(sample))).astype(int))
    sample, index = sample[some], index[some]
    span = float(np.min(times[np.minimum(index + steps, len(times) - 1)] - times[index]))
    flat = record.reshape(-1, record.shape[-1])
    centre = np.nanmean(flat, axis=0)
    scale = np.maximum(np.nanstd(flat, axis=0), np.maximum(1e-3 * np.abs(centre), 1e-300))
    where = Restarts(
        initial=record[sample, index],
        start=times[index],
        after=np.array([span]),
        record=record[sample, index][:, None],
        controls=[{sympy.Symbol(n): (times, v[s]) for n, v in controls.items()} for s in sample],
        scale=scale,
        centre=centre,
        sample=sample,
    )
    each = {n: np.broadcast_to(v, (len(record),)) for n, v in parameters.items()}
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of LSODA, at a singularity
        found = _escape(right_hand_sides(law, where, each), where, span)
    if found is not None:
        run, after = found
        raise BlowUp(
            f"a run of {law.name!r} from sample {sample[run]} leaves the data far behind at t = "
            f"{after:.6g} (of {span:.6g}) after its start: it blows up there",
            [sample[run]],
        )


def _escape(rates, where: Restarts, span: float) -> tuple[int, float] | None:
    """(run, time after the start) of the first singularity; None where there is none in sight."""
    from scipy.integrate import LSODA

    shape = where.initial.shape
    band = shape[1] - 1
    solver = LSODA(
        lambda after, u: rates(after, u.reshape(shape)).ravel(),
        0.0,
        where.initial.ravel(),
        span,
        rtol=1e-4,
        atol=1e-6 * float(where.scale.min()),
        lband=band,
        uband=band,
    )
    near = np.full(len(where.initial), np.inf)  # when a run got to NEAR
    while solver.status == "running" and solver.nfev < EVALUATIONS:
        solver.step()
        if not np.isfinite(solver.y).all():
            return None
        away = (np.abs(solver.y.reshape(shape) - where.centre) / where.scale).max(1)
        near = np.where(away > NEAR, np.minimum(near, solver.t), np.inf)
        sudden = (away > FAR) & (solver.t - near < SUDDEN * span)
        if sudden.any():
            return int(np.argmax(sudden)), solver.t
        stuck = solver.status == "failed" or solver.t == solver.t_old
        if stuck and away.max() > STUCK:
            return int(np.argmax(away)), solver.t
    return None
