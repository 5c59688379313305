"""discover: gaps, controls, samples, known parts and what a law inherits from its data."""

import numpy as np
import pytest
import sympy
import xarray

import physics
import symbolic
from physics.data.measure import measure
from physics.jets import Jet

from .planted import LOTKA, TIMES, line, noisy, recovered


def test_gaps_and_uneven_times():
    times = np.sort(np.random.default_rng(0).uniform(0, 10, 90))
    data = physics.solve(LOTKA, samples=3, seed=0, times=times)
    data = measure(data, noise=0.01, seed=0, missing=0.15)
    data = data.isel(time=[i for i in range(90) if not 40 < i < 52])
    assert recovered(symbolic.discover(data), LOTKA, rtol=0.05)


def test_one_trajectory_is_held_out_in_stretches():
    data = physics.solve(LOTKA, samples=1, seed=0, times=np.linspace(0, 12, 120))
    assert recovered(symbolic.discover(measure(data, noise=0.01, seed=1)), LOTKA, rtol=0.05)


def test_inputs_become_controls():
    system = physics.parse(["x' = v", "v' = -x - 0.2*v + u"], controls=["u"])
    times = np.linspace(0, 20, 201)
    data = physics.solve(
        system,
        initial=[[1, 0], [0, 1], [-1, 0.5]],
        times=times,
        controls={"u": np.sin(0.7 * times) + 0.3 * np.cos(2.1 * times)},
    )
    found = symbolic.discover(measure(data, noise=0.01, seed=0))
    assert [c.name for c in found.best.controls] == ["u"]
    assert recovered(found, system, rtol=0.05), found


# -- what the law carries ------------------------------------------------------------------


def test_the_law_inherits_from_the_data():
    data = measure(physics.solve(LOTKA, samples=3, seed=0, times=TIMES), noise=0.01, seed=0)
    law = symbolic.discover(data).best
    assert law.state_names == LOTKA.state_names
    assert law.initial == LOTKA.initial and law.horizon == LOTKA.horizon
    assert [s.low for s in law.states] == [s.low for s in LOTKA.states]
    assert [p.name for p in law.parameters] == ["k1", "k2", "k3", "k4"]
    again = physics.solve(law, initial=[[1.0, 1.0]], times=TIMES)
    assert np.isfinite(again["x"]).all()


def test_numbers_get_units_and_initial_law_without_a_system():
    data = physics.solve(LOTKA, samples=3, seed=0, times=TIMES).drop_attrs()
    data["x"].attrs["units"], data["y"].attrs["units"] = "hare", "lynx"
    data["time"].attrs["units"] = "yr"
    law = symbolic.discover(data).best
    units = {str(term): p.unit for p, term in zip(law.parameters, "abcd", strict=True)}
    assert set(units.values()) == {"yr⁻¹", "lynx⁻¹·yr⁻¹", "hare⁻¹·yr⁻¹"}
    assert law.horizon == pytest.approx(8.0)
    assert law.initial.low["x"] == pytest.approx(float(data["x"][:, 0].min()))


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.05])
def test_the_hidden_part_of_a_known_system(noise):
    known = LOTKA.without("beta", "gamma")
    data = noisy(physics.solve(LOTKA, samples=3, seed=0, times=TIMES), noise, 0)
    found = symbolic.discover(data, known=known)
    assert recovered(found, LOTKA, rtol=0.03), found
    hidden = found.candidates[found.chosen].hidden
    assert {str(sympy.expand(e).subs({p.name: 1 for p in hidden.parameters}))
            for e in hidden.expressions.values()} == {"x*y"}  # fmt: skip
    assert set(found.best.values) == {"alpha", "delta", "k1", "k2"}


def test_a_control_that_is_not_measured_is_the_unknown_term():
    truth = physics.parse(["x' = v", "v' = -x - 0.2*v^3"])
    known = physics.parse(["x' = v", "v' = -x + 2*h"], controls=["h"])
    times = np.linspace(0, 15, 151)
    data = physics.solve(truth, initial=[[1, 0], [0, 2], [-1, 0.5]], times=times)
    found = symbolic.discover(measure(data, noise=0.01, seed=0), known=known)
    assert recovered(found, truth, rtol=0.1), found
    assert found.best.controls == ()


def test_formulas_of_samples_fit_into_a_known_system():
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0.5, 4, (2, 3, 60))
    targets = {"x": -0.9 * x * y, "y": 0.8 * x * y + 0.01 * rng.standard_normal(x.shape)}
    found = symbolic.discover(inputs={"x": x, "y": y}, targets=targets)
    assert recovered(found.inside(LOTKA.without("beta", "gamma")), LOTKA, rtol=0.01)
    with pytest.raises(ValueError, match="Systems already"):
        found.inside(LOTKA.without("beta", "gamma")).inside(LOTKA)


def test_samples_as_a_dataset_with_weights_and_gaps():
    x = np.linspace(-1, 2, 60)
    f = 2 * x**2 - 1
    spoilt = f + np.where(np.arange(60) % 7 == 0, 5.0, 0.0)
    data = xarray.Dataset({"x": ("point", x), "f": ("point", np.where(x < -0.9, np.nan, spoilt))})
    weights = np.where(np.arange(60) % 7 == 0, 0.0, 1.0)
    found = symbolic.discover(data, targets=["f"], weights=weights)
    assert line(found) == "f = 2*x^2 - 1"


def test_a_parameter_that_differs_between_samples_may_be_a_state():
    rates = np.array([0.2, 0.5, 0.9, 0.4])
    times = np.linspace(0, 6, 60)
    data = xarray.Dataset(
        {
            "x": (("sample", "time"), np.exp(-np.outer(rates, times))),
            "k": (("sample", "time"), np.outer(rates, np.ones(60))),
        },
        coords={"time": times},
    )
    assert line(symbolic.discover(data)) == "x' = -k*x; k' = 0"


def test_own_libraries_and_functions():
    data = measure(physics.solve(LOTKA, samples=3, seed=0, times=TIMES), noise=0.01, seed=0)
    terms = ["x", "y", Jet("x") * Jet("y"), "sin(t)", "x/(1 + y)"]
    assert recovered(symbolic.discover(data, library=terms), LOTKA, rtol=0.05)
    found = symbolic.discover(data, degree=2, functions=["sin"])
    assert recovered(found, LOTKA, rtol=0.05)
