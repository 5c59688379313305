"""Tokens to expressions: precedence climbing over what an equation may hold.

    sum      = product {("+" | "-") product}
    product  = signed {("*" | "/") signed}              a sign belongs to its whole product
    signed   = {"+" | "-"} power
    power    = atom [superscript] ["^" signed]          right-associative, binds tighter than "-"
    atom     = number | name | name "(" sum {"," sum} ")" | "(" sum ")" | ("∂ₓ" | "Δ" | "∇²") atom

Names become symbols only if the Scope knows them; nothing that a user types is evaluated.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import sympy

from physics import arithmetic, jets, size
from physics.language import operators, refusals
from physics.language.notation import NEXT
from physics.language.tokenizer import SECOND_ORDER, ParseError, Token
from physics.names import CONSTANTS, COORDINATES, FUNCTIONS, OPERATORS, TIME

MAX_DEPTH = 50
MAX_EXPONENT = 16
MAX_DIGITS = 400
ALIASES = {"ln": "log"}
_STARTS = ("number", "name", "partial")


def rate(state: str) -> sympy.Symbol:
    """The symbol that stands for d(state)/dt (or the next state) while equations are solved."""
    return sympy.Symbol(state + "'")


@dataclass(frozen=True)
class Scope:
    """What names mean in an equation.

    plain: parameters and controls.   dim: number of spatial coordinates, 0 for ODEs and maps.
    time: whether t may occur.   rates: whether time derivatives may.   used: names that were read.
    """

    states: Sequence[str]
    plain: Sequence[str]
    dim: int = 0
    time: bool = True
    rates: bool = False
    used: set[str] = field(default_factory=set)

    @property
    def space(self) -> tuple[str, ...]:
        """The spatial coordinates that may occur."""
        return COORDINATES[: self.dim]

    @property
    def known(self) -> list[str]:
        """Every name that may occur."""
        return [*self.states, *self.plain, *self.space, *([TIME] if self.time else [])]


class Reader:
    """Reads expressions from the tokens of one equation. Raises ParseError."""

    def __init__(self, text: str, tokens: Sequence[Token], scope: Scope):
        self.text, self.tokens, self.scope = text, tokens, scope
        self.at = 0
        self.depth = 0
        self.calls = 0

    def equation(self) -> tuple[sympy.Expr, sympy.Expr]:
        """Both sides of `left = right`."""
        left = self.sum()
        if self.token.text != "=":
            raise refusals.unexpected(self, '; an equation has one "=", like x\' = -x')
        self.at += 1
        return left, self.expression()

    def expression(self) -> sympy.Expr:
        """Everything up to the end as one expression."""
        expression = self.sum()
        if self.token.kind != "end":
            raise refusals.unexpected(self)
        return expression

    @property
    def token(self) -> Token:
        """The next token."""
        return self.tokens[self.at]

    def take(self) -> Token:
        """The next token, which is then behind."""
        self.at += 1
        return self.tokens[self.at - 1]

    # -- precedence ------------------------------------------------------------------------

    def sum(self) -> sympy.Expr:
        """Terms with + and -."""
        terms = [self._product()]
        start = self.token
        while self.token.text in ("+", "-"):
            negative = self.take().text == "-"
            term = self._product()
            terms.append(-term if negative else term)
        return self.bounded(start, arithmetic.add, terms)

    def _product(self) -> sympy.Expr:
        factors = [self._sign(), self._power()]
        start = self.token
        while self.token.text in ("*", "/"):
            operator = self.take()
            factor = self._signed()
            if operator.text == "/":
                factor = self.bounded(operator, arithmetic.divide, sympy.Integer(1), factor)
            factors.append(factor)
        return self.bounded(start, arithmetic.multiply, factors)

    def _sign(self) -> sympy.Expr:
        negative = False
        while self.token.text in ("+", "-"):
            negative ^= self.take().text == "-"
        return sympy.Integer(-1 if negative else 1)

    def _signed(self) -> sympy.Expr:
        return self._sign() * self._power()

    def _power(self) -> sympy.Expr:
        start = self.token
        value = self.atom()
        if self.token.kind == "power":
            token = self.take()
            value = self.bounded(token, arithmetic.power, value, self._number(token), MAX_EXPONENT)
        if self.token.text == "^":
            token = self.take()
            with self.deeper(token):
                exponent = self._signed()
            value = self.bounded(token, arithmetic.power, value, exponent, MAX_EXPONENT)
        if self.token.kind in _STARTS or self.token.text in ("(", "Δ", "∇"):
            raise refusals.missing_product(self, start)
        return value

    # -- atoms -----------------------------------------------------------------------------

    def atom(self) -> sympy.Expr:
        """A number, name, call, bracket or operator with what it acts on."""
        token = self.token
        if token.text == "(":
            return self._brackets(token)[0]
        if token.kind == "number":
            return self._number(self.take())
        if token.kind == "partial":
            return self.bounded(self.take(), operators.partial, self, token)
        if token.text in ("Δ", "∇"):
            return self.bounded(self.take(), operators.nabla, self, token)
        if token.kind == "name":
            self.take()
            return self._call(token) if self.token.text == "(" else self._name(token)
        raise refusals.unexpected(self)

    def _brackets(self, owner: Token) -> list[sympy.Expr]:
        self.take()
        with self.deeper(owner):
            arguments = [self.sum()]
            while self.token.text == "," and owner.kind == "name":
                self.take()
                arguments.append(self.sum())
        if self.token.text != ")":
            hint = '; a ")" is missing' if self.token.kind == "end" else ""
            raise refusals.unexpected(self, hint)
        self.take()
        return arguments

    def _number(self, token: Token) -> sympy.Expr:
        if len(token.text) > MAX_DIGITS:
            raise self.error("this number has too many digits", token)
        _, _, exponent = token.text.lower().partition("e")
        if len(exponent) > 5 or (exponent and abs(int(exponent)) > 400):
            raise self.error("this number is too large or too small", token)
        return self.bounded(token, arithmetic.finite, sympy.Rational(token.text))

    def _name(self, token: Token) -> sympy.Expr:
        scope, name = self.scope, token.base
        if token.index == NEXT or "t" in token.index:
            return self._rate(token)
        if token.index:
            return self._derivative(token)
        if name == TIME or (scope.dim and name in COORDINATES):
            if name not in scope.known:
                raise refusals.no_coordinate(self, token)
            return jets.coordinate(name)
        scope.used.add(name)
        if name in scope.states:
            return jets.Jet(name)
        if name in scope.plain:
            return jets.symbol(name)
        if name in CONSTANTS:
            return sympy.pi
        raise refusals.undeclared(self, token)

    def _derivative(self, token: Token) -> sympy.Expr:
        if token.base not in self.scope.states:
            raise refusals.no_state(self, token)
        if len(token.index) > operators.MAX_ORDER:
            raise self.error(f"derivatives have at most order {operators.MAX_ORDER}", token)
        operators.check_coordinates(self, token)
        self.scope.used.add(token.base)
        return jets.Jet(token.base, token.index)

    def _rate(self, token: Token) -> sympy.Expr:
        if len(token.index) > 1 and set(token.index) == {"t"}:
            raise self.error(SECOND_ORDER.format(token.base), token)
        if len(token.index) > 1:
            raise self.error("mixed derivatives in space and time are not supported", token)
        if not self.scope.rates:
            raise self.error("time derivatives cannot stand in this expression", token)
        if self.calls:
            raise self.error("time derivatives cannot stand in functions or derivatives", token)
        return rate(token.base)

    def _call(self, token: Token) -> sympy.Expr:
        name = ALIASES.get(token.base, token.base)
        known = name in FUNCTIONS or name in OPERATORS
        if token.index or not known or token.base in (*self.scope.plain, *self.scope.states):
            raise refusals.no_function(self, token)
        self.calls += 1
        arguments = self._brackets(token)
        self.calls -= 1
        if name == "sqrt":
            self.count(token, arguments, 1)
            half = sympy.Rational(1, 2)
            return self.bounded(token, arithmetic.power, arguments[0], half, MAX_EXPONENT)
        if name in FUNCTIONS:
            for argument in arguments:
                self.bounded(token, size.check_phases, name, argument)
            return self.bounded(token, arithmetic.apply, name, arguments)
        return self.bounded(token, operators.call, self, token, arguments)

    # -- what readers of parts use -----------------------------------------------------------

    def error(self, sentence: str, token: Token) -> ParseError:
        """A ParseError at `token`."""
        return ParseError(sentence, self.text, token.position)

    def bounded(self, token: Token, build: Callable[..., sympy.Expr], *arguments) -> sympy.Expr:
        """`build(*arguments)`; a ValueError in it becomes a ParseError at `token`."""
        try:
            return build(*arguments)
        except ParseError:
            raise
        except ValueError as error:
            raise self.error(str(error), token) from None
        except Exception:  # SymPy raises whatever it likes at the edge of what it can do
            raise self.error("this is too involved to be worked out", token) from None

    def count(self, token: Token, arguments: Sequence[sympy.Expr], count: int) -> None:
        """Raise ParseError unless there are `count` arguments."""
        if len(arguments) != count:
            plural = "" if count == 1 else "s"
            sentence = f"{token.base} takes {count} argument{plural}, not {len(arguments)}"
            raise self.error(sentence, token)

    @contextmanager
    def deeper(self, token: Token) -> Iterator[None]:
        """One level of nesting; raises ParseError beyond MAX_DEPTH."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(f"this is nested more than {MAX_DEPTH} deep", token)
        yield
        self.depth -= 1
