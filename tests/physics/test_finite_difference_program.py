"""The finite-difference lowering as a program: walls, batches, gradients, precision, refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import physics
from physics.domain import Box
from physics.grid import Grid
from physics.lower.difference import FiniteDifferenceStepper, difference_rhs, suits
from physics.lower.finite_difference.stencils import weights

pytestmark = pytest.mark.usefixtures("double")


# -- the right-hand side and the protocol ----------------------------------------------------


def viscous(**values):
    walls = {"x-": "a*sin(t)", "x+": "neumann"}
    text = "u_t = -u*u_x + nu*u_xx"
    return physics.parse(text, {"nu": 0.05, "a": 1.0} | values, length=2, boundary=walls)


def test_the_right_hand_side_keeps_the_conditions():
    system, h = viscous(), 1e-6
    grid = Grid(system.domain, 32)
    f = difference_rhs(system, grid)
    u = jnp.asarray(np.cos(grid.coordinates[0]))[:, None]
    change = jax.jit(f)(0.3, u, {"a": 2.0})
    assert float(change[0, 0]) == pytest.approx(2 * np.cos(0.3))
    end = weights(0.0, -np.arange(5.0), 1) @ np.asarray(change)[::-1][:5, 0]
    assert abs(end) < 1e-9
    shifted = f(0.3, u.at[0].add(7.0), {"a": 2.0})
    np.testing.assert_allclose(shifted, change, atol=1e-9)

    def loss(nu):
        return jnp.sum(f(0.3, u, {"nu": nu}) ** 2)

    slope = (loss(0.05 + h) - loss(0.05 - h)) / (2 * h)
    np.testing.assert_allclose(jax.grad(loss)(0.05), slope, rtol=1e-6)


def test_controls_enter_the_right_hand_side():
    system = physics.parse("u_t = u_xx + f", controls=["f"], length=1)
    f = difference_rhs(system, Grid(system.domain, 16), order=2)
    np.testing.assert_allclose(f(0.0, jnp.zeros((16, 1)), control={"f": 2.0}), 2.0)
    with pytest.raises(ValueError, match="control 'f'"):
        f(0.0, jnp.zeros((16, 1)))


@pytest.mark.turns
@pytest.mark.parametrize("method", ["explicit", "implicit"])
def test_batches_loops_jit_and_eager_agree_and_gradients_are_right(method):
    stepper = FiniteDifferenceStepper(viscous(), Grid(viscous().domain, 20), 0.05, method=method)
    x = stepper.grid.coordinates[0]
    fields = jnp.asarray(np.stack([np.sin(x), np.cos(x)]))[..., None]
    nu = jnp.array([0.05, 0.08])
    step = jax.jit(lambda u, nu: stepper(u, {"nu": nu}, 0.1))
    batch = jax.vmap(step)(fields, nu)
    for i in range(2):
        np.testing.assert_allclose(batch[i], step(fields[i], nu[i]), atol=1e-9)
    if method == "explicit":  # an implicit step outside jit is compiled in many pieces
        np.testing.assert_allclose(stepper(fields[0], {"nu": nu[0]}, 0.1), batch[0], atol=1e-12)

    @jax.jit
    def loss(nu):
        return jnp.sum(stepper(fields[0], {"nu": nu}, 0.1) ** 2)

    h = 1e-4
    slope = (loss(0.05 + h) - loss(0.05 - h)) / (2 * h)
    np.testing.assert_allclose(jax.jit(jax.grad(loss))(0.05), slope, rtol=1e-4)


@pytest.mark.parametrize("method", ["explicit", "implicit"])
def test_the_precision_is_that_of_the_field(method):
    grid = Grid(viscous().domain, 16)
    stepper = FiniteDifferenceStepper(viscous(), grid, 0.05, method=method)
    u = np.cos(grid.coordinates[0])[:, None]
    step = jax.jit(stepper)
    single = step(jnp.asarray(u, jnp.float32))
    assert single.dtype == jnp.float32
    np.testing.assert_allclose(single, step(jnp.asarray(u)), atol=2e-4)


# -- limits ----------------------------------------------------------------------------------


def test_stiff_systems_go_implicit_and_explicit_ones_name_the_largest_step():
    box = Box(low=(0,), high=(1,), kinds=("dirichlet",))
    system = physics.parse("u_t = nu*u_xx", {"nu": 1.0}, domain=box)
    grid = Grid(box, 64)
    stepper = FiniteDifferenceStepper(system, grid, 0.1)
    assert stepper.method == "implicit" and "Kvaerno5" in stepper.reason
    u = jnp.asarray(np.sin(np.pi * grid.coordinates[0]))[:, None]
    np.testing.assert_allclose(stepper(u), u * np.exp(-0.1 * np.pi**2), atol=1e-6)
    with pytest.raises(ValueError, match="largest stable step is 1.18e-04|largest stable step is"):
        FiniteDifferenceStepper(system, grid, 0.1, method="explicit", substeps=10)
    with pytest.raises(ValueError, match="largest stable step is"):
        FiniteDifferenceStepper(system, grid, 1e4, method="explicit")


def test_values_beyond_the_expected_are_explained():
    system = viscous()
    stepper = FiniteDifferenceStepper(system, Grid(system.domain, 32), 0.02, method="explicit")
    u = jnp.asarray(np.cos(stepper.grid.coordinates[0]))[:, None]
    assert np.isfinite(stepper(u)).all()
    assert np.isnan(jax.jit(stepper)(u, {"nu": 5.0})).all()
    with pytest.raises(ValueError, match="too stiff.*largest stable dt here is"):
        stepper(u, {"nu": 5.0})


@pytest.mark.parametrize(
    ("text", "kind", "points", "message"),
    [
        ("u_t = -u_xxx", "dirichlet", 32, "two conditions per wall"),
        ("u_t = -D(u_xxxx, x)", "periodic", 32, "up to derivatives of order 4"),
        ("u_t = inverse_laplacian(u)", "periodic", 32, "nonlocal"),
        ("u_t = u_xx", "neumann", 4, "needs 7 nodes"),
    ],
)
def test_what_it_cannot_serve_is_said(text, kind, points, message):
    box = Box(low=(0,), high=(1,), kinds=(kind,))
    system = physics.parse(text, domain=box)
    assert message in suits(system, Grid(box, points))
    with pytest.raises(ValueError):
        FiniteDifferenceStepper(system, Grid(box, points), 0.1)


def test_walls_need_nodes_and_orders_are_two_and_four():
    system = viscous()
    assert 'layout="nodes"' in suits(system, Grid(system.domain, 16, "cells"))
    with pytest.raises(ValueError, match="orders 2 and 4"):
        difference_rhs(system, Grid(system.domain, 16), order=3)
