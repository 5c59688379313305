"""Candidate terms: monomials up to a degree, functions of the inputs, or what the user lists."""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy

from physics.jets import Jet
from physics.names import CONSTANTS, COORDINATES, FUNCTIONS, TIME, nearest
from physics.tree import rationalise
from symbolic.problem import Problem

MOST_TERMS = 400
_WORD = re.compile(r"[^\W\d]\w*")
_JET = re.compile(r"([A-Za-z][A-Za-z0-9]*(?:_[0-9]+)?)_([xyz]+)")
_CALLS = {
    "sin": sympy.sin, "cos": sympy.cos, "tan": sympy.tan, "asin": sympy.asin,
    "acos": sympy.acos, "atan": sympy.atan, "sinh": sympy.sinh, "cosh": sympy.cosh,
    "tanh": sympy.tanh, "exp": sympy.exp, "log": sympy.log, "sqrt": sympy.sqrt,
    "abs": sympy.Abs, "sign": sympy.sign,
}  # fmt: skip


def symbol_of(name: str) -> sympy.Symbol:
    """The symbol that the input called `name` is in a law: t, the jet u_xx, or the state u.

    >>> symbol_of("u_xx").index, symbol_of("t").is_Symbol
    (('x', 'x'), True)
    """
    if name == TIME:
        return sympy.Symbol(name)
    jet = _JET.fullmatch(name)
    return Jet(*jet.groups()) if jet else Jet(name)


def polynomials(symbols: Sequence[sympy.Symbol], degree: int) -> list[sympy.Expr]:
    """All monomials of `symbols` up to `degree`, by degree, the constant first.

    >>> polynomials([Jet("x"), Jet("y")], 2)
    [1, x, y, x**2, x*y, y**2]
    """
    powers = range(degree + 1)
    return [
        sympy.Mul(*factors)
        for d in powers
        for factors in itertools.combinations_with_replacement(symbols, d)
    ]


def calls(symbols: Sequence[sympy.Symbol], functions: Sequence[str]) -> list[sympy.Expr]:
    """Every function of every symbol. Raises ValueError for a function that laws cannot hold."""
    for name in functions:
        if name not in _CALLS:
            raise ValueError(
                f"unknown function {name!r}{nearest(name, _CALLS)}; one of {[*_CALLS]}"
            )
    return [_CALLS[name](s) for name in functions for s in symbols]


def read(terms: Sequence[Any], symbols: Mapping[str, sympy.Symbol]) -> list[sympy.Expr]:
    """The user's own terms, strings or SymPy expressions, in the problem's symbols.

    Raises ValueError for symbols that are no inputs, and for a term that is listed twice.
    """
    if isinstance(terms, str) or not isinstance(terms, Sequence) or not terms:
        raise ValueError('library is a list of terms such as ["1", "x", "x*y", "sin(x)"]')
    found: list[sympy.Expr] = []
    for term in terms:
        expression = _term(term, symbols)
        if expression in found:
            raise ValueError(f"the library holds {term} twice")
        found.append(expression)
    return found


def _term(term: Any, symbols: Mapping[str, sympy.Symbol]) -> sympy.Expr:
    if isinstance(term, str):
        from physics.parser import parse_expression

        for word in _WORD.findall(term):
            if word not in {*symbols, *FUNCTIONS, *CONSTANTS, TIME}:
                raise ValueError(
                    f"{word!r} in the library term {term!r} is no input"
                    f"{nearest(word, [*symbols, *FUNCTIONS])}; inputs are {', '.join(symbols)}"
                )
        jets = [s for s in symbols.values() if isinstance(s, Jet)]
        space = [c for c in COORDINATES if c in symbols and not isinstance(symbols[c], Jet)]
        space = space or (COORDINATES if any(j.index for j in jets) else ())
        states = list(dict.fromkeys(j.field for j in jets))
        plain = [n for n, s in symbols.items() if s not in jets and n not in (TIME, *space)]
        expression = parse_expression(
            term, states=states, coordinates=(TIME, *space), controls=plain
        )
    elif isinstance(term, int | float):
        expression = sympy.Integer(1) if term == 1 else sympy.Float(term)
    elif isinstance(term, sympy.Expr):
        expression = term.xreplace(
            {s: symbols[s.name] for s in term.free_symbols if s.name in symbols}
        )
    else:
        raise ValueError(f"a library term is text or a SymPy expression, not {term!r}")
    known = set(symbols.values())
    for symbol in sorted(expression.free_symbols - known, key=str):
        raise ValueError(
            f"{symbol} in the library term {term} is no input{nearest(symbol.name, symbols)}; "
            f"inputs are {', '.join(symbols)}"
        )
    if expression == 0:
        raise ValueError(f"the library term {term} is zero")
    return rationalise(expression)


def usable(
    terms: Sequence[sympy.Expr], problem: Problem, *, strict: bool = False
) -> list[sympy.Expr]:
    """Those terms that are finite and not zero on the data.

    strict: raise ValueError for the first that is not, instead of leaving it out.
    """
    if len(terms) > MOST_TERMS:
        raise ValueError(
            f"{len(terms)} candidate terms are more than {MOST_TERMS}: lower the degree, "
            f"or list the terms in library="
        )
    values = problem.values(terms)
    good = np.isfinite(values).all(0) & (np.abs(values).max(0) > 0)
    if strict and not good.all():
        bad = terms[int(np.argmin(good))]
        raise ValueError(f"the library term {bad} is zero or not finite on this data; leave it out")
    return [t for t, g in zip(terms, good, strict=True) if g]


def complexity(expression: sympy.Expr) -> int:
    """Leaves and operations of an expression, each number counting as one leaf.

    >>> x = sympy.Symbol("x")
    >>> complexity(2 * x), complexity(x**2 + 1)
    (3, 5)
    """
    if expression.is_number or not expression.args:
        return 1
    if expression.is_Add or expression.is_Mul:
        return sum(map(complexity, expression.args)) + len(expression.args) - 1
    return 1 + sum(map(complexity, expression.args))
