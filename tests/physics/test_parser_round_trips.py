"""Attacks on the parser, and texts that are read back as what was written."""

import time

import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import physics
from physics.jets import Jet, symbol
from physics.parser import ParseError, parse, parse_expression
from physics.symbols import Parameter

from .drawn import polynomials, systems

X, Y, U, V = map(Jet, "xyuv")
A, B = symbol("a"), symbol("b")


def read(text: str) -> sympy.Expr:
    """An expression of the states x, y and the parameters a, b."""
    return parse_expression(text, states=["x", "y"], parameters=["a", "b"])


ATTACKS = [
    "__import__('os').system('x')", "u.__class__", "x' = u.__class__.__bases__", "x' = 9**9**9**9",
    "x' = 9^9^9^9", "x' = " + "-" * 200_000 + "x", "x' = " + "-" * 1_900 + "x",
    "x' = " + "(" * 100_000, "x' = " + "(" * 900 + "x" + ")" * 900, "x" * 1_000_000,
    "x' = " + "1+" * 990 + "1", "x' = " + "sin(" * 400 + "x" + ")" * 400,
    "x' = " + "x^" * 900 + "x", "x' = " + "x/" * 900 + "x", "x' = " + "9" * 1_900,
    "x' = 1.000001" + "^16" * 40, "x' = " + "(" * 45 + "x" + "+1)^16" * 45,
    "x' = " + "(" * 45 + "2" + "^16)" * 45, "x' = exp(" * 40 + "9" + ")" * 40,
    "x' = factorial(99999)", "x' = sin(exp(exp(20)))", "x' = 10^308*10^308*x", "x' = (x+1)^(1/1e9)",
    "x' = max(" + ",".join(f"x^{i}" for i in range(16)) + ")", "x\x00' = 1", "\ud800' = \udfff",
    "x' = \u202ex\u2066", "x' = ０.5", "x' = x\u0301", "x' = ١", "x' = ²", "' = x", "x'=()", "()()",
    "[n+1]", "x[n+1][n+1] = 1", "∂", "∂/∂", "∂u/∂", "∂²u/∂x", "∂⁹⁹⁹u/∂x⁹⁹⁹", "Δ", "∇", "∇u", "∇³u",
    "x' = lambda: 1", "x' = eval(x)", "x' = x; import os", "x' = x if 1 else 2", "x' = f'{x}'",
    "u_t = " + "D(" * 40 + "u^2" + ", x)" * 40, "u_t = " + "D(" * 9 + "sin(u*u_x)" + ", x)" * 9,
    "u_t = " + "laplacian(" * 20 + "u" + ")" * 20, "u_t = u_" + "x" * 1_500,
    "x' = tanh(" + "(x*sinh(x + 1/x)^7 + 1)^7" + ")^(1/2)", 
    "x' = abs(cosh((x+1/x+sin(x)+2)^16))^0.5",
    "u_t = u_x + max((u+u_x+u_xx+t)^16, (u-u_x+x)^16, 3)", "x' = x^(1e308)", "x' = (1e308)^x",
    "a" * 65 + "' = 1", "x' = D", "x' = D(x)", "x' = leray(x)", ";".join(["x' = x"] * 200),
]  # fmt: skip


@pytest.mark.parametrize("text", ATTACKS, ids=range(len(ATTACKS)))
def test_attacks_end_quickly_and_in_a_parse_error(text):
    started = time.perf_counter()
    try:
        system = parse(text)
    except ParseError as error:
        assert 0 <= error.position <= len(text)
        assert len(str(error)) < 1000
        str(error).encode()
    except ValueError as error:
        assert "at most 64 equations" in str(error)
    else:
        assert system.key == parse(system.lines(), domain=system.domain).key
    assert time.perf_counter() - started < 5


def outcome(text: str) -> None:
    """Parse with whatever parameters are mentioned; only ValueErrors may come out."""
    given_values = {p: 1.5 for p in ("a", "b", "nu") if p in text.replace("nu_", "")}
    try:
        system = parse(text, given_values)
    except ParseError as error:
        assert error.text == text and 0 <= error.position <= len(text)
        str(error).encode()
    except ValueError as error:
        assert "does not occur" in str(error)
    else:
        again = parse(system.lines(), _used(system), domain=system.domain)
        assert again == system


def _used(system) -> list[Parameter]:
    names = {s.name for e in system.equations.values() for s in e.free_symbols}
    return [p for p in system.parameters if p.name in names]


PIECES = (
    "x|y|u|u_x|u_xx|x'|y'|u_t|t|a|b|pi|nu|1|2|3|0|.5|1e3|1e-3|10|16|+|-|*|/|^|**|(|)|,|=|;|\n|sin(|"
    "exp(|log(|sqrt(|abs(|min(|max(|tan(|sign(|D(|laplacian(|inverse_laplacian(|Δ|∂ₓ|∇²|²|⁻¹|[n+1]|"
    "[n]|'|_|.|α|x[n+1]|dx/dt|∂u/∂t|∂²u/∂x²|,x)|)^2|x' = |u_t = | "
).split("|")
VALID = (
    "x' = a*x - b*x*y; y' = -y + x^2",
    "u_t + u*u_x = nu*u_xx",
    "x[n+1] = a*x[n]*(1 - x[n])",
    "u_t = D(u^2/2, x) + laplacian(u^3 - u)",
    "u_t = max(abs(u*u_x), 1, sin(a*x)^3) + exp(-u^2)/sqrt(1 + u^2)",
    "a*x' + b*y' = sin(x)^2; x' - y' = y",
)
fuzz = settings(max_examples=300, deadline=3000, suppress_health_check=list(HealthCheck))


@fuzz
@given(st.text(max_size=60))
def test_any_text(text):
    outcome(text)


@fuzz
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_soups_of_tokens(text):
    outcome(text)


@fuzz
@given(
    st.sampled_from(VALID),
    st.lists(st.tuples(st.integers(0, 80), st.integers(0, 3), st.sampled_from(PIECES)), max_size=4),
)
def test_mutated_equations(text, changes):
    for place, cut, piece in changes:
        text = text[:place] + piece + text[place + cut :]
    outcome(text)


# -- there and back ------------------------------------------------------------------------


@pytest.mark.parametrize("name", physics.list_systems())
def test_the_catalogue_reads_its_own_text(name):
    system = physics.get(name)
    place = {"domain": system.domain, "boundary": system.boundary}
    assert parse(system.lines(), system.values, **place) == system
    assert parse("; ".join(system.lines()), system.values, **place) == system


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(systems())
def test_systems_read_their_own_text(system):
    try:
        key = system.key
    except ValueError:  # too large to be multiplied out
        return
    try:
        again = parse(system.lines(), _used(system), controls=system.controls, domain=system.domain)
    except ParseError as error:
        assert "exponent" in str(error) or "multiplied out" in str(error)
        return
    assert again.key == key
    assert again.state_names == system.state_names


@given(polynomials([X, Y, A, B]))
def test_expressions_read_their_own_text(expression):
    from physics.text import expression_text

    assert sympy.expand(read(expression_text(expression)) - expression) == 0
