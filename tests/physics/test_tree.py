import json

import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from physics import tree
from physics.jets import D, Jet, coordinate, symbol

from .drawn import PARAMETERS, expressions

U, X = Jet("u"), coordinate("x")
SYMBOLS = [U, Jet("u", "xx"), Jet("v", "xy"), X, coordinate("t"), *map(symbol, PARAMETERS)]


@settings(max_examples=150)
@given(expressions(SYMBOLS, dim=2))
def test_trees_go_through_json(expression):
    try:
        written = json.loads(json.dumps(tree.to_tree(expression)))
        read = tree.from_tree(written)
    except ValueError:
        assume(False)
    assert tree.to_tree(tree.canonical(read)) == tree.to_tree(tree.canonical(expression))
    assert read.free_symbols == expression.free_symbols


@settings(max_examples=100)
@given(expressions(SYMBOLS, dim=2))
def test_the_canonical_form_is_one(expression):
    try:
        once = tree.canonical(expression)
        written = tree.to_tree(once)
    except ValueError:
        assume(False)
    assert tree.to_tree(tree.canonical(once)) == written


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_become_the_rational_they_print_as(value):
    exact = tree.number(value)
    assert exact.is_Rational and float(exact) == value
    assert tree.rationalise(sympy.Float(value) * U) == exact * U


@pytest.mark.parametrize(
    "left, right",
    [
        (0.5 * U, U / 2),
        (D(U**2 / 2, X), U * Jet("u", "x")),
        ((U + 1) ** 2, U**2 + 2 * U + 1),
        (1 / (15 - 3 * U), sympy.Rational(1, 3) / (5 - U)),
        (1 / (U - 5), -1 / (5 - U)),
        (sympy.cot(U), 1 / sympy.tan(U)),
        (sympy.tan(U + sympy.pi / 2), -1 / sympy.tan(U)),
        (sympy.sqrt(12 - 4 * U), 2 * sympy.sqrt(3 - U)),
        (sympy.Mul(2, U + 1, evaluate=False), 2 * U + 2),
        (U * (symbol("a") - U) / symbol("b"), U * symbol("a") / symbol("b") - U**2 / symbol("b")),
    ],
    ids=str,
)
def test_equal_equations_have_one_canonical_form(left, right):
    assert tree.to_tree(tree.canonical(left)) == tree.to_tree(tree.canonical(right))


@pytest.mark.parametrize(
    "left, right", [(U, -U), (U**2, U**3), (U, symbol("u")), (U, Jet("u", "x"))]
)
def test_different_equations_have_different_forms(left, right):
    assert tree.to_tree(tree.canonical(left)) != tree.to_tree(tree.canonical(right))


def test_exponentials_of_sums_stay_whole():
    whole = sympy.exp(U + symbol("a"))
    assert tree.canonical(whole) == whole


@pytest.mark.parametrize(
    "bad",
    [
        None, 3, 1.5, [], [[]], {}, "x", "1.5", "1e5", "1/0", "--1", "", "9" * 5000, ["j", "u"],
        ["j", "u", "q"], ["j", "u", "x" * 999], ["j", 1, "x"], ["p", "__import__"], ["p", "a b"],
        ["p", "u_x"], ["p"], ["f", "1"], ["eval", "1"], ["sin"], ["sin", "1", "2"], ["D", "1"],
        ["D", ["j", "u", ""], "3"], ["D", ["j", "u", ""], ["p", "w"]], ["^", "2"],
        ["^", "9", "99999999999"], ["^", "0", "-1"], ["^", "-1", "1/2"], ["log", "0"],
        ["exp", ["exp", ["exp", "1000"]]], ["abs", "1", "2"], ["max", "1"],
    ],
    ids=lambda bad: str(bad)[:30],
)  # fmt: skip
def test_other_trees_are_refused(bad):
    with pytest.raises(ValueError):
        tree.from_tree(bad)


def test_towers_of_powers_are_refused_quickly():
    tower = "9"
    for _ in range(30):
        tower = ["^", tower, "64"]
    with pytest.raises(ValueError):
        tree.from_tree(tower)


def test_deep_trees_are_refused():
    deep = "1"
    for _ in range(500):
        deep = ["sin", deep]
    with pytest.raises(ValueError, match="deep"):
        tree.from_tree(deep)


@pytest.mark.parametrize(
    "node",
    [
        sympy.Integral(U, X), sympy.Piecewise((U, U > 0), (0, True)), sympy.Derivative(U, U),
        sympy.Function("f")(U), sympy.Heaviside(U), sympy.oo, sympy.I * U, sympy.gamma(U),
    ],
    ids=str,
)  # fmt: skip
def test_nodes_of_no_equation_are_refused(node):
    with pytest.raises(ValueError, match="cannot stand in an equation"):
        tree.to_tree(node)
