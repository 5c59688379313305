"""Expressions in LaTeX: numbers rounded, fractions, roots, ∂ for jets and fluxes."""

from collections.abc import Iterable

import sympy

from physics.jets import D, Jet, leray
from symbolic.exporters._writer import ATOM, POWER, PRODUCT, Text, Writer

_FUNCTIONS = {
    "asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan", "sign": r"\operatorname{sign}",
}  # fmt: skip
_DERIVATIVE = (r"\partial", r"\Delta")
LARGEST_INTEGER = 10**16  # above, a power of ten


class LatexWriter(Writer):
    """spelled: {symbol name: its LaTeX}.   digits: significant ones of a decimal number or None."""

    def __init__(self, spelled: dict[str, str], digits: int | None, variables: Iterable[str] = ()):
        super().__init__(variables)
        self.spelled, self.digits = spelled, digits

    def brackets(self, text: str) -> str:
        return rf"\left({text}\right)"

    def write(self, node: sympy.Expr) -> Text:
        text, level = super().write(node)
        return text, min(level, POWER) if text.startswith(_DERIVATIVE) else level

    # -- leaves ------------------------------------------------------------------------------

    def number(self, value) -> Text:
        if value.is_Integer and value < 10 ** (self.digits or 16):
            return str(value), ATOM
        if _simple(value):
            return rf"\frac{{{value.p}}}{{{value.q}}}", PRODUCT
        mantissa, _, exponent = _decimal(value, self.digits).partition("e")
        mantissa = mantissa.removesuffix(".0")
        if not exponent:
            return mantissa, ATOM
        power = f"10^{{{int(exponent)}}}"
        return (power, POWER) if mantissa == "1" else (rf"{mantissa} \times {power}", PRODUCT)

    def constant(self, value) -> Text | None:
        return {sympy.pi: (r"\pi", ATOM), sympy.E: (r"\mathrm{e}", ATOM)}.get(value)

    def symbol(self, symbol) -> str:
        if symbol.name in self.spelled:
            return self.spelled[symbol.name]
        if isinstance(symbol, Jet) and symbol.field in self.spelled:
            return derivative(self.spelled[symbol.field], symbol.index)
        raise ValueError(f"{symbol.name!r} is no symbol of this law")

    # -- structure ---------------------------------------------------------------------------

    def join(self, coefficient, above, below) -> Text:
        top = [self.tight(f, PRODUCT) for f in above]
        bottom = [self.tight(f, PRODUCT) for f in below]
        if _simple(coefficient) and (below or coefficient.p == 1):
            bottom.insert(0, str(coefficient.q))
            coefficient = sympy.Integer(coefficient.p)
        if coefficient != 1 or not top:
            top.insert(0, self.number(coefficient)[0])
        if not bottom:
            return _times(top), PRODUCT
        top_text = self.text(above[0]) if len(top) == len(above) == 1 else _times(top)
        bottom_text = self.text(below[0]) if len(bottom) == len(below) == 1 else _times(bottom)
        return rf"\frac{{{top_text}}}{{{bottom_text}}}", PRODUCT

    def raised(self, base, exponent) -> Text:
        if exponent is sympy.S.Half:
            return rf"\sqrt{{{self.text(base)}}}", ATOM
        power = f"^{{{self.text(exponent)}}}"
        text = self.tight(base, ATOM)
        name, bracket, rest = text.partition(r"\left(")
        if exponent.is_Integer and base.is_Function and name and bracket:
            return f"{name}{power}{bracket}{rest}", POWER
        return f"{text}{power}", POWER

    def call(self, name, arguments) -> Text:
        texts = [self.text(a) for a in sorted(arguments, key=sympy.default_sort_key)]
        if name == "exp":
            return rf"\mathrm{{e}}^{{{texts[0]}}}", POWER
        if name == "abs":
            return rf"\left|{texts[0]}\right|", ATOM
        return _FUNCTIONS.get(name, f"\\{name}") + self.brackets(", ".join(texts)), ATOM

    def operator(self, node) -> Text:
        if isinstance(node, D):
            return rf"\partial_{{{node.args[1]}}} {self.brackets(self.text(node.args[0]))}", POWER
        if isinstance(node, leray):
            component, *vector = map(self.text, node.args)
            return (
                rf"\left[\mathbb{{P}} {self.brackets(', '.join(vector))}\right]_{{{component}}}",
                ATOM,
            )
        return rf"\Delta^{{-1}} {self.brackets(self.text(node.args[0]))}", POWER


def derivative(field: str, index: Iterable[str]) -> str:
    """`\\partial_{xx} u`."""
    index = "".join(index)
    return rf"\partial_{{{index}}} {field}" if index else field


def _times(factors: list[str]) -> str:
    """Factors side by side, with signs where they would run together."""
    text = ""
    for i, factor in enumerate(factors):
        if factor.startswith(_DERIVATIVE) and i + 1 < len(factors):
            factor = rf"\left({factor}\right)"
        if text and (factor[0].isdigit() or factor.startswith(r"\frac")):
            text += r" \cdot "
        elif text:
            wide = r"\mathrm" in text + factor or factor.startswith(_DERIVATIVE)
            text += r" \, " if wide else " "
        text += factor
    return text


def _simple(value: sympy.Rational) -> bool:
    """Whether a number reads best as a fraction: 1/2, 3/4, 8/3, but 0.2 and 0.125."""
    if value.is_Integer or value.p >= 100 or value.q >= 100:
        return False
    rest = value.q
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest > 1 or (value.q in (2, 4) and value.p < 10)


def _decimal(value: sympy.Rational, digits: int | None) -> str:
    try:
        number = int(value.p) / int(value.q)
    except OverflowError:
        number = 0.0
    if number == 0:  # outside float64
        return str(sympy.Float(value, digits or 17))
    return repr(number) if digits is None else f"{number:.{digits}g}"
