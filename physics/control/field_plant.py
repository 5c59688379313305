"""A controlled periodic PDE of one state in one dimension, measured by sensors."""

from dataclasses import replace
from typing import Any

import numpy as np

from physics.grid import Grid
from physics.symbols import Parameter
from physics.system import System

ENERGY = "energy"


class FieldPlant:
    """`system` on `points` points, advanced by `dt` in `substeps` exponential steps.

    Controls are held over a step, so to the stepper they are parameters. Measured are the state at
    `sensors` evenly spaced points and the mean of its square, `energy`. `settle`: time that drawn
    fields run uncontrolled before an episode [T].
    """

    def __init__(
        self, system: System, *, points: int, sensors: int, dt: float, substeps: int,
        settle: float = 0.0,
    ):  # fmt: skip
        from physics.schemes import stepper

        if system.dim != 1 or len(system.states) != 1 or not system.controls:
            raise ValueError(f"{system.name!r} is no 1-D PDE of one state with controls")
        if points % sensors:
            raise ValueError(f"{sensors} sensors do not sit on {points} points")
        self.system = system
        self.names = (*(f"{system.state_names[0]}_{i}" for i in range(sensors)), ENERGY)
        self._stride, self._substeps = points // sensors, substeps
        self._settle = round(settle / (dt / substeps))
        held = tuple(Parameter(c.name, 0.0) for c in system.controls)
        free = replace(system, controls=(), parameters=(*system.parameters, *held))
        self._grid = Grid(system.domain, points)
        self._stepper = stepper(free, self._grid, dt / substeps)

    def draw(self, key: Any) -> Any:
        """See Plant; (point,)."""
        u = self.system.initial.draw_field(key, self._grid, self.system.state_names)[..., 0]
        zero = np.zeros(len(self.system.controls))
        return self._run(u, zero.astype(u.dtype), self._settle) if self._settle else u

    def advance(self, u: Any, action: Any) -> Any:
        """See Plant."""
        return self._run(u, action, self._substeps)

    def measure(self, u: Any) -> Any:
        """See Plant."""
        import jax.numpy as jnp

        energy = (u**2).mean(-1, keepdims=True)
        return jnp.concatenate([u[..., :: self._stride], energy], -1)

    def _run(self, u: Any, action: Any, count: int) -> Any:
        import jax

        controls = {c.name: action[i] for i, c in enumerate(self.system.controls)}
        coefficients = self._stepper.prepare(controls)
        state = self._stepper.encode(u[:, None])
        step = lambda state, _: (self._stepper.step(state, coefficients), None)  # noqa: E731
        return self._stepper.decode(jax.lax.scan(step, state, None, length=count)[0])[:, 0]
