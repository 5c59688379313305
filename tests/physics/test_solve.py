"""Integration: orders, exact solutions, agreement with SciPy, gradients, batches, failures."""

import jax
import numpy as np
import pytest
import sympy
from scipy.integrate import solve_ivp

import physics
from physics.integrate.ode import SOLVERS, integrate
from physics.jets import Jet
from physics.lower import rhs

ORDERS = {"tsit5": 5, "dopri8": 8, "kvaerno5": 5}


def exact_rhs(system):
    """The right-hand side by SymPy's own evaluation, an implementation apart from the lowering."""
    symbols = [sympy.Symbol("t"), *(Jet(n) for n in system.state_names)]
    numeric = system.numeric()

    def f(t, u):
        values = dict(zip(symbols, (sympy.Float(float(v), 30) for v in (t, *u)), strict=True))
        return [float(e.xreplace(values)) for e in numeric.equations.values()]

    return f


@pytest.mark.parametrize(
    "name", [n for n in physics.list_systems() if physics.get(n).domain is None]
)
def test_lowered_rhs_equals_sympy(name):
    system = physics.get(name)
    rng = np.random.default_rng(0)
    with jax.enable_x64(True):
        f = rhs(system)
        for u in rng.uniform(0.1, 2.0, (5, len(system.state_names))):
            assert np.allclose(f(0.7, u), exact_rhs(system)(0.7, u), rtol=1e-12, atol=1e-12)


@pytest.mark.turns
@pytest.mark.parametrize("solver", SOLVERS)
def test_convergence_order(solver):
    """x' = -x + cos t from the exact solution (cos t + sin t)/2 + C e^-t, halving the steps."""
    system = physics.parse("x' = -x + cos(t)")
    f = rhs(system)
    times = np.linspace(0.0, 2.0, 3)
    exact = 0.5 * (np.cos(2.0) + np.sin(2.0)) + 0.5 * np.exp(-2.0)
    errors = []
    with jax.enable_x64(True):
        for substeps in (2, 4):
            steps = {"substeps": substeps, "solver": solver, "rtol": 1e-12, "atol": 1e-12}
            states = integrate(f, np.ones((1, 1)), times, {}, **steps).states
            errors.append(abs(float(states[0, -1, 0]) - exact))
    order = np.log2(errors[0] / errors[1])
    assert order > ORDERS[solver] - 0.6


def test_lorenz_agrees_with_scipy():
    lorenz = physics.get("lorenz63")
    times = np.linspace(0.0, 5.0, 6)
    found = physics.solve(lorenz, initial=[1.0, 1.0, 1.0], times=times)
    f = exact_rhs(lorenz)
    reference = solve_ivp(
        f, (0, 5), [1.0, 1.0, 1.0], method="DOP853", rtol=1e-12, atol=1e-12, t_eval=times
    ).y
    states = np.stack([found[n].values[0] for n in "xyz"])
    assert np.abs(states - reference).max() < 1e-6


@pytest.mark.turns
@pytest.mark.parametrize("adjoint", ["checkpointed", "direct"])
def test_gradient_against_finite_differences(adjoint):
    system = physics.get("van_der_pol")
    f = rhs(system)
    name = system.parameters[0].name
    u0, times = np.array([[1.0, 0.5]]), np.linspace(0.0, 3.0, 4)

    def end(value):
        options = {"solver": "tsit5", "rtol": 1e-10, "atol": 1e-12, "adjoint": adjoint}
        return integrate(f, u0, times, {name: value}, max_steps=2000, **options).states[0, -1, 0]

    with jax.enable_x64(True):
        slope = float(jax.grad(end)(1.2))
        step = 1e-5
        difference = (float(end(1.2 + step)) - float(end(1.2 - step))) / (2 * step)
    assert slope == pytest.approx(difference, rel=1e-5)


def test_batch_equals_loop_with_parameters_per_sample():
    system = physics.get("lotka_volterra")
    name = system.parameters[0].name
    initial = np.array([[1.0, 1.0], [2.0, 0.5], [0.5, 2.0]])
    values = np.array([1.0, 1.3, 0.7])
    together = physics.solve(system, initial=initial, parameters={name: values})
    for i in range(3):
        alone = physics.solve(system, initial=initial[i], parameters={name: values[i]})
        for state in system.state_names:
            assert np.allclose(together[state][i], alone[state][0], rtol=1e-7)


