"""Calibration: planted parameters from noisy, gappy, partly observed data; honest intervals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import physics
from physics.data.measure import measure
from physics.least_squares import levenberg_marquardt


def test_levenberg_marquardt_finds_the_rosenbrock_minimum():
    with jax.enable_x64(True):
        found = levenberg_marquardt(
            lambda x: jnp.stack([10 * (x[1] - x[0] ** 2), 1 - x[0]]), jnp.array([-1.2, 1.0])
        )
    assert np.allclose(found.x, 1.0, atol=1e-8) and bool(found.converged)


def test_levenberg_marquardt_keeps_bounds_and_fixed_entries():
    with jax.enable_x64(True):
        found = levenberg_marquardt(
            lambda x: x - jnp.array([3.0, 3.0, 3.0]), jnp.zeros(3),
            free=jnp.array([True, True, False]), high=jnp.array([1.0, 9.0, 9.0]),
        )  # fmt: skip
    assert np.allclose(found.x, [1.0, 3.0, 0.0], atol=1e-8)


def test_lotka_volterra_from_a_poor_guess():
    truth = physics.get("lotka_volterra")
    data = measure(physics.solve(truth, samples=2, seed=1), noise=0.02, seed=0)
    start = truth.with_values(alpha=0.5, beta=0.3, gamma=0.3, delta=0.7)
    fit = physics.calibrate(start, data)
    for name, value in truth.values.items():
        assert fit.values[name] == pytest.approx(value, rel=0.03)
        low, high = fit.intervals[name]
        assert low < fit.values[name] < high
    assert fit.converged


@pytest.mark.turns
def test_intervals_cover_the_truth_about_as_often_as_they_say():
    truth = physics.get("lotka_volterra")
    clean = physics.solve(truth, initial=[1.0, 1.0], times=np.linspace(0, 6, 31))
    inside = 0
    for seed in range(20):
        fit = physics.calibrate(
            truth, measure(clean, noise=0.05, seed=seed), free=["beta"], level=0.9
        )
        low, high = fit.intervals["beta"]
        inside += low <= truth.values["beta"] <= high
    assert 14 <= inside <= 20


def test_gaps_and_an_unobserved_state():
    truth = physics.get("fitzhugh_nagumo")
    observed, unseen = truth.state_names[0], truth.state_names[1]
    clean = physics.solve(truth, samples=1, seed=0, times=np.linspace(0, 60, 121))
    name = truth.parameters[0].name
    data = measure(clean, noise=0.01, missing=0.3, seed=2).drop_vars(unseen)
    fit = physics.calibrate(
        truth.with_values(**{name: truth.values[name] * 1.1}), data, free=[name]
    )
    assert fit.values[name] == pytest.approx(truth.values[name], rel=0.05)
    assert list(fit.noise) == [observed]


def test_chaotic_trajectory_is_fitted_by_multiple_shooting():
    truth = physics.get("lorenz63")
    clean = physics.solve(truth, initial=[-8.0, 7.0, 27.0], times=np.linspace(0, 5, 101))
    names = [p.name for p in truth.parameters]
    off = truth.with_values(**{n: 1.15 * truth.values[n] for n in names})
    fit = physics.calibrate(off, measure(clean, noise=0.01, seed=0))
    for name in names:
        assert fit.values[name] == pytest.approx(truth.values[name], rel=0.02)


def test_a_map_is_calibrated():
    truth = physics.get("henon_map")
    clean = physics.solve(truth, samples=3, seed=0, times=np.arange(8))
    names = [p.name for p in truth.parameters]
    off = truth.with_values(**{n: 0.95 * truth.values[n] for n in names})
    fit = physics.calibrate(off, clean)
    for name in names:
        assert fit.values[name] == pytest.approx(truth.values[name], rel=1e-4)


def test_published_lynx_hare_rates_are_found():
    """Rates of Carpenter (2018): .55, .028, .80, .024."""
    system = physics.parse(
        ["hare' = a*hare - b*hare*lynx", "lynx' = d*hare*lynx - c*lynx"],
        parameters={"a": 0.5, "b": 0.02, "c": 1.0, "d": 0.02},
    )
    fit = physics.calibrate(system, physics.load("hudson-bay"), noise="multiplicative")
    published = {"a": 0.55, "b": 0.028, "c": 0.80, "d": 0.024}
    for name, value in published.items():
        low, high = fit.intervals[name]
        assert low < value < high


def test_unidentifiable_parameters_are_said_to_be():
    system = physics.parse("x' = -a*b*x", parameters={"a": 1.0, "b": 0.5})
    data = physics.solve(system, initial=[1.0], times=np.linspace(0, 3, 16))
    fit = physics.calibrate(system, measure(data, noise=0.01, seed=0))
    assert any("do not fix" in note for note in fit.notes)


@pytest.mark.parametrize(
    ("change", "keywords", "message"),
    [
        (lambda d: d.rename(x="u", y="v"), {}, "none of the states"),
        (lambda d: d, {"free": ["alpa"]}, 'nearest: "alpha"'),
        (lambda d: d, {"noise": "loud"}, "additive"),
        (lambda d: d.assign(x=d["x"] * np.inf), {}, "infinite"),
        (lambda d: d.isel(time=slice(0, 2)), {}, "cannot fix"),
        (lambda d: d.assign(x=-d["x"]), {"noise": "multiplicative"}, "positive"),
        (lambda d: d.isel(time=[0, 2, 1]), {}, "increase"),
    ],
)
def test_bad_requests_are_refused(change, keywords, message):
    system = physics.get("lotka_volterra")
    data = physics.solve(system, initial=[1.0, 1.0], times=np.linspace(0, 3, 16))
    with pytest.raises(ValueError, match=message):
        physics.calibrate(system, change(data), **keywords)
