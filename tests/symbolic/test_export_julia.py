"""Exported Julia, held against the equations by a small reader of Julia expressions.

Julia itself is not at hand: what is tested is that files are balanced, that names are legal, that
numbers read back as the same doubles, and that every right-hand side has the law's values.
"""

import math
import re

import numpy as np
import pytest
import sympy

import physics
import symbolic
from physics.boundary import Condition
from physics.domain import Box
from physics.formula import Formula
from physics.jets import D, Jet, expand_fluxes, jets_in, symbol
from physics.symbols import Control, Parameter
from physics.system import System
from symbolic.exporters._julia_text import KEYWORDS

R = sympy.Rational
a, t = symbol("a"), symbol("t")
x, y, u = Jet("x"), Jet("y"), Jet("u")
TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?(?:e[+-]?\d+)?)|([A-Za-z_]\w*)|(.))")
FUNCTIONS = {
    "sin": math.sin, "cos": math.cos, "tan": math.tan, "asin": math.asin, "acos": math.acos,
    "atan": math.atan, "sinh": math.sinh, "cosh": math.cosh, "tanh": math.tanh, "exp": math.exp,
    "log": math.log, "sqrt": math.sqrt, "abs": abs, "max": max, "min": min,
    "sign": lambda v: math.copysign(1.0, v) if v else 0.0,
}  # fmt: skip


class Julia:
    """Reads one expression by Julia's rules: ^ binds tighter than a sign and from the right."""

    def __init__(self, text, names, functions=FUNCTIONS):
        self.tokens = [(n and "n" or w and "w" or s, n or w or s) for n, w, s in
                       TOKEN.findall(text.strip())] + [("end", "")]  # fmt: skip
        self.names, self.functions, self.at = names, functions, 0
        self.value = self.sum()
        assert self.tokens[self.at][0] == "end", (text, self.tokens[self.at :])

    def take(self, *signs):
        kind, text = self.tokens[self.at]
        if text in signs and kind != "end":
            self.at += 1
            return text

    def sum(self):
        value = -self.product() if self.take("-") else self.product()
        while sign := self.take("+", "-"):
            right = self.product()
            value = value + right if sign == "+" else value - right
        return value

    def product(self):
        value = self.power()
        while sign := self.take("*", "/"):
            right = self.power()
            assert not (sign == "/" and isinstance(value, int) and isinstance(right, int))
            value = value * right if sign == "*" else value / right
        return value

    def power(self):
        base = self.atom()
        if not self.take("^"):
            return base
        exponent = -self.power() if self.take("-") else self.power()
        return base**exponent

    def atom(self):
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "n":
            return int(text) if text.isdigit() else float(text)
        if kind == "w":
            return self.call(text) if self.take("(") else self.names[text]
        assert text == "(", text
        value = self.sum()
        assert self.take(")")
        return value

    def call(self, name):
        arguments = [self.sum()]
        while self.take(","):
            arguments.append(self.sum())
        assert self.take(")")
        return self.functions[name](*arguments)


def ode(name, equations, parameters=None, **rest):
    parameters = [Parameter(n, v) for n, v in (parameters or {}).items()]
    return System(name=name, equations=equations, parameters=parameters, **rest)


def code(source):
    return "\n".join(line.partition("#")[0].rstrip() for line in source.splitlines())


def rows(source):
    """{left side: right side} of the equations of a system, or of the next state by number."""
    body = code(source)
    if "advance" in body:
        inside = body.partition("return [")[2].rpartition("]")[0]
        return dict(enumerate(line.strip().rstrip(",") for line in inside.strip().split("\n")))
    inside = re.search(r"eqs = \[\n(.*?)\n\s*\]\n", body, re.DOTALL)[1]
    pairs = [line.strip().rstrip(",").split(" ~ ") for line in inside.split("\n")]
    return {left: right for left, right in pairs}


def declared(source):
    """{name: value} of the parameters as written."""
    body = code(source)
    block = re.search(r"@parameters begin\n(.*?)\nend", body, re.DOTALL)
    constant = re.search(r"PARAMETERS = \((.*?)\)\n", body)
    lines = block[1].split("\n") if block else constant[1].split(",") if constant else []
    return {n.strip(): float(v) for n, _, v in (line.partition("=") for line in lines) if n.strip()}


