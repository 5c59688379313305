"""Expressions and a System's equations as text that `physics.parse` reads back.

The order of terms and factors depends on the expression alone (not on hashes or on how it was
built): terms with a plus first, then by degree; factors as number, parameters, states, brackets.
"""

from typing import TYPE_CHECKING

import sympy

from physics.jets import Jet
from physics.tree import rationalise

if TYPE_CHECKING:
    from physics.system import System

_SUM, _PRODUCT, _POWER, _ATOM = range(4)
_NAMES = {"Abs": "abs", "Min": "min", "Max": "max"}
_SHORT = 7


def expression_text(expression: sympy.Expr) -> str:
    """`expression` as one line of text.

    >>> x, y, a, b = Jet("x"), Jet("y"), sympy.Symbol("a"), sympy.Symbol("b")
    >>> expression_text(a * x - b * x * y), expression_text(-17 * x * y / 625 + sympy.sqrt(x) / 3)
    ('a*x - b*x*y', 'sqrt(x)/3 - 0.0272*x*y')
    """
    return _text(rationalise(expression), _SUM)


def equation_lines(system: "System") -> list[str]:
    """One line per state: `x' = …` for ODEs, `u_t = …` for PDEs, `x[n+1] = …` for maps."""
    if system.time == "discrete":
        left = "{}[n+1]"
    else:
        left = "{}_t" if system.domain else "{}'"
    return [
        f"{left.format(state)} = {expression_text(expression)}"
        for state, expression in system.equations.items()
    ]


def number_text(value: sympy.Rational) -> str:
    """A rational as an integer, a decimal where that is short and exact, or p/q.

    >>> [number_text(sympy.Rational(v)) for v in ("1/4", "1/3", "1e-9", "1e20", "1/1024")]
    ['0.25', '1/3', '1e-9', '1e20', '1/1024']
    """
    if value <= 0:
        return "-" + number_text(-value) if value else "0"
    fraction = str(value.p) if value.q == 1 else f"{value.p}/{value.q}"
    decimal = _decimal(value)
    if decimal is None or len(decimal) > max(_SHORT, len(fraction)):
        return fraction
    return fraction if value.q == 1 and len(fraction) <= _SHORT else decimal


def _decimal(value: sympy.Rational) -> str | None:
    """The shorter of 0.00012 and 1.2e-4 if the decimal expansion of `value` > 0 ends."""
    places, rest = 0, value.q
    for prime in (2, 5):
        times = 0
        while rest % prime == 0:
            rest, times = rest // prime, times + 1
        places = max(places, times)
    if rest != 1:
        return None
    digits = str(value.p * 10**places // value.q)
    whole, part = (digits[:-places], digits[-places:]) if places else (digits, "")
    plain = f"{whole or '0'}.{part.rjust(places, '0')}" if places else digits
    significant = digits.strip("0")
    exponent = len(digits) - 1 - places
    mantissa = significant[0] + ("." + significant[1:] if significant[1:] else "")
    scientific = f"{mantissa}e{exponent}"
    return scientific if len(scientific) < len(plain) - 2 else plain


def _text(expression: sympy.Expr, level: int) -> str:
    """`expression`, in brackets if it binds less tightly than `level`."""
    text, own = _bound(expression)
    return text if own >= level else f"({text})"


def _bound(expression: sympy.Expr) -> tuple[str, int]:
    """The text of an expression and how tightly its outermost operation binds."""
    if isinstance(expression, sympy.Rational):
        text = number_text(expression)
        return text, _SUM if text[0] == "-" else _PRODUCT if "/" in text else _ATOM
    if expression is sympy.E:
        return "exp(1)", _ATOM
    if isinstance(expression, sympy.Add):
        return _sum(expression), _SUM
    if isinstance(expression, sympy.Mul | sympy.Pow):
        negative, text, own = _product(expression)
        if not negative:
            return text, own
        return "-" + (text if own > _SUM else f"({text})"), _SUM
    if isinstance(expression, sympy.Function | sympy.Max | sympy.Min):
        name = _NAMES.get(expression.func.__name__, expression.func.__name__)
        arguments = [_text(a, _SUM) for a in expression.args]
        if name in ("min", "max"):
            arguments.sort()
        return f"{name}({', '.join(arguments)})", _ATOM
    return str(expression), _ATOM


def _sum(expression: sympy.Add) -> str:
    ordered = []
    for term in expression.args:
        negative, text, own = _product(term)
        text = text if own > _SUM else f"({text})"
        ordered.append((negative, _degree(term), _order(term), text))
    first, *rest = sorted(ordered)
    text = ("-" if first[0] else "") + first[-1]
    return text + "".join((" - " if term[0] else " + ") + term[-1] for term in rest)


def _product(term: sympy.Expr) -> tuple[bool, str, int]:
    """(is negative, text of the absolute value, how tightly it binds)."""
    factors = list(sympy.Mul.make_args(term))
    coefficient = sympy.Integer(1)
    for number in [f for f in factors if isinstance(f, sympy.Rational)]:
        coefficient *= number
        factors.remove(number)
    negative, coefficient = bool(coefficient < 0), abs(coefficient)
    above, below = [], []
    for factor in sorted(factors, key=_rank):
        base, exponent = factor.args if factor.is_Pow else (factor, sympy.Integer(1))
        if exponent.is_Rational and exponent < 0:
            below.append((base, -exponent))
        else:
            above.append((base, exponent))
    number = number_text(coefficient)
    if "/" in number:
        number = str(coefficient.p)
        below.insert(0, (sympy.Integer(coefficient.q), sympy.Integer(1)))
    top = [_power(*pair) for pair in above]
    if number != "1" or not top:
        top.insert(0, (number, _ATOM))
    bottom = [_power(*pair) for pair in below]
    if len(top) + len(bottom) == 1:
        return negative, *top[0]
    text = "*".join(text if own > _PRODUCT else f"({text})" for text, own in top)
    if bottom:
        under = "*".join(text if own > _PRODUCT else f"({text})" for text, own in bottom)
        text += f"/({under})" if len(bottom) > 1 else f"/{under}"
    return negative, text, _PRODUCT


def _power(base: sympy.Expr, exponent: sympy.Expr) -> tuple[str, int]:
    if exponent == 1:
        return _bound(base)
    if exponent == sympy.Rational(1, 2):
        return f"sqrt({_text(base, _SUM)})", _ATOM
    return f"{_text(base, _ATOM)}^{_text(exponent, _ATOM)}", _POWER


def _rank(factor: sympy.Expr) -> tuple[int, int, str]:
    """Where a factor stands in a product: constants, parameters, states, brackets, functions."""
    base = factor.base if factor.is_Pow else factor
    if isinstance(base, Jet):
        return 2, base.order, str(base)
    rank = 0 if base.is_number else 1 if base.is_Symbol else 3 if base.is_Add else 4
    return rank, 0, _text(base, _SUM)


def _degree(term: sympy.Expr) -> int:
    """Degree of a term in the states, functions and brackets of states counting as one."""
    degree = 0
    for factor in sympy.Mul.make_args(term):
        if factor.has(Jet):
            power = factor.args[1] if factor.is_Pow and factor.args[0].is_Symbol else None
            degree += max(int(power), 1) if isinstance(power, sympy.Integer) else 1
    return degree


def _order(term: sympy.Expr) -> int:
    """The highest derivative in a term."""
    return max((jet.order for jet in term.atoms(Jet)), default=0)
