"""discover: no law where there is none, how sure a law is, the result as JSON, bad input."""

import json

import numpy as np
import pytest
import xarray

import physics
import symbolic
from physics.data.measure import measure
from symbolic.derivatives import smooth
from symbolic.formulation import OdeForm, targets_of
from symbolic.measurements import read_trajectories
from symbolic.result import Discovery

from .planted import LOTKA, TIMES, noisy, planted, recovered

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
