import re
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import physics
from physics.jets import symbol
from physics.parser import parse
from physics.symbols import Parameter
from physics.unit import Unit, UnitError
from physics.units import check_units

exponents = st.dictionaries(
    st.sampled_from(["m", "s", "kg", "L", "T", "thousand", "yr", "Ω", "°"]),
    st.fractions(-5, 5, max_denominator=6),
    max_size=4,
)
units = exponents.map(Unit.of)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("L²/T", {"L": 2, "T": -1}),
        ("m/s^2", {"m": 1, "s": -2}),
        ("m s^-2", {"m": 1, "s": -2}),
        ("m·s⁻²", {"m": 1, "s": -2}),
        ("m*s**-2", {"m": 1, "s": -2}),
        ("m/s/s", {"m": 1, "s": -2}),
        ("1/yr", {"yr": -1}),
        ("kg·m⁻³", {"kg": 1, "m": -3}),
        ("kg/(m·s)", {"kg": 1, "m": -1, "s": -1}),
        ("1/(thousand·yr)", {"thousand": -1, "yr": -1}),
        ("m^(1/2)", {"m": Fraction(1, 2)}),
        ("s⁻¹ᐟ²", {"s": Fraction(-1, 2)}),
        ("m/m", {}),
        ("-", {}),
        ("1", {}),
        ("µm", {"µm": 1}),
        ("%", {"%": 1}),
    ],
)
def test_texts_of_units(text, expected):
    assert Unit.parse(text) == Unit.of({n: Fraction(e) for n, e in expected.items()})


@given(units)
def test_units_read_their_own_text(unit):
    assert Unit.parse(str(unit)) == unit


@given(units, units, st.fractions(-3, 3, max_denominator=4))
def test_units_form_a_vector_space(a, b, power):
    assert a * b == b * a and a / b * b == a
    assert (a * b) ** power == a**power * b**power
    assert a**0 == Unit() and a / a == Unit()


@pytest.mark.parametrize(
    "text",
    ["", " ", "m//s", "/s", "m^", "m^x", "10 m", "m^1.5", "(m", "m)", "m^(1/0)", "m" * 200, "m^99",
     "a$", "m^²", "2", None, 3, "((((((((((((m))))))))))))", "m_s", "^2", "m^-", "\x00"],
)  # fmt: skip
def test_texts_of_no_unit_are_refused(text):
    with pytest.raises(UnitError):
        Unit.parse(text)


@given(st.text(max_size=30))
def test_any_text_is_a_unit_or_a_unit_error(text):
    try:
        Unit.parse(text)
    except UnitError:
        pass


@pytest.mark.parametrize("name", physics.list_systems())
def test_the_catalogue_agrees_with_its_units(name):
    report = check_units(physics.get(name))
    assert not report.disagreements and not report.inferred
    assert set(report.open) <= {"t"}


def test_minutes_are_not_seconds():
    text = "x' = -k*x"
    assert check_units(parse(text, {"k": 1.0}, units={"k": "1/s", "t": "s"})).units["k"]
    with pytest.raises(UnitError, match="min"):
        check_units(parse(text, {"k": 1.0}, units={"k": "1/min", "t": "s", "x": "m"}))


def test_a_disagreement_names_equation_term_and_both_units():
    system = parse(
        "x' = v; v' = -k*x - c*v",
        {"k": 1.0, "c": 0.1},
        units={"x": "m", "v": "m/s", "t": "s", "k": "1/s", "c": "1/s"},
    )
    with pytest.raises(UnitError, match=r"'v': -k\*x has the unit \"m·s⁻¹\" .* \"m·s⁻²\""):
        check_units(system)
    report = check_units(system, strict=False)
    (wrong,) = report.disagreements
    assert (wrong.equation, wrong.term) == ("v", "-k*x")
    assert (str(wrong.found), str(wrong.expected)) == ("m·s⁻¹", "m·s⁻²")
    assert str(wrong) in str(report)


