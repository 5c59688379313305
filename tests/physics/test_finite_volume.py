import jax
import jax.numpy as jnp
import numpy as np
import pytest

import physics
from physics.grid import Grid
from physics.integrate.runge_kutta import march, rk4, ssp_rk3
from physics.lower.finite_volume.speeds import Speeds
from physics.lower.finite_volume.weno import weno5
from physics.lower.flux import FiniteVolumeStepper
from physics.lower.radius import radius

from .volumes import DAM, open_box, run

pytestmark = pytest.mark.usefixtures("double")


LAWS = {
    "burgers": ("u_t = -u*u_x", lambda u: u**2 / 2),
    "linear": ("u_t = -u_x", lambda u: u),
    "cubic": ("u_t = -D(u^3, x)", lambda u: u**3),
    "sine": ("u_t = -D(sin(u), x)", np.sin),
    "cosine": ("u_t = -D(cos(u), x)", np.cos),
}
DAM_2D = (
    "h_t = -D(m, x) - D(n, y); m_t = -D(m^2/h + g*h^2/2, x) - D(m*n/h, y);"
    "n_t = -D(m*n/h, x) - D(n^2/h + g*h^2/2, y)"
)
REFLECTING = {"x-": "neumann", "x+": "neumann", "m:x-": 0.0, "m:x+": 0.0}


# -- jumps -----------------------------------------------------------------------------------


def entropy_solution(flux, left, right, ratio):
    """u(x/t) of a Riemann problem: the convex (or concave) hull of the flux, Osher (1984)."""
    values = np.linspace(left, right, 4001)
    height = flux(values)[:, None] - ratio * values[:, None]
    return values[(np.argmin if left < right else np.argmax)(height, axis=0)]


@pytest.mark.parametrize("order", [5, 1])
@pytest.mark.parametrize("ends", [(1.0, 0.0), (1.0, -0.5), (-1.0, 1.0), (0.0, 1.0), (-1.0, 1.5)])
@pytest.mark.parametrize("name", LAWS)
def test_riemann_problems(name, ends, order):
    text, flux = LAWS[name]
    left, right = ends
    start = [lambda x: np.where(x < 0, left, right)]
    system = physics.parse(text, domain=open_box())
    grid, u, _ = run(system, 100, start, 0.4 / 10, 10, order=order, substeps=30)
    exact = entropy_solution(flux, left, right, grid.coordinates[0] / 0.4)
    low, high = min(ends), max(ends)
    assert u.max() < high + 1e-2 * (high - low) and u.min() > low - 1e-2 * (high - low)
    smeared = 10 if order == 1 else 3  # cells times the jump, contacts and corners included
    assert np.abs(u[:, 0] - exact).sum() < smeared * (high - low)


@pytest.mark.parametrize(
    ("name", "left", "right", "speed"),
    [
        ("burgers", 1.0, 0.0, 0.5),
        ("burgers", 1.0, -0.5, 0.25),
        ("cubic", 1.0, 0.0, 1.0),
        ("linear", 1.0, 0.0, 1.0),
        ("sine", 0.0, 1.0, np.sin(1.0)),
        ("cosine", 0.0, 1.0, np.cos(1.0) - 1.0),
    ],
)
def test_shocks_are_within_one_cell(name, left, right, speed):
    system = physics.parse(LAWS[name][0], domain=open_box())
    grid, u, _ = run(system, 200, [lambda x: np.where(x < 0, left, right)], 0.05, 10)
    x, u = grid.coordinates[0], u[:, 0]
    beyond = np.argmax((u - (left + right) / 2) * (left - right) < 0)
    share = (u[beyond - 1] - (left + right) / 2) / (u[beyond - 1] - u[beyond])
    assert abs(x[beyond - 1] + share * grid.spacing[0] - speed * 0.5) < grid.spacing[0]


def test_shallow_water_dam_break_meets_its_exact_state():
    system = physics.parse(DAM, {"g": 1.0}, domain=open_box())
    start = [lambda x: np.where(x < 0, 1.0, 0.4), lambda x: 0 * x]
    grid, u, _ = run(system, 200, start, 0.05, 10)
    exact = dam_break(grid.coordinates[0] / 0.5, 1.0, 0.4)
    assert np.abs(u[:, 0] - exact).mean() < 3e-3
    assert u[:, 0].max() < 1 + 1e-2 and u[:, 0].min() > 0.4 - 1e-2


