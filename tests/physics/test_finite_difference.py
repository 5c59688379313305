import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy

import physics
from physics.boundary import Condition
from physics.domain import Box
from physics.grid import Grid
from physics.jets import Jet
from physics.lower.difference import FiniteDifferenceStepper
from physics.lower.finite_difference.stability import eigenvalues
from physics.lower.finite_difference.stencils import differentiate, matrix, weights

pytestmark = pytest.mark.usefixtures("double")


X, Y, T = sympy.symbols("x y t")
U, U_X, U_XX = Jet("u"), Jet("u", "x"), Jet("u", "xx")
WAVE = sympy.Rational(3, 2) + sympy.sin(2 * X + sympy.Rational(1, 2) - T) / 2
EQUATIONS = {"heat": U_XX / 5, "burgers": -U * U_X + U_XX / 20, "transport": -U * U_X}


def orders(errors):
    return np.log2(np.array(errors[:-1]) / np.array(errors[1:]))


def run(system, points, start, dt, steps, **options):
    """(grid, u at the end, stepper); start: one function of the mesh."""
    grid = Grid(system.domain, points)
    stepper = FiniteDifferenceStepper(system, grid, dt, **options)
    mesh = np.meshgrid(*grid.coordinates, indexing="ij")
    coefficients = stepper.prepare()
    last = jax.jit(
        lambda u: jax.lax.scan(
            lambda s, _: (stepper.step(s, coefficients), None),
            stepper.encode(u), None, length=steps,
        )[0]
    )(jnp.asarray(start(*mesh) + 0 * mesh[0])[..., None])  # fmt: skip
    return grid, np.asarray(stepper.decode(last))[..., 0], stepper


