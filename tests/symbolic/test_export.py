"""Exported source is executed and compared with SymPy; LaTeX is set by matplotlib."""

import builtins
import importlib.metadata
import sys
import types

import numpy as np
import pytest
import sympy
from scipy.integrate import solve_ivp

import physics
import symbolic
from physics.domain import Box
from physics.formula import Formula
from physics.jets import D, Jet, fields, inverse_laplacian, symbol
from physics.symbols import Control, Parameter
from physics.system import System

x, y, z, u, v = fields("x y z u v")
a, b, t = symbol("a"), symbol("b"), symbol("t")
R = sympy.Rational


def ode(name, equations, parameters=None, **rest):
    parameters = [Parameter(n, v) for n, v in (parameters or {}).items()]
    return System(name=name, equations=equations, parameters=parameters, **rest)


LAWS = [
    ode(
        "lorenz",
        {"x": symbol("sigma") * (y - x), "y": x * (28 - z) - y, "z": x * y - symbol("beta") * z},
        {"sigma": 10.0, "beta": 8 / 3},
    ),
    ode("constant", {"x": 3, "y": R(1, 7)}),
    ode("keywords", {"x": -symbol("lambda") * x, "y": symbol("np") * y + symbol("y1")},
        {"lambda": 0.3, "np": 2.0, "y1": 1e-300}),
    ode("argument names", {"a": -Jet("a") * symbol("y") + symbol("shape") * symbol("n")},
        {"y": 0.5, "shape": 1.5, "n": 2.5}),
    ode("state parameters", {"parameters": Jet("dydt") * symbol("values"), "dydt": Jet("jnp"),
                             "jnp": Jet("rhs"), "rhs": -Jet("parameters")}, {"values": 2.0}),
    ode("rational", {"x": a * x**2 / (b + x**2) - x / (1 + x) ** 2 / (2 + y), "y": -1 / (x * y)},
        {"a": 1.3, "b": 0.7}),
    ode("functions", {
        "x": sympy.sin(x) ** 2 * sympy.exp(-x * y) + sympy.tan(y / 3) / sympy.cosh(x),
        "y": sympy.log(1 + x**2) - sympy.tanh(a * y) + sympy.sinh(x / 2) * sympy.cos(a * x),
    }, {"a": 0.4}),
    ode("inverse functions", {"x": sympy.asin(x / 9) + sympy.acos(y / 9), "y": sympy.atan(x * y)}),
    ode("piecewise", {"x": sympy.Max(x, y, R(1, 2)) - sympy.Min(x, a * y),
                      "y": sympy.Abs(x - y) * sympy.sign(x - 1)}, {"a": 2.0}),
    ode("powers", {"x": x ** R(3, 4) - x ** -R(5, 2) + sympy.sqrt(x * y) + x**12 / 10**7,
                   "y": x**y + 2 ** (-x) + R(1, 3) ** y + y**a + a**R(1, 3)}, {"a": 1.7}),
    ode("numbers", {"x": 1e-300 * x + 123456789123 * y + 0.1 + sympy.pi * x,
                    "y": sympy.sqrt(2) * x - sympy.E * y + sympy.sin(1) + 1e22 * x}),
    ode("forced", {"x": -x + sympy.cos(a * t) * t}, {"a": 2.0}),
    ode("controlled", {"x": -x + symbol("u1") * y, "y": symbol("lambda") ** 2 - y},
        controls=[Control(name="u1"), Control(name="lambda")]),
    ode("ricker", {"x": x * sympy.exp(a * (1 - x)), "n": Jet("n") / 2 + x}, {"a": 2.6},
        time="discrete"),
    ode("noisy", {"x": -x, "y": -y}, {"a": 0.3}, calculus="stratonovich",
        noise={("x", "w1"): a * x, ("y", "w1"): 1, ("y", "w2"): sympy.sqrt(y)}),
    ode("repeated", {s: sympy.sin(x * y) * sympy.exp(x * y) * k + sympy.sin(x * y) ** 2
                     for k, s in enumerate("xy", 2)}),
]  # fmt: skip
BURGERS = ode(
    "burgers",
    {"u": -D(u**2 / 2, symbol("x")) + symbol("nu") * u.along("x").along("x")},
    {"nu": 0.02},
    domain=Box(low=(0,), high=(1,)),
)
HIDDEN = Formula(
    inputs=["x", "y", "u_x", "lambda"],
    expressions={"x": -0.9 * x * y / (1 + a * x), "class": Jet("u", "x") ** 2 - symbol("lambda")},
    parameters=[Parameter("a", 0.25)],
)
named = pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)


