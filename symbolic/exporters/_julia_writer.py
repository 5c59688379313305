"""Expressions as Julia: every number a Float64, whole exponents alone are integers."""

from collections.abc import Iterable

import sympy

from physics.jets import D, Jet
from symbolic.exporters._source import SourceWriter, float_text
from symbolic.exporters._writer import ATOM, POWER, SUM, Text


class JuliaWriter(SourceWriter):
    """names: {symbol name: identifier}.   where: arguments of a field, like "t, x"; "" for none.

    A jet u_xxy of a field is written Dxx(Dy(u(t, x, y))); the operators written are collected in
    `operators` {"Dxx": ("x", 2)}.
    """

    def __init__(self, names: dict[str, str], variables: Iterable[str] = (), where: str = ""):
        super().__init__(names, "", variables)
        self.where = where
        self.operators: dict[str, tuple[str, int]] = {}

    def number(self, value) -> Text:
        return float_text(value), ATOM

    def constant(self, value) -> Text:
        text = float_text(value)
        return text, SUM if text.startswith("-") else ATOM

    def symbol(self, symbol) -> str:
        if not self.where or not isinstance(symbol, Jet):
            return super().symbol(symbol)
        text = f"{self.names[symbol.field]}({self.where})"
        for along in sorted(set(symbol.index), reverse=True):
            text = self.differentiated(text, along, symbol.index.count(along))
        return text

    def differentiated(self, text: str, along: str, times: int) -> str:
        """`text` under the operator ∂ⁿ along a coordinate."""
        operator = "D" + along * times
        self.operators[operator] = along, times
        return f"{operator}({text})"

    def operator(self, node) -> Text:
        if self.where and isinstance(node, D):
            return self.differentiated(self.text(node.args[0]), node.args[1].name, 1), ATOM
        return super().operator(node)

    def raised(self, base, exponent) -> Text:
        if exponent is sympy.S.Half:
            return f"sqrt({self.text(base)})", ATOM
        power = str(exponent) if exponent.is_Integer else self.tight(exponent, ATOM)
        return f"{self.tight(base, ATOM)}^{power}", POWER

    def call(self, name, arguments) -> Text:
        texts = [self.text(a) for a in sorted(arguments, key=sympy.default_sort_key)]
        return f"{name}({', '.join(texts)})", ATOM
