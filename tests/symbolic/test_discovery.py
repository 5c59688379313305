"""discover: planted laws come back under noise, noise gives no law, bad input is explained."""

import json

import numpy as np
import pytest
import sympy
import xarray

import physics
import symbolic
from physics.data.measure import measure
from physics.jets import Jet
from symbolic.derivatives import smooth
from symbolic.formulation import OdeForm, targets_of
from symbolic.measurements import read_trajectories
from symbolic.result import Discovery

# name: (equations, low and high of the initial states, end, times)
PLANTED = {
    "lotka-volterra": (["x' = 1.1*x - 0.4*x*y", "y' = 0.1*x*y - 0.4*y"], (1, 8), 15, 100),
    "van der pol": (["x' = y", "y' = 1.5*y - 1.5*x^2*y - x"], (-2, 2), 12, 100),
    "cubic oscillator": (["x' = 2*y^3 - 0.1*x^3", "y' = -2*x^3 - 0.1*y^3"], (-2, 2), 8, 100),
    "damped linear": (["x' = 2*y - 0.1*x", "y' = -2*x - 0.1*y"], (-2, 2), 8, 100),
    "brusselator": (["x' = 1 + x^2*y - 4*x", "y' = 3*x - x^2*y"], (0.5, 3), 10, 150),
    "pendulum": (["q' = p", "p' = -1.7*sin(q) - 0.1*p"], (-2, 2), 10, 100),
    "lorenz": (["x' = 10*y - 10*x", "y' = 28*x - x*z - y", "z' = x*y - 2.6667*z"], (5, 15), 3, 150),
}
TIMES = np.linspace(0, 8, 81)
LOTKA = physics.get("lotka_volterra")


def planted(name: str, seed: int, samples: int = 3):
    equations, (low, high), end, count = PLANTED[name]
    system = physics.parse(equations)
    rng = np.random.default_rng(seed)
    initial = low + (high - low) * rng.random((samples, len(system.states)))
    data = physics.solve(system, initial=initial, times=np.linspace(0, end, count))
    return system, data


def noisy(data, level: float, seed: int):
    """Gaussian noise of `level` times the standard deviation of each state."""
    rng = np.random.default_rng(100 + seed)
    changed = {
        n: (v.dims, v.values + level * v.values.std() * rng.standard_normal(v.shape))
        for n, v in data.data_vars.items()
        if v.dims == ("sample", "time")
    }
    return data.assign(changed).drop_attrs()


def recovered(found, system, rtol: float) -> bool:
    return found.best is not None and bool(symbolic.same_law(found.best, system, rtol=rtol))


def line(found) -> str:
    return "; ".join(found.candidates[found.chosen].lines())


# -- recovery ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLANTED)
def test_clean_laws_come_back_exactly(name):
    system, data = planted(name, seed=0)
    found = symbolic.discover(data.drop_attrs())
    assert recovered(found, system, rtol=0.03), found
    assert found.candidates[found.chosen].resimulated < 1e-2


@pytest.mark.parametrize("seed", [1])
@pytest.mark.parametrize("name", PLANTED)
def test_laws_come_back_under_one_percent_noise(name, seed):
    system, data = planted(name, seed)
    found = symbolic.discover(noisy(data, 0.01, seed))
    assert recovered(found, system, rtol=0.1), found
    for level in found.noise.values():
        assert 0.005 < level < 0.02


