"""What the parser refuses, and where in the text it points."""

import pickle

import pytest

from physics.domain import Box
from physics.parser import ParseError, parse, parse_expression
from physics.symbols import Parameter

REFUSED = [
    ("x'' = -x", "first order", 0),
    ("x' = y; y' = x''", "first order", 13),
    ("u_tt = u_xx", "first order", 0),
    ("d²x/dt² = -x", "first order", 0),
    ("d^2x/dt^2 = -x", "first order", 0),
    ("d2x/dt2 = -x", "first order", 0),
    ("u_t = u_xxt", "mixed derivatives", 6),
    ("x' = x(t-1)", "delay", 5),
    ("x' = delay(x, 1)", "delay", 5),
    ("x[n+1] = x[n-1]", "delay", 9),
    ("x[n+2] = x[n]", "one step", 0),
    ("x[n+1] = x[k]", "a map is written like", 1),
    ("x' = x(t)", 'write "x" without', 5),
    ("x' = y; y = 2*x", "algebraic equations", 8),
    ("x = 2", "algebraic equations", 0),
    ("0*x' = x", "cancel", 0),
    ("x' = x if x > 0", "events", 12),
    ("x' = foo(x)", 'unknown function "foo"', 5),
    ("x' = sinn(x)", 'nearest: "sin"', 5),
    ("x' = alpa*x", 'undeclared symbol "alpa"', 5),
    ("x' = alpa*x", 'parameters={"alpa": 1.0}', 5),
    ("x' = sqrt(-1)", "imaginary", 5),
    ("x' = (-8)^(1/3)", "imaginary", 9),
    ("x' = log(-2)*x", "imaginary", 5),
    ("x' = 2i", "imaginary", 6),
    ("x' = 1e400*x", "too large", 5),
    ("x' = 1e99999999999", "too large", 5),
    ("x' = 1e-400*x", "too small", 5),
    ("x' = exp(1000)", "too large", 5),
    ("x' = x^17", "exponents", 6),
    ("x' = x^-17", "exponents", 6),
    ("x' = (x^5)^5", "exponent above 16", 0),
    ("x' = x/0", "divides by zero", 6),
    ("x' = x/(2 - 2)", "divides by zero", 6),
    ("x' = 0^-1", "divides by zero", 6),
    ("x' = log(0)", "finite", 5),
    ("", "no equation", 0),
    (" ;\n; ", "no equation", 0),
    ("x' = 2x", 'a "*" is missing between two factors: write 2*x', 6),
    ("x' = x y; y' = 1", "write x*y", 7),
    ("x' = (x)(x)", 'a "*" is missing', 8),
    ("x' = 2(x)", "write 2*(...)", 6),
    ("x' = x(2)", "write x*(...)", 6),
    ("x' = xα", 'a "*" is missing', 6),
    ("x' = x)", 'unexpected ")"', 6),
    ("x' = 2*(", "unexpected end", 8),
    ("x' = (x", 'a ")" is missing', 7),
    ("x' = ", "unexpected end", 4),
    ("x'", 'one "="', 2),
    ("x' = x = x", 'unexpected "="', 7),
    ("x' = x, y' = y", 'separate equations with ";"', 6),
    ("x' = max(x)", "takes 2 to 8 arguments", 5),
    ("x' = sin(x, x)", "takes 1 argument", 5),
    ("x' = sin", "is a function", 5),
    ("x' = k_on*x", "is not a name", 5),
    ("x' = _k*x", "do not start", 5),
    ("x' = x.real", "attribute access", 6),
    ('x\' = "x"', "quotes", 5),
    ("x' = x[0]", "a map is written", 6),
    ("x' = {x}", "curly brackets", 5),
    ("x' = x % 2", "not supported", 7),
    ("x' = x & 1", "not supported", 7),
    ("x' = |x|", "abs", 5),
    ("x' = x!", "not supported", 6),
    ("x' = x @ 2", "U+0040", 7),
    ("х' = 1", "U+0445", 0),
    ("x' = x\u202e", "U+202E", 6),
    ("x' = \x00", "U+0000", 5),
    ("x' = \ud800", "U+D800", 5),
    ("x' = x[n]; y' = 2", "mixed", 5),
    ("x' = y; x[n+1] = 2", "mixed", 8),
    ("x' = 1; x' = 2", "second equation", 8),
    ("x' + y' = 1", "1 equations hold", 0),
    ("x*x' = 1", "linearly", 2),
    ("x'^2 = 1", "linearly", 0),
    ("sin(x') = 1", "time derivatives cannot stand in functions", 4),
    ("u_t = D(u_t, x)", "time derivatives cannot stand in functions", 8),
    ("t' = 1", "is time", 0),
    ("x_t = x_x", "coordinate of a PDE", 0),
    ("sin' = 1", "function or constant", 0),
    ("u_t = w_x", 'needs a state "w"', 6),
    ("u_t = ∂ₓu^2", "two ways", 9),
    ("u_t = Δu²", "two ways", 8),
    ("u_t = grad(u) + u_x", "is a vector", 6),
    ("u_t = D(u, t) + u_x", "coordinate of space", 6),
    ("u_t = u_x + sin(y)", "give 2 lengths", 16),
    ("u_t = ∂u + u_x", "write a derivative like", 6),
    ("u_t = u_" + "x" * 13, "at most order 12", 6),
    ("x' = laplacian(x)", "coordinate of a PDE", 0),
    ("x' = (x + x^2 + x^3 + 1/x + sin(x) + exp(x))^16", "multiplied out", 0),
]  # fmt: skip


