"""Samples with parameters of their own: one form, numbers that differ where they must."""

import json
from dataclasses import replace

import numpy as np
import pytest

import physics
import symbolic
from physics.initial import Uniform
from symbolic import regression, varying
from symbolic.constants import Fit
from symbolic.result import Discovery

SAMPLES = 6
LORENZ = physics.get("lorenz63")
DECAY = replace(
    physics.parse("x' = -k*x", {"k": 1.0}), initial=Uniform(low={"x": 1}, high={"x": 3})
)


def noisy(data, level: float, rng):
    changed = {
        n: (v.dims, v.values + level * v.values.std() * rng.standard_normal(v.shape))
        for n, v in data.data_vars.items()
        if "time" in v.dims
    }
    return data.assign(changed)


def different(system, name: str, low: float, high: float, noise: float, seed: int = 0, **solve):
    """(data, the parameter's values): SAMPLES samples, each with its own value of `name`."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(low, high, SAMPLES)
    data = physics.solve(system, samples=SAMPLES, seed=seed, parameters={name: values}, **solve)
    return noisy(data, noise, rng), values


def compare(found, system, values, rtol: float):
    """The same terms as `system`; the one number that differs is that of every sample."""
    assert found.best is not None, found
    assert symbolic.same_law(found.best, system).same_terms, found
    ((name, own),) = found.varying.items()
    assert found.best.values[name] == pytest.approx(np.median(own))
    np.testing.assert_allclose(np.abs(own), values, rtol=rtol)


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.05])
@pytest.mark.parametrize("told", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_lorenz_at_many_rayleigh_numbers(noise, told):
    data, rho = different(LORENZ, "rho", 22, 34, noise, times=np.linspace(0, 10, 501))
    if not told:
        data = data.drop_vars("rho").drop_attrs()
    found = symbolic.discover(data)
    compare(found, LORENZ, rho, rtol=0.02)
    assert found.candidates[found.chosen].resimulated < 0.01 + noise


@pytest.mark.turns
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_fields_of_different_viscosity(noise):
    burgers = physics.get("burgers")
    times = np.linspace(0, 1.5, 76)
    data, nu = different(burgers, "nu", 0.03, 0.1, noise, times=times, resolution=128)
    compare(symbolic.discover(data), burgers, nu, rtol=0.06)


def test_a_map_with_growth_rates_of_its_own():
    logistic = physics.get("logistic_map")
    data, r = different(logistic, "r", 3.6, 3.9, 0.0, times=np.arange(60))
    found = symbolic.discover(data, varying=True)
    assert symbolic.same_law(found.best, logistic).same_terms
    own = list(found.varying.values())
    np.testing.assert_allclose(np.abs(own), [r, r], rtol=1e-6)


def test_one_law_stays_one_law():
    data = physics.solve(LORENZ, samples=SAMPLES, seed=0, times=np.linspace(0, 5, 251))
    data = noisy(data, 0.01, np.random.default_rng(0)).drop_attrs()
    for asked in (None, True):
        found = symbolic.discover(data, varying=asked)
        assert symbolic.same_law(found.best, LORENZ).same_terms
        assert not found.varying


def test_differences_may_be_forbidden():
    data, _ = different(DECAY, "k", 0.3, 2, 0.01, times=np.linspace(0, 4, 81))
    assert symbolic.discover(data, engine="sindy", varying=False).best is None
    assert symbolic.discover(data, engine="sindy").varying


def test_a_law_checks_against_its_data_and_survives_json():
    data, k = different(DECAY, "k", 0.3, 2, 0.0, times=np.linspace(0, 4, 81))
    found = symbolic.discover(data)
    own = {name: ("sample", np.array(v)) for name, v in found.varying.items()}
    assert symbolic.check(found.best, data.assign(own))
    assert not symbolic.check(found.best, data)
    again = Discovery.from_json(json.dumps(found.to_json()))
    assert dict(again.varying) == {n: tuple(v) for n, v in found.varying.items()}
    assert "per sample:" in again.table()
    assert "per sample" in symbolic.export(found, "markdown")


def test_noise_alone_is_no_law_with_many_numbers():
    rng = np.random.default_rng(0)
    data = physics.solve(DECAY, samples=SAMPLES, times=np.linspace(0, 4, 81))
    data = data.assign(x=(data.x.dims, rng.standard_normal(data.x.shape))).drop_attrs()
    assert symbolic.discover(data, engine="sindy", varying=True).best is None


def test_sets_with_coefficients_of_their_own_are_those_of_least_squares():
    rng = np.random.default_rng(3)
    columns, sample = rng.standard_normal((90, 5)), np.repeat([0, 1, 2], 30)
    own = rng.uniform(1, 3, (3, 2))
    goal = (columns[:, [1, 3]] * own[sample]).sum(1) + 0.1 * rng.standard_normal(90)
    moments = regression.moments(columns, goal, sample)
    sets = regression.best_subsets(moments.blocks, 3, keep=1)
    assert sets[1] == (1, 3)
    residual = 0.0
    for s in range(3):
        rows = sample == s
        part = columns[rows][:, [1, 3]]
        residual += np.linalg.lstsq(part, goal[rows], rcond=None)[1][0]
    error = regression.errors(moments.blocks, np.array([[1, 3]]))[0]
    np.testing.assert_allclose(error * (goal @ goal), residual, rtol=1e-8)


def test_numbers_are_collected_by_term():
    from physics.jets import Jet

    x = Jet("x")
    terms = (x, x**2 * varying.indicator(0), x**2 * varying.indicator(2))
    one = Fit(target="x", terms=terms, coefficients=(1.0, 2.0, 3.0), error=0, heldout=0, engine="")
    (first, shared), (second, own) = varying.collected(one, 3)
    assert (first, shared, second) == (x, 1.0, x**2)
    np.testing.assert_equal(own, (2.0, np.nan, 3.0))
