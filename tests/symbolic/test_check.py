"""check: true laws pass, wrong ones fail, and every kind of data is read rightly."""

import numpy as np
import pytest
import sympy
import xarray
from scipy.integrate import solve_ivp

import physics
import symbolic
from physics.data.measure import measure
from physics.domain import Box
from physics.formula import Formula
from physics.jets import Jet, fields, symbol
from physics.symbols import Parameter
from physics.system import System
from symbolic.escapes import refuse_blow_up

LOTKA = physics.parse(["x' = a*x - b*x*y", "y' = -c*y + d*x*y"], dict(a=1.0, b=0.5, c=1.0, d=0.3))
LORENZ = physics.parse(
    ["x' = s*(y - x)", "y' = x*(r - z) - y", "z' = x*y - b*z"], dict(s=10.0, r=28.0, b=8 / 3)
)
LOGISTIC = physics.parse("x[n+1] = r*x*(1 - x)", dict(r=3.7))
DRIVEN = physics.parse(["x' = v", "v' = -x - 0.2*v + u"], controls=["u"])
FORCED = physics.parse("x' = -x + cos(2*t)")


def simulate(law, initial, times, controls=None, **parameters):
    """Data of `law` made by SciPy from its exported source, one run per row of `initial`."""
    source = {}
    exec(symbolic.export(law, "python"), source)
    rows = []
    for i, start in enumerate(initial):
        own = {name: np.broadcast_to(v, len(initial))[i] for name, v in parameters.items()}

        def rhs(t, y, own=own):
            inputs = {n: np.interp(t, times, v) for n, v in (controls or {}).items()}
            return source["rhs"](t, y, own, **inputs)

        span = times[0], times[-1]
        run = solve_ivp(rhs, span, start, t_eval=times, rtol=1e-9, atol=1e-11, max_step=0.05)
        rows.append(run.y)
    columns = {s: (("sample", "time"), [r[k] for r in rows]) for k, s in enumerate(law.state_names)}
    columns |= {n: (("sample",), np.broadcast_to(v, len(rows))) for n, v in parameters.items()}
    columns |= {n: (("time",), v) for n, v in (controls or {}).items()}
    return xarray.Dataset(columns, {"time": times})


@pytest.fixture(scope="module")
def lotka():
    return simulate(LOTKA, [[4.0, 2.0], [2.0, 1.0]], np.linspace(0, 15, 151), a=1.0)


def test_the_true_law_reproduces_its_data(lotka):
    result = symbolic.check(LOTKA, lotka)
    assert result and result.passed and result.total < 1e-6
    assert set(result.errors) == set(result.log_errors) == set(result.from_start) == {"x", "y"}
    assert max(result.from_start.values()) < 1e-6 < min(result.persistence.values())
    assert result.restarts == 16 and 0 < result.horizon < 4
    assert not result.reasons and not result.units


def test_a_wrong_law_fails_by_as_much_as_it_is_wrong(lotka):
    totals = [symbolic.check(LOTKA.with_values(d=d), lotka).total for d in (0.3, 0.31, 0.45)]
    assert totals[0] < 1e-6 < totals[1] < 0.1 < totals[2]
    assert not symbolic.check(LOTKA.with_values(d=0.45), lotka)


def test_noise_and_gaps_leave_the_verdict(lotka):
    noisy = measure(lotka, noise=0.02, missing=0.3, seed=1)
    result = symbolic.check(LOTKA, noisy)
    assert result.passed and 0.005 < result.total < 0.05
    clean = measure(lotka, missing=0.5, seed=2)
    assert symbolic.check(LOTKA, clean).total < 1e-6


def test_errors_are_what_they_are_called():
    """x' = 0 against exp(-t): the error ahead is that of persistence, known in closed form."""
    times = np.linspace(0, 5, 501)
    data = xarray.Dataset({"x": (("sample", "time"), np.exp(-times)[None])}, {"time": times})
    result = symbolic.check(System(name="still", equations={"x": 0}), data, tolerance=2.0)
    assert result.errors == pytest.approx(result.persistence) and not result.passed
    assert "persistence" in str(result)
    whole = np.sqrt(np.mean((1 - np.exp(-times[1:])) ** 2) / np.mean(np.exp(-2 * times)))
    assert result.from_start["x"] == pytest.approx(whole, rel=1e-6)
    ahead = times[1 : round(result.horizon / 0.01) + 1]
    assert result.log_errors["x"] == pytest.approx(np.sqrt(np.mean(ahead**2)), rel=1e-6)


