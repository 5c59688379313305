"""A unit of measurement: exponents over any base names, read from text like "m/s^2".

Nothing is converted: min and s are different units, "thousand" is a unit like any other.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

MAX_TEXT = 100
MAX_EXPONENT = 64
_UP = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᐟ", "0123456789-/")
_DOWN = str.maketrans("0123456789-/", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᐟ")
_TOKEN = re.compile(
    r"\s*(?:(?P<up>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᐟ]+)|(?P<number>[0-9]+)|(?P<name>[^\W\d_⁰¹²³⁴⁵⁶⁷⁸⁹]+|[%°])"
    r"|(?P<sign>\*\*|[-−·⋅×*/^()]))"
)
_SIGNS = {"−": "-", "·": "*", "⋅": "*", "×": "*", "**": "^"}


class UnitError(ValueError):
    """Text that is no unit, or a term whose unit disagrees with its equation."""


@dataclass(frozen=True)
class Unit:
    """A product of powers of base names; no exponents is dimensionless, written "-".

    >>> Unit.parse("L²/T") == Unit.parse("T^-1 * L^2"), str(Unit.parse("kg·m⁻³/s"))
    (True, 'kg·m⁻³·s⁻¹')
    """

    exponents: tuple[tuple[str, Fraction], ...] = ()

    @classmethod
    def of(cls, exponents: Mapping[str, Fraction]) -> "Unit":
        """The unit with these exponents; zeros are dropped."""
        return cls(tuple(sorted((n, Fraction(e)) for n, e in exponents.items() if e)))

    @classmethod
    def parse(cls, text: str) -> "Unit":
        """The unit that `text` names: "m/s^2", "L²·T⁻¹", "1/yr", "kg/(m·s)", "-" or "1".

        Factors are read from the left: "a/b·c" is a·c/b. Raises UnitError with the reason.
        """
        if not isinstance(text, str) or not text.strip() or len(text) > MAX_TEXT:
            raise UnitError(f'a unit is a short text like "m/s" or "-", not {str(text)[:40]!r}')
        if text.strip() in ("-", "−"):
            return cls()
        return _Text(text).unit()

    def __mul__(self, other: "Unit") -> "Unit":
        exponents = dict(self.exponents)
        for name, exponent in other.exponents:
            exponents[name] = exponents.get(name, Fraction(0)) + exponent
        return Unit.of(exponents)

    def __pow__(self, power: Fraction | int) -> "Unit":
        return Unit.of({n: e * power for n, e in self.exponents})

    def __truediv__(self, other: "Unit") -> "Unit":
        return self * other**-1

    def __str__(self) -> str:
        factors = [n + ("" if e == 1 else str(e).translate(_DOWN)) for n, e in self.exponents]
        return "·".join(factors) or "-"


class _Text:
    """Reads a unit: factors joined by ·, * or a space, and /, from the left."""

    def __init__(self, text: str):
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        position, whole = 0, text.rstrip()
        while position < len(whole):
            found = _TOKEN.match(whole, position)
            if not found:
                raise UnitError(f"{whole[position]!r} cannot stand in the unit {text!r}")
            kind = found.lastgroup or ""
            word = found[kind]
            self.tokens.append((kind, _SIGNS.get(word, word)))
            position = found.end()
        self.tokens.append(("end", ""))
        self.at = 0

    def unit(self) -> Unit:
        """The whole text as one unit."""
        unit = self._product(depth=0)
        if self.tokens[self.at][0] != "end":
            raise self._wrong()
        return unit

    def _product(self, depth: int) -> Unit:
        unit = self._factor(depth)
        while True:
            kind, word = self.tokens[self.at]
            if word in ("*", "/"):
                self.at += 1
                factor = self._factor(depth)
                unit = unit * factor if word == "*" else unit / factor
            elif kind in ("name", "number") or word == "(":
                unit = unit * self._factor(depth)
            else:
                return unit

    def _factor(self, depth: int) -> Unit:
        kind, word = self.tokens[self.at]
        self.at += 1
        if kind == "name":
            unit = Unit.of({word: Fraction(1)})
        elif word == "1":
            unit = Unit()
        elif word == "(" and depth < 10:
            unit = self._product(depth + 1)
            if self.tokens[self.at][1] != ")":
                raise self._wrong()
            self.at += 1
        elif kind == "number":
            raise UnitError(f"the unit {self.text!r} holds the factor {word}: units are not scaled")
        else:
            raise self._wrong()
        return unit ** self._exponent()

    def _exponent(self) -> Fraction:
        kind, word = self.tokens[self.at]
        if kind == "up":
            self.at += 1
            return self._fraction(word.translate(_UP))
        if word != "^":
            return Fraction(1)
        self.at += 1
        closing = ")" if self.tokens[self.at][1] == "(" else ""
        self.at += bool(closing)
        digits = ""
        while self._digit(inside=bool(closing)):
            digits += self.tokens[self.at][1]
            self.at += 1
        if closing and self.tokens[self.at][1] != closing:
            raise self._wrong()
        self.at += bool(closing)
        return self._fraction(digits)

    def _digit(self, inside: bool) -> bool:
        kind, word = self.tokens[self.at]
        return kind == "number" or word == "-" or (inside and word == "/")

    def _fraction(self, digits: str) -> Fraction:
        if not re.fullmatch(r"-?[0-9]{1,4}(/[1-9][0-9]{0,3})?", digits):
            raise self._wrong()
        value = Fraction(digits)
        if abs(value) > MAX_EXPONENT:
            raise UnitError(f"the unit {self.text!r} has an exponent above {MAX_EXPONENT}")
        return value

    def _wrong(self) -> UnitError:
        return UnitError(f'{self.text!r} is not a unit; write one like "m/s^2", "1/yr" or "-"')
