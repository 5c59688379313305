"""same_law: planted differences of known size are found, and nothing else is."""

import dataclasses

import numpy as np
import pytest
import sympy

import physics
import symbolic
from physics.domain import Box
from physics.formula import Formula
from physics.jets import D, Jet, fields, inverse_laplacian, symbol
from physics.symbols import Parameter
from physics.system import System

x, y, u = fields("x y u")
X = symbol("x")
R, sin, cos, exp, log, sqrt = (
    sympy.Rational, sympy.sin, sympy.cos, sympy.exp, sympy.log, sympy.sqrt,
)  # fmt: skip


def ode(expression, **rest):
    return System(name="law", equations={"x": expression, "y": -y}, **rest)


def pde(expression, dim=1, **rest):
    box = Box(low=(0,) * dim, high=(1,) * dim)
    return System(name="pde", equations={"u": expression}, domain=box, **rest)


SAME = [  # written differently, the same function
    ((x + y) ** 3, x**3 + 3 * x**2 * y + 3 * x * y**2 + y**3),
    (sin(x) ** 2 + cos(x) ** 2 + x, 1 + x),
    (sin(2 * x), 2 * sin(x) * cos(x)),
    (log(x * y), log(x) + log(y)),
    (x * exp(1 - y), sympy.E * x * exp(-y)),
    (sympy.tanh(x), (exp(2 * x) - 1) / (exp(2 * x) + 1)),
    (sqrt(x**2), sympy.Abs(x)),
    (1 - 1 / (1 + x), x / (1 + x)),
    (x / (2 + 2 * x) + 1 / (1 + x), R(1, 2) + R(1, 2) / (1 + x)),
    ((x**2 - y**2) / (x - y), x + y),
    (x / (1 + y) + y / (1 + x), (x * (1 + x) + y * (1 + y)) / ((1 + x) * (1 + y))),
    (sympy.Max(x, y) + sympy.Min(x, y), x + y),
    (x**y * x, x ** (y + 1)),
    ((1 + x) ** 40 - 1, (1 + x) ** 20 * (1 + x) ** 20 - 1),
]
DIFFERENT = [  # close, and not the same at any tolerance
    (x * y, x * y + y),
    (x, sympy.Abs(x)),
    (x, sympy.Max(x, -1000)),
    (sin(x), sin(y)),
    (x, x + R(1, 10**9) * y),
    (x / (1 + x), x / (1 + y)),
    (x / (1 + x), x / (1 + x) ** 2),
    (exp(-x), exp(-(x**2))),
    (sin(x), x),
    (x**2, sympy.Integer(0)),
]


@pytest.mark.parametrize("pair", SAME, ids=str)
@pytest.mark.parametrize("rtol", [0, 0.05])
def test_the_same_function_is_the_same_law(pair, rtol):
    for one, other in (pair, pair[::-1]):
        comparison = symbolic.same_law(ode(one), ode(other), rtol=rtol)
        assert comparison and comparison.worst == 0


@pytest.mark.parametrize("pair", DIFFERENT, ids=str)
def test_other_terms_are_another_law(pair):
    for one, other in (pair, pair[::-1]):
        comparison = symbolic.same_law(ode(one), ode(other), rtol=0.9)
        assert not comparison and not comparison.same_terms


def changed(expression, rng, size):
    """`expression` with each number multiplied by 1 ± size (exponents kept)."""
    if expression.is_Rational:
        return expression * sympy.Rational(str(round(1 + rng.choice([-1, 1]) * size, 6)))
    if expression.is_Pow and expression.exp.is_Rational:
        return changed(expression.base, rng, size) ** expression.exp
    if expression.is_Mul and not expression.args[0].is_number:
        return changed(sympy.Integer(1), rng, size) * sympy.Mul(
            *(changed(a, rng, size) if a.args else a for a in expression.args)
        )
    if not expression.args:
        return expression
    return expression.func(*(changed(a, rng, size) for a in expression.args))


