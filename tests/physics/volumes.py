"""Finite-volume runs for tests."""

import jax
import jax.numpy as jnp
import numpy as np

from physics.domain import Box
from physics.grid import Grid
from physics.lower.flux import FiniteVolumeStepper

DAM = "h_t = -D(m, x); m_t = -D(m^2/h + g*h^2/2, x)"


def open_box(low=-1.0, high=1.0, kind="outflow"):
    return Box(low=(low,), high=(high,), kinds=(kind,))


def run(system, points, start, dt, steps, **options):
    """(grid, u at the end, stepper); start: functions of the mesh, one per state."""
    grid = Grid(system.domain, points, "cells")
    stepper = FiniteVolumeStepper(system, grid, dt, **options)
    mesh = np.meshgrid(*grid.coordinates, indexing="ij")
    u = jnp.stack([jnp.asarray(f(*mesh) + 0 * mesh[0]) for f in start], -1)
    return grid, np.asarray(advance(stepper, u, steps)), stepper


def advance(stepper, u, steps, params=None):
    coefficients = stepper.prepare(params)
    last = jax.jit(
        lambda s: jax.lax.scan(
            lambda s, _: (stepper.step(s, coefficients), None), s, None, length=steps
        )[0]
    )(stepper.encode(u))
    return stepper.decode(last)