def run(source):
    module = types.ModuleType("exported")
    exec(compile(source, "<exported>", "exec"), module.__dict__)
    return module


def truth(expression, point):
    """High-precision value of `expression` at {name: float}."""
    exact = {s: sympy.Rational(point[s.name]) for s in expression.free_symbols}
    return float(expression.xreplace(exact).evalf(40))


def points(law, count=3):
    """Random values of states, parameters, controls and time, parameters included."""
    rng = np.random.default_rng(1)
    names = [*law.state_names, *(c.name for c in law.controls), "t"]
    for k in range(count):
        values = dict(law.values)
        if k:  # the first point keeps the nominal parameters
            values |= {n: v * rng.uniform(0.5, 1.5) for n, v in values.items()}
        yield {n: rng.uniform(0.2, 1.8) for n in names} | values | ({"t": 3.0} if k else {})


def call(module, law, point, function=None):
    states = np.array([point[s] for s in law.state_names])
    parameters = {p: point[p] for p in law.values}
    mangle = {"lambda": "lambda_"}
    controls = {mangle.get(c.name, c.name): point[c.name] for c in law.controls}
    function = function or ("step" if law.time == "discrete" else "rhs")
    return np.asarray(getattr(module, function)(point["t"], states, parameters, **controls))


def agrees(law, module, rtol=1e-12):
    """The module's function equals the equations in high precision."""
    for point in points(law):
        expected = [truth(e, point) for e in law.equations.values()]
        np.testing.assert_allclose(call(module, law, point), expected, rtol=rtol)


def typeset(text):
    """Number of rows of an aligned block that matplotlib can set."""
    from matplotlib.mathtext import MathTextParser

    rows = text.removeprefix("\\begin{aligned}\n").removesuffix("\n\\end{aligned}").split("\\\\\n")
    for row in rows:
        MathTextParser("path").parse(f"${row.replace('&', '')}$")
    return len(rows)


@pytest.fixture(autouse=True, scope="module")
def float64():
    import jax

    with jax.enable_x64(True):
        yield


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


@pytest.mark.parametrize("seed", range(8))
def test_random_expressions_survive_every_python_target(seed):
    rng = np.random.default_rng(seed)
    law = ode(
        "random", {"x": random_expression(rng, 4), "y": random_expression(rng, 4)}, {"a": 1.1}
    )
    for target in ("python", "jax"):
        agrees(law, run(symbolic.export(law, target)), rtol=1e-10)
    rebuilt = run(symbolic.export(law, "sympy"))
    point = next(points(law, 1))
    for state, expression in rebuilt.rhs.items():
        np.testing.assert_allclose(
            truth(expression, point), truth(law.equations[state.name], point), rtol=1e-14
        )


def random_expression(rng, depth):
    """A finite expression of x, y and a on positive arguments."""
    if depth == 0 or rng.random() < 0.15:
        return rng.choice([x, y, a, R(int(rng.integers(1, 9)), 3), sympy.Float(rng.normal())])
    one, two = random_expression(rng, depth - 1), random_expression(rng, depth - 1)
    bounded = sympy.tanh(one)
    return [
        one + two, one - two, one * two, one / (2 + two**2), sympy.sin(one), sympy.exp(bounded),
        sympy.Abs(one) ** R(2, 3), sympy.sqrt(1 + two**2), sympy.Max(one, two), bounded**3,
        (1 + bounded**2) ** bounded, sympy.log(1 + one**2) / (3 - bounded),
    ][rng.integers(12)]  # fmt: skip


