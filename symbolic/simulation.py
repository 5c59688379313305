"""A candidate law run from the data again and again, without compiling it.

`physics.solve` compiles every new law (seconds); a discovery tries several laws for a second in
all, so here the same expressions are walked in numpy and all restarts go through one call of
LSODA. `symbolic.check` re-simulates the law that was chosen with the zoo's own solver.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import sympy

from physics.lower.expression import evaluate
from physics.names import TIME
from physics.system import System
from physics.tree import number
from symbolic.restarts import windows
from symbolic.varying import values_at

STARTS = 8  # per sample
MOST_STARTS = 32
FAR = 1e3  # ranges of the data beyond which a run counts as blown up
EVALUATIONS = 20_000
POINTS = 50  # per run


Varying = Mapping[str, Sequence[float]]
Rates = Callable[[float, np.ndarray], np.ndarray]


class Restarts(NamedTuple):
    """Where runs start and what they are held against.

    initial: (start, state).   start: (start,) [T].   after: (m,) times after the start [T], or
    steps of a map.   record: (start, m, state), NaN where not measured.
    controls: per start {symbol: (times, values)}.   scale, centre: (state,), spread of the data.
    sample: (start,) the sample of each start.   most: how many laws are worth running.
    """

    initial: np.ndarray
    start: np.ndarray
    after: np.ndarray
    record: np.ndarray
    controls: Sequence[dict]
    scale: np.ndarray
    centre: np.ndarray
    sample: np.ndarray
    most: int = 4

    def error(self, law: System, varying: Varying | None = None) -> float:
        """See `error`."""
        return error(law, self, varying)


def restarts(times, values, smooth, controls, discrete: bool = False) -> Restarts | None:
    """Starts half a decorrelation time apart; None where the data have no room for one.

    times: (time,).   values: (sample, time, state).   smooth: the same with less noise, to start
    from.   controls: {symbol: (sample, time)}.
    """
    found = windows(times, smooth, STARTS)
    if not len(found.sample):
        return None
    chosen = np.linspace(0, len(found.sample) - 1, min(MOST_STARTS, len(found.sample))).astype(int)
    sample, index = found.sample[chosen], found.index[chosen]
    stride = 1 if discrete else -(-found.steps // POINTS)
    ahead = np.arange(stride, min(found.steps, stride * POINTS) + 1, stride)
    after = ahead * float(np.median(np.diff(times)))
    record = np.empty((len(sample), len(after), values.shape[2]))
    for row, (s, i) in enumerate(zip(sample, index, strict=True)):
        at = times[i] + after
        for j in range(values.shape[2]):
            known = np.isfinite(smooth[s, :, j])
            record[row, :, j] = np.interp(
                at, times[known], smooth[s, known, j], left=np.nan, right=np.nan
            )
    flat = values.reshape(-1, values.shape[2])
    return Restarts(
        initial=smooth[sample, index],
        start=times[index],
        after=after,
        record=record,
        controls=[{k: (times, v[s]) for k, v in controls.items()} for s in sample],
        scale=np.maximum(np.nanstd(flat, axis=0), 1e-300),
        centre=np.nanmean(flat, axis=0),
        sample=sample,
    )


def error(law: System, where: Restarts, varying: Varying | None = None) -> float:
    """Mean over the restarts of the relative error; infinite if any run blows up.

    Relative to the standard deviation of each state, root mean square over states and times.
    varying: {parameter: value in every sample}.
    """
    run = _steps if law.time == "discrete" else _flow
    with np.errstate(all="ignore"):
        states = run(right_hand_sides(law, where, varying or {}), where)
    if states is None or not np.isfinite(states).all():
        return float("inf")
    apart = (states - where.record) / where.scale
    each = np.sqrt(np.nanmean(apart**2, axis=(1, 2)))
    return float(np.nanmean(each)) if np.isfinite(each).any() else float("nan")


def right_hand_sides(law: System, where: Restarts, varying: Varying) -> Rates:
    """(t after the start, (start, state)) -> right-hand side (start, state)."""
    names = list(law.equations)
    constants = {sympy.Symbol(n): number(v) for n, v in law.values.items() if n not in varying}
    expressions = [e.xreplace(constants) for e in law.equations.values()]
    given = values_at(varying, where.sample)
    jets = [s for s in sorted(set().union(*(e.free_symbols for e in expressions)), key=str)]
    states = {n: s for s in jets for n in names if s.name == n}
    inputs = sorted({k for c in where.controls for k in c}, key=str)

    def rates(after: float, u: np.ndarray) -> np.ndarray:
        environment = {states[n]: u[:, i] for i, n in enumerate(names) if n in states}
        environment |= given
        environment[sympy.Symbol(TIME)] = where.start + after
        for symbol in inputs:
            pairs = zip(where.controls, where.start, strict=True)
            environment[symbol] = np.array([np.interp(t + after, *c[symbol]) for c, t in pairs])
        found = evaluate(expressions, environment, np)
        return np.stack([np.broadcast_to(f, len(u)).astype(float) for f in found], axis=-1)

    return rates


def _flow(rates: Rates, where: Restarts) -> np.ndarray | None:
    from scipy.integrate import solve_ivp

    shape, calls = where.initial.shape, [0]

    class Exhausted(Exception):
        pass

    def scaled(after, flat):
        calls[0] += 1
        u = flat.reshape(shape)
        away = np.abs(u - where.centre) > FAR * where.scale
        if calls[0] > EVALUATIONS or away.any() or not np.isfinite(flat).all():
            raise Exhausted
        return rates(after, u).ravel()

    try:
        solved = solve_ivp(
            scaled,
            (0.0, where.after[-1]),
            where.initial.ravel(),
            t_eval=where.after,
            method="LSODA",
            rtol=1e-5,
            atol=1e-7 * float(where.scale.min()),
            lband=shape[1] - 1,
            uband=shape[1] - 1,
        )
    except Exhausted:
        return None
    if not solved.success:
        return None
    return np.moveaxis(solved.y.reshape(*shape, -1), -1, 1)


def _steps(rates: Rates, where: Restarts) -> np.ndarray | None:
    u, out = where.initial, []
    for n in range(len(where.after)):
        u = rates(float(n), u)
        away = np.abs(u - where.centre) > FAR * where.scale
        if away.any() or not np.isfinite(u).all():
            return None
        out.append(u)
    return np.stack(out, axis=1)