@pytest.mark.parametrize("text, sentence, position", REFUSED)
def test_refusals_say_what_and_where(text, sentence, position):
    with pytest.raises(ParseError) as caught:
        parse(text)
    error = caught.value
    assert sentence in error.sentence
    assert (error.text, error.position) == (text, position)
    first, line, caret = str(error).split("\n")
    assert first == f"{error.sentence} (at position {position})"
    assert set(caret) <= {" ", "^"} and str(error).isprintable() or "\n" in str(error)
    typed = text[position : position + 1]
    if typed.isascii() and typed.isprintable() and typed:
        assert line[caret.index("^")] == typed
    assert "\n" not in error.sentence and not error.sentence.removesuffix("...").endswith(".")


def test_errors_travel_between_processes():
    with pytest.raises(ParseError) as caught:
        parse("x' = foo(x)")
    twin = pickle.loads(pickle.dumps(caught.value))
    assert (str(twin), twin.text, twin.position) == (str(caught.value), "x' = foo(x)", 5)


def test_long_lines_are_shown_around_the_place():
    text = "x' = " + " + ".join(["x"] * 200) + " + foo(x)" + " + x" * 100
    with pytest.raises(ParseError) as caught:
        parse(text)
    _, line, caret = str(caught.value).split("\n")
    assert len(line) < 90 and line[caret.index("^") :].startswith("foo(x)")


def test_the_place_is_found_in_the_right_line():
    with pytest.raises(ParseError) as caught:
        parse("x' = y\ny' = foo(x)")
    assert str(caught.value).split("\n")[1] == "  y' = foo(x)"


@pytest.mark.parametrize(
    "arguments, keywords, sentence",
    [
        (("x' = -x", {"a": 1.0}), {}, "'a' does not occur"),
        (("x' = alpha*x", {"alpha": "fast"}), {}, "needs a number"),
        (("x' = a*x", {"a": float("nan")}), {}, "finite"),
        (("x' = a*x", {"a": Parameter("b", 1.0)}), {}, "called 'b'"),
        (("x' = a*x", {"x": 1.0, "a": 1.0}), {}, "declared twice"),
        (("x' = 1", {"a b": 1.0}), {}, "cannot name"),
        (("x' = 1", {"sin": 1.0}), {}, "cannot name"),
        (("x' = 1", {"__class__": 1.0}), {}, "cannot name"),
        (("x' = t", {"t": 1.0}), {}, "coordinate"),
        (("u_t = y*u_x", {"y": 1.0}), {}, "is a coordinate"),
        (("x' = 1",), {"time": "discrete"}, "continuous time"),
        (("x' = 1",), {"time": "never"}, '"continuous" or "discrete"'),
        (("u_t = u_x",), {"length": -1}, "positive"),
        (("u_t = u_x",), {"length": "long"}, "length"),
        (("u_t = u_x",), {"length": float("inf")}, "positive"),
        (("u_t = u_x",), {"length": ()}, "positive"),
        (("u_t = u_x",), {"length": (1, 1, 1, 1)}, "one to three"),
        (("u_t = u_yy",), {"length": (1,)}, 'needs the coordinate "y"'),
        (("u_t = u_x",), {"length": 1, "domain": Box(low=(0,), high=(1,))}, "not both"),
        (("u_t = u_x",), {"domain": (0, 1)}, "physics.Box"),
        (("x' = y; y' = x",), {"states": ["x"]}, "lacks 'y'"),
        (("x' = y; y' = x",), {"states": ["x", "y", "z"]}, "no equation"),
        (("x' = 1",), {"units": {"w": "m"}}, "does not occur"),
        (("x' = 1",), {"initial": {"y": 1}}, "each of x"),
        (("a*x' = 1", {"a": 0.0}), {}, "zero"),
        (([],), {}, "no equation"),
        ((3,), {}, "string"),
        ((["x' = 1", None],), {}, "string"),
        ((["x' = 1"] * 70,), {}, "at most 64"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_one_sentence(arguments, keywords, sentence):
    with pytest.raises(ValueError, match=".") as caught:
        parse(*arguments, **keywords)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    "keywords",
    [{"coordinates": ["w"]}, {"states": ["x y"]}, {"states": ["t"]}, {"parameters": ["pi"]}],
)
def test_wrong_scopes_of_expressions_are_refused(keywords):
    with pytest.raises(ValueError):
        parse_expression("1", **keywords)


@pytest.mark.parametrize("text", ["x'", "x; x", "x = 1", "u_t", "t", ""])
def test_an_expression_is_no_equation(text):
    with pytest.raises(ParseError):
        parse_expression(text, states=["x", "u"], coordinates=[])
