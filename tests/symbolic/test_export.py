"""Exported source is executed and compared with SymPy; LaTeX is set by matplotlib."""

import numpy as np
import pytest
import sympy
from scipy.integrate import solve_ivp

import symbolic
from physics.jets import Jet, symbol

from .exported import (
    BURGERS,
    HIDDEN,
    LAWS,
    a,
    agrees,
    call,
    named,
    ode,
    points,
    run,
    truth,
    typeset,
    x,
    y,
    z,
)

pytestmark = pytest.mark.usefixtures("float64")


@named
@pytest.mark.parametrize("target", ["python", "jax"])
def test_functions_agree_with_sympy(law, target):
    agrees(law, run(symbolic.export(law, target)))


@named
def test_sympy_source_rebuilds_the_law_exactly(law):
    module = run(symbolic.export(law, "sympy"))
    assert [s.name for s in module.states] == list(law.state_names)
    assert {p.name: float(v) for p, v in module.parameters.items()} == law.values
    assert [c.name for c in module.controls] == [c.name for c in law.controls]
    plain = {Jet(s): sympy.Symbol(s) for s in law.state_names}
    for state, expression in module.rhs.items():
        original = law.equations[state.name].xreplace(plain)
        assert expression == original or sympy.expand(expression - original) == 0


@named
@pytest.mark.parametrize("target", ["python", "jax"])
def test_columns_are_evaluated_at_once(law, target):
    module = run(symbolic.export(law, target))
    function = module.step if law.time == "discrete" else module.rhs
    states = np.random.default_rng(0).uniform(0.3, 1.5, (len(law.state_names), 4))
    together = np.asarray(function(1.0, states))
    assert together.shape == states.shape
    single = [function(1.0, column) for column in states.T]
    np.testing.assert_allclose(together, np.stack(single, axis=1), rtol=1e-12)


@named
@pytest.mark.parametrize("digits", [None, 3])
def test_latex_can_be_typeset(law, digits):
    rows = typeset(symbolic.export(law, "latex", digits=digits))
    assert rows >= len(law.state_names)


@named
def test_values_can_be_put_in(law):
    module = run(symbolic.export(law, "python", values=True))
    assert module.PARAMETERS == {}
    point = next(points(law, 1))
    expected = [truth(e, point) for e in law.equations.values()]
    call_law = law.numeric()
    np.testing.assert_allclose(call(module, call_law, point), expected, rtol=1e-12)


def test_rhs_is_what_solve_ivp_takes():
    module = run(symbolic.export(ode("decay", {"x": -a * x, "y": x - y}, {"a": 2.0}), "python"))
    solved = solve_ivp(module.rhs, (0, 1), [1, 0], rtol=1e-10, atol=1e-12, vectorized=True)
    np.testing.assert_allclose(solved.y[0, -1], np.exp(-2), rtol=1e-8)
    other = solve_ivp(
        module.rhs, (0, 1), [1.0, 0.0], args=({"a": 1.0},), method="Radau", rtol=1e-8, atol=1e-10
    )
    np.testing.assert_allclose(other.y[1, -1], np.exp(-1), rtol=1e-5)


def test_unknown_parameter_is_refused_by_the_exported_function():
    module = run(symbolic.export(LAWS[0], "python"))
    with pytest.raises(ValueError, match="sigmo"):
        module.rhs(0.0, np.ones(3), {"sigmo": 1.0})


