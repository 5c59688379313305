"""Laws to export, and how exported source is run and held against them."""

import types

import numpy as np
import pytest
import sympy

from physics.domain import Box
from physics.formula import Formula
from physics.jets import D, Jet, fields, symbol
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