def test_logistic_map_iterates_exactly():
    system = physics.get("logistic_map")
    (rate,) = system.values.values()
    found = physics.solve(system, initial=[0.3], times=[0, 1, 3]).to_array().values[0, 0]
    x = [0.3]
    for _ in range(3):
        x.append(rate * x[-1] * (1 - x[-1]))
    assert np.allclose(found, [x[0], x[1], x[3]], rtol=1e-12)


def test_lotka_volterra_conserves_its_first_integral():
    system = physics.get("lotka_volterra")
    p = system.values
    found = physics.solve(system, samples=4, seed=1, times=np.linspace(0, 20, 41))
    x, y = found["x"].values, found["y"].values
    first = p["gamma"] * x - p["delta"] * np.log(x) + p["beta"] * y - p["alpha"] * np.log(y)
    assert np.abs(first - first[:, :1]).max() < 1e-6


def test_stiff_system_is_handed_to_an_implicit_method():
    system = physics.parse("x' = y; y' = m*(1 - x^2)*y - x", parameters={"m": 1000.0})
    found = physics.solve(system, initial=[2.0, 0.0], times=[0.0, 500.0, 1000.0])
    reference = solve_ivp(
        lambda t, u: [u[1], 1000 * (1 - u[0] ** 2) * u[1] - u[0]],
        (0, 1000), [2.0, 0.0], method="Radau", rtol=1e-10, atol=1e-12,
    ).y[0, -1]  # fmt: skip
    assert "kvaerno5" in found.attrs["method"]
    assert float(found["x"][0, -1]) == pytest.approx(reference, rel=1e-3)


@pytest.mark.turns
def test_blow_up_names_sample_time_and_remedy():
    system = physics.parse("x' = x^2")
    with pytest.raises(physics.BlowUp, match=r"sample 1 .* t = 1 .*try"):
        physics.solve(system, initial=[[0.1], [1.0]], times=[0.0, 0.5, 1.5, 3.0])


def test_controls_drive_the_system():
    system = physics.parse("x' = -x + u", controls=["u"])
    times = np.linspace(0.0, 2.0, 201)
    found = physics.solve(system, initial=[0.0], times=times, controls={"u": np.ones_like(times)})
    assert np.allclose(found["x"][0], 1 - np.exp(-times), atol=1e-7)


def test_same_seed_same_data_and_other_seed_other_data():
    system = physics.get("lorenz63")
    one, again, other = (physics.solve(system, samples=2, seed=s) for s in (3, 3, 4))
    assert one.equals(again) and not one.equals(other)


def test_float32_is_float32_and_close():
    system = physics.get("lotka_volterra")
    single = physics.solve(system, initial=[1.0, 1.0], precision="float32")
    double = physics.solve(system, initial=[1.0, 1.0])
    assert single["x"].dtype == np.float32
    assert np.allclose(single["x"], double["x"], rtol=1e-3)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"times": [0.0, 2.0, 1.0]}, "increase"),
        ({"times": [0.0, np.nan]}, "finite"),
        ({"initial": {"x": 1.0}}, "no initial value for state 'y'"),
        ({"initial": {"x": 1.0, "y": 1.0, "w": 2.0}}, "no state"),
        ({"initial": [1.0, np.inf]}, "finite"),
        ({"initial": [[1.0, 2.0, 3.0]]}, "shape"),
        ({"parameters": {"alpa": 1.0}}, 'nearest: "alpha"'),
        ({"parameters": {"alpha": -5.0}}, "out of its range"),
        ({"samples": 3, "parameters": {"alpha": [1.0, 2.0]}}, "one per sample"),
        ({"method": "rk45"}, "unknown method"),
        ({"dt": -1.0}, "positive"),
        ({"controls": {"u": 1.0}}, "no control"),
    ],
)
def test_bad_requests_are_refused_in_one_sentence(keywords, message):
    with pytest.raises(ValueError, match=message) as caught:
        physics.solve(physics.get("lotka_volterra"), **keywords)
    assert "\n" not in str(caught.value)


def test_fixed_steps_to_a_single_time():
    system = physics.parse("x' = -x")
    data = physics.solve(system, initial={"x": [1.0, 2.0]}, times=[0.5], dt=0.1)
    assert data["x"].values.tolist() == [[1.0], [2.0]]