NUMBERED = [
    R(13, 10) * x - R(9, 10) * x * y + 2 * y**2,
    R(3, 2) * x * (1 - x / 7) - R(2, 3) * x * y / (1 + 2 * x),
    -R(7, 5) * sin(2 * x) + R(1, 5) * exp(-3 * y) * x,
    5 * x**2 / (3 + x**2) - 2 * x,
    R(5, 3) * sympy.tanh(2 * x + 3 * y) + sqrt(2 + 3 * x**2),
]


@pytest.mark.parametrize("truth", NUMBERED, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_a_planted_error_of_the_coefficients_is_measured(truth, seed):
    law = ode(changed(truth, np.random.default_rng(seed), 0.01))
    comparison = symbolic.same_law(law, ode(truth))
    assert comparison
    assert 0.005 < comparison.worst < 0.045
    assert not symbolic.same_law(law, ode(truth), rtol=0)
    assert not symbolic.same_law(ode(changed(truth, np.random.default_rng(seed), 0.3)), ode(truth))


def test_errors_are_named_by_state_and_term():
    law = System(name="law", equations={"y": 2 * x, "x": -1.03 * x * y + x**3})
    truth = System(name="truth", equations={"x": -x * y + y, "y": 2 * x})
    comparison = symbolic.same_law(law, truth)
    assert comparison.missing == (("x", "y"),)
    assert comparison.extra == (("x", "x^3"),)
    assert comparison.coefficient_errors == {("x", "x*y"): pytest.approx(0.03), ("y", "x"): 0.0}
    assert "missing in x: y" in str(comparison) and "extra in x: x^3" in str(comparison)


def test_saturation_is_judged_in_its_best_unit():
    """V x/(K + x): V and K are each 4 % off, V/K is 8 % off."""
    law, truth = R(104, 100) * x / (R(96, 100) + x), x / (1 + x)
    comparison = symbolic.same_law(ode(law), ode(truth))
    assert comparison and comparison.worst == pytest.approx(0.04)


def test_values_of_parameters_are_put_in():
    k = symbol("k")
    declared = ode(-k * x, parameters=[Parameter("k", 8 / 3)])
    assert symbolic.same_law(declared, ode(-R(8, 3) * x), rtol=0)
    assert not symbolic.same_law(declared.with_values(k=3.0), ode(-R(8, 3) * x))


def test_float64_numbers_are_told_apart_to_the_last_digits():
    assert not symbolic.same_law(ode((1 + 1e-13) * x), ode(x), rtol=0)
    assert symbolic.same_law(ode((0.1 + 0.2) * x), ode(0.3 * x), rtol=0)


def test_fluxes_are_expanded_and_jets_compared():
    nu = symbol("nu")
    uxx = u.along("x").along("x")
    flux = pde(-D(u**2 / 2, X) + nu * uxx, parameters=[Parameter("nu", 0.1)])
    assert symbolic.same_law(flux, pde(-u * u.along("x") + 0.1 * uxx), rtol=0)
    worse = symbolic.same_law(pde(-u * u.along("x") + 0.12 * uxx), flux)
    assert not worse and worse.coefficient_errors["u", "u_xx"] == pytest.approx(0.2)


def test_nonlocal_operators_are_linear():
    psi, twice = inverse_laplacian(u + u**2), inverse_laplacian(2 * u) / 2 + inverse_laplacian(u**2)
    assert symbolic.same_law(pde(u * psi), pde(u * twice), rtol=0)
    stream = pde(-D(psi, X) + u)
    assert symbolic.same_law(stream, pde(u - D(twice, X)), rtol=0)
    assert not symbolic.same_law(stream, pde(u - D(inverse_laplacian(u), X)))


def test_formulas_are_compared_by_output():
    one = Formula(inputs=["x", "y"], expressions={"f": -0.9 * x * y})
    plain = -symbol("a") * symbol("x") * symbol("y")
    two = Formula(inputs=["y", "x"], expressions={"f": plain}, parameters=[Parameter("a", 0.92)])
    assert symbolic.same_law(one, two) and not symbolic.same_law(one, two, rtol=0.01)


def test_noise_is_compared_by_its_covariance():
    turned = {("x", "w1"): 0.6 * x, ("x", "w2"): 0.8 * x, ("y", "w2"): 1}
    swapped = {("x", "b"): 0.6 * x, ("x", "a"): 0.8 * x, ("y", "a"): 1}
    assert symbolic.same_law(ode(-x, noise=turned), ode(-x, noise=swapped), rtol=0)
    assert symbolic.same_law(ode(-x, noise={("x", "w"): x}), ode(-x, noise={("x", "w"): -x}))
    louder = symbolic.same_law(ode(-x, noise={("x", "w"): 1.1 * x}), ode(-x, noise={("x", "w"): x}))
    assert not louder and louder.worst == pytest.approx(0.1)
    assert not symbolic.same_law(ode(-x), ode(-x, noise={("x", "w"): x}))


def test_ito_and_stratonovich_forms_of_one_equation_are_the_same():
    noise = {("x", "w"): x / 2}
    ito = ode(-x + x / 8, noise=noise)
    assert symbolic.same_law(ode(-x, noise=noise, calculus="stratonovich"), ito, rtol=0)
    assert not symbolic.same_law(ode(-x, noise=noise), ito)


def test_parsed_text_is_the_same_law():
    one = physics.parse(["x' = a*x - b*x*y", "y' = -c*y + d*x*y"], dict(a=1, b=0.5, c=1, d=0.3))
    two = physics.parse(["y' = y*(0.3*x - 1)", "x' = x*(1 - y/2)"])
    assert symbolic.same_law(one, two, rtol=0)


def test_the_catalogue_is_the_same_law_as_its_text(catalogue_name):
    law = physics.get(catalogue_name)
    place = {"domain": law.domain, "boundary": law.boundary}
    text = physics.parse(law.lines(), law.values, controls=[c.name for c in law.controls], **place)
    bare = dataclasses.replace(law, noise={})
    assert symbolic.same_law(text, bare, rtol=0)
    occurring = set().union(*(e.free_symbols for e in law.equations.values()))
    for parameter in [p for p in law.parameters if sympy.Symbol(p.name) in occurring]:
        value = parameter.value * 1.3 or 0.1
        changed = dataclasses.replace(parameter, value=value, low=None, high=None, log=False)
        others = [changed if p is parameter else p for p in law.parameters]
        assert not symbolic.same_law(dataclasses.replace(law, parameters=others), law)


def test_large_powers_do_not_hang():
    big = (x + y + 1) ** 60 * (x - 2 * y + 3) ** 60
    assert symbolic.same_law(ode(big), ode(big), rtol=0)
    assert not symbolic.same_law(ode(big), ode((x + y + 1) ** 60 * (x - 3 * y + 3) ** 60))


@pytest.mark.parametrize(
    ("law", "reference", "rtol", "words"),
    [
        (ode(x), System(name="a", equations={"x": x}), 0.05, "'y' stands in one law only"),
        (ode(x), ode(x, time="discrete"), 0.05, "differ in time"),
        (pde(u), pde(u, dim=2), 0.05, "differ in dim"),
        (None, ode(x), 0.05, "no law was found"),
        (Formula(inputs=["x"], expressions={"f": x}), ode(x), 0.05, "Formula"),
        (ode(x), ode(x), -0.1, "rtol"),
        (ode(x), ode(x), float("nan"), "rtol"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_sentence(law, reference, rtol, words):
    with pytest.raises(ValueError, match=words):
        symbolic.same_law(law, reference, rtol=rtol)


def test_jets_of_another_field_are_other_terms():
    box = Box(low=(0,), high=(1,))
    v = Jet("v")
    one = System(name="a", equations={"u": u.along("x"), "v": u}, domain=box)
    two = System(name="b", equations={"u": v.along("x"), "v": u}, domain=box)
    comparison = symbolic.same_law(one, two)
    assert comparison.missing == (("u", "v_x"),) and comparison.extra == (("u", "u_x"),)