def well_formed(source):
    """Brackets match, blocks are closed, no identifier is a keyword, all is printable."""
    body = code(source)
    depth = []
    for sign in re.sub(r'"[^"]*"', "", body):
        if sign in "([{":
            depth.append(sign)
        elif sign in ")]}":
            assert depth.pop() + sign in ("()", "[]", "{}")
    assert depth == []
    words = re.findall(r"(?<![:\w@])[A-Za-z_]\w*", body)
    openers = len(re.findall(r"\bbegin\b|^function\b", body, re.MULTILINE))
    assert words.count("end") == openers
    used = set(words) - {"begin", "end", "function", "return", "using", "const", "import"}
    assert not used & set(KEYWORDS)
    assert all(c.isprintable() or c == "\n" for c in source)


def agrees(law, source, rtol=1e-12):
    """The text of every right-hand side has the value of the equation."""
    well_formed(source)
    found = rows(source)
    assert len(found) == len(law.equations)
    written = declared(source)
    constants = [*law.values, *(c.name for c in law.controls)]
    assert list(written.values()) == [*law.values.values(), *(0.0 for _ in law.controls)]
    spelled = dict(zip(constants, written, strict=True))
    rng = np.random.default_rng(1)
    for _ in range(3):
        point = {n: rng.uniform(0.2, 1.8) for n in (*law.state_names, *constants, "t")}
        names = {spelled.get(n, n): v for n, v in point.items()}
        names |= {f"{n}_": v for n, v in point.items()}
        names |= {"n": point["t"]} if law.time == "discrete" else {}
        for text, expression in zip(found.values(), law.equations.values(), strict=True):
            exact = {s: R(point[s.name]) for s in expression.free_symbols}
            expected = float(expression.xreplace(exact).evalf(40))
            assert Julia(text, names).value == pytest.approx(expected, rel=rtol, abs=1e-300)


LAWS = [
    ode("functions", {
        "x": sympy.sin(x) ** 2 * sympy.exp(-x * y) + sympy.tan(y / 3) / sympy.cosh(x),
        "y": sympy.log(1 + x**2) - sympy.tanh(a * y) + sympy.sinh(x / 2) * sympy.cos(a * x),
    }, {"a": 0.4}),
    ode("kinks", {"x": sympy.Max(x, y, R(1, 2)) - sympy.Min(x, a * y),
                  "y": sympy.Abs(x - y) * sympy.sign(x - 1) + sympy.asin(x / 9)}, {"a": 2.0}),
    ode("powers", {"x": x ** R(3, 4) - x ** -R(5, 2) + sympy.sqrt(x * y) + x**12 / 10**7,
                   "y": x**y + 2 ** (-x) + R(1, 3) ** y - (-x) ** 3 + (x**2) ** y}, {"a": 1.7}),
    ode("numbers", {"x": 1e-300 * x + 123456789123 * y + 0.1 + sympy.pi * x,
                    "y": sympy.sqrt(2) * x - sympy.E * y + sympy.sin(1) + 1e22 * x}),
    ode("fractions", {"x": x / 2 + R(1, 3), "y": 7 * x * y / (3 * (x + 2)) - 1 / (x * y)}),
    ode("forced", {"x": -x + sympy.cos(a * t) * t, "y": 3}, {"a": 2.0}),
    ode("words", {"end": -Jet("end") * symbol("function"), "EM": Jet("EM") ** 2, "sys": Jet("end"),
                  "eqs": symbol("prob") * Jet("sys")}, {"function": 2.0, "prob": -0.5}),
    ode("controlled", {"x": -x + symbol("u1") * y, "y": symbol("lambda") ** 2 - y}, {},
        controls=[Control(name="u1"), Control(name="lambda")]),
    ode("map", {"u": Jet("u") * sympy.exp(a * (1 - Jet("p"))), "p": Jet("n") / 2 + t,
                "n": Jet("u")}, {"a": 2.6}, time="discrete"),
    ode("bare map", {"x": 1 - x**2}, time="discrete"),
]  # fmt: skip


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_right_hand_sides(law):
    agrees(law, symbolic.export(law, "julia"))
    agrees(law.numeric(), symbolic.export(law, "julia", values=True))


