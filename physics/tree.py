"""Expressions as plain JSON trees, and their canonical form.

The tree is our own (`srepr`/`sympify` would be eval): numbers are strings ("3/2"), symbols
`["p", name]`, jets `["j", field, "xx"]`, everything else `[operation, *arguments]`.
"""

import json
from typing import Any

import sympy

from physics import arithmetic, jets, size
from physics.names import COORDINATES, IDENTIFIER, MAX_LENGTH

Tree = Any  # str | list[Tree]

_NAMES = {function: name for name, function in arithmetic.FUNCTIONS.items()}
MAX_DEPTH = 200
_REBUILDS = 5
MAX_DIGITS = 400


def number(value: float | int | str | sympy.Expr) -> sympy.Expr:
    """An exact SymPy number for a Python one: floats become the rational that they print as.

    >>> number(0.1)
    1/10
    """
    if isinstance(value, sympy.Expr):
        return rationalise(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return sympy.Integer(value)
    value = float(value)
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError(f"{value} is not a finite number")
    return sympy.Rational(repr(value))


def rationalise(expression: sympy.Expr) -> sympy.Expr:
    """Every float as the rational number that it prints as, so that 0.5*u equals u/2.

    Also 1/tan for cot, which SymPy makes of tan(u + pi/2) and which nothing else here knows.
    """
    floats = expression.atoms(sympy.Float)
    if floats:
        exact = {f: sympy.Rational(repr(float(f))) for f in floats}
        expression = expression.xreplace(exact)
    return expression.replace(sympy.cot, lambda a: 1 / sympy.tan(a))


def canonical(expression: sympy.Expr) -> sympy.Expr:
    """Fluxes expanded, floats as rationals, products multiplied out; functions left alone.

    Raises ValueError where that could give tens of thousands of terms.
    """
    expression = rationalise(expression)
    size.check_size(expression, patience=10)
    expanded = _settled(jets.expand_fluxes(expression))
    hints = dict(power_exp=False, power_base=False, log=False, trig=False)
    return rationalise(_primitive(sympy.expand(expanded, **hints), {}))


def _settled(expression: sympy.Expr) -> sympy.Expr:
    """`expression` built anew until it stays the same: SymPy leaves min and roots half-done."""
    for _ in range(_REBUILDS):
        anew = _anew(expression)
        if anew == expression:
            break
        expression = anew
    return expression


def _primitive(expression: sympy.Basic, done: dict) -> sympy.Basic:
    """Denominators and roots without common numbers: 1/(15 - 3*u) is 1/(5 - u)/3."""
    if expression in done or not expression.args:
        return done.get(expression, expression)
    arguments = [_primitive(a, done) for a in expression.args]
    same = all(new is old for new, old in zip(arguments, expression.args, strict=True))
    anew = expression if same else expression.func(*arguments)
    if anew.is_Pow and anew.base.is_Add and anew.exp.is_Rational:
        content, base = anew.base.primitive()
        if anew.exp.is_Integer and base.could_extract_minus_sign():
            content, base = -content, -base
        anew = anew if content == 1 else content**anew.exp * base**anew.exp
    done[expression] = anew
    return anew


def _anew(expression: sympy.Basic) -> sympy.Basic:
    return expression.func(*map(_anew, expression.args)) if expression.args else expression


def to_tree(expression: sympy.Expr) -> Tree:
    """`expression` as a JSON tree whose sums and products are ordered independently of hashing.

    Raises ValueError for a node that no equation of ours may hold (Integral, Piecewise, …).
    """
    if isinstance(expression, sympy.Float):
        expression = sympy.Rational(repr(float(expression)))
    if isinstance(expression, sympy.Rational):
        return str(expression)
    if expression is sympy.pi:
        return "pi"
    if expression is sympy.E:
        return ["exp", "1"]
    if isinstance(expression, jets.Jet):
        return ["j", expression.field, "".join(expression.index)]
    if isinstance(expression, sympy.Symbol):
        return ["p", expression.name]
    arguments = [to_tree(a) for a in expression.args]
    if isinstance(expression, sympy.Add | sympy.Mul):
        return ["+" if expression.is_Add else "*", *sorted(arguments, key=json.dumps)]
    if isinstance(expression, sympy.Pow):
        return ["^", *arguments]
    name = _NAMES.get(expression.func)
    if name is None:
        raise ValueError(f"{expression} ({type(expression).__name__}) cannot stand in an equation")
    if name in ("min", "max"):
        arguments = sorted(arguments, key=json.dumps)
    return [name, *arguments]


def from_tree(tree: Tree, depth: int = 0) -> sympy.Expr:
    """The expression of a JSON tree; raises ValueError for anything `to_tree` does not write."""
    if depth > MAX_DEPTH:
        raise ValueError("expression tree is nested too deeply")
    if isinstance(tree, str):
        return _leaf(tree)
    if not isinstance(tree, list) or not tree or not isinstance(tree[0], str):
        raise ValueError(f"not an expression tree: {str(tree)[:80]}")
    operation, *rest = tree
    if operation in ("j", "p"):
        return _symbol(operation, rest)
    arguments = [from_tree(a, depth + 1) for a in rest]
    if operation == "+":
        return arithmetic.add(arguments)
    if operation == "*":
        return arithmetic.multiply(arguments)
    if operation == "^" and len(arguments) == 2:
        return arithmetic.power(*arguments, arithmetic.MAX_EXPONENT)
    if operation in arithmetic.FUNCTIONS:
        if operation == "D" and rest[1:] not in [[["p", c]] for c in COORDINATES]:
            raise ValueError("D takes an expression and a coordinate in an expression tree")
        return arithmetic.apply(operation, arguments)
    raise ValueError(f"unknown operation {operation!r} in an expression tree")


def _leaf(text: str) -> sympy.Expr:
    if text == "pi":
        return sympy.pi
    numerator, _, denominator = text.partition("/")
    digits = numerator.removeprefix("-")
    if (
        len(text) <= MAX_DIGITS
        and digits.isdecimal()
        and (not denominator or denominator.isdecimal())
    ):
        if denominator and int(denominator) == 0:
            raise ValueError("division by zero in an expression tree")
        return sympy.Rational(int(numerator), int(denominator or 1))
    raise ValueError(f"not a number in an expression tree: {text[:40]!r}")


def _symbol(kind: str, rest: list) -> sympy.Symbol:
    if not all(isinstance(r, str) for r in rest) or len(rest) != (2 if kind == "j" else 1):
        raise ValueError(f"not a symbol in an expression tree: {str(rest)[:80]}")
    if not IDENTIFIER.fullmatch(rest[0]) or len(rest[0]) > MAX_LENGTH:
        raise ValueError(f"not a name in an expression tree: {rest[0][:40]!r}")
    if kind == "p":
        return sympy.Symbol(rest[0])
    if set(rest[1]) - set(COORDINATES) or len(rest[1]) > MAX_LENGTH:
        raise ValueError(f"not a derivative index in an expression tree: {rest[1][:40]!r}")
    return jets.Jet(rest[0], rest[1])
