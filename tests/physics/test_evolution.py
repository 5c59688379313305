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
