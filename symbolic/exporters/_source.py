"""What all targets that are source code share: names, numbers, what a file says of its law."""

import keyword
import re
from collections.abc import Iterable, Sequence

import sympy

from physics.formula import Formula
from physics.jets import expand_fluxes
from physics.names import IDENTIFIER
from physics.system import System
from physics.text import expression_text
from symbolic.exporters._writer import ATOM, PRODUCT, Text, Writer

WIDTH = 92
LONGEST = 31  # letters of a prefix
SHARE = 8  # operations that shared subexpressions must save to be worth a line
_JET = re.compile(rf"{IDENTIFIER.pattern}_[xyz]+")


def identifiers(
    names: Iterable[str], reserved: Iterable[str], keywords: Iterable[str] = keyword.kwlist
) -> dict[str, str]:
    """{name: identifier}; keywords (Python's) and `reserved` words get a trailing underscore.

    Names never end in an underscore, so a mangled one cannot clash with another name.

    >>> identifiers(["x", "lambda", "np"], reserved=["np"])
    {'x': 'x', 'lambda': 'lambda_', 'np': 'np_'}
    """
    taken = {*keywords, *reserved}
    mangled: dict[str, str] = {}
    for name in names:
        if name in mangled:
            raise ValueError(f"{name!r} stands for two things in this law; rename one of them")
        if not IDENTIFIER.fullmatch(name) and not _JET.fullmatch(name):
            raise ValueError(f"{name!r} cannot be exported as a name: use letters and digits")
        mangled[name] = f"{name}_" if name in taken else name
    return mangled


def float_text(value: sympy.Expr) -> str:
    """The nearest float64 of a real number, as Python writes it.

    Raises ValueError for numbers that are not real or that float64 cannot hold.

    >>> float_text(sympy.Rational(1, 3)), float_text(sympy.sqrt(2))
    ('0.3333333333333333', '1.4142135623730951')
    """
    try:
        if value.is_Rational:
            number = int(value.p) / int(value.q)
        else:
            number = float(value.evalf(25))
    except (TypeError, OverflowError, ZeroDivisionError):
        number = float("inf")
    if abs(number) == float("inf") or number != number or (number == 0 and not value.is_zero):
        raise ValueError(f"{str(value)[:60]} is no real number that float64 can hold")
    return repr(number)


def description(law: System | Formula, closing: str) -> str:
    """What a file says at its top: name, equations, how to use it; printable characters only."""
    head = law.name if isinstance(law, Formula) else law.description or law.name
    return printable("\n".join([str(head).strip(), "", *_lines(law), "", closing]))


def printable(text: str) -> str:
    """`text` without characters that no file should hold; line ends stay."""
    text = "".join(c for c in text if c.isprintable() or c == "\n")
    return text.encode("utf-8", "replace").decode()


def docstring(law: System | Formula, closing: str) -> str:
    """The docstring of a Python module."""
    text = description(law, closing).replace("\\", "\\\\").replace('"', "'")
    return f'"""{text}\n"""\n'


def prefix(name: str) -> str:
    """What the names of a file begin with: letters, digits and single underscores.

    >>> prefix("Lotka-Volterra (1925)"), prefix("2D"), prefix("∇")
    ('Lotka_Volterra_1925', 'law_2D', 'law')
    """
    words = re.findall(r"[A-Za-z0-9]+", name)
    joined = "_".join(words)[:LONGEST].strip("_")
    return joined if joined[:1].isalpha() else f"law_{joined}".strip("_")


def _lines(law: System | Formula) -> list[str]:
    if isinstance(law, Formula):
        return [f"{output} = {expression_text(e)}" for output, e in law.expressions.items()]
    noise = [f"noise of {s}: {expression_text(e)} dW({w})" for (s, w), e in law.noise.items()]
    return [*law.lines(), *noise, *([f"({law.calculus} calculus)"] if noise else [])]


def pointwise(law: Formula) -> Formula:
    """The formula with its fluxes expanded; ValueError if that needs other inputs."""
    expressions = {o: expand_fluxes(e) for o, e in law.expressions.items()}
    return Formula(
        inputs=law.inputs, expressions=expressions, parameters=law.parameters, name=law.name
    )


def unpacked(items: Sequence[str]) -> str:
    """The left side of an unpacking: `a, b`, but `(a,)`."""
    return ", ".join(items) if len(items) > 1 else f"({items[0]},)"


def tuple_text(items: Sequence[str]) -> str:
    """`(a,)`, `(a, b)`."""
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"


def called(function: str, texts: Sequence[str], *, pairs: bool) -> Text:
    """function(texts…); pairs: of two arguments each, one call inside the other."""
    if not pairs:
        return f"{function}({', '.join(texts)})", ATOM
    *rest, text = texts
    for other in reversed(rest):
        text = f"{function}({other}, {text})"
    return text, ATOM


class SourceWriter(Writer):
    """Expressions as Python source. names: {symbol name: identifier}; module: "np", "jnp"."""

    def __init__(self, names: dict[str, str], module: str, variables: Iterable[str] = ()):
        super().__init__(variables)
        self.names, self.module = names, module

    def symbol(self, symbol: sympy.Symbol) -> str:
        if symbol.name not in self.names:
            raise ValueError(f"{symbol.name!r} is neither an input nor a parameter of the law")
        return self.names[symbol.name]

    def join(self, coefficient, above, below) -> Text:
        factors = [self.tight(f, PRODUCT) for f in above]
        if coefficient != 1 or not factors:
            factors.insert(0, self.number(coefficient)[0])
        text = "*".join(factors)
        if len(below) == 1:
            text += f"/{self.tight(below[0], PRODUCT + 1)}"
        elif below:
            text += f"/({'*'.join(self.tight(f, PRODUCT) for f in below)})"
        return text, PRODUCT

    def shared(self, expressions: list[sympy.Expr]) -> tuple[dict[str, sympy.Expr], list]:
        """({new name: part that occurs several times}, the expressions with these names).

        Nothing is shared where that would save little.
        """
        symbols = (sympy.Symbol(f"_s{i}_") for i in range(10**6))
        parts, reduced = sympy.cse(expressions, symbols=symbols, order="canonical")
        saved = sympy.count_ops(expressions) - sympy.count_ops([*reduced, *(e for _, e in parts)])
        if saved < SHARE:
            return {}, expressions
        self.names.update({symbol.name: symbol.name for symbol, _ in parts})
        self.variables |= {symbol.name for symbol, _ in parts}
        return {symbol.name: e for symbol, e in parts}, reduced

    def assignment(self, target: str, expression: sympy.Expr, indent: str = "    ") -> str:
        """`target = expression`, a long sum with one term per line."""
        line = f"{indent}{target} = {self.text(expression)}\n"
        if len(line) <= WIDTH or not expression.is_Add:
            return line
        pieces: list[str] = []
        for term in self.terms(expression):
            text = self.text(term)
            sign, text = ("- ", text[1:]) if text.startswith("-") else ("+ ", text)
            pieces.append(f"{indent}    {sign if pieces or sign == '- ' else ''}{text}\n")
        return f"{indent}{target} = (\n{''.join(pieces)}{indent})\n"