def test_chaos_is_judged_by_restarts():
    data = simulate(LORENZ, [[1.0, 1.0, 20.0]], np.arange(0, 20, 0.02))
    result = symbolic.check(LORENZ, measure(data, noise=0.005))
    assert result.passed and result.total < 0.02 < max(result.from_start.values())
    assert "z" in result.log_errors and "x" not in result.log_errors
    lines = str(result).splitlines()
    assert len(lines) < 20 and all(len(line) <= 100 for line in lines)


def test_a_map_that_blows_up_has_infinite_error_and_a_reason():
    data = dataset(x=[2, 3, 2, 3, 2, 3, 2, 3])
    result = symbolic.check(physics.parse("x[n+1] = 1e200*x^3"), data)
    assert not result and result.total > 1e200 and result.from_start["x"] == np.inf
    assert any("blows up" in reason for reason in result.reasons)


@pytest.mark.slow
def test_a_law_that_blows_up_has_infinite_error_and_a_reason():
    times = np.arange(0, 3, 0.05)
    data = xarray.Dataset({"x": (("time",), 2 + np.sin(times))}, {"time": times})
    result = symbolic.check(physics.parse("x' = 50*x^3"), data)
    assert not result and result.total == np.inf and result.from_start["x"] == np.inf
    assert any("blows up" in reason for reason in result.reasons)
    assert "blows up" in str(result)


@pytest.mark.parametrize("law", ["x' = x^3; y' = y^5", "x' = exp(x); y' = -y", "x' = x^2; y' = u"])
def test_a_singularity_is_seen_without_the_solver(law, monkeypatch):
    monkeypatch.setattr("symbolic.resimulation.solve", None)
    times = np.linspace(0, 5, 101)
    data = dataset(x=1 + np.sin(times) / 2, y=1 + np.cos(times) / 2, u=np.cos(times))
    data = data.assign_coords(time=times)
    controls = ["u"] if "u" in law else []
    result = symbolic.check(physics.parse(law, controls=controls), data)
    assert result.total == np.inf and result.from_start["x"] == np.inf
    assert all("blows up" in reason for reason in result.reasons)


def test_growth_and_stiffness_are_no_singularity():
    times = np.linspace(0, 5, 101)
    starts = np.array([0, 0]), np.array([0, 20]), 80
    for law in (
        "x' = 5*x",
        "x' = -1e6*(x - 1)",
        "x' = x*(1000 - x)",
        "x' = sqrt(1 - x)",
        "x' = -1/x",
    ):
        record = 1 + np.sin(times)[None, :, None] / 2
        refuse_blow_up(physics.parse(law), record, times, starts, {}, {})


def test_maps_are_iterated():
    data = physics.solve(LOGISTIC, initial=[[0.3], [0.61]], times=np.arange(60))
    assert symbolic.check(LOGISTIC, data).total < 1e-12
    assert not symbolic.check(LOGISTIC.with_values(r=3.1), data)
    other = symbolic.check(physics.parse("x[n+1] = 3*x^2"), data)
    assert not other.passed


def test_parameters_that_vary_between_samples_are_taken_from_the_data():
    data = simulate(LOTKA, [[4.0, 2.0]] * 2, np.linspace(0, 15, 151), a=np.array([0.8, 1.3]))
    assert symbolic.check(LOTKA, data).total < 1e-6
    assert not symbolic.check(LOTKA, data, parameters={"a": 2.0})


def test_fitted_values_are_judged_and_not_those_of_the_data(lotka):
    assert float(lotka["a"][0]) == 1.0
    assert not symbolic.check(LOTKA.with_values(a=2.0), lotka)


def test_controls_come_from_the_data():
    times = np.linspace(0, 10, 201)
    push = np.sign(np.sin(2 * times))
    data = simulate(DRIVEN, [[1.0, 0.0]], times, {"u": push})
    assert symbolic.check(DRIVEN, data).total < 1e-6
    assert not symbolic.check(DRIVEN, data.assign(u=-data["u"]))
    with pytest.raises(ValueError, match="control 'u'"):
        symbolic.check(DRIVEN, data.drop_vars("u"))


def test_uneven_times_and_explicit_time_are_read():
    times = np.sort(np.random.default_rng(0).uniform(0, 10, 80))
    data = simulate(FORCED, [[0.5], [-1.0]], times)
    assert symbolic.check(FORCED, data).total < 1e-6
    late = data.assign_coords(time=data["time"] + 1.0)
    assert not symbolic.check(FORCED, late)


