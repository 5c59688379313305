"""Building expressions that stay finite, real and small.

Everything that comes from text or JSON is put together here, so that no input can make SymPy
compute without end: numbers stay within double precision, exponents and expansions are bounded.
All refusals are one-sentence ValueErrors; readers add the place.
"""

from collections.abc import Sequence
from typing import Any

import sympy

from physics import jets

FUNCTIONS: dict[str, Any] = {
    "sin": sympy.sin, "cos": sympy.cos, "tan": sympy.tan,
    "asin": sympy.asin, "acos": sympy.acos, "atan": sympy.atan,
    "sinh": sympy.sinh, "cosh": sympy.cosh, "tanh": sympy.tanh,
    "exp": sympy.exp, "log": sympy.log, "abs": sympy.Abs, "sign": sympy.sign,
    "min": sympy.Min, "max": sympy.Max,
    "D": jets.D, "inverse_laplacian": jets.inverse_laplacian, "leray": jets.leray,
}  # fmt: skip
MAX_BITS = 1300
MAX_ARGUMENTS = 8
MAX_EXPONENT = 64
_LARGEST, _SMALLEST = sympy.Rational("1e308"), sympy.Rational("1e-323")
_UNREAL = (sympy.re, sympy.im, sympy.arg, sympy.conjugate)


def add(terms: Sequence[sympy.Expr]) -> sympy.Expr:
    """Σ terms."""
    return finite(sympy.Add(*terms))


def multiply(factors: Sequence[sympy.Expr]) -> sympy.Expr:
    """Π factors."""
    return finite(sympy.Mul(*factors))


def power(base: sympy.Expr, exponent: sympy.Expr, limit: int) -> sympy.Expr:
    """base^exponent with a numeric exponent of at most `limit` in absolute value."""
    if exponent.is_number:
        if abs(exponent) > limit:
            raise ValueError(f"exponents lie between -{limit} and {limit}")
        if base == 0 and exponent < 0:
            raise ValueError("this divides by zero")
    return finite(base**exponent)


def divide(numerator: sympy.Expr, denominator: sympy.Expr) -> sympy.Expr:
    """numerator / denominator."""
    if denominator == 0:
        raise ValueError("this divides by zero")
    return finite(sympy.Mul(numerator, 1 / denominator))


def apply(name: str, arguments: Sequence[sympy.Expr]) -> sympy.Expr:
    """The function `name` of FUNCTIONS at `arguments`."""
    most, least = _arity(name)
    if not least <= len(arguments) <= most:
        count = least if most == least else f"{least} to {most}"
        plural = "" if count == 1 else "s"
        raise ValueError(f"{name} takes {count} argument{plural}, not {len(arguments)}")
    function = FUNCTIONS[name]
    result = function(*arguments)
    if result.has(*_UNREAL):  # symbols are complex to SymPy: |exp(u)| became exp(re(u))
        real = {s: sympy.Symbol(s.name, real=True) for s in result.free_symbols}
        back = {r: s for s, r in real.items()}
        result = function(*(a.xreplace(real) for a in arguments)).xreplace(back)
    if result.has(sympy.cot):  # tan(u + pi/2) became -cot(u)
        result = result.replace(sympy.cot, lambda a: 1 / sympy.tan(a))
    if isinstance(result, sympy.Min | sympy.Max) and len(result.args) > MAX_ARGUMENTS:
        raise ValueError(f"{name} takes at most {MAX_ARGUMENTS} arguments")
    return finite(result)


def _arity(name: str) -> tuple[int, int]:
    """(most, least) number of arguments."""
    if name in ("min", "max"):
        return MAX_ARGUMENTS, 2
    if name == "leray":
        return 4, 2
    return (2, 2) if name == "D" else (1, 1)


def finite(expression: sympy.Expr) -> sympy.Expr:
    """`expression` if its numbers are finite, real and short."""
    if not expression.is_number:
        for number in (expression.as_coeff_Mul()[0], expression.as_coeff_Add()[0]):
            _check_number(number)
    else:
        _check_number(expression)
    return expression


def _check_number(number: sympy.Expr) -> None:
    if isinstance(number, sympy.Rational):
        if number.p.bit_length() + number.q.bit_length() > MAX_BITS:
            raise ValueError("this number is too large, too small or has too many digits")
        return
    if number.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        raise ValueError("this is not a finite number")
    value = number.evalf(15)
    if not (value.is_Float or value.is_Rational):
        raise ValueError("this is not a real number; imaginary numbers are not supported")
    _check_range(value)


def _check_range(value: sympy.Expr) -> None:
    if value != 0 and not _SMALLEST <= abs(value) <= _LARGEST:
        raise ValueError("this number is too large or too small for double precision")


def check_numbers(expression: sympy.Basic) -> None:
    """Raise ValueError unless all numbers in `expression` are real and doubles can hold them.

    While an expression is put together its rationals may pass that range (15/10³²⁴), not its
    digits. Exponents lie between -MAX_EXPONENT and MAX_EXPONENT.
    """
    for argument in expression.args:
        check_numbers(argument)
    if isinstance(expression, sympy.Rational):
        _check_range(expression)
    if expression.is_number:
        _check_number(expression)
    elif expression.is_Pow and expression.exp.is_number and abs(expression.exp) > MAX_EXPONENT:
        raise ValueError(f"exponents lie between -{MAX_EXPONENT} and {MAX_EXPONENT}")