@pytest.mark.parametrize("name", ["lotka-volterra", "van der pol", "damped linear", "brusselator"])
def test_laws_come_back_under_five_percent_noise(name):
    system, data = planted(name, seed=3)
    found = symbolic.discover(noisy(data, 0.05, 3))
    assert recovered(found, system, rtol=0.25), found


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.01, 0.02, 0.05])
@pytest.mark.parametrize("name", PLANTED)
def test_recovery_over_seeds(name, noise, request):
    if (name, noise) == ("lorenz", 0.05):
        reason = "3 of 5: three short runs hardly tell -y from -y*z in y'"
        request.applymarker(pytest.mark.xfail(reason=reason, strict=False))
    right = 0
    for seed in range(5):
        system, data = planted(name, seed)
        right += recovered(symbolic.discover(noisy(data, noise, seed)), system, rtol=0.3)
    assert right >= (4 if noise > 0.02 else 5)


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.05])
def test_sir_with_varied_totals(noise):
    system = physics.parse(["S' = -1.2*S*I", "I' = 1.2*S*I - 0.4*I", "R' = 0.4*I"])
    initial = [[0.9, 0.1, 0.0], [1.3, 0.05, 0.1], [0.6, 0.2, 0.1]]
    data = physics.solve(system, initial=initial, times=np.linspace(0, 15, 100))
    found = symbolic.discover(noisy(data, noise, 0))
    assert recovered(found, system, rtol=0.1), found
    assert found.null_directions == ()


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.05])
@pytest.mark.parametrize("seed", range(3))
def test_the_logistic_map(noise, seed):
    system = physics.get("logistic_map")
    data = physics.solve(system, samples=3, seed=seed, times=np.arange(100))
    found = symbolic.discover(noisy(data, noise, seed), time="discrete")
    assert found.best.time == "discrete"
    assert recovered(found, system, rtol=0.06), found


def test_a_map_is_seen_from_the_data():
    henon = physics.get("henon_map")
    found = symbolic.discover(physics.solve(henon, samples=2, seed=0, times=np.arange(60)))
    assert recovered(found, henon, rtol=1e-4), found


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


# -- doubt ---------------------------------------------------------------------------------


def white(seed: int, shape=(3, 100)) -> xarray.Dataset:
    rng = np.random.default_rng(seed)
    values = {n: (("sample", "time"), rng.standard_normal(shape)) for n in "xy"}
    return xarray.Dataset(values, coords={"time": np.linspace(0, 10, shape[1])})


@pytest.mark.parametrize("seed", range(10))
def test_white_noise_has_no_law(seed):
    found = symbolic.discover(white(seed))
    assert found.best is None
    assert "noise" in found.reason


@pytest.mark.parametrize("seed", range(3))
def test_white_noise_is_no_map_and_no_formula(seed):
    found = symbolic.discover(white(seed), time="discrete", engine="sindy")
    assert found.best is None and "explains" in found.reason
    x, y = np.random.default_rng(seed).standard_normal((2, 150))
    found = symbolic.discover(inputs={"x": x}, targets={"y": y}, engine="sindy")
    assert found.best is None and "explains" in found.reason


def test_a_law_outside_the_library_is_refused():
    truth = physics.parse(
        ["x' = x*(1 - x/6) - 0.9*x*y/(0.6 + x)", "y' = 0.5*x*y/(0.6 + x) - 0.2*y"]
    )
    initial = [[1, 0.5], [3, 2], [5, 1]]
    data = physics.solve(truth, initial=initial, times=np.linspace(0, 25, 150))
    found = symbolic.discover(data.drop_attrs(), engine="sindy")
    assert found.best is None
    assert "missing from the library" in found.reason
    assert len(found.candidates) > 1


def test_conserved_totals_are_reported_and_the_sparsest_law_is_taken():
    sir = physics.get("sir")
    data = physics.solve(sir, samples=3, seed=0)
    for made in (data, measure(data, noise=0.01, seed=1)):
        found = symbolic.discover(made)
        assert recovered(found, sir, rtol=0.02), found
        assert any("I + R + S - 1 = 0" in relation for relation in found.null_directions)
    library = ["S", "I", "R", "S^2", "S*I", "S*R"]
    found = symbolic.discover(data, library=library)
    assert any("S^2" in r and "I*S" in r and "R*S" in r for r in found.null_directions)


def test_laws_that_cannot_be_told_apart_are_not_chosen_between():
    data = physics.solve(LOTKA, samples=3, seed=0, times=TIMES)
    twins = xarray.Dataset({"x": data["x"], "w": data["x"], "y": data["y"]})
    found = symbolic.discover(twins)
    assert found.best is None
    assert "equal on this data" in found.reason
    assert any("= 0 on this data" in relation for relation in found.null_directions)


def test_too_coarse_sampling_is_said():
    data = physics.solve(physics.get("lorenz63"), samples=3, seed=0, times=np.linspace(0, 40, 81))
    found = symbolic.discover(data)
    assert found.best is None and "sampled too coarsely" in found.reason


