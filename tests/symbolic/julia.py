"""A small reader of exported Julia, and how it is held against the equations."""

import math
import re

import numpy as np
import pytest
import sympy

from physics.jets import Jet, jets_in, symbol
from physics.symbols import Parameter
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
