"""How many steps a PDE takes between two frames, in batched runs: given, or chosen as they go.

Every step is compared with two shorter ones, from which the run goes on. Where the difference over
a stretch is above its share of the tolerance, half of the stretch is done with steps of half the
size; where it is far below, the next steps are twice as large.
"""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from physics.failures import FailedRun
from physics.integrate import comparing
from physics.names import TIME
from physics.system import System

TOLERANCE = {
    "spectral": {"float64": 1e-6, "float32": 1e-4},
    "finite-difference": {"float64": 1e-5, "float32": 1e-4},
    "finite-volume": {"float64": 1e-3, "float32": 1e-3},
}
MAX_STEPS = 1_000_000
PIECES, PIECES_WITH_TIME = 100, 1000
EASY = 1 / 64
UNEVEN = (0.381966, 0.618034)  # parts of a step that no period of a forcing divides
WRONG = 1e-2
LEAST_SHARE = 3e-4  # of the tolerance that any stretch may use, however short
PATIENCE = 8  # stretches after a failed one before steps grow again
AT_ONCE = 256  # steps of a stretch
GROWN, NARROW = 1e4, 1e-4  # growth within an interval, and stretches of it, that tell a blow-up
MOST_FAILURES, SHORTEST = 50, 1e-13
KEPT = 24


class Run:
    """All samples of one call, batched; the number of steps per interval is the only freedom."""

    def __init__(self, stepper, fields, times, values, precision):
        self.stepper, self.name = stepper, stepper.system.name
        self.fields, self.times = fields, np.asarray(times, precision)
        self.values = {k: np.asarray(v, precision) for k, v in values.items()}
        self.precision = precision
        self.gaps = np.diff(times)
        self.gap = float(self.gaps.max(initial=0.0))
        self.even = bool(np.allclose(self.gaps, self.gap, rtol=1e-6, atol=0.0))
        self.reached = float(times[-1])
        self._made: dict[float, tuple[Any, Any]] = {}

    def fixed(self, dt: float) -> tuple[np.ndarray, float]:
        """(states, dt used) with equal steps of at most `dt`."""
        substeps = max(1, int(np.ceil(self.gap / dt - 1e-9)))
        self.count(substeps * len(self.gaps))
        if not len(self.gaps):
            return np.asarray(self.fields)[:, None], dt
        if self.even:
            coefficients, axis = self.coefficients(self.gap / substeps)
            run = _rollout(self.stepper, axis)
            states = run(self.fields, self.times, coefficients, substeps)
        else:
            states = _uneven(self.stepper)(self.fields, self.times, self.values, substeps)
        return np.array(states), self.gap / substeps

    def controlled(self, rtol: float | None) -> tuple[np.ndarray, float]:
        """(states, smallest step) with the errors of all steps together below the tolerance.

        NaN from the first frame on that no step reaches; `reached` is then the time before it.
        """
        default = TOLERANCE[self.stepper.scheme][self.precision]
        tolerance = default if rtol is None else rtol
        states = np.full((len(self.fields), len(self.times), *self.fields.shape[1:]), np.nan)
        states = states.astype(self.precision)
        states[:, 0] = self.fields
        if not len(self.gaps):
            return states, 0.0
        exact = getattr(self.stepper, "exact", False)
        longest = self.gap if exact else longest_step(self.stepper.system, self.times)
        begin = comparing.start(self.stepper, self.fields, self.times[0], self.precision)
        way = _Way(self, begin, longest, tolerance, exact)
        for i, gap in enumerate(self.gaps):
            frame = way.along(float(self.times[i]), float(gap))
            if frame is None:
                self.reached = way.time
                break
            states[:, i + 1] = frame
        return states, way.smallest

    def count(self, steps: int) -> int:
        """`steps`. Raises FailedRun where they are too many."""
        if steps > MAX_STEPS:
            raise FailedRun(
                f"{self.name!r} needs more than {MAX_STEPS:,} steps; take a shorter time span, a "
                f"coarser resolution or a larger rtol"
            )
        return steps

    def coefficients(self, step: float) -> tuple[Any, Any]:
        """(coefficients, axes): worked out in float64, once if all samples share parameters."""
        import jax
        import jax.numpy as jnp

        key = float(f"{step:.12e}")
        if key in self._made:
            return self._made[key]
        varied = [k for k, v in self.values.items() if np.ndim(v)]
        rows = [
            self.stepper.prepare(
                {k: v[i] if k in varied else v for k, v in self.values.items()}, step
            )
            for i in range(len(self.fields) if varied else 1)
        ]
        made = rows[0], None
        if varied:
            made = jax.tree.map(lambda *leaves: jnp.stack(leaves), *rows), 0
        if len(self._made) >= KEPT:
            self._made.pop(next(iter(self._made)))
        self._made[key] = made
        return made