@pytest.mark.parametrize("name", [n for n in physics.list_systems() if not physics.get(n).domain])
def test_the_catalogue(name):
    law = physics.get(name)
    source = symbolic.export(law, "julia")
    agrees(law, source)
    if law.time == "continuous":
        assert f"(0.0, {law.horizon!r})" in source and "ODEProblem(sys, [], " in source
        starts = re.findall(r"^    (\w+)\(t\) = (.*)$", source, re.MULTILINE)
        assert len(starts) == len(law.equations)
        for state, (_, value) in zip(law.state_names, starts, strict=True):
            low, high = law.initial.low, law.initial.high
            assert (
                low.get(state, 0) <= float(value) <= high.get(state, law.initial.low.get(state, 1))
            )


def test_without_an_initial_law_the_reader_is_asked():
    source = symbolic.export(LAWS[0], "julia")
    assert "ODEProblem(sys, [x => 1.0, y => 1.0], (0.0, 10.0))  # put your own" in source


@pytest.mark.parametrize(("calculus", "method"), [("ito", "EM()"), ("stratonovich", "EulerHeun()")])
def test_noise_is_brownian(calculus, method):
    noise = {("x", "w1"): a * x, ("y", "w1"): 1 - x, ("y", "end"): sympy.sqrt(y)}
    law = ode("noisy", {"x": -x, "y": -y}, {"a": 0.3}, calculus=calculus, noise=noise)
    source = symbolic.export(law, "julia")
    well_formed(source)
    found = rows(source)
    assert "@brownians w1 end_" in source and "SDEProblem(sys" in source and method in source
    names = {"x": 0.5, "y": 4.0, "a": 0.3, "w1": 10.0, "end_": 100.0}
    assert Julia(found["D(x)"], names).value == pytest.approx(-0.5 + 0.15 * 10)
    assert Julia(found["D(y)"], names).value == pytest.approx(-4 + 0.5 * 10 + 200)


def test_formula_is_a_function_that_returns_a_named_tuple():
    law = Formula(
        inputs=["x", "y", "u_x", "in"],
        expressions={"f": x / y - a * R(1, 3), "end": Jet("u", "x") ** 2 - symbol("in")},
        parameters=[Parameter("a", 0.25)],
    )
    source = symbolic.export(law, "julia")
    well_formed(source)
    assert "function formula(x, y, u_x, in_; a = 0.25)" in source
    inside = re.search(r"return \(\n(.*)\n    \)", source, re.DOTALL)[1]
    pairs = dict(line.strip().rstrip(",").split(" = ") for line in inside.split("\n"))
    names = {"x": 1.0, "y": 2.0, "u_x": 3.0, "in_": 4.0, "a": 0.75}
    assert {k: Julia(v, names).value for k, v in pairs.items()} == {"f": 0.25, "end_": 5.0}


# -- partial differential equations -----------------------------------------------------------


def symbolically(text, law):
    """A right-hand side read into SymPy, fields as functions of t and the coordinates."""
    where = sympy.symbols(" ".join(["t", *"xyz"[: law.dim]]))
    names = {str(s): s for s in where} | {p: symbol(p) for p in law.values}
    functions = {n: getattr(sympy, n) for n in FUNCTIONS if hasattr(sympy, n)}
    functions |= {s: sympy.Function(s) for s in law.state_names}
    for c in where[1:]:
        for k in range(1, 6):
            functions["D" + str(c) * k] = lambda f, c=c, k=k: sympy.diff(f, c, k)
    return Julia(text, names, functions).value, where


def in_functions(expression, where):
    jets = {
        j: sympy.diff(sympy.Function(j.field)(*where), *map(symbol, j.index))
        if j.index
        else sympy.Function(j.field)(*where)
        for j in jets_in(expression)
    }
    return expression.xreplace(jets)


FIELDS = [n for n in physics.list_systems() if physics.get(n).domain]


