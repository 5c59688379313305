"""Hypothesis strategies for expressions and systems, built with SymPy, not through the parser."""

import sympy
from hypothesis import assume, reject
from hypothesis import strategies as st

from physics.domain import Box
from physics.jets import D, Jet, coordinate, inverse_laplacian, symbol
from physics.symbols import Control, Parameter
from physics.system import System

PARAMETERS = ("a", "b", "lambda", "k_1", "N")
CONTROLS = ("force",)
numbers = st.one_of(
    st.integers(-9, 9).map(sympy.Integer),
    st.fractions(-5, 5, max_denominator=40).map(
        lambda f: sympy.Rational(f.numerator, f.denominator)
    ),
    st.builds(
        lambda m, e: sympy.Rational(f"{m}e{e}"), st.integers(-99999, 99999), st.integers(-12, 6)
    ),
)
exponents = st.sampled_from(
    [sympy.Rational(p) for p in ("-2", "-1", "1/2", "2", "3", "-1/2", "2/3")]
)
FUNCTIONS = (
    sympy.sin, sympy.cos, sympy.tan, sympy.asin, sympy.acos, sympy.atan, sympy.sinh, sympy.cosh,
    sympy.tanh, sympy.exp, sympy.log, sympy.sqrt, sympy.Abs, sympy.sign,
)  # fmt: skip


@st.composite
def polynomials(draw, symbols, degree=3, terms=4):
    """Sums of monomials with rational coefficients."""
    total = sympy.Integer(0)
    for _ in range(draw(st.integers(1, terms))):
        factors = draw(st.lists(st.sampled_from(symbols), max_size=degree))
        total += sympy.Mul(draw(numbers), *factors)
    return total


def made(build):
    """`build`, or no example where SymPy refuses its arguments."""

    def attempt(*arguments):
        try:
            return build(*arguments)
        except (ValueError, TypeError):
            reject()

    return attempt


def expressions(symbols, dim=0, depth=3):
    """Anything an equation may hold, up to `depth` operations deep."""
    leaves = st.one_of(st.sampled_from(symbols), numbers, st.just(sympy.pi))
    if depth == 0:
        return leaves
    inner = expressions(symbols, dim, depth - 1)
    options = [
        leaves,
        st.lists(inner, min_size=2, max_size=4).map(lambda t: sympy.Add(*t)),
        st.lists(inner, min_size=2, max_size=3).map(lambda t: sympy.Mul(*t)),
        st.builds(sympy.Pow, inner, exponents),
        st.builds(sympy.Pow, inner, st.sampled_from([symbol("a"), symbol("b")])),
        st.builds(made(lambda f, e: f(e)), st.sampled_from(FUNCTIONS), inner),
        st.builds(
            made(lambda f, e, g: f(e, g)), st.sampled_from([sympy.Min, sympy.Max]), inner, inner
        ),
    ]
    if dim:
        axes = st.sampled_from("xyz"[:dim]).map(coordinate)
        options.append(st.builds(D, inner, axes))
        options.append(inner.map(inverse_laplacian))
    return st.one_of(options)


@st.composite
def systems(draw, kind=None, depth=3):
    """Systems of one to three states: "ode", "map" or "pde"."""
    kind = kind or draw(st.sampled_from(["ode", "map", "pde"]))
    dim = draw(st.integers(1, 3)) if kind == "pde" else 0
    names = ("u", "v", "S_1") if dim else ("x", "y", "E")
    names = names[: draw(st.integers(1, 3))]
    symbols = [Jet(n) for n in names] + [symbol(p) for p in (*PARAMETERS, *CONTROLS, "t")]
    if dim:
        axes = "xyz"[:dim]
        index = st.text(axes, min_size=1, max_size=4)
        symbols += [Jet(draw(st.sampled_from(names)), draw(index)) for _ in range(4)]
        symbols += [coordinate(c) for c in axes]
    try:
        return System(
            name="drawn",
            equations={n: draw(expressions(symbols, dim, depth)) for n in names},
            parameters=[Parameter(p, draw(st.floats(-5, 5))) for p in PARAMETERS],
            controls=[Control(name=c) for c in CONTROLS],
            time="discrete" if kind == "map" else "continuous",
            domain=Box(low=(0,) * dim, high=(1,) * dim) if dim else None,
        )
    except (ValueError, TypeError):  # 1/0, log(0), complex numbers: not this strategy's subject
        assume(False)
