"""solve for PDEs: every system of the catalogue, samples, times, errors of the steps, bad input."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import physics

POINTS = {1: 64, 2: 24, 3: 16}


def quiet(*arguments, **keywords):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return physics.solve(*arguments, **keywords)


def test_every_system_of_the_catalogue_runs(catalogue_name):
    system = physics.get(catalogue_name)
    if system.domain is None:
        pytest.skip("an ODE or map; see test_solve")
    end = 0.05 * float(system.horizon)
    data = quiet(
        system, samples=2, seed=0, times=[0.0, end / 2, end], resolution=POINTS[system.dim],
        rtol=1e-4,
    )  # fmt: skip
    assert set(system.state_names) <= set(data.data_vars)
    assert data[system.state_names[0]].dims == ("sample", "time", *"xyz"[: system.dim])
    assert all(np.isfinite(data[n]).all() for n in system.state_names)
    assert physics.System.from_json(data.attrs["system"]) == system
    assert "chosen because" in data.attrs["method"]
    assert (data.isel(time=0) != data.isel(time=-1)).to_array().any()


BURGERS = physics.parse("u_t = -u*u_x + nu*u_xx", {"nu": 0.1}, length=2 * np.pi)
START = np.sin(physics.Grid(BURGERS.domain, 64).mesh[0])


def test_a_batch_with_its_own_parameters_equals_one_by_one():
    values = [0.05, 0.1, 0.4]
    both = physics.solve(BURGERS, initial=START, samples=3, times=[0, 0.5, 1],
                         parameters={"nu": values}, dt=0.01)  # fmt: skip
    for i, nu in enumerate(values):
        one = physics.solve(
            BURGERS, initial=START, times=[0, 0.5, 1], parameters={"nu": nu}, dt=0.01
        )
        assert np.abs(both["u"][i] - one["u"][0]).max() < 1e-13


def test_uneven_times_agree_with_even_ones():
    even = physics.solve(BURGERS, initial=START, times=np.linspace(0, 1, 11), rtol=1e-8)
    uneven = physics.solve(BURGERS, initial=START, times=[0, 0.1, 0.4, 1.0], rtol=1e-8)
    assert np.abs(even["u"].values[0, [0, 1, 4, 10]] - uneven["u"].values[0]).max() < 1e-8


def test_the_error_stays_below_the_tolerance():
    exact = physics.solve(BURGERS, initial=START, times=[0, 0.7, 1.4], dt=5e-4)
    for rtol in (1e-3, 1e-5, 1e-7):
        found = physics.solve(BURGERS, initial=START, times=[0, 0.7, 1.4], rtol=rtol)
        error = np.linalg.norm(found["u"] - exact["u"]) / np.linalg.norm(exact["u"])
        assert error < rtol


WALLS = {"x-": "neumann", "x+": "neumann"}
UNIFORM = np.ones(33)


@pytest.mark.parametrize("times", [[0, 3], np.linspace(0, 3, 31)])
def test_fast_reactions_between_walls_are_followed(times):
    system = physics.parse(
        ["u_t = 1e-4*u_xx + 10*v", "v_t = 1e-4*v_xx - 10*u"], length=1.0, boundary=WALLS
    )
    found = physics.solve(system, initial={"u": UNIFORM, "v": 0 * UNIFORM}, times=times)
    assert np.abs(found["u"][0].mean("x") - np.cos(10 * found.time)).max() < 1e-5


@pytest.mark.turns
@pytest.mark.parametrize("scheme", ["spectral", "finite-difference", "finite-volume"])
@pytest.mark.parametrize(
    ("equation", "exact", "times"),
    [
        ("u_t = 1e-4*u_xx - 5*u", lambda t: np.exp(-5 * t), [0, 1]),
        ("u_t = 1e-4*u_xx + 40*cos(40*t)", lambda t: 1 + np.sin(40 * t), [0, 1]),
        ("u_t = 1e-4*u_xx + u - u^2/2", lambda t: 2 / (1 + np.exp(-t)), [0, 0.3, 9]),
        ("u_t = 1e-4*u_xx + exp(-100*(t - 3.3)^2)", lambda t: 1 + np.sqrt(np.pi) / 10 * (t > 4),
         [0, 10]),
    ],
)  # fmt: skip
def test_what_happens_between_distant_frames_is_noticed(equation, exact, times, scheme):
    boundary = None if scheme == "spectral" else WALLS
    system = physics.parse(equation, length=1.0, boundary=boundary)
    found = physics.solve(system, initial=UNIFORM, times=times, scheme=scheme)
    assert np.abs(found["u"][0].mean("x") - exact(found.time)).max() < (
        1e-3 if scheme == "finite-volume" else 1e-5
    )


def test_late_growth_and_small_states_keep_their_digits():
    fisher = physics.parse("u_t = 0.01*u_xx + u - u^2", length=1.0)
    found = physics.solve(fisher, initial=np.full(16, 1e-12), times=[0, 27.6])
    exact = 1 / (1 + (1e12 - 1) * np.exp(-27.6))
    assert abs(float(found["u"][0, -1, 3]) - exact) < 1e-6
    both = physics.parse(["u_t = u_xx", "v_t = 0.1*v_xx + v - 1e6*v^2"], length=1.0)
    found = physics.solve(both, initial={"u": np.ones(16), "v": np.full(16, 1e-9)}, times=[0, 8])
    exact = 1e-6 / (1 + 999 * np.exp(-8))
    assert abs(float(found["v"][0, -1, 3]) / exact - 1) < 1e-5


@pytest.mark.parametrize("times", [[0, 2], np.linspace(0, 2, 21), [0, 0.999]])
def test_growth_without_bound_is_said_soon(times):
    growing = physics.parse("u_t = u_xx + u^2", length=1.0)
    if times[-1] < 1:
        found = physics.solve(growing, initial=np.ones(16), times=times)
        assert abs(float(found["u"][0, -1, 0]) / 1000 - 1) < 1e-2
        return
    with pytest.raises(physics.BlowUp, match="blows up"):
        physics.solve(growing, initial=np.ones(16), times=times)


def test_a_singular_start_is_said():
    system = physics.parse("u_t = u_xx + 1/u", length=1.0)
    with pytest.raises(ValueError, match="not finite at the start"):
        physics.solve(system, initial=np.zeros(16), times=[0, 1])


def test_schemes_agree_on_a_smooth_problem():
    grid = physics.Grid(BURGERS.domain, 128, "cells")
    start = {"spectral": START, "finite-volume": np.sin(grid.mesh[0])}
    ends = {
        scheme: physics.solve(BURGERS, initial=u, times=[0, 0.5], scheme=scheme)["u"][0, -1]
        for scheme, u in start.items()
    }
    x = grid.coordinates[0]
    again = np.fft.fft(ends["spectral"].values)
    k = np.fft.fftfreq(64, 1 / 64)
    fine = (again[:, None] * np.exp(1j * k[:, None] * x)).sum(0).real / 64
    assert np.abs(fine - ends["finite-volume"].values).max() < 2e-5


def test_equal_equations_with_other_values_do_not_share_their_steps():
    walls = {"x-": 0.0, "x+": 0.0}
    x = np.linspace(0, 1, 33)
    for k in (0.001, 1.0, 300.0):
        system = physics.parse("u_t = k*u_xx", {"k": k}, length=1.0, boundary=walls)
        found = physics.solve(system, initial=np.sin(np.pi * x), times=[0, 0.001])
        exact = np.exp(-k * np.pi**2 * 0.001) * np.sin(np.pi * x)
        assert np.abs(found["u"][0, -1] - exact).max() < 2e-4
        nominal = physics.parse("u_t = k*u_xx", {"k": 1e-3}, length=1.0, boundary=walls)
        again = physics.solve(
            nominal, initial=np.sin(np.pi * x), times=[0, 0.001], parameters={"k": k}
        )
        assert np.abs(again["u"][0, -1] - exact).max() < 2e-4


@pytest.mark.turns
def test_rollouts_are_differentiable_and_equal_to_steps():
    stepper = physics.stepper(BURGERS, 32, 0.02)
    u = jnp.asarray(START[::2, None])
    frames = physics.rollout(stepper, u, 6, every=3)
    for _ in range(3):
        u = stepper(u)
    assert np.abs(frames[0] - u).max() < 1e-6
    slope = jax.grad(
        lambda nu: (physics.rollout(stepper, u, 6, {"nu": nu}, every=3)[-1] ** 2).sum()
    )
    assert float(slope(0.1)) < 0
    with pytest.raises(ValueError, match="multiple"):
        physics.rollout(stepper, u, 5, every=3)


def test_the_same_seed_gives_the_same_data_and_more_samples_change_nothing():
    heat = physics.get("heat")
    two = physics.solve(heat, samples=2, seed=5, times=[0, 1], resolution=32)
    four = physics.solve(heat, samples=4, seed=5, times=[0, 1], resolution=32)
    assert two.equals(physics.solve(heat, samples=2, seed=5, times=[0, 1], resolution=32))
    assert np.array_equal(two["u"], four["u"][:2])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(scheme="spektral"), 'nearest: "spectral"'),
        (dict(order=3), "order 2 or 4"),
        (dict(order=0), "order is a whole number"),
        (dict(order=[4]), "order is a whole number"),
        (dict(scheme=["spectral"]), "unknown scheme"),
        (dict(method="tsit5"), "leave method out"),
        (dict(controls={"a": 1.0}), "leave controls out"),
        (dict(resolution=0), "whole number >= 2"),
        (dict(resolution="64"), "whole number >= 2"),
        (dict(resolution=(None,)), "whole number >= 2"),
        (dict(initial=START * 1j), "complex"),
        (dict(initial="sin(x)"), "real numbers"),
        (dict(parameters=[1.0]), "parameters is given as"),
        (dict(dt=-1.0), "dt must be positive"),
        (dict(resolution=(8, 8)), "2 resolutions for 1 dimensions"),
        (dict(resolution=1), "whole number >= 2"),
        (dict(initial=np.zeros((2, 3, 64))), "initial 'u' has shape"),
        (dict(initial=np.full(64, np.nan)), "finite"),
        (dict(initial={"v": START}), "no state"),
        (dict(parameters={"nu": [0.1, 0.2]}, samples=3), "one per sample"),
        (dict(parameters={"mu": 0.1}), "no parameter"),
    ],
)
def test_bad_input_is_explained(change, message):
    given = dict(initial=START, times=[0, 0.1]) | change
    with pytest.raises(ValueError, match=message):
        physics.solve(BURGERS, **given)


def test_schemes_that_cannot_serve_say_why():
    walls = physics.parse("u_t = u_xx", length=1.0, boundary={"x-": 0.0, "x+": 0.0})
    with pytest.raises(ValueError, match="periodic"):
        physics.solve(walls, initial=np.zeros(16), times=[0, 1], scheme="spectral")
    with pytest.raises(ValueError, match="no spatial dimensions"):
        physics.solve(physics.get("lorenz63"), resolution=8)
    growing = physics.parse("u_t = u_xx + u^2", length=1.0)
    with pytest.raises(physics.BlowUp, match="not finite any more"):
        physics.solve(growing, initial=np.full(16, 5.0), times=[0, 0.1, 1.0], dt=0.01)


@pytest.mark.parametrize("scheme", ["spectral", "finite-difference", "finite-volume"])
def test_steppers_explain_bad_input(scheme):
    grid = physics.Grid(BURGERS.domain, 16, "cells" if scheme == "finite-volume" else "nodes")
    stepper = physics.stepper(BURGERS, grid, 0.01, scheme=scheme)
    u = np.zeros((16, 1))
    for wrong in (np.zeros((16, 2)), np.zeros(16), 1j * u):
        with pytest.raises(ValueError, match="needs|complex"):
            stepper(wrong)
    for params in ({"nu": np.ones(3)}, [1.0], {"mu": 1.0}, {"nu": "0.1"}):
        with pytest.raises(ValueError, match="one number|given as|no parameter"):
            stepper(u, params)
    for steps in ("10", 2.5, 0, True):
        with pytest.raises(ValueError, match="steps is a whole number"):
            physics.rollout(stepper, u, steps)
    with pytest.raises(ValueError, match="give a stepper"):
        physics.rollout(BURGERS, u, 10)
    for dt in (None, "0.1", 0.0, np.inf, True):
        with pytest.raises(ValueError, match="dt must be positive"):
            physics.stepper(BURGERS, grid, dt, scheme=scheme)


@pytest.mark.parametrize("times", [[0, 8.0], np.linspace(0, 8, 81), [0, 1.6, 8.0]])
def test_a_forcing_whose_period_divides_the_steps_is_not_overlooked(times):
    system = physics.parse("u_t = 0.05*u_xx + 1 + cos(20*pi*t)", length=1.0)
    found = physics.solve(system, initial=np.zeros(16), times=times)
    assert np.abs(found["u"][0, :, 0] - found.time).max() < 1e-5


@pytest.mark.parametrize("t0", [0.0, 100.0, 2000.0])
def test_late_times_keep_their_digits_in_float32(t0):
    system = physics.parse("u_t = 0.05*u_xx + cos(t)", length=1.0)
    times = t0 + np.array([0.0, 1.0, 2.0])
    exact = np.sin(times) - np.sin(t0)
    found = physics.solve(system, initial=np.zeros(16), times=times, precision="float32")
    assert np.abs(found["u"][0, :, 0] - exact).max() < 1e-4
    stepper = physics.stepper(system, 16, 1e-3)
    rolled = physics.rollout(stepper, np.zeros((16, 1), np.float32), 2000, every=1000, t=t0)
    assert np.abs(rolled[:, 0, 0] - exact[1:]).max() < 1e-4
    with pytest.raises(ValueError, match="too coarse for t"):
        physics.solve(system, initial=np.zeros(16), times=1e5 + times, precision="float32")


@pytest.mark.parametrize("scheme", ["spectral", "finite-volume"])
def test_a_fast_start_does_not_set_the_steps_of_a_slow_run(scheme):
    system = physics.parse("u_t = -u^3 + 1e-3*u_xx", length=1.0)
    found = physics.solve(system, initial=np.full(16, 1e4), times=[0, 1, 100], scheme=scheme)
    exact = 1 / np.sqrt(1e-8 + 2 * found.time)
    assert np.abs(found["u"][0, :, 0] / exact - 1).max() < 1e-4


@pytest.mark.parametrize("amplitude", [1.0, 1e-4])
def test_finite_volumes_step_as_the_given_fields_ask(amplitude):
    system = physics.parse("u_t = -u*u_x", length=1.0)
    x = physics.Grid(system.domain, 64, "cells").coordinates[0]
    start = amplitude * (1 + 0.5 * np.sin(2 * np.pi * x))
    found = physics.solve(system, initial=start, times=[0, 1 / amplitude])
    assert abs(float(found["u"][0, -1].std()) / amplitude - 0.2075) < 5e-3


def test_conflicting_demands_on_the_steps_are_refused():
    with pytest.raises(ValueError, match="not both"):
        physics.solve(BURGERS, initial=START, times=[0, 0.1], dt=0.1, rtol=1e-3)
    with pytest.raises(ValueError, match="below what float32 holds"):
        physics.solve(BURGERS, initial=START, times=[0, 1], rtol=1e-8, precision="float32")
