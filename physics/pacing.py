"""How many steps a PDE takes between two frames: batched runs, with the error of a step measured.

One step of size h is compared with two of h/2 at the initial states and, after the run, at frames
along it; the differences, added up over all steps, must stay below the tolerance, else the run is
made anew with smaller steps.
"""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from physics.failures import FailedRun

TOLERANCE = {"float64": 1e-6, "float32": 1e-4}
MAX_STEPS = 1_000_000
RETRIES = 8
HALVINGS = 16
CHECKED = 6


class Run:
    """All samples of one call, batched; the number of steps per interval is the only freedom."""

    def __init__(self, stepper, fields, times, values, precision):
        self.stepper, self.name = stepper, stepper.system.name
        self.fields, self.times = fields, np.asarray(times, precision)
        self.values = {k: np.asarray(v, precision) for k, v in values.items()}
        self.precision = precision
        gaps = np.diff(times)
        self.gap = float(gaps.max(initial=0.0))
        self.even = bool(np.allclose(gaps, self.gap, rtol=1e-6, atol=0.0))

    def fixed(self, dt: float) -> tuple[np.ndarray, int]:
        """(states, substeps) with steps of at most `dt`."""
        return self._states(self._allowed(max(1, int(np.ceil(self.gap / dt - 1e-9)))))

    def stable(self) -> tuple[np.ndarray, int]:
        """(states, substeps) of a scheme that chooses its inner steps; halved where not finite."""
        substeps = 1
        while True:
            states, _ = self._states(substeps)
            if np.isfinite(states).all() or substeps >= HALVINGS:
                return states, substeps
            substeps = self._allowed(substeps * 2)

    def controlled(self, rtol: float | None) -> tuple[np.ndarray, int]:
        """(states, substeps) with the error of all steps together below the tolerance."""
        tolerance = rtol or TOLERANCE[self.precision]
        if len(self.times) == 1:
            return self._states(1)
        rows = np.unique(np.linspace(0, len(self.times) - 2, CHECKED).astype(int))
        substeps = 1
        while self._error(self.fields, self.times[0], substeps) > tolerance:
            substeps = self._allowed(substeps * 2)
        first = substeps
        while True:
            states, _ = self._states(substeps)
            if np.isfinite(states).all():
                if max(self._error(states[:, i], self.times[i], substeps) for i in rows) <= (
                    tolerance
                ):
                    return states, substeps
            elif substeps >= RETRIES * first:
                return states, substeps
            substeps = self._allowed(substeps * 2)

    def _allowed(self, substeps: int) -> int:
        if substeps * max(len(self.times) - 1, 1) > MAX_STEPS:
            raise FailedRun(
                f"{self.name!r} needs more than {MAX_STEPS:,} steps; take a shorter time span, a "
                f"coarser resolution or a larger rtol"
            )
        return substeps

    def _coefficients(self, step: float) -> tuple[Any, Any]:
        """(coefficients, axes): worked out in float64, once if all samples share parameters."""
        import jax
        import jax.numpy as jnp

        varied = [k for k, v in self.values.items() if np.ndim(v)]
        rows = [
            self.stepper.prepare(
                {k: v[i] if k in varied else v for k, v in self.values.items()}, step
            )
            for i in range(len(self.fields) if varied else 1)
        ]
        if not varied:
            return rows[0], None
        return jax.tree.map(lambda *leaves: jnp.stack(leaves), *rows), 0

    def _error(self, fields, t: float, substeps: int) -> float:
        """Relative difference of one and two half steps, over all steps; the worst sample."""
        h = self.gap / substeps
        (whole, axis), (half, _) = self._coefficients(h), self._coefficients(h / 2)
        compare = comparison(self.stepper, axis)
        found = np.asarray(compare(np.asarray(fields, self.precision), t, whole, half)) / h
        span = float(self.times[-1] - self.times[0])
        return float(found.max()) * span if np.isfinite(found).all() else np.inf

    def _states(self, substeps: int) -> tuple[np.ndarray, int]:
        if len(self.times) == 1:
            return np.asarray(self.fields)[:, None], substeps
        if self.even:
            coefficients, axis = self._coefficients(self.gap / substeps)
            run = _rollout(self.stepper, axis)
            states = run(self.fields, self.times, coefficients, substeps)
        else:
            states = _uneven(self.stepper)(self.fields, self.times, self.values, substeps)
        return np.array(states), substeps


@functools.lru_cache(maxsize=64)
def comparison(stepper: Any, axis: int | None) -> Any:
    """Relative difference of one step and two half steps per sample, jitted."""
    import jax
    import jax.numpy as jnp

    def one(u, t, whole, half):
        start = stepper.encode(u, t)
        once = stepper.decode(stepper.step(start, whole))
        twice = stepper.decode(stepper.step(stepper.step(start, half), half))
        return jnp.linalg.norm(once - twice) / (jnp.linalg.norm(twice) + 1e-30)

    return jax.jit(jax.vmap(one, in_axes=(0, None, axis, axis)))


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
