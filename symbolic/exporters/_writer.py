"""How every target walks an expression: sums, products and powers with signs and brackets.

A target subclasses `Writer` and spells the pieces. Terms are ordered by degree in the variables
and factors as numbers, parameters, variables, functions, derivatives, so the text does not depend
on hashing and reads as people write equations.
"""

import abc
from collections.abc import Iterable, Sequence

import sympy

from physics.jets import NONLOCAL, D, Jet
from physics.names import FUNCTIONS

SUM, PRODUCT, POWER, ATOM = range(4)  # how tightly a text binds

_CLASSES = {"abs": sympy.Abs, "min": sympy.Min, "max": sympy.Max}
NAME_OF = {_CLASSES.get(n, getattr(sympy, n, None)): n for n in FUNCTIONS if n != "sqrt"}

Text = tuple[str, int]


class Writer(abc.ABC):
    """Expression -> text. variables: names of the plain symbols that are no constants."""

    def __init__(self, variables: Iterable[str] = ()):
        self.variables = frozenset(variables)

    # -- what a target spells ----------------------------------------------------------------

    @abc.abstractmethod
    def number(self, value: sympy.Rational) -> Text:
        """A rational number >= 0."""

    @abc.abstractmethod
    def symbol(self, symbol: sympy.Symbol) -> str:
        """A jet, parameter, control or coordinate."""

    @abc.abstractmethod
    def constant(self, value: sympy.Expr) -> Text | None:
        """A number that is not rational (π, e, √2, sin 1); None: written piece by piece."""

    @abc.abstractmethod
    def join(self, coefficient: sympy.Rational, above: Sequence, below: Sequence) -> Text:
        """coefficient · Π above / Π below, the coefficient positive."""

    @abc.abstractmethod
    def raised(self, base: sympy.Expr, exponent: sympy.Expr) -> Text:
        """base ** exponent, where the exponent is no negative number."""

    @abc.abstractmethod
    def call(self, name: str, arguments: Sequence[sympy.Expr]) -> Text:
        """A function by its name in `physics.names.FUNCTIONS`."""

    def operator(self, node: sympy.Expr) -> Text:
        """A flux D(f, x) or a nonlocal operator, for targets that have them."""
        raise ValueError(f"{node} cannot be written here: it needs a spatial grid")

    def brackets(self, text: str) -> str:
        """`text` in round brackets."""
        return f"({text})"

    # -- the walk ----------------------------------------------------------------------------

    def text(self, expression: sympy.Expr) -> str:
        """`expression` as text of this target."""
        return self.write(expression)[0]

    def tight(self, expression: sympy.Expr, level: int) -> str:
        """The text of `expression`, in brackets where it binds less tightly than `level`."""
        text, own = self.write(expression)
        return text if own >= level else self.brackets(text)

    def write(self, node: sympy.Expr) -> Text:
        """(text, how tightly it binds)."""
        if node.is_Rational:
            text, level = self.number(abs(node))
            return (text, level) if node >= 0 else (f"-{text}", SUM)
        if node.is_Symbol:
            return self.symbol(node), ATOM
        if node.is_number and (constant := self.constant(node)) is not None:
            return constant
        if node.is_Add:
            return self.sum(node)
        if node.is_Mul or (node.is_Pow and _negative(node.exp)):
            return self.product(node)
        if node.is_Pow:
            return self.raised(node.base, node.exp)
        if isinstance(node, (D, *NONLOCAL)):
            return self.operator(node)
        name = NAME_OF.get(node.func)
        if name is None:
            raise ValueError(f"{node} ({node.func.__name__}) cannot be exported")
        return self.call(name, node.args)

    def sum(self, node: sympy.Add) -> Text:
        """Terms by degree, positive ones first within a degree."""
        text = ""
        for term in self.terms(node):
            piece, level = self.write(term)
            sign = " + " if text else ""
            if piece.startswith("-"):
                piece, sign = piece[1:], " - " if text else "-"
            text += sign + piece
        return text, SUM

    def terms(self, node: sympy.Expr) -> list[sympy.Expr]:
        """The terms of a sum in the order in which they are written."""
        return sorted(sympy.Add.make_args(node), key=self._term_key)

    def product(self, node: sympy.Expr) -> Text:
        """Sign, coefficient, numerator and denominator."""
        coefficient, rest = node.as_coeff_Mul(rational=True)
        above, below = [], []
        for factor in sorted(sympy.Mul.make_args(rest), key=self._factor_key):
            if factor.is_Pow and _negative(factor.exp):
                below.append(factor.base**-factor.exp)
            elif factor is not sympy.S.One:
                above.append(factor)
        text, level = self.join(abs(coefficient), above, below)
        return (text, level) if coefficient > 0 else (f"-{text}", SUM)

    # -- order -------------------------------------------------------------------------------

    def _term_key(self, term: sympy.Expr) -> tuple:
        coefficient, rest = term.as_coeff_Mul(rational=True)
        return self._degree(rest), bool(coefficient < 0), sympy.default_sort_key(rest)

    def _degree(self, node: sympy.Expr) -> float:
        if node.is_Mul:
            return sum(self._degree(a) for a in node.args)
        if node.is_Pow and node.exp.is_Rational:
            return float(node.exp) * self._degree(node.base)
        return float(any(self._varies(s) for s in node.free_symbols))

    def _factor_key(self, factor: sympy.Expr) -> tuple:
        base = factor.base if factor.is_Pow and factor.exp.is_number else factor
        if factor.is_number:
            rank = 0
        elif base.is_Symbol:
            rank = 1 + self._varies(base)
        else:
            rank = 4 if base.is_Add else 3
        if isinstance(base, D) or (isinstance(base, Jet) and base.order):
            rank = 5
        return rank, getattr(base, "order", 0), sympy.default_sort_key(factor)

    def _varies(self, symbol: sympy.Symbol) -> bool:
        return isinstance(symbol, Jet) or symbol.name in self.variables


def _negative(exponent: sympy.Expr) -> bool:
    return bool(exponent.is_Rational and exponent < 0)