@pytest.mark.parametrize(
    "text, given_units, inferred",
    [
        ("x' = -k*x", {"x": "m"}, {"k": "s⁻¹"}),
        ("x' = -k*x^3 + f", {"x": "m"}, {"k": "m⁻²·s⁻¹", "f": "m·s⁻¹"}),
        ("x' = v; v' = -g*sin(x/l)", {"x": "m"}, {"v": "m·s⁻¹", "g": "m·s⁻²", "l": "m"}),
        ("x' = a*x/(b + x)", {"x": "mol"}, {"b": "mol", "a": "mol·s⁻¹"}),
        ("x' = -exp(a*x)*b*sqrt(x)", {"x": "m"}, {"a": "m⁻¹", "b": "m¹ᐟ²·s⁻¹"}),
        ("x' = -k*x*(x/b)^n", {"x": "m"}, {"b": "m", "n": "-", "k": "s⁻¹"}),
        ("x' = a*max(x, b)", {"x": "m"}, {"a": "s⁻¹", "b": "m"}),
        ("x' = a*abs(x) + b*sign(x)", {"x": "m"}, {"a": "s⁻¹", "b": "m·s⁻¹"}),
        ("x[n+1] = a*x + b", {"x": "m"}, {"a": "-", "b": "m"}),
        ("u_t = a*u_xx - u*u_x", {"u": "m/s", "x": "m"}, {"a": "m²·s⁻¹"}),
        ("u_t = a*u_xx - u*u_x", {"a": "m²/s", "x": "m"}, {"u": "m/s"}),
        ("u_t = a*D(D(u^3 - b*u, x), x)", {"u": "C", "x": "m"}, {"b": "C²", "a": "m²·C⁻²·s⁻¹"}),
        ("w_t = a*inverse_laplacian(w)", {"w": "1/s", "x": "m"}, {"a": "m⁻²·s⁻¹"}),
        ("u_t = c*sin(k*x - q*t)*u_x", {"x": "m"}, {"k": "m⁻¹", "q": "s⁻¹", "c": "m·s⁻¹"}),
    ],
)
def test_missing_units_are_inferred(text, given_units, inferred):
    given_units = given_units | {"t": "s"}
    parameters = {p: 1.0 for p in "abcfgklnq" if p in re.findall(r"[a-z]+", text)}
    parameters.pop("n" if "[n+1]" in text else "", None)
    report = check_units(parse(text, parameters, units=given_units))
    for name, unit in inferred.items():
        assert report.units[name] == Unit.parse(unit) and name in report.inferred
    for name, unit in given_units.items():
        assert report.units[name] == Unit.parse(unit) and name not in report.inferred


def test_what_one_term_does_not_determine_is_left_open():
    report = check_units(parse("x' = a*b*x", {"a": 1.0, "b": 1.0}, units={"x": "m", "t": "s"}))
    assert report.open == ("a", "b") and not report.disagreements


def test_units_that_are_not_given_can_still_disagree():
    system = parse("x' = a*b*x + a*b*x^2", {"a": 1.0, "b": 1.0}, units={"x": "m", "t": "s"})
    with pytest.raises(UnitError, match="'x'"):
        check_units(system)


@pytest.mark.parametrize(
    "text",
    ["x' = x + x*t", "x' = a*sin(x)", "x' = 2^x", "x' = a*(1 + x)", "x' = 1", "x' = a*log(x)"],
)
def test_what_must_have_no_unit(text):
    parameters = {"a": 1.0} if "a*" in text else {}
    with pytest.raises(UnitError):
        check_units(parse(text, parameters, units={"x": "m", "t": "s"}))


def test_noise_has_the_unit_of_the_state_over_the_root_of_time():
    base = parse("x' = -k*x", {"k": 1.0}, units={"x": "m", "t": "s"})
    noisy = replace(
        base,
        noise={("x", "w"): symbol("s")},
        parameters=[*base.parameters, Parameter("s", 0.1)],
    )
    assert check_units(noisy).units["s"] == Unit.parse("m/s^(1/2)")


def test_a_unit_that_cannot_be_read_names_its_owner():
    system = parse("x' = -k*x", [Parameter("k", 1.0, unit="per day!")])
    with pytest.raises(UnitError, match="unit of 'k'"):
        check_units(system, strict=False)