def test_jax_source_can_be_jitted_differentiated_and_vmapped():
    import jax
    import jax.numpy as jnp

    law = LAWS[0]
    rhs = run(symbolic.export(law, "jax")).rhs
    states = jnp.array([[1.0, 2.0, 3.0], [0.5, -1.0, 20.0]])
    jacobian = jax.jit(jax.vmap(jax.jacfwd(lambda s: rhs(0.0, s))))(states)
    exact = sympy.Matrix(list(law.equations.values())).jacobian([x, y, z])
    for row, state in zip(jacobian, states, strict=True):
        point = dict(zip((x, y, z), map(float, state), strict=True)) | {
            symbol(p): w for p, w in law.values.items()
        }
        np.testing.assert_allclose(row, np.array(exact.subs(point), float), rtol=1e-12)
    gradient = jax.grad(lambda p: rhs(0.0, states[0], p)[0])({"sigma": 3.0, "beta": 1.0})
    assert gradient["sigma"] == 1.0 and gradient["beta"] == 0.0
    per_sample = jax.vmap(lambda s, w: rhs(0.0, s, {"sigma": w}))(states, jnp.array([1.0, 2.0]))
    np.testing.assert_allclose(per_sample[:, 0], [1.0, -3.0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_jax_source_keeps_the_dtype(dtype):
    import jax.numpy as jnp

    for law in LAWS[:3]:
        module = run(symbolic.export(law, "jax"))
        function = module.step if law.time == "discrete" else module.rhs
        assert function(0.0, jnp.ones(len(law.state_names), dtype)).dtype == dtype


@pytest.mark.parametrize("target", ["python", "jax"])
def test_noise_is_a_matrix(target):
    law = next(law for law in LAWS if law.noise)
    module = run(symbolic.export(law, target))
    point = {"x": 2.0, "y": 9.0, "a": 0.3, "t": 0.0}
    matrix = call(module, law, point, "diffusion")
    np.testing.assert_allclose(matrix, [[0.6, 0.0], [1.0, 3.0]])
    assert module.NOISE == ("w1", "w2")
    assert np.asarray(module.diffusion(0.0, np.ones((2, 5)))).shape == (2, 2, 5)


@pytest.mark.parametrize("target", ["python", "jax"])
def test_formula_is_a_function_of_its_inputs(target):
    formula = run(symbolic.export(HIDDEN, target)).formula
    inputs = {"x": np.array([1.0, 2.0]), "y": 3.0, "u_x": 0.5, "lambda_": 1.0}
    out = formula(**inputs, parameters={"a": 0.5})
    np.testing.assert_allclose(out["x"], [-2.7 / 1.5, -5.4 / 2], rtol=1e-14)
    np.testing.assert_allclose(out["class"], -0.75)
    np.testing.assert_allclose(formula(**inputs)["x"][0], -2.7 / 1.25, rtol=1e-14)


def test_formula_in_sympy_and_latex():
    module = run(symbolic.export(HIDDEN, "sympy"))
    assert [s.name for s in module.inputs] == list(HIDDEN.inputs)
    assert float(module.expressions["class"].subs({"u_x": 2}).subs(module.inputs[3], 1)) == 3.0
    assert r"\partial_{x} u" in symbolic.export(HIDDEN)


def test_burgers_in_sympy_solves_the_equation():
    module = run(symbolic.export(BURGERS, "sympy"))
    (state,) = module.states
    nu = next(iter(module.parameters))
    steady = -2 * nu * sympy.diff(sympy.log(sympy.cosh(symbol("x"))), symbol("x"))
    residual = module.rhs[state].subs(state, -steady).doit()
    other = module.rhs[state].subs(state, steady).doit()
    assert 0 in (sympy.simplify(residual.rewrite(sympy.exp)), sympy.simplify(other))


@pytest.mark.parametrize(
    ("law", "pieces"),
    [
        (BURGERS, [r"\partial_{t} u &= ", r"\nu \, \partial_{xx} u", r"\frac{u^{2}}{2}"]),
        (LAWS[0], [r"\dot{x} &= \sigma \left(y - x\right)", r"\beta = 2.66667"]),
        (ode("lv", {"x": -0.9 * x * y + x / 2, "y": 0}), [r"\frac{x}{2} - 0.9 x y"]),
        (ode("map", {"x": 3.7 * x * (1 - x)}, time="discrete"), ["x_{n+1} &= 3.7 x_{n}"]),
        (ode("small", {"x": 1e-300 * x - 2.5e-7}), [r"10^{-300} x", r"2.5 \times 10^{-7}"]),
        (ode("names", {"alpha1": symbol("kcat") * Jet("alpha1")}, {"kcat": 1}),
         [r"\dot{\alpha}_{1}", r"\mathrm{kcat} \, \alpha_{1}"]),
    ],
)  # fmt: skip
def test_latex_reads_as_people_write(law, pieces):
    text = symbolic.export(law, "latex")
    for piece in pieces:
        assert piece in text


def test_latex_rounds_to_the_digits_asked_for():
    law = ode("law", {"x": 1.23456789 * x - 0.000123456 * x**2 + 98765 * x**3 + x**4 / 3})
    text = symbolic.export(law, digits=3)
    for piece in ("1.23 x", r"0.000123 x^{2}", r"9.88 \times 10^{4}", r"\frac{x^{4}}{3}"):
        assert piece in text
    assert "1.23457 x" in symbolic.export(law)
    assert "1.23456789" in symbolic.export(law, digits=None)


def test_names_that_look_alike_stay_apart_in_latex():
    text = symbolic.export(ode("twins", {"x1": Jet("x_1"), "x_1": -Jet("x1")}))
    assert r"\dot{x}_{1} &= \mathrm{x\_1}" in text