def dam_break(ratio, high, low):
    """Height of Stoker's solution with g = 1: rarefaction, middle state, shock."""
    from scipy.optimize import brentq

    def velocity(h):
        return (h - low) * np.sqrt((h + low) / (2 * h * low)) - 2 * (np.sqrt(high) - np.sqrt(h))

    middle = brentq(velocity, low, high)
    speed = 2 * (np.sqrt(high) - np.sqrt(middle))
    shock = middle * speed / (middle - low)
    fan = (2 * np.sqrt(high) - ratio) ** 2 / 9
    h = np.where(ratio < -np.sqrt(high), high, fan)
    h = np.where(ratio > speed - np.sqrt(middle), middle, h)
    return np.where(ratio > shock, low, h)


# -- smooth solutions ------------------------------------------------------------------------


def orders(errors):
    return np.log2(np.array(errors[:-1]) / np.array(errors[1:]))


def test_weno_is_of_order_five_where_smooth():
    system = physics.parse("u_t = -c*u_x", {"c": 1.0}, length=1)
    errors = []
    for points in (40, 80, 160):
        steps = int(0.5 / (0.8 / points ** (5 / 3)))
        start = [lambda x: np.sin(2 * np.pi * x)]
        grid, u, _ = run(system, points, start, 0.5 / steps, steps)
        exact = np.sin(2 * np.pi * (grid.coordinates[0] - 0.5))
        errors.append(np.abs(u[:, 0] - exact).max())
    assert orders(errors).min() > 4.5


def test_diffusion_is_of_order_four_also_across_and_with_varying_coefficients():
    text = "u_t = D((2 + sin(x))*u_x + u_y/2, x) + D(u_y, y) + f*u"
    system = physics.parse(text, {"f": 0.0}, length=(2 * np.pi, 2 * np.pi))
    errors = []
    for points in (24, 48, 96):
        grid = Grid(system.domain, (points, points + 4), "cells")
        x, y = np.meshgrid(*grid.coordinates, indexing="ij")
        stepper = FiniteVolumeStepper(system, grid, 1e-3)
        u = jnp.asarray(np.sin(x + y))[..., None]
        got = jax.jit(stepper.tendency)(0.0, u, stepper.prepare().values)[0][..., 0]
        s, c = np.sin(x + y), np.cos(x + y)
        exact = np.cos(x) * c - (2 + np.sin(x)) * s - s / 2 - s
        errors.append(np.abs(got - exact).max())
    assert orders(errors).min() > 3.7


def test_heat_between_walls_decays_as_it_should():
    for kind, mode in (("dirichlet", np.sin), ("neumann", np.cos)):
        box = open_box(0, np.pi, kind)
        system = physics.parse("u_t = nu*u_xx", {"nu": 0.5}, domain=box)
        grid, u, _ = run(system, 32, [mode], 0.1, 10)
        assert np.abs(u[:, 0] - np.exp(-0.5) * mode(grid.coordinates[0])).max() < 2e-3


def test_robin_walls_and_neumann_fluxes_have_their_steady_states():
    box = open_box(0, 1)
    robin = {"x-": 1.0, "x+": physics.boundary.Condition("robin", 0, 1)}
    system = physics.parse("u_t = u_xx", domain=box, boundary=robin)
    grid, u, _ = run(system, 16, [lambda x: 1 - x / 2 + np.sin(np.pi * x) / 9], 0.2, 25)
    assert np.abs(u[:, 0] - (1 - grid.coordinates[0] / 2)).max() < 1e-6
    flux = {"x-": 1.0, "x+": physics.boundary.Condition("neumann", 2)}
    system = physics.parse("u_t = u_xx", domain=box, boundary=flux)
    grid, u, _ = run(system, 16, [lambda x: 1 + 0 * x], 0.2, 40)
    assert np.abs(u[:, 0] - (1 + 2 * grid.coordinates[0])).max() < 1e-6


def test_burgers_with_a_source_enters_at_the_left():
    text = "u_t = -u*u_x + 0.02*exp(mu*x)"
    system = physics.parse(
        text, {"mu": 0.02}, domain=open_box(0, 100), boundary={"x-": 4.25, "x+": "outflow"}
    )
    grid, u, _ = run(system, 256, [lambda x: 1 + 0 * x], 0.07, 200)
    x = grid.coordinates[0]
    behind = np.sqrt(4.25**2 + 2 * 0.02 * np.expm1(0.02 * x) / 0.02)
    assert np.abs(u[:, 0] - behind)[x < 25].max() < 1e-3
    assert u.max() < behind.max() * 1.001
    ahead = 1 + 0.02 * np.exp(0.02 * x) * 14  # rough: nothing but the source
    assert np.all(u[x > 60, 0] < 1.3 * ahead[x > 60])


