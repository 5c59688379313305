"""Source: one system of a stream, from a key to a trajectory of frames."""

from typing import Any

import numpy as np

from physics import schemes
from physics.grid import Grid
from physics.integrate import comparing
from physics.system import System

TRIALS = 4
TOLERANCE = 1e-2
MAX_SUBSTEPS = 4096
ORDER = 2


class Source:
    """Draws initial fields and parameters of one system and simulates `frames` snapshots.

    grid: where it lives.   vary: parameters drawn from their ranges.   substeps: steps between
    two frames; by default enough that the steps' errors add up to one per cent over a trajectory.
    """

    def __init__(self, system: System, points: Any, frames: int, vary: Any, substeps: int | None):
        if system.domain is None:
            raise ValueError(f"{system.name!r} has no space: a stream is made of fields")
        if not getattr(system.initial, "spatial", False):
            raise ValueError(f"system {system.name!r} has no initial law for fields to draw from")
        if system.horizon is None:
            raise ValueError(f"system {system.name!r} has no horizon: set horizon= to stream it")
        self.system, self.frames = system, frames
        scheme, _ = schemes.choose(system)
        self.grid = Grid(system.domain, points, schemes.LAYOUTS[scheme])
        self.vary = tuple(vary if vary is not None else _ranged(system))
        for name in self.vary:
            parameter = system.parameter(name)
            if parameter.low is None or parameter.high is None:
                raise ValueError(f"parameter {name!r} of {system.name!r} has no range to draw from")
        self.interval = float(system.horizon) / max(frames - 1, 1)
        self.scheme = scheme
        self.stepper, self.substeps = self._resolved(substeps)

    def _resolved(self, substeps: int | None) -> tuple[Any, int]:
        """(stepper of one step, steps per interval); the order in time that costs least."""
        if substeps is not None or self.scheme != "spectral":
            return self._stepper(self.interval / (substeps or 1), ORDER), substeps or 1
        import jax

        fields, params = jax.jit(jax.vmap(self.draw))(jax.random.split(jax.random.key(0), TRIALS))
        trials = {order: _Trial(self, order, fields, params) for order in (2, 4)}
        first = {order: trial.first() for order, trial in trials.items()}
        order = min(first, key=lambda o: o * first[o])
        count = trials[order].along(first[order])
        if count > MAX_SUBSTEPS:
            raise ValueError(
                f"{self.system.name!r} needs more than {MAX_SUBSTEPS} steps between frames; take "
                f"more frames, a coarser resolution or narrower ranges"
            )
        return self._stepper(self.interval / count, order), count

    def _stepper(self, dt: float, order: int) -> Any:
        order = order if self.scheme == "spectral" else None
        return schemes.stepper(self.system, self.grid, dt, scheme=self.scheme, order=order)

    def draw(self, key: Any) -> tuple[Any, dict]:
        """(initial field, {parameter: value}) of one member."""
        import jax
        import jax.numpy as jnp

        start, *keys = jax.random.split(key, 1 + len(self.vary))
        field = self.system.initial.draw_field(start, self.grid, self.system.state_names)
        values = {name: jnp.asarray(v, field.dtype) for name, v in self.system.values.items()}
        for name, own in zip(self.vary, keys, strict=True):
            p = self.system.parameter(name)
            share = jax.random.uniform(own, (), field.dtype)
            if p.log:
                values[name] = p.low * (p.high / p.low) ** share
            else:
                values[name] = p.low + share * (p.high - p.low)
        return field, values

    def trajectory(self, key: Any) -> tuple[Any, Any]:
        """(frames, *space, channel) of one member and its parameters (in order of the system)."""
        import jax.numpy as jnp

        from physics.integrate.marching import frames

        field, values = self.draw(key)
        times = jnp.arange(self.frames) * jnp.asarray(self.interval, field.dtype)
        coefficients = self.stepper.prepare(values)
        states = frames(
            self.stepper, field, times, coefficients, self.substeps, differentiable=False
        )
        return states, jnp.stack([values[p.name] for p in self.system.parameters] or [times[0]])


def _ranged(system: System) -> list[str]:
    return [p.name for p in system.parameters if p.low is not None and p.high is not None]


class _Trial:
    """How many steps per interval one order in time needs, on a few members; powers of two."""

    def __init__(self, source: Source, order: int, fields: Any, params: dict):
        import jax
        import jax.numpy as jnp

        self.source, self.fields, self.params = source, fields, params
        self.stepper = source._stepper(source.interval, order)
        self.compare = comparing.comparison(self.stepper, 0)
        self.prepare = jax.jit(jax.vmap(self.stepper.prepare, in_axes=(0, None)))
        interval = jnp.asarray(source.interval, fields.dtype)
        self.times = jnp.arange(source.frames) * interval
        self.intervals = max(source.frames - 1, 1)

    def first(self) -> int:
        """Steps that suffice at the start."""
        count = 1
        while count <= MAX_SUBSTEPS and not self._accurate(count, self.fields, self.times[0]):
            count *= 2
        return count

    def along(self, count: int) -> int:
        """Steps that suffice along the trajectories too, at least `count`."""
        import jax

        from physics.integrate.marching import frames

        @jax.jit
        def run(coefficients, count):
            def one(field, own):
                return frames(self.stepper, field, self.times, own, count, differentiable=False)

            return jax.vmap(one)(self.fields, coefficients)

        later = sorted({self.intervals // 2, self.intervals} - {0})
        while count <= MAX_SUBSTEPS:
            states = run(self.prepare(self.params, self.source.interval / count), count)
            if all(self._accurate(count, states[:, i], self.times[i]) for i in later):
                break
            count *= 2
        return count

    def _accurate(self, count: int, states: Any, t: Any) -> bool:
        """Whether the errors of all steps add up to less than the tolerance."""
        h = self.source.interval / count
        whole, half = self.prepare(self.params, h), self.prepare(self.params, h / 2)
        apart = np.asarray(self.compare(states, t, whole, half))
        total = apart.max() * count * self.intervals
        return bool(np.isfinite(apart).all() and total <= TOLERANCE)
