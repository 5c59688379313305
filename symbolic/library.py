"""Candidate terms: monomials up to a degree, functions of the inputs, or what the user lists."""

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy

from physics.jets import NONLOCAL, Jet, expand_fluxes, jets_in
from physics.names import CONSTANTS, COORDINATES, FUNCTIONS, OPERATORS, TIME, nearest
from physics.tree import rationalise
from symbolic.problem import Problem

MOST_TERMS = 400
LARGEST = 1e140  # value of a term whose squares can be summed
_WORD = re.compile(r"[^\W\d]\w*")
_SIGNS = "Δ∆ₓᵧ"  # of Δu and ∂ₓu, letters to a regular expression
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


def check_count(count: int) -> None:
    """Raise ValueError where so many candidate terms are too many."""
    if count > MOST_TERMS:
        raise ValueError(
            f"{count} candidate terms are more than {MOST_TERMS}: lower the degree, "
            f"or list the terms in library="
        )


def monomials(symbols: int, degree: int) -> int:
    """How many terms `polynomials` of so many symbols has.

    >>> monomials(2, 2)
    6
    """
    return math.comb(symbols + degree, degree)


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

    Where the coordinates of space are among the symbols, terms may hold any derivative of the
    fields, as jets or as laplacian(…), D(…, x), advect(…), which are multiplied out.
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
    jets = [s for s in symbols.values() if isinstance(s, Jet)]
    box = [c for c in COORDINATES if c in symbols and not isinstance(symbols[c], Jet)]
    states = list(dict.fromkeys(j.field for j in jets))
    if isinstance(term, str):
        from physics.parser import parse_expression

        space = box or (COORDINATES if any(j.index for j in jets) else ())
        allowed = {"", *symbols, *FUNCTIONS, *CONSTANTS, TIME, *(OPERATORS if space else ())}
        for word in _WORD.findall(term):
            if word.lstrip(_SIGNS) not in allowed:
                raise ValueError(
                    f"{word!r} in the library term {term!r} is no input"
                    f"{nearest(word, [*symbols, *FUNCTIONS])}; inputs are {', '.join(symbols)}"
                )
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
    if expression.has(*NONLOCAL):
        raise ValueError(
            f"the library term {term} is nonlocal: make it a field of its own, like "
            f'auxiliary={{"w": "inverse_laplacian(u)"}}, and list w'
        )
    expression = expand_fluxes(expression)
    known = set(symbols.values())
    known |= {j for j in jets_in(expression) if j.field in states and set(j.index) <= set(box)}
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
    """Those terms that are finite, not zero and not huge on the data.

    strict: raise ValueError for the first that is not, instead of leaving it out.
    """
    check_count(len(terms))
    values = problem.values(terms)
    largest = np.abs(values).max(0)  # NaN where a value is
    good = (largest > 0) & (largest < LARGEST)
    if strict and not good.all():
        bad = terms[int(np.argmin(good))]
        raise ValueError(
            f"the library term {bad} is zero, not finite or above {LARGEST:g} on this data; "
            f"leave it out"
        )
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