def test_inflow_lets_out_what_leaves():
    system = physics.parse(
        "u_t = -c*u_x", {"c": -1.0}, domain=open_box(kind="inflow"), boundary={"x-": "inflow"}
    )
    grid, u, _ = run(system, 100, [lambda x: np.exp(-30 * (x + 0.3) ** 2)], 0.05, 40)
    assert np.abs(u).max() < 1e-3


# -- conservation ----------------------------------------------------------------------------


def test_sums_change_through_walls_alone():
    periodic = physics.parse("u_t = -u*u_x + nu*u_xx", {"nu": 0.01}, length=2 * np.pi)
    _, u, _ = run(periodic, 64, [lambda x: 1 + np.sin(x)], 0.1, 20)
    assert abs(u.sum() - 64) < 1e-11
    walled = physics.parse(DAM, {"g": 1.0}, domain=open_box(), boundary=REFLECTING)
    start = [lambda x: 1 + 0.5 * np.exp(-20 * (x - 0.4) ** 2), lambda x: 0 * x]
    grid, u, _ = run(walled, 64, start, 0.1, 30)
    assert abs(u[:, 0].sum() - start[0](grid.coordinates[0]).sum()) < 1e-11
    assert np.abs(u[:, 1]).max() > 0.01


def test_two_dimensional_shallow_water_conserves_and_keeps_symmetry():
    system = physics.parse(DAM_2D, {"g": 9.81}, length=(2, 2))
    start = [lambda x, y: 1 + 0.3 * np.exp(-9 * ((x - 1) ** 2 + (y - 1) ** 2))]
    start += [lambda x, y: 0 * x] * 2
    _, u, stepper = run(system, 24, start, 0.02, 10)
    h, m, n = np.moveaxis(u, -1, 0)
    mesh = np.meshgrid(*stepper.grid.coordinates, indexing="ij")
    assert abs(h.sum() - start[0](*mesh).sum()) < 1e-10
    assert abs(m.sum()) < 1e-10 and abs(n.sum()) < 1e-10
    np.testing.assert_allclose(h, h.T, atol=1e-12)
    np.testing.assert_allclose(h, h[::-1], atol=1e-12)
    np.testing.assert_allclose(m, n.T, atol=1e-12)


def test_three_dimensions_agree_with_one():
    line = physics.parse("u_t = -u*u_x", length=1)
    cube = physics.parse("u_t = -u*u_x", length=(1, 1, 1))
    wave = [lambda x, *_: 1 + 0.5 * np.sin(2 * np.pi * x)]
    _, u, one = run(line, 16, wave, 0.02, 5, substeps=2)
    _, v, _ = run(cube, (16, 6, 6), wave, 0.02, 5, substeps=2)
    np.testing.assert_allclose(v[:, 3, 2], u, atol=1e-12)


# -- the parts -------------------------------------------------------------------------------


def test_weno_reconstructs_parabolas_exactly():
    def mean(i):  # of 3x² + x − 1 over the cell [i − 1/2, i + 1/2]
        return 3 * i**2 + 0.25 + i - 1

    face = weno5([jnp.asarray(mean(i)) for i in range(-2, 3)], 1e9)
    assert float(face) == pytest.approx(3 / 4 + 1 / 2 - 1)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_radius_bounds_the_spectrum(size):
    rng = np.random.default_rng(size)
    for _ in range(50):
        matrix = rng.normal(size=(size, size)) * 10.0 ** rng.integers(-3, 4)
        bound = float(radius([[np.asarray(a) for a in row] for row in matrix], np))
        exact = np.abs(np.linalg.eigvals(matrix)).max()
        assert exact * (1 - 1e-9) <= bound <= exact * (2.0 if size > 2 else 1.5) + 1e-12


def test_states_that_do_not_meet_have_their_own_speeds():
    u, v, w = map(physics.Jet, "uvw")
    speeds = Speeds.of((u**2, w, v), (u, v, w))
    assert [block for block, _ in speeds.blocks] == [(0,), (1, 2)]


@pytest.mark.parametrize(("step", "order"), [(ssp_rk3, 3), (rk4, 4)])
def test_steps_have_their_order(step, order):
    def measured(t, u):
        return u * jnp.cos(t), jnp.zeros(())

    errors = []
    for count in (10, 20, 40):
        u, _ = march(step, measured, 0.0, jnp.ones(1), 2.0, count)
        errors.append(abs(float(u[0]) - np.exp(np.sin(2.0))))
    assert orders(errors)[-1] > order - 0.15
