"""Constants put to simple numbers, with a report; dimensions of laws, term by term."""

import math

import numpy as np
import pytest
import sympy

import physics
import symbolic
from physics.formula import Formula
from physics.jets import Jet, symbol
from physics.symbols import Parameter
from physics.system import System
from symbolic.simple_numbers import simple_numbers

x, y = Jet("x"), Jet("y")


def constant(value, **rest):
    intervals = {"k": rest.pop("interval")} if "interval" in rest else None
    parameter = Parameter("k", value, rest.pop("low", None), rest.pop("high", None))
    law = Formula(inputs=["x"], expressions={"f": symbol("k") * x}, parameters=[parameter])
    snapped = symbolic.snap(law, intervals=intervals, **rest)
    (found,) = snapped.report
    assert snapped.law.values["k"] == found.after
    return found


@pytest.mark.parametrize(
    ("value", "after", "text"),
    [
        (0.9003, 0.9, "0.9"), (2.003, 2.0, "2"), (-0.5004, -0.5, "-0.5"), (2.6671, 8 / 3, "8/3"),
        (0.3338, 1 / 3, "1/3"), (27.951, 28.0, "28"), (3.1431, math.pi, "pi"),
        (6.2801, 2 * math.pi, "2*pi"), (1.5731, math.pi / 2, "pi/2"), (998.7, 1e3, "1000"),
        (1.0031e-5, 1e-5, "1e-5"), (0.05013, 0.05, "0.05"), (-1.0012, -1.0, "-1"),
    ],
)  # fmt: skip
def test_constants_move_to_the_simplest_number_near(value, after, text):
    found = constant(value)
    assert found.after == after and found.text == text and found.moved
    assert f"-> {text} (" in str(found) and "within 1%" in found.why
    assert 0 < found.chance < 0.6


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (0.02719, "no simple number within 1%"), (123.41, "no simple number"), (0.55, "short"),
        (0.0, "it is 0"), (1 / 3, "already simple: fraction"), (28.0, "short"), (-2.7, "short"),
        (math.pi, "already simple: multiple of pi"),
    ],
)  # fmt: skip
def test_what_is_left_alone_says_why(value, why):
    found = constant(value)
    assert not found.moved and why in found.why and "left alone" in str(found)


def test_the_tolerance_is_relative():
    assert not constant(0.9151).moved
    assert constant(0.9151, tolerance=0.02).after == 0.9
    assert not constant(1.00031e-9, tolerance=1e-4).moved
    assert constant(1.00031e-9, tolerance=1e-3).after == 1e-9


@pytest.mark.parametrize(
    ("value", "interval", "after"),
    [
        (28.31, (27.2, 29.4), 28.0),
        (0.317, (0.28, 0.36), 1 / 3),
        (2.7, (2.6, 2.8), 8 / 3),
        (0.55, (0.5499, 0.5501), 0.55),
        (0.02, (-0.01, 0.05), 0.02),
        (5.0, (-math.inf, math.inf), 5.0),
        (9.7, (9.0, 11.0), 9.0),
    ],
)
def test_intervals_take_the_place_of_the_tolerance(value, interval, after):
    found = constant(value, interval=interval)
    assert found.after == pytest.approx(after, rel=1e-15)
    assert interval[0] <= found.after <= interval[1]
    if interval[0] <= 0 <= interval[1] and math.isfinite(interval[0]):
        assert "may not be there" in found.why


def test_no_constant_leaves_its_range():
    assert constant(2.003, high=2.5).after == 2.0
    assert not constant(2.003, low=2.001).moved
    assert constant(-0.9997, low=-1.0, high=0.0).after == -1.0


@pytest.mark.turns
def test_intervals_of_a_calibration_recover_the_parameters():
    truth = physics.get("lotka_volterra").with_values(alpha=1.5, beta=1.0, gamma=2.0, delta=0.75)
    data = physics.solve(truth, samples=3, seed=0, times=np.linspace(0, 6, 61))
    rng = np.random.default_rng(0)
    for name in truth.state_names:
        data[name] = data[name] * (1 + 0.01 * rng.normal(size=data[name].shape))
    fit = physics.calibrate(physics.get("lotka_volterra"), data, noise="multiplicative")
    snapped = symbolic.snap(fit.system, intervals=fit.intervals)
    assert snapped.law.values == truth.values
    assert len(snapped.report) == 4 and all(c.moved for c in snapped.report)


def test_numbers_in_the_equations_are_constants_too():
    law = physics.parse(
        "x' = -0.9003*x*y + 2.003*x^1.5 - 7*x; y' = 0.0272*sin(3.1409*y) + 2.003/(y + 0.3331)"
    )
    snapped = symbolic.snap(law)
    expected = {
        "x": -R(9, 10) * x * y + 2 * x ** R(3, 2) - 7 * x,
        "y": R(17, 625) * sympy.sin(sympy.pi * y) + 2 / (y + R(1, 3)),
    }
    assert dict(snapped.law.equations) == expected
    assert len(snapped.report) == 6
    assert [c.name for c in snapped.report][:2] == ["-0.9003 in the equation of x",
                                                    "2.003 in the equation of x"]  # fmt: skip
    assert str(snapped).count("left alone") == 1


R = sympy.Rational


