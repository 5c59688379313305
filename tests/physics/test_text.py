import json
import os
import subprocess
import sys

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import physics
from physics.jets import D, Jet, coordinate, symbol
from physics.text import expression_text, number_text

from .drawn import numbers

X, Y, U = map(Jet, "xyu")
A, B = symbol("a"), symbol("b")
R = sympy.Rational


@pytest.mark.parametrize(
    "expression, text",
    [
        (A * X - B * X * Y, "a*x - b*x*y"),
        (-R(17, 625) * X * Y, "-0.0272*x*y"),
        (X / 3 - 2 * Y / 7, "x/3 - 2*y/7"),
        (X / 2, "0.5*x"),
        (symbol("sigma") * (Y - X), "sigma*(y - x)"),
        (symbol("r") * X * (1 - X), "r*x*(1 - x)"),
        (symbol("nu") * Jet("u", "xx") - U * Jet("u", "x"), "nu*u_xx - u*u_x"),
        (sympy.sqrt(X) / sympy.sqrt(Y), "sqrt(x)/sqrt(y)"),
        (1 / (X * Y), "1/(x*y)"),
        (A / (B + X) ** 2, "a/(b + x)^2"),
        (X ** R(3, 2) + X ** R(-2, 3), "1/x^(2/3) + x^1.5"),
        (sympy.Mul(-1, X + Y, evaluate=False), "-(x + y)"),
        (X - sympy.Mul(2, X + Y, evaluate=False), "x - 2*(x + y)"),
        ((-X) ** A, "(-x)^a"),
        ((X**A) ** B, "(x^a)^b"),
        (X ** (A**B), "x^(a^b)"),
        (2 ** (-X), "2^(-x)"),
        (R(1, 2) ** X, "0.5^x"),
        (sympy.exp(1) * sympy.Abs(X), "exp(1)*abs(x)"),
        (sympy.Max(X, Y, 2), "max(2, x, y)"),
        (D(U**2 / 2, coordinate("x")), "D(0.5*u^2, x)"),
        (sympy.Integer(0), "0"),
        (sympy.Float(0.1) * X, "0.1*x"),
    ],
)
def test_expressions_read_well(expression, text):
    assert expression_text(expression) == text


@given(numbers)
def test_numbers_are_exact(value):
    text = number_text(value)
    numerator, _, denominator = text.partition("/")
    assert R(numerator) / R(denominator or 1) == value


@pytest.mark.parametrize(
    "value, text",
    [("1/4", "0.25"), ("1/3", "1/3"), ("-1/8", "-0.125"), ("1e-9", "1e-9"), ("1200000", "1200000"),
     ("1e20", "1e20"), ("0.0272", "0.0272"), ("1/1024", "1/1024"), ("123.456", "123.456")],
)  # fmt: skip
def test_short_decimals_are_decimals(value, text):
    assert number_text(R(value)) == text


@given(st.permutations([A * X, -B * Y, X * Y, R(3, 10) * X**2, -sympy.sin(X), A**2]))
def test_the_order_of_terms_does_not_depend_on_how_a_sum_was_built(terms):
    total = sympy.Integer(0)
    for term in terms:
        total += term
    assert expression_text(total) == "a^2 + a*x + 0.3*x^2 + x*y - b*y - sin(x)"


@pytest.mark.parametrize("seed", ["1", "2"])
def test_text_and_keys_do_not_depend_on_the_hash_seed(seed):
    script = (
        "import json, sys, physics\n"
        "for line in sys.stdin:\n"
        "    system = physics.System.from_json(line)\n"
        "    print(json.dumps([system.key, system.lines(), physics.get(system.name).key]))\n"
    )
    systems = [physics.get(name) for name in physics.list_systems()]
    given_text = "\n".join(json.dumps(s.to_json()) for s in systems)
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=given_text,
        capture_output=True,
        text=True,
        env={"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert found == [[s.key, s.lines(), s.key] for s in systems]
