"""Laws whose terms are in no library: refused, not imitated."""

from dataclasses import replace

import numpy as np
import pytest

import physics
import symbolic
from physics.fields import RandomFourier


def oscillator(equations, noise, seed=0, reach=2.0):
    truth = physics.parse(equations)
    rng = np.random.default_rng(seed)
    initial = rng.uniform(-reach, reach, (5, len(truth.states)))
    data = physics.solve(truth, initial=initial, times=np.linspace(0, 12, 151))
    shaken = {
        n: (v.dims, v.values + noise * v.values.std() * rng.standard_normal(v.shape))
        for n, v in data.data_vars.items()
    }
    return truth, data.assign(shaken).drop_attrs()


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.05])
def test_a_fifth_power_is_not_imitated_by_a_sine(noise):
    truth, data = oscillator(["x' = y", "y' = -x^5 - 0.1*y"], noise, reach=1.3)
    assert symbolic.same_law(symbolic.discover(data).best, truth).same_terms


@pytest.mark.turns
@pytest.mark.parametrize("noise", [0.01, pytest.param(0.0, marks=pytest.mark.slow)])
@pytest.mark.parametrize("force", ["tanh(3*x)", "x + 0.3*abs(y)*y"])
def test_fractions_that_imitate_are_refused(force, noise):
    _, data = oscillator(["x' = y", f"y' = -{force} - 0.1*y".replace("-x +", "-x -")], noise, 200)
    found = symbolic.discover(data)
    assert found.best is None
    assert "none stands out" in found.reason or "missing from the library" in found.reason


def test_kinks_in_plain_samples_are_refused():
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-2, 2, (2, 200))
    for kink in (np.abs(x), np.sign(x)):
        found = symbolic.discover(inputs={"x": x, "y": y}, targets={"f": kink})
        assert found.best is None, found


def test_a_field_with_a_fifth_power():
    truth = physics.parse("u_t = 0.1*u_xx + u - u^5", {}, length=6.283)
    truth = replace(truth, initial=RandomFourier(modes=3, amplitude=(0.3, 1.0)))
    data = physics.solve(truth, samples=3, times=np.linspace(0, 2, 61), resolution=64)
    assert symbolic.same_law(symbolic.discover(data.drop_attrs()).best, truth).same_terms


def test_a_state_far_from_zero_is_asked_to_be_moved():
    truth = physics.parse(["x' = v", "v' = -4*(x - o) - 0.3*v"], {"o": 1000.0})
    initial = {"x": [999.0, 1000.3, 1001.0], "v": [0.0, 2.0, -1.0]}
    data = physics.solve(truth, initial=initial, times=np.linspace(0, 10, 101)).drop_attrs()
    found = symbolic.discover(data)
    assert found.best is None
    assert "subtract a constant near 1000" in found.reason
    moved = symbolic.discover(data.assign(x=data.x - 1000))
    assert moved.candidates[moved.chosen].lines()[1].count("*") == 2
    listed = symbolic.discover(data, library=["1", "x", "v"])
    assert symbolic.same_law(listed.best, truth.numeric(), rtol=0.01)


def test_fractions_do_not_replace_polynomials():
    lotka = physics.get("lotka_volterra")
    data = physics.solve(lotka, samples=3, seed=0, times=np.linspace(0, 10, 101))
    found = symbolic.discover(data, engine="rational")
    assert symbolic.same_law(found.best, lotka).same_terms