def test_noise_domain_and_names_stay():
    law = physics.get("burgers")
    snapped = symbolic.snap(law.with_values(nu=0.0501))
    assert snapped.law == law and snapped.law.domain == law.domain
    assert snapped.law.values == {"nu": 0.05} and snapped.law.initial == law.initial
    noisy = System(name="n", equations={"x": -x}, noise={("x", "w"): 0.3003 * x})
    assert symbolic.snap(noisy).law.noise[("x", "w")] == R(3, 10) * x
    assert "(noise)" in str(symbolic.snap(noisy))


@pytest.mark.parametrize("name", ["lorenz63", "rossler", "henon_map", "gray_scott"])
def test_the_catalogue_is_simple_already(name):
    law = physics.get(name)
    snapped = symbolic.snap(law)
    assert snapped.law.values == law.values and snapped.law == law


def test_simple_numbers_are_each_listed_once():
    values = [s.value for s in simple_numbers()]
    assert len(set(values)) == len(values) and min(values) > 0
    assert {1.0, 0.5, 8 / 3, 28.0, math.pi, 1e-12, 1e12, 0.9} <= set(values)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("x' = x",), "System or a Formula"),
        ((physics.get("lorenz63"), 0), "above 0"),
        ((physics.get("lorenz63"), 2), "below 1"),
        ((physics.get("lorenz63"), 0.01, {"sigm": (1, 2)}), 'nearest: "sigma"'),
        ((physics.get("lorenz63"), 0.01, {"sigma": (1, 2)}), "does not hold its value 10"),
        ((physics.get("lorenz63"), 0.01, {"sigma": 3}), r"\(low, high\)"),
    ],
)
def test_what_cannot_be_snapped_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        symbolic.snap(*arguments)


# -- dimensions ------------------------------------------------------------------------------


def test_the_catalogue_has_dimensions_that_agree(catalogue_name):
    law = physics.get(catalogue_name)
    found = symbolic.check_dimensions(law)
    assert found.consistent, str(found)
    terms = sum(len(sympy.Add.make_args(e)) for e in law.equations.values())
    assert len(found.report) == terms


def test_terms_that_disagree_are_named():
    law = physics.parse("x' = v; v' = -k*x + c*v^2 + sin(x)", dict(k=1.0, c=1.0))
    units = dict(x="m", t="s", v="m/s", k="1/s^2", c="1/s")
    found = symbolic.check_dimensions(law, units)
    wrong = {t.text: t.disagreements for t in found.report if not t.agrees}
    assert set(wrong) == {"sin(x)", "c*v^2"} and not found.consistent
    assert str(wrong["c*v^2"][0].expected) == "m·s⁻²"
    assert "x: v agrees" in str(found) and "disagrees" in str(found)
    assert "in it x has" in str(found)


def test_no_disagreement_is_lost():
    law = physics.parse("x' = -a*exp(b*x + y) + c; y' = y*(1 + x)", dict(a=1, b=1, c=1))
    units = dict(x="m", t="s", y="kg")
    found = symbolic.check_dimensions(law, units)
    strict = physics.check_units(
        physics.parse("x' = -a*exp(b*x + y) + c; y' = y*(1 + x)", dict(a=1, b=1, c=1), units=units),
        strict=False,
    )
    assert len(strict.disagreements) == sum(len(t.disagreements) for t in found.report) > 2
    noisy = System(name="n", equations={"x": -x}, noise={("x", "w"): x**2})
    assert not symbolic.check_dimensions(noisy, dict(x="m", t="s")).consistent


def test_units_of_a_discovered_law_are_inferred():
    law = physics.parse("x' = k1*x + k2*x*y; y' = k3*y", dict(k1=1, k2=2, k3=3))
    found = symbolic.check_dimensions(law, dict(x="hare", y="lynx", t="yr"))
    assert str(found.units["k2"]) == "lynx⁻¹·yr⁻¹" and set(found.inferred) == {"k1", "k2", "k3"}
    assert found.consistent and 'k1 has the unit "yr⁻¹" (inferred)' in str(found)


def test_a_formula_has_dimensions():
    law = Formula(inputs=["x", "u_x"], expressions={"x": symbol("a") * x**2 + Jet("u", "x"),
                                                    "g": x / Jet("u", "x")},
                  parameters=[Parameter("a", 2.0)])  # fmt: skip
    found = symbolic.check_dimensions(law, {"x": "m", "u_x": "1/s", "d(x)": "1/s"})
    assert found.consistent and str(found.units["a"]) == "m⁻²·s⁻¹"
    assert str(found.units["g"]) == "m·s"
    found = symbolic.check_dimensions(law, {"x": "m", "u_x": "1/s", "d(x)": "kg", "a": "-"})
    assert [t.text for t in found.report if not t.agrees] == ["u_x", "a*x^2"]


@pytest.mark.parametrize(
    ("law", "units", "words"),
    [
        ("x", None, "System or a Formula"),
        (physics.get("lorenz63"), {"sigm": "m"}, 'nearest: "sigma"'),
        (physics.get("lorenz63"), {"sigma": "m m/"}, "sigma"),
        (Formula(inputs=["x"], expressions={"f": x}), {"q": "m"}, "does not occur"),
    ],
)
def test_units_that_fit_nothing_are_refused(law, units, words):
    with pytest.raises(ValueError, match=words):
        symbolic.check_dimensions(law, units)