def test_units_are_reported():
    data = dataset(h=[1, 2, 3, 4], v=[1, 1, 1, 1])
    right = physics.parse(["h[n+1] = h + v", "v[n+1] = v"], units=dict(h="m", v="m"))
    assert symbolic.check(right, data, tolerance=1.0).units == "consistent"
    mixed = physics.parse(["h[n+1] = h + v", "v[n+1] = v"], units=dict(h="m", v="s"))
    assert "units disagree" in symbolic.check(mixed, data).units


# -- formulas ------------------------------------------------------------------------------

x, y = fields("x y")
HIDDEN = Formula(
    inputs=["x", "y"],
    expressions={"x": -symbol("b") * x * y},
    parameters=[Parameter("b", 0.5)],
    name="hidden",
)


def test_a_hidden_term_is_checked_through_the_system_that_it_completes(lotka):
    known = physics.parse(["x' = a*x", "y' = -c*y + d*x*y"], dict(a=1.0, c=1.0, d=0.3))
    assert symbolic.check(HIDDEN, lotka, known).total < 1e-6
    assert not symbolic.check(HIDDEN, lotka, known, parameters={"b": 0.2})
    with pytest.raises(ValueError, match="check\\(formula, data, system\\)"):
        symbolic.check(HIDDEN, lotka)


def test_a_formula_is_evaluated_on_samples():
    rng = np.random.default_rng(0)
    data = xarray.Dataset({
        "v": (("sample", "point"), rng.normal(size=(4, 50))),
        "w": (("sample",), rng.normal(size=4)),
        "k": (("sample",), np.array([1.0, 2.0, 3.0, 4.0])),
    })  # fmt: skip
    data["f"] = data["k"] * data["v"] ** 2 + data["w"]
    data["f"][0, :20] = np.nan
    law = Formula(
        inputs=["v", "w"],
        expressions={"f": symbol("k") * Jet("v") ** 2 + symbol("w")},
        parameters=[Parameter("k", 7.0)],
    )
    assert symbolic.check(law, data).total < 1e-15
    doubled = data.assign(f=2 * data["f"])
    assert symbolic.check(law, doubled).errors["f"] == pytest.approx(0.5)
    assert not symbolic.check(law, data, parameters={"k": 7.0})
    broken = Formula(inputs=["v"], expressions={"f": sympy.log(symbol("v"))})
    result = symbolic.check(broken, data)
    assert result.errors["f"] == np.inf and "not finite" in str(result)


# -- what is refused -----------------------------------------------------------------------


def dataset(**columns):
    columns = {k: (("sample", "time"), np.asarray(v, float)[None]) for k, v in columns.items()}
    return xarray.Dataset(columns, {"time": np.arange(len(next(iter(columns.values()))[1][0]))})


DECAY = physics.parse("x' = -x")


@pytest.mark.parametrize(
    ("law", "data", "options", "words"),
    [
        (None, dataset(x=[1, 2, 3, 4]), {}, "no law was found"),
        (DECAY, dataset(z=[1, 2, 3, 4]), {}, "no variable 'x'"),
        (DECAY, dataset(x=[1, np.inf, 3, 4]), {}, "infinite"),
        (DECAY, dataset(x=[np.nan, np.nan, np.nan, 4]), {}, "data after it"),
        (LOTKA, dataset(x=[1, np.nan, 3, np.nan], y=[np.nan, 2, np.nan, 4]), {}, "all states"),
        (DECAY, [1, 2, 3], {}, "xarray.Dataset"),
        (DECAY, dataset(x=[1, 2, 3, 4]), {"tolerance": 0}, "tolerance"),
        (DECAY, dataset(x=[1, 2, 3, 4]), {"restarts": 0}, "restarts"),
        (DECAY, dataset(x=[1, 2, 3, 4]), {"parameters": {"k": 1.0}}, "no parameter 'k'"),
        (DECAY, dataset(x=[1, 2, 3, 4]), {"system": DECAY}, "system="),
        (System(name="pde", equations={"u": Jet("u")}, domain=Box(low=(0,), high=(1,))),
         dataset(x=[1, 2, 3, 4]), {}, "PDE"),
        (System(name="sde", equations={"x": -x}, noise={("x", "w"): 1}),
         dataset(x=[1, 2, 3, 4]), {}, "noise"),
        (Formula(inputs=["v"], expressions={"f": Jet("v")}), dataset(v=[1, 2, 3, 4]), {},
         "no variable 'f'"),
    ],
)  # fmt: skip
def test_data_that_do_not_fit_are_refused_in_a_sentence(law, data, options, words):
    with pytest.raises(ValueError, match=words):
        symbolic.check(law, data, **options)