def test_inclusion_tells_true_terms_from_others():
    _, data = planted("lotka-volterra", seed=0)
    found = symbolic.discover(noisy(data, 0.02, 0), functions=[])
    best = found.candidates[found.chosen]
    assert min(min(v.values()) for v in best.inclusion.values()) > 0.9
    larger = found.candidates[found.chosen + 1]
    extra = {k: set(larger.inclusion[k]) - set(best.inclusion[k]) for k in best.inclusion}
    assert any(extra.values())
    assert all(larger.inclusion[k][t] < 0.5 for k, terms in extra.items() for t in terms)


# -- the numbers underneath ----------------------------------------------------------------


@pytest.mark.parametrize("level", [0.002, 0.01, 0.05, 0.2])
def test_the_noise_is_estimated(level):
    _, data = planted("lotka-volterra", seed=0)
    given = read_trajectories(noisy(data, level, 5), None, [], None)
    found = smooth(given.times, given.values)
    np.testing.assert_allclose(found.level, level, rtol=0.25)


@pytest.mark.parametrize("level", [0.01, 0.05])
@pytest.mark.parametrize("name", ["lotka-volterra", "van der pol", "lorenz"])
def test_rows_of_the_true_law_have_errors_of_variance_one(name, level):
    system, data = planted(name, seed=1)
    given = read_trajectories(noisy(data, level, 1), None, [], None)
    form = OdeForm(given, targets_of(given, None, None), 0)
    truth = dict(system.numeric().equations)
    problem = form.problem(truth)
    for target, equation in problem.equations.items():
        residual = equation.goal - problem.columns(target, [truth[target]])[:, 0]
        assert 0.5 < np.sqrt(np.mean(residual**2)) < 1.6
        assert equation.baseline > 3


# -- the result ----------------------------------------------------------------------------


def test_the_result_travels_as_json_and_reads_well():
    data = measure(physics.solve(LOTKA, samples=3, seed=0, times=TIMES), noise=0.01, seed=0)
    found = symbolic.discover(data, seed=7)
    text = json.dumps(found.to_json())
    again = Discovery.from_json(text)
    assert again.to_json() == found.to_json() and again.best == found.best
    assert found.seed == 7 and "jax" in found.versions and "weak form" in found.method
    table = found.table()
    assert table.count("\n*") == 1 and "noise" in table and "x*y" in table
    assert "x*y" in repr(found)
    sizes = [c.complexity for c in found.candidates]
    assert sizes == sorted(sizes)
    for bad in ("{}", "[]", "no json", '{"kind": "system"}'):
        with pytest.raises(ValueError, match="not the JSON"):
            Discovery.from_json(bad)


def test_the_same_call_gives_the_same_result():
    data = measure(physics.solve(LOTKA, samples=3, seed=0, times=TIMES), noise=0.02, seed=0)
    assert symbolic.discover(data).to_json() == symbolic.discover(data).to_json()


# -- bad input -----------------------------------------------------------------------------

CLEAN = {"x": np.linspace(0.5, 1, 60), "y": np.linspace(2, 1, 60) ** 2}


