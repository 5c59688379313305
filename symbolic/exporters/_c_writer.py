"""Expressions as C99: every number a double, small powers as products, <math.h> for the rest."""

from collections.abc import Iterable

import sympy

from symbolic.exporters._source import SourceWriter, called, float_text
from symbolic.exporters._writer import ATOM, PRODUCT, SUM, Text

SHORT = 3  # powers of a name up to which are written x*x*x
_FUNCTIONS = {"abs": "fabs", "min": "fmin", "max": "fmax"}

_POWER = """static double {0}_power(double base, unsigned exponent)
{{
    double result = 1.0;
    for (; exponent; exponent >>= 1) {{
        if (exponent & 1u)
            result *= base;
        base *= base;
    }}
    return result;
}}
"""
_SIGN = """static double {0}_sign(double value)
{{
    return value > 0.0 ? 1.0 : value < 0.0 ? -1.0 : value;
}}
"""


class CWriter(SourceWriter):
    """names: {symbol name: identifier}; prefix: what the file's own functions begin with.

    helpers: {name: source}, to which functions are added that the expressions written call.
    """

    def __init__(
        self,
        names: dict[str, str],
        prefix: str,
        variables: Iterable[str],
        helpers: dict[str, str],
    ):
        super().__init__(names, "", variables)
        self.prefix, self.helpers = prefix, helpers

    def number(self, value) -> Text:
        return float_text(value), ATOM

    def constant(self, value) -> Text:
        text = float_text(value)
        return text, SUM if text.startswith("-") else ATOM

    def raised(self, base, exponent) -> Text:
        if exponent is sympy.S.Half:
            return f"sqrt({self.text(base)})", ATOM
        if not exponent.is_Integer:
            return f"pow({self.text(base)}, {self.text(exponent)})", ATOM
        if base.is_Symbol and exponent <= SHORT:
            return "*".join([self.text(base)] * int(exponent)), PRODUCT
        self.helpers["power"] = _POWER.format(self.prefix)
        return f"{self.prefix}_power({self.text(base)}, {exponent})", ATOM

    def call(self, name, arguments) -> Text:
        texts = [self.text(a) for a in sorted(arguments, key=sympy.default_sort_key)]
        if name == "sign":
            self.helpers["sign"] = _SIGN.format(self.prefix)
            return f"{self.prefix}_sign({texts[0]})", ATOM
        function = _FUNCTIONS.get(name, name)
        return called(function, texts, pairs=name in ("min", "max"))

    def block(self, targets: dict[str, sympy.Expr]) -> str:
        """Statements that give every target its expression, shared parts first."""
        shared, reduced = self.shared(list(targets.values()))
        lines = [f"    const double {name} = {self.text(e)};\n" for name, e in shared.items()]
        for target, expression in zip(targets, reduced, strict=True):
            lines.append(self.assignment(target, expression).removesuffix("\n") + ";\n")
        return "".join(lines)