def test_the_catalogue_is_exported(catalogue_name):
    law = physics.get(catalogue_name)
    module = run(symbolic.export(law, "sympy"))
    assert len(module.rhs) == len(law.equations)
    typeset(symbolic.export(law, digits=4))
    for target in ("python", "jax"):
        if law.domain is None:
            agrees(law, run(symbolic.export(law, target)))
        else:
            with pytest.raises(ValueError, match="PDE"):
                symbolic.export(law, target)


# -- what is refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("law", "target", "options", "words"),
    [
        (LAWS[0], "latx", {}, 'nearest: "latex"'),
        (LAWS[0], "latex", {"digts": 3}, "digits"),
        (LAWS[0], "latex", {"digits": 0}, "from 1 to 17"),
        (None, "latex", {}, "no law was found"),
        ("x' = x", "python", {}, "System or a Formula"),
        (BURGERS, "python", {}, "PDE"),
        (BURGERS, "jax", {}, "PDE"),
        (Formula(inputs=["u"], expressions={"f": D(u**2, symbol("x")) * 0 + u,
                                            "g": inverse_laplacian(u)}), "python", {}, "grid"),
    ],
)  # fmt: skip
def test_what_cannot_be_exported_is_refused_in_a_sentence(law, target, options, words):
    with pytest.raises(ValueError, match=words):
        symbolic.export(law, target, **options)


@pytest.mark.parametrize("number", ["10**400", "1/10**400", "(-8)**(1/3)", "zoo", "nan", "oo"])
def test_numbers_that_float64_cannot_hold_are_refused(number):
    from symbolic.exporters._source import float_text

    with pytest.raises(ValueError, match="float64"):
        float_text(sympy.sympify(number))


@pytest.mark.parametrize("target", ["python", "jax", "sympy"])
@pytest.mark.parametrize("text", ['"""\nexploit()\n"""', "\\", 'ends with "', "a\x00b", "\ud800"])
def test_names_and_descriptions_cannot_break_out_of_the_docstring(target, text, monkeypatch):
    monkeypatch.setattr(builtins, "exploit", lambda: pytest.fail("executed"), raising=False)
    run(symbolic.export(System(name=text, description=text, equations={"x": -x}), target))


@pytest.mark.parametrize("target", ["python", "jax", "sympy", "latex"])
def test_inputs_that_are_no_names_are_refused(target):
    with pytest.raises(ValueError, match="name"):
        symbolic.export(Formula(inputs=["x) : exploit("], expressions={"f": R(1)}), target)


def test_third_parties_add_targets(monkeypatch):
    module = types.ModuleType("shouting")
    module.SUFFIX, module.export = ".txt", lambda law: law.name.upper()
    broken = types.ModuleType("broken")
    monkeypatch.setitem(sys.modules, "shouting", module)
    monkeypatch.setitem(sys.modules, "broken", broken)
    points = [
        importlib.metadata.EntryPoint(name, name, "zoo.exporters")
        for name in ("shouting", "broken")
    ]
    monkeypatch.setattr("symbolic.exporters.entry_points", lambda group: points)
    assert "shouting" in symbolic.list_targets()
    assert symbolic.export(LAWS[0], "shouting") == "LORENZ"
    with pytest.raises(ValueError, match="broken"):
        symbolic.export(LAWS[0], "broken")


@pytest.mark.parametrize("target", symbolic.list_targets())
def test_every_target_says_how_its_files_end(target):
    from symbolic.exporters import target_module

    assert target_module(target).SUFFIX.startswith(".")
    assert symbolic.export(LAWS[0], target) == symbolic.export(LAWS[0], target)