# -- stencils --------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("derivative", [1, 2, 3, 4])
def test_stencils_have_their_order_inside_and_at_walls(derivative, order):
    inside, whole = [], []
    for points in (41, 81, 161):
        x = np.linspace(0, 1, points)
        got = differentiate(jnp.sin(3 * x + 1), 0, derivative, order, x[1], False)
        exact = 3.0**derivative * np.sin(3 * x + 1 + derivative * np.pi / 2)
        error = np.abs(got - exact)
        inside.append(error[points // 4 : -points // 4].max())
        whole.append(error.max())
    least = order - 1 if derivative % 2 and order == 4 else order
    usable = slice(0, 1) if derivative > 2 else slice(None)
    assert orders(inside)[usable].min() > order - 0.2
    assert orders(whole)[usable].min() > least - 0.3


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("derivative", [1, 2, 3, 4])
def test_periodic_stencils_and_matrices_agree(derivative, order):
    u = np.random.default_rng(0).normal(size=(3, 24))
    for periodic in (True, False):
        got = differentiate(jnp.asarray(u), 1, derivative, order, 0.5, periodic)
        full = matrix(24, derivative, order, periodic) / 0.5**derivative
        np.testing.assert_allclose(got, u @ full.T, atol=1e-9)


def test_weights_are_exact_for_polynomials():
    nodes = np.array([-1.3, -0.2, 0.4, 1.1, 2.0])
    for derivative in range(5):
        c = weights(0.3, nodes, derivative)
        for power in range(5):
            exact = np.polyval(np.polyder([1] + [0] * power, derivative), 0.3)
            assert c @ nodes**power == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("points", [12, 20, 40, 80])
def test_walls_make_nothing_grow(points, order):
    for low in ("fixed", "flux"):
        for high in ("fixed", "flux"):
            assert eigenvalues(points, 2, order, low, high).real.max() < 1e-10
    assert (-eigenvalues(points, 1, order, "fixed", "free")).real.max() < 1e-10


# -- whole schemes ---------------------------------------------------------------------------


def manufactured(equation, low, high):
    """The equation with the forcing that makes WAVE its solution, and its conditions."""
    rhs = EQUATIONS[equation]
    exact = {U: WAVE, U_X: sympy.diff(WAVE, X), U_XX: sympy.diff(WAVE, X, 2)}

    def wall(kind, at, outward):
        value, slope = WAVE.subs(X, at), outward * sympy.diff(WAVE, X).subs(X, at)
        given = {"neumann": (slope, 0), "robin": (2 * value + slope, 2), "outflow": (0, 0)}
        return Condition(kind, *given.get(kind, (value, 0)))

    return physics.System(
        name=equation,
        equations={"u": rhs + sympy.diff(WAVE, T) - rhs.xreplace(exact)},
        domain=Box(low=(0,), high=(1,), kinds=("dirichlet",)),
        boundary={"x-": wall(low, 0, -1), "x+": wall(high, 1, 1)},
    )


@pytest.mark.turns
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize(
    ("equation", "low", "high"),
    [
        ("heat", "dirichlet", "dirichlet"),
        ("heat", "neumann", "dirichlet"),
        ("heat", "neumann", "neumann"),
        ("heat", "robin", "robin"),
        ("burgers", "dirichlet", "neumann"),
        ("burgers", "inflow", "robin"),
        ("transport", "inflow", "outflow"),
        ("transport", "dirichlet", "inflow"),
    ],
)
def test_the_whole_scheme_has_its_order(equation, low, high, order):
    system = manufactured(equation, low, high)
    exact, errors = sympy.lambdify((X, T), WAVE), []
    for points in (21, 41, 81):
        grid, u, _ = run(
            system, points, lambda x: exact(x, 0.0), 0.5 / (points - 1), points - 1, order=order
        )
        errors.append(np.abs(u - exact(grid.coordinates[0], 0.5)).max())
    assert orders(errors)[-1] > order - 0.3
    assert errors[-1] < (1e-3 if order == 2 else 1e-6)


@pytest.mark.parametrize("method", ["explicit", "implicit"])
def test_heat_between_walls_decays_as_it_should(method):
    box = Box(low=(0,), high=(np.pi,), kinds=("dirichlet",))
    system = physics.parse("u_t = nu*u_xx", {"nu": 0.5}, domain=box)
    grid, u, _ = run(system, 41, np.sin, 0.1, 10, method=method)
    assert np.abs(u - np.exp(-0.5) * np.sin(grid.coordinates[0])).max() < 1e-6


def test_two_dimensional_diffusion_between_walls():
    box = Box(low=(-20.5, -20.5), high=(20.5, 20.5), kinds=("dirichlet",) * 2)
    system = physics.parse("u_t = nu*laplacian(u)", {"nu": 2.0}, domain=box)

    def start(x, y):
        return np.exp(-((x - 3) ** 2 + (y + 2) ** 2) / (2 * 3.0**2))

    grid, u, stepper = run(system, 42, start, 0.1, 25)
    x, y = grid.mesh
    spread = 3.0**2 + 2 * 2.0 * 2.5
    exact = 9 / spread * np.exp(-((x - 3) ** 2 + (y + 2) ** 2) / (2 * spread))
    assert np.abs(u - exact).max() < 2e-3 and stepper.substeps == 1
    assert np.all(u[0] == 0) and np.all(u[:, -1] == 0)


def test_two_dimensional_mixed_walls_and_derivatives_have_order_four():
    exact = sympy.sin(X + 2 * Y - T)
    flow = {"x-": Condition("dirichlet", exact.subs(X, 0)), "y+": Condition("dirichlet",
            exact.subs(Y, 1))}  # fmt: skip
    flow["x+"] = Condition("neumann", sympy.diff(exact, X).subs(X, 1))
    flow["y-"] = Condition("robin", exact.subs(Y, 0) - sympy.diff(exact, Y).subs(Y, 0), 1)
    rhs = (Jet("u", "xx") + Jet("u", "yy") + Jet("u", "xy") / 2) / 10
    jets = {Jet("u", i): sympy.diff(exact, *i) for i in ("xx", "yy", "xy")}
    system = physics.System(
        name="mixed",
        equations={"u": rhs + sympy.diff(exact, T) - rhs.xreplace(jets)},
        domain=Box(low=(0, 0), high=(1, 1), kinds=("dirichlet",) * 2),
        boundary=flow,
    )
    value, errors = sympy.lambdify((X, Y, T), exact), []
    for points in (21, 41):
        grid, u, _ = run(
            system, (points, points + 2), lambda x, y: value(x, y, 0.0), 0.01, 10, order=4
        )
        errors.append(np.abs(u - value(*grid.mesh, 0.1)).max())
    assert orders(errors)[0] > 3.6 and errors[-1] < 1e-6


def test_burgers_with_a_source_keeps_its_steady_state():
    box = Box(low=(0,), high=(100,), kinds=("outflow",))
    text = "u_t = -u*u_x + 0.02*exp(mu*x)"
    walls = {"x-": Condition("inflow", 4.25), "x+": "outflow"}
    system = physics.parse(text, {"mu": 0.02}, domain=box, boundary=walls)

    def steady(x):
        return np.sqrt(4.25**2 + 2 * 0.02 * np.expm1(0.02 * x) / 0.02)

    grid, u, _ = run(system, 64, lambda x: steady(x) + np.exp(-(((x - 30) / 8) ** 2)), 0.5, 100)
    assert np.abs(u - steady(grid.coordinates[0])).max() < 1e-3


def test_a_wave_written_with_two_states_is_limited_by_its_speed():
    box = Box(low=(0,), high=(1,), kinds=("dirichlet",))
    system = physics.parse("u_t = v; v_t = c^2*u_xx", {"c": 1.0}, domain=box)
    grid = Grid(box, 101)
    stepper = FiniteDifferenceStepper(system, grid, 0.01)
    assert stepper.method == "explicit" and stepper.substeps <= 2
    u = jnp.stack([jnp.sin(np.pi * grid.coordinates[0]), 0 * grid.coordinates[0]], -1)
    c = stepper.prepare()
    last, _ = jax.lax.scan(lambda s, _: (stepper.step(s, c), None), stepper.encode(u), None, 100)
    assert np.abs(stepper.decode(last)[:, 0] + u[:, 0]).max() < 1e-6


def test_periodic_grids_with_third_and_fourth_derivatives():
    system = physics.parse("u_t = -u_xxx - a*u_xxxx", {"a": 0.1}, length=2 * np.pi)
    grid, u, _ = run(system, 48, np.sin, 0.05, 10)
    exact = np.exp(-0.05) * np.sin(grid.coordinates[0] + 0.5)
    assert np.abs(u - exact).max() < 1e-4