@pytest.mark.parametrize("name", FIELDS)
def test_partial_differential_equations(name):
    law = physics.get(name)
    try:
        source = symbolic.export(law, "julia")
    except ValueError as error:
        assert "MethodOfLines" in str(error) and "physics.solve" in str(error)
        assert any(e.has(*physics.jets.NONLOCAL) for e in law.equations.values()) or law.boundary
        return
    well_formed(source)
    found = rows(source)
    assert declared(source) == law.values
    for (state, expression), (left, right) in zip(
        law.equations.items(), found.items(), strict=True
    ):
        text, where = symbolically(right, law)
        assert left == f"Dt({state}({', '.join(map(str, where))}))"
        truth = in_functions(expand_fluxes(expression), where)
        assert sympy.nsimplify(sympy.expand(text - truth), rational=True).simplify() == 0
    bcs = re.search(r"bcs = \[\n(.*?)\n    \]", source, re.DOTALL)[1].split("\n")
    walls = sum(1 if k == "periodic" else 2 for k in law.domain.kinds)
    assert len(bcs) == len(law.equations) * (1 + walls)
    for c, low, high in zip("xyz", law.domain.low, law.domain.high, strict=False):
        assert f"{c} ∈ Interval({low!r}, {high!r})," in source


def test_most_of_the_catalogue_can_be_written():
    refused = []
    for name in FIELDS:
        try:
            symbolic.export(physics.get(name), "julia")
        except ValueError:
            refused.append(name)
    assert set(refused) == {
        "burgers_source", "mhd2d", "navier_stokes_velocity", "navier_stokes_vorticity",
    }  # fmt: skip


def test_walls_are_written_with_outward_normals():
    law = physics.parse(
        "u_t = k*u_xx", dict(k=2.0), length=3,
        boundary={"x-": Condition("robin", 1, 2.5), "x+": Condition("neumann", 0.5)},
    )  # fmt: skip
    source = symbolic.export(law, "julia")
    assert "2.5*u(t, 0.0) - Dx(u(t, 0.0)) ~ 1.0," in source  # ∂u/∂n = -u_x at the lower wall
    assert "Dx(u(t, 3.0)) ~ 0.5," in source and "Dx = Differential(x)" in source
    law = physics.parse("u_t = u_xx", length=3, boundary={"x-": Condition("neumann", 0.5)})
    box = Box(low=(0.0,), high=(3.0,), kinds=("dirichlet",))
    law = physics.parse("u_t = u_xx", domain=box, boundary={"x-": Condition("neumann", t)})
    source = symbolic.export(law, "julia")
    assert "-Dx(u(t, 0.0)) ~ t," in source and "u(t, 3.0) ~ 0.0," in source


BOX = Box(low=(0,), high=(1,))


@pytest.mark.parametrize(
    ("law", "words"),
    [
        (physics.get("burgers_source"), "inflow at x-"),
        (physics.get("navier_stokes_vorticity"), "inverse_laplacian"),
        (ode("slopes", {"u": Jet("u", "x") ** 2}, domain=BOX), "multiplies odd"),
        (ode("noisy", {"u": Jet("u", "xx")}, domain=BOX, noise={("u", "w"): R(1)}), "noise"),
        (ode("beam", {"u": -Jet("u", "xxxx")}, domain=Box(low=(0,), high=(1,),
                                                          kinds=("dirichlet",))), "order 4"),
        (Formula(inputs=["a b"], expressions={"g": R(1)}), "cannot be exported as a name"),
    ],
)  # fmt: skip
def test_what_julia_cannot_take_is_refused(law, words):
    with pytest.raises(ValueError, match=words):
        symbolic.export(law, "julia")


def test_fluxes_of_slopes_stay_fluxes():
    law = ode("porous", {"u": D(D(u**3, symbol("x")), symbol("x"))}, domain=BOX)
    assert "~ Dx(3.0*u(t, x)^2*Dx(u(t, x)))," in symbolic.export(law, "julia")


@pytest.mark.parametrize(
    "text", ["line\nexploit()", "=# exploit() #=", '"""', "$(exploit())", "\\"]
)
def test_descriptions_stay_in_comments(text):
    law = System(name=text, description=text, equations={"x": -a * x},
                 parameters=[Parameter("a", 1.0, description=text, unit="]")])  # fmt: skip
    source = symbolic.export(law, "julia")
    assert "exploit" not in code(source)
    well_formed(source)
    agrees(law, source)
