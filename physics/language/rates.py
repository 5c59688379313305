"""Equations as typed, and what they say about each time derivative.

Each equation is Σ aᵢ·rateᵢ = rest, where the factors aᵢ hold nothing but numbers and parameters;
equations that share time derivatives are solved together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy

from physics import arithmetic, size, tree
from physics.language.grammar import MAX_EXPONENT, rate
from physics.language.notation import NEXT
from physics.language.tokenizer import ParseError, Token
from physics.symbols import Parameter

MAX_COUPLED = 6


@dataclass(frozen=True)
class Line:
    """One equation: the text it stands in and its tokens, derivatives joined."""

    text: str
    tokens: Sequence[Token]

    def error(self, sentence: str, token: Token | None = None) -> ParseError:
        """A ParseError at `token`, or at the start of the line."""
        return ParseError(sentence, self.text, (token or self.tokens[0]).position)

    def rates(self) -> list[Token]:
        """The tokens that are time derivatives or next states."""
        return [t for t in self.tokens if t.kind == "name" and ("t" in t.index or t.index == NEXT)]

    def check(self, expression: sympy.Expr) -> None:
        """Raise ParseError for what is too large to be worked with, or what no System can hold."""
        try:
            powers = [p.exp for p in expression.atoms(sympy.Pow) if p.exp.is_number]
            if any(abs(exponent) > MAX_EXPONENT for exponent in powers):
                raise ValueError(f"together this has an exponent above {MAX_EXPONENT}")
            arithmetic.check_numbers(expression)
            size.check_size(expression)
            tree.to_tree(expression)
            tree.to_tree(tree.canonical(expression))
        except ValueError as error:
            raise self.error(str(error)) from None
        except Exception:  # SymPy raises whatever it likes at the edge of what it can do
            raise self.error("this is too involved to be worked out") from None


def solve(
    lines: Sequence[Line],
    sides: Sequence[tuple[sympy.Expr, sympy.Expr]],
    states: Sequence[str],
    parameters: Mapping[str, Parameter],
) -> dict[str, sympy.Expr]:
    """{state: right-hand side} from the two `sides` of each line. Raises ParseError."""
    pairs = list(zip(lines, sides, strict=True))
    rows = [_linear(line, *both, states, parameters) for line, both in pairs]
    if all(len(factors) == 1 for factors, _ in rows):
        solved = _separate(lines, rows)
    else:
        solved = _coupled(lines, rows, states, parameters)
    for missing in [s for s in states if s not in solved]:
        raise lines[-1].error(f'there is no equation for "{missing}"; add {missing}\' = ...')
    for line, (factors, _) in zip(lines, rows, strict=True):
        for state in factors:
            line.check(solved[state])
    return {state: solved[state] for state in states}


_Row = tuple[dict[str, sympy.Expr], sympy.Expr]


def _linear(line: Line, left, right, states, parameters) -> _Row:
    """({state: factor}, rest) of an equation Σ factor·rate = rest."""
    rates = {rate(s): s for s in states}
    if left in rates and not right.free_symbols & set(rates):
        return {rates[left]: sympy.Integer(1)}, right
    difference = left - right
    factors = {s: sympy.diff(difference, r) for r, s in rates.items()}
    factors = {s: factor for s, factor in factors.items() if factor != 0}
    constants = {sympy.Symbol(p) for p in parameters}
    values = {sympy.Symbol(n): tree.number(p.value) for n, p in parameters.items()}
    for state, factor in factors.items():
        place = next(t for t in line.rates() if t.base == state)
        if not factor.free_symbols <= constants:
            raise line.error(
                f"this cannot be solved for {line.text[place.position : place.stop]}: "
                f"it must stand linearly with a constant factor",
                place,
            )
        if factor.xreplace(values) == 0:
            raise line.error("the factor of this time derivative is zero", place)
    if not factors:
        raise line.error("the time derivatives cancel in this equation")
    return factors, -difference.xreplace(dict.fromkeys(rates, sympy.Integer(0)))


def _separate(lines: Sequence[Line], rows: Sequence[_Row]) -> dict[str, sympy.Expr]:
    """Equations with one time derivative each."""
    solved: dict[str, sympy.Expr] = {}
    for line, (factors, rest) in zip(lines, rows, strict=True):
        ((state, factor),) = factors.items()
        if state in solved:
            raise line.error(f'there is a second equation for "{state}"')
        try:
            solved[state] = rest if factor == 1 else arithmetic.divide(rest, factor)
        except ValueError as error:
            raise line.error(str(error)) from None
    return solved


def _coupled(lines, rows: Sequence[_Row], states, parameters) -> dict[str, sympy.Expr]:
    """Equations that share time derivatives, solved as one linear system."""
    count = len(states)
    if len(rows) != count:
        raise lines[0].error(
            f"{len(rows)} equations hold the time derivatives of {count} states "
            f"({', '.join(states)}); write one equation for each"
        )
    if count > MAX_COUPLED:
        raise lines[0].error(
            f"more than {MAX_COUPLED} states have coupled time derivatives; solve for each first"
        )
    zero = sympy.Integer(0)
    matrix = sympy.Matrix([[factors.get(s, zero) for s in states] for factors, _ in rows])
    right = [rest for _, rest in rows]
    values = {sympy.Symbol(n): tree.number(p.value) for n, p in parameters.items()}
    try:
        for entry in matrix:
            size.check_size(entry**count)
        if sympy.cancel(matrix.xreplace(values).det()) == 0:
            raise ValueError("these equations do not determine all time derivatives")
        inverse = matrix.inv(method="ADJ").applyfunc(sympy.cancel)
        sums = [[inverse[i, j] * right[j] for j in range(count)] for i in range(count)]
        return {s: arithmetic.add(terms) for s, terms in zip(states, sums, strict=True)}
    except ValueError as error:
        raise lines[0].error(str(error)) from None