def dataset(times=None, **changes) -> xarray.Dataset:
    values = {n: (("sample", "time"), v[None]) for n, v in (CLEAN | changes).items()}
    return xarray.Dataset(values, coords={"time": np.arange(60.0) if times is None else times})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give data"),
        ({"data": {"x": 1}}, "xarray.Dataset"),
        ({"data": dataset().rename(time="tau")}, "needs the dims"),
        ({"data": dataset(x=np.where(CLEAN["x"] > 0.9, np.inf, 1.0))}, "infinite"),
        ({"data": dataset(times=np.r_[1, 0, np.arange(2, 60)])}, "time must increase"),
        ({"data": dataset().isel(time=slice(0, 4))}, "at least 5"),
        ({"data": dataset().isel(time=slice(0, 8))}, "8 points but the library 10 terms"),
        ({"data": dataset(z=np.ones(60))}, "'z' is constant"),
        ({"data": dataset(x=CLEAN["x"] * np.nan)}, "no measured value"),
        ({"data": dataset(), "targets": ["xx"]}, 'nearest: "x"'),
        ({"data": dataset(), "inputs": ["u"]}, "no variable 'u'"),
        ({"data": dataset(), "degree": 0}, "degree is a whole number"),
        ({"data": dataset(), "degree": 2.5}, "degree is a whole number"),
        ({"data": dataset(), "most_terms": 0}, "most_terms is a whole number"),
        ({"data": dataset(), "seed": -1}, "seed is a whole number"),
        ({"data": dataset(), "time": "discreet"}, "not 'discreet'"),
        ({"data": dataset(), "weights": np.ones(60)}, "weights are for samples"),
        ({"data": dataset(), "known": "x' = x"}, "known is a System"),
        ({"data": dataset(), "known": physics.get("lorenz63")}, "no variable 'z'"),
        ({"data": dataset(), "library": "x"}, "library is a list"),
        ({"data": dataset(), "library": ["x", "q*x"]}, "'q' in the library term"),
        ({"data": dataset(), "library": ["x", "x"]}, "twice"),
        ({"data": dataset(), "library": ["x", "__import__('os')"]}, "is no input"),
        ({"data": dataset(), "library": ["log(-x)"]}, "not finite"),
        ({"data": dataset(), "library": ["x"], "functions": ["sin"]}, "not both"),
        ({"data": dataset(), "functions": ["sine"]}, 'nearest: "sin"'),
        ({"inputs": {"x": CLEAN["x"]}}, "samples need both"),
        ({"inputs": {}, "targets": {"y": CLEAN["y"]}}, "at least one input"),
        ({"inputs": {"x": CLEAN["x"]}, "targets": {"y": CLEAN["y"][:-1]}}, "must have one shape"),
        ({"inputs": {"x": np.ones(60)}, "targets": {"y": CLEAN["y"]}}, "input 'x' is constant"),
        ({"inputs": {"x": CLEAN["x"]}, "targets": {"y": np.ones(60)}}, "target 'y' is constant"),
        ({"inputs": {"x": CLEAN["x"][:3]}, "targets": {"y": CLEAN["y"][:3]}}, "3 points"),
        ({"data": dataset(), "targets": 5}, "list of names"),
        ({"data": dataset(), "inputs": 5}, "list of names"),
        ({"data": dataset(), "functions": 5}, "list of names"),
        ({"data": dataset(), "length": "a"}, "length is a whole number"),
        ({"data": dataset(), "engine": "operon", "generations": -1}, "from 1"),
        ({"data": dataset(), "population": 0}, "from 2"),
        ({"data": dataset(x=CLEAN["x"] * 1e200)}, "another unit"),
        ({"inputs": {5: CLEAN["x"]}, "targets": {"y": CLEAN["y"]}}, "no name"),
        ({"inputs": {"x": CLEAN["x"]}, "targets": {"y": CLEAN["y"] * 1j}}, "complex"),
        ({"inputs": {"sin": CLEAN["x"]}, "targets": {"y": CLEAN["y"]}}, "cannot name"),
        ({"inputs": {"x y": CLEAN["x"]}, "targets": {"y": CLEAN["y"]}}, "cannot name"),
    ],
)
def test_bad_input_is_explained_in_one_sentence(arguments, message):
    with pytest.raises(ValueError, match=message) as caught:
        symbolic.discover(**arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("count", [5, 8])
@pytest.mark.parametrize("engine", ["sindy", "operon"])
def test_few_points_of_noise_give_no_law(count, seed, engine):
    draws = np.random.default_rng(seed).standard_normal((2, count))
    options = {"engine": engine} | ({"generations": 5} if engine == "operon" else {})
    formula = symbolic.discover(inputs={"x": draws[0]}, targets={"f": draws[1]}, **options)
    steps = xarray.Dataset({"x": ("time", draws[0])}, coords={"time": np.arange(count)})
    assert formula.best is None
    assert symbolic.discover(steps, time="discrete", **options).best is None


def test_few_exact_points_still_give_the_law():
    x = np.linspace(1, 2, 6)
    found = symbolic.discover(inputs={"x": x}, targets={"f": 2 * x**2 - 1}, engine="sindy")
    assert found.candidates[found.chosen].lines() == ["f = 2*x^2 - 1"]
