import copy
import pickle

import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from physics import tree
from physics.jets import (
    D,
    Jet,
    advect,
    coordinate,
    curl,
    div,
    expand_fluxes,
    fields,
    grad,
    inverse_laplacian,
    laplacian,
    leray,
    symbol,
    total_derivative,
)

from .drawn import expressions, polynomials

U, V = Jet("u"), Jet("v")
SYMBOLS = [U, V, U.along("x"), V.along("y"), symbol("a"), coordinate("x"), coordinate("t")]
jets = st.builds(Jet, st.sampled_from(["u", "v1", "S_2"]), st.text("xyz", max_size=5))


def same(left, right) -> bool:
    return tree.to_tree(tree.canonical(left)) == tree.to_tree(tree.canonical(right))


@given(jets)
def test_a_jet_survives_copies_and_pickles(jet):
    for twin in (copy.copy(jet), copy.deepcopy(jet), pickle.loads(pickle.dumps(jet))):
        assert twin == jet and hash(twin) == hash(jet)
        assert (twin.field, twin.index, twin.name) == (jet.field, jet.index, jet.name)
    inside = sympy.sin(jet) ** 2 + jet * symbol("a")
    assert pickle.loads(pickle.dumps(inside)) == inside


@given(st.permutations("xxyz"))
def test_the_order_of_derivatives_does_not_matter(index):
    assert Jet("u", index) == Jet("u", "xxyz")
    assert str(Jet("u", index)) == "u_xxyz"


def test_a_jet_is_no_plain_symbol():
    assert Jet("u") != sympy.Symbol("u")
    assert (U + 1).xreplace({sympy.Symbol("u"): sympy.Integer(3)}) == U + 1


@given(polynomials(SYMBOLS), polynomials(SYMBOLS))
def test_product_rule(f, g):
    left = total_derivative(f * g, "x")
    assert same(left, total_derivative(f, "x") * g + f * total_derivative(g, "x"))


@given(polynomials(SYMBOLS), polynomials(SYMBOLS))
def test_the_total_derivative_is_linear(f, g):
    left = total_derivative(3 * f - symbol("b") * g, "x")
    assert same(left, 3 * total_derivative(f, "x") - symbol("b") * total_derivative(g, "x"))


@settings(max_examples=50)
@given(expressions(SYMBOLS, depth=2))
def test_derivatives_commute(f):
    try:
        tree.to_tree(f)
    except ValueError:
        assume(False)
    along_x, along_y = total_derivative(f, "x"), total_derivative(f, "y")
    mixed = total_derivative(along_x, "y") - total_derivative(along_y, "x")
    names = sorted(mixed.free_symbols, key=str)
    values = {s: sympy.Rational(3 + 2 * i, 7 + i) for i, s in enumerate(names)}
    number = mixed.xreplace(values).evalf(20, chop=True)
    assume(number.is_finite)
    assert abs(number) < 1e-9


@pytest.mark.parametrize("function", [sympy.sin, sympy.tanh, sympy.exp])
def test_chain_rule(function):
    outer = function(symbol("s")).diff(symbol("s")).subs("s", U**2)
    assert same(total_derivative(function(U**2), "x"), outer * 2 * U * Jet("u", "x"))


@pytest.mark.parametrize("value", [-1.5, 0.7, 2.5])
@pytest.mark.parametrize(
    "flux",
    [U * sympy.Abs(U), sympy.Max(U, 0) ** 2, sympy.Min(U, 2) * U, sympy.sign(U) * U**3],
    ids=str,
)
def test_kinks_are_differentiated_away_from_the_kink(flux, value):
    slope = total_derivative(flux, "x")
    tree.to_tree(slope)

    def at(u):
        return float(flux.xreplace({U: sympy.Rational(str(u))}))

    measured = (at(value + 1e-4) - at(value - 1e-4)) / 2e-4
    found = slope.xreplace({U: sympy.Rational(str(value)), Jet("u", "x"): sympy.Integer(1)})
    assert float(found) == pytest.approx(measured, abs=1e-6)


def test_fluxes_stay_until_they_are_expanded():
    flux = D(U**2 / 2, coordinate("x"))
    assert isinstance(flux, D)
    assert expand_fluxes(flux) == U * Jet("u", "x")
    nested = D(D(U**3, coordinate("x")), coordinate("y"))
    assert same(nested, total_derivative(total_derivative(U**3, "x"), "y"))


def test_fluxes_of_constants_and_fields_are_no_fluxes():
    x = coordinate("x")
    assert D(symbol("a") ** 2, x) == 0 and D(coordinate("y"), x) == 0
    assert D(U, x) == Jet("u", "x")


def test_nonlocal_operators_commute_with_derivatives():
    x, y = coordinate("x"), coordinate("y")
    psi = inverse_laplacian(U)
    assert same(D(psi, y), inverse_laplacian(Jet("u", "y")))
    assert same(D(psi * V, x), inverse_laplacian(Jet("u", "x")) * V + psi * Jet("v", "x"))
    assert same(D(leray(0, U, V**2), x), leray(0, Jet("u", "x"), 2 * V * Jet("v", "x")))
    assert inverse_laplacian(sympy.Integer(3)) == 0


@pytest.mark.parametrize("dim", [2, 3])
def test_vector_identities(dim):
    velocity = fields("u v w", dim)
    (f,) = fields("f")
    assert same(div(grad(f, dim)), laplacian(f, dim))
    assert all(same(component, sympy.Integer(0)) for component in curl(grad(f, dim)))
    carried = div([f * v for v in velocity])
    assert same(carried, advect(velocity, f) + f * div(velocity))
    if dim == 3:
        assert same(div(curl(velocity)), sympy.Integer(0))
        twice = curl(curl(velocity))
        slopes = grad(div(velocity), 3)
        for i in range(3):
            assert same(twice[i], slopes[i] - laplacian(velocity[i], 3))
