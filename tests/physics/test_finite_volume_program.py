"""The finite-volume lowering as a program: batches, gradients, precision, steps, refusals."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import physics
from physics.grid import Grid
from physics.lower.flux import FiniteVolumeStepper, suits
from physics.lower.radius import radius

from .volumes import DAM, open_box

pytestmark = pytest.mark.usefixtures("double")


# -- the protocol ----------------------------------------------------------------------------


@functools.cache
def viscous():
    text = "u_t = -c*u*u_x + nu*u_xx"
    return physics.parse(text, {"nu": 0.02, "c": 1.0}, domain=open_box(), boundary={"x-": 0.2})


def test_batches_loops_jit_and_eager_agree():
    stepper = FiniteVolumeStepper(viscous(), Grid(viscous().domain, 24, "cells"), 0.02)
    x = stepper.grid.coordinates[0]
    fields = jnp.asarray(np.stack([np.sin(3 * x), np.cos(2 * x) / 2]))[..., None]
    values = {"nu": jnp.array([0.02, 0.03])}
    prepared = jax.vmap(stepper.prepare)(values)
    state = jax.vmap(stepper.encode)(fields)
    batch = jax.vmap(stepper.decode)(jax.vmap(stepper.step)(state, prepared))
    for i in range(2):
        params = {"nu": values["nu"][i]}
        eager = stepper(fields[i], params)
        np.testing.assert_allclose(batch[i], eager, atol=1e-13)
        np.testing.assert_allclose(jax.jit(stepper)(fields[i], params), eager, atol=1e-13)


@pytest.mark.turns
def test_gradients_are_those_of_differences():
    stepper = FiniteVolumeStepper(viscous(), Grid(viscous().domain, 24, "cells"), 0.02)
    u = jnp.asarray(np.sin(3 * stepper.grid.coordinates[0]))[:, None]

    def loss(nu, scale):
        return jnp.sum(stepper(scale * u, {"nu": nu}) ** 2 * jnp.arange(24.0)[:, None])

    got, h, loss = jax.jit(jax.grad(loss, (0, 1)))(0.02, 1.1), 1e-6, jax.jit(loss)
    slopes = (loss(0.02 + h, 1.1) - loss(0.02 - h, 1.1), loss(0.02, 1.1 + h) - loss(0.02, 1.1 - h))
    np.testing.assert_allclose(got, np.array(slopes) / (2 * h), rtol=1e-5)


def test_gradients_of_uniform_states_are_finite():
    system = physics.parse(DAM, {"g": 9.81}, length=2)
    stepper = FiniteVolumeStepper(system, Grid(system.domain, 6, "cells"), 0.01, substeps=2)
    u = jnp.zeros((6, 2)).at[..., 0].set(1.0)
    assert np.isfinite(jax.jit(jax.grad(lambda v: jnp.sum(stepper(v) ** 2)))(u)).all()
    for size in (1, 2, 3):
        slope = jax.grad(lambda a: radius([list(row) for row in a], jnp))(jnp.zeros((size, size)))
        assert np.isfinite(slope).all()


def test_the_precision_is_that_of_the_field():
    stepper = FiniteVolumeStepper(viscous(), Grid(viscous().domain, 24, "cells"), 0.02)
    u = np.sin(3 * stepper.grid.coordinates[0])[:, None]
    single = stepper(jnp.asarray(u, jnp.float32))
    assert single.dtype == jnp.float32
    np.testing.assert_allclose(single, stepper(jnp.asarray(u)), atol=1e-5)


def test_another_step_can_be_prepared():
    stepper = FiniteVolumeStepper(viscous(), Grid(viscous().domain, 24, "cells"), 0.02)
    u = jnp.asarray(np.sin(3 * stepper.grid.coordinates[0]))[:, None]
    half = stepper.prepare(dt=0.01)
    twice = stepper.step(stepper.step(stepper.encode(u), half), half)
    assert float(twice.t) == pytest.approx(0.02)
    np.testing.assert_allclose(stepper.decode(twice), stepper(u), atol=1e-3)


def test_time_runs_on_inside_the_state():
    system = physics.parse("u_t = -u_x + cos(t)", length=1)
    stepper = FiniteVolumeStepper(system, Grid(system.domain, 8, "cells"), 0.1, substeps=8)
    u = stepper(jnp.zeros((8, 1)), t=0.3)
    np.testing.assert_allclose(u, np.sin(0.4) - np.sin(0.3), rtol=1e-7)


# -- limits ----------------------------------------------------------------------------------


def test_waves_that_are_too_fast_are_explained():
    system = physics.parse("u_t = -u*u_x", length=1)
    stepper = FiniteVolumeStepper(system, Grid(system.domain, 32, "cells"), 0.02)
    u = jnp.asarray(20 + np.sin(2 * np.pi * stepper.grid.coordinates[0]))[:, None]
    assert np.isnan(jax.jit(stepper)(u)).all()
    with pytest.raises(ValueError, match="too fast.*give substeps=") as error:
        stepper(u)
    count = int(str(error.value).rsplit("=", 1)[1])
    finer = FiniteVolumeStepper(system, stepper.grid, 0.02, substeps=count)
    assert np.isfinite(finer(u)).all()


def test_a_step_that_no_number_of_substeps_serves_is_refused():
    system = physics.parse("u_t = -c*u_x + u_xx", {"c": 1.0}, length=1)
    with pytest.raises(ValueError, match="largest stable step is about"):
        FiniteVolumeStepper(system, Grid(system.domain, 1000, "cells"), 1.0)


@pytest.mark.parametrize(
    ("text", "layout", "message"),
    [
        ("u_t = -u*u_x", "nodes", 'layout="cells"'),
        ("u_t = u_x^2", "cells", "no flux form"),
        ("u_t = -u*u_x - u_xxx", "cells", "up to the second"),
        ("u_t = -D(u*inverse_laplacian(u), x)", "cells", "nonlocal"),
    ],
)
def test_what_it_cannot_serve_is_said(text, layout, message):
    system = physics.parse(text)
    grid = Grid(system.domain, 16, layout)
    assert message in suits(system, grid)
    with pytest.raises(ValueError):
        FiniteVolumeStepper(system, grid, 0.1)