class _Way:
    """A run as it goes: where a stretch is too hard, it and its steps are halved."""

    def __init__(self, run: Run, begin: Any, longest: float, tolerance: float, exact: bool):
        self.run, self.carry, self.longest, self.tolerance = run, begin, longest, tolerance
        self.step = self.smallest = longest if exact else min(longest, run.stepper.dt)
        self.done, self.time, self.patience = 0, 0.0, 0
        self.span = float(run.times[-1] - run.times[0])
        timed = depends_on_time(run.stepper.system)
        self.parts = (1.0,) if exact else UNEVEN if timed else (0.5, 0.5)

    def along(self, start: float, gap: float) -> np.ndarray | None:
        """The fields after `gap`; None where they cannot be followed that far."""
        passed, length, failures, last = 0.0, gap, 0, np.inf
        size = float(np.max(self.carry[1]))
        while True:
            length = min(length, AT_ONCE * self.step)
            count = max(1, int(np.ceil(length / self.step - 1e-9)))
            self.done = self.run.count(self.done + 2 * count)
            h = length / count
            carry, frame, error = self._tried(start + passed, h, count)
            share = self.tolerance * max(length / self.span, LEAST_SHARE)
            if error <= share:
                self.carry, passed, failures = carry, passed + length, 0
                self.smallest = min(self.smallest, h * max(self.parts))
                self._stride(h, error < EASY * share)
                if passed >= gap * (1 - 1e-12):
                    return frame
                length = min(2 * length, gap - passed)
                continue
            failures, self.patience = failures + 1, PATIENCE
            self.time = start + passed
            grown = float(np.max(self.carry[1])) > GROWN * size and length < NARROW * gap
            if grown or failures > MOST_FAILURES or length < SHORTEST * self.span:
                if error < WRONG and error >= last / 4:
                    raise FailedRun(
                        f"{self.run.name!r} cannot be followed more exactly in "
                        f"{self.run.precision}: rounding exceeds the tolerance; take a larger "
                        f'rtol, or precision="float64"'
                    )
                return None
            last = error
            self.step, length = h / 2, length / 2

    def _stride(self, h: float, easy: bool) -> None:
        """The next step: twice as large where this one was easy and none failed of late."""
        self.patience = max(0, self.patience - 1)
        self.step = min(2 * h, self.longest) if easy and not self.patience else h

    def _tried(self, start: float, h: float, count: int) -> tuple[Any, np.ndarray, float]:
        """(carry, frame, worst error) after `count` steps of `h`, each done whole and in parts."""
        run = self.run
        (whole, axis), *parts = (run.coefficients(h * p) for p in (1.0, *self.parts))
        forget = np.asarray(h * count / self.span, run.precision)
        times = np.asarray([start, h], run.precision)
        advance = comparing.interval(run.stepper, axis)
        carry, frame, error = advance(
            self.carry, whole, parts[0][0], parts[-1][0], count, times, forget
        )
        worst = float(np.max(error))
        return carry, np.asarray(frame), worst if np.isfinite(worst) else np.inf


def depends_on_time(system: System) -> bool:
    """Whether t stands in an equation or in what holds at a wall."""
    walls = [e for c in system.boundary.values() for e in (c.value, c.slope)]
    return any(TIME in map(str, e.free_symbols) for e in (*system.equations.values(), *walls))


def longest_step(system: System, times: np.ndarray) -> float:
    """No step is longer, so that what happens between two distant frames is noticed."""
    if len(times) < 2:
        return 1.0
    gap = float(np.diff(times).max())
    pieces = PIECES_WITH_TIME if depends_on_time(system) else PIECES
    return gap / float(np.ceil(gap * pieces / float(times[-1] - times[0]) - 1e-9))


@functools.lru_cache(maxsize=64)
def _rollout(stepper: Any, axis: int | None) -> Any:
    """All frames of all samples with given coefficients, jitted."""
    import jax

    from physics.integrate.marching import frames

    def one(u, times, coefficients, substeps):
        return frames(stepper, u, times, coefficients, substeps, differentiable=False)

    return jax.jit(jax.vmap(one, in_axes=(0, None, axis, None)))


@functools.lru_cache(maxsize=64)
def _uneven(stepper: Any) -> Any:
    """The same where every interval has its own step, whose coefficients are made on the way."""
    import jax

    from physics.integrate.marching import uneven_frames

    def run(fields, times, values, substeps):
        def one(u, params):
            return uneven_frames(stepper, u, times, params, substeps)

        return jax.vmap(one, in_axes=(0, _axes(values)))(fields, values)

    return jax.jit(run)


def _axes(values: Mapping) -> dict:
    return {k: 0 if np.ndim(v) else None for k, v in values.items()}
