"""Python source that rebuilds a law with SymPy alone, exactly.

It defines `states` (a tuple of symbols; functions u(t, x, …) for a PDE), `parameters`
{symbol: value}, `controls` and `rhs` {state: expression}; `noise` {(state, wiener): expression}
where there is noise; for a Formula `inputs`, `parameters` and `expressions` {name: expression}.
"""

from collections.abc import Iterable

import sympy

from physics.formula import Formula
from physics.jets import NONLOCAL, Jet
from physics.names import COORDINATES, TIME
from physics.system import System
from physics.tree import number
from symbolic.exporters._source import SourceWriter, docstring, identifiers, pointwise, tuple_text
from symbolic.exporters._writer import ATOM, POWER, Text

SUFFIX = ".py"
NAMES = (
    "sympy", "states", "parameters", "controls", "rhs", "noise", "inputs", "expressions",
    "inverse_laplacian", "leray",
)  # fmt: skip
_FUNCTIONS = {"abs": "Abs", "min": "Min", "max": "Max"}


class _Writer(SourceWriter):
    """Expressions as calls of SymPy; rational numbers stay exact."""

    def number(self, value) -> Text:
        if value.is_Integer:
            return str(value), ATOM
        try:
            decimal = repr(int(value.p) / int(value.q))
        except OverflowError:
            decimal = "0"
        if value.q > 1000 and sympy.Rational(decimal) == value:
            return f'sympy.Rational("{decimal}")', ATOM
        return f"sympy.Rational({value.p}, {value.q})", ATOM

    def constant(self, value) -> Text | None:
        return (f"sympy.{value}", ATOM) if value in (sympy.pi, sympy.E) else None

    def symbol(self, symbol) -> str:
        if isinstance(symbol, Jet) and symbol.index and symbol.name not in self.names:
            return f"{self.names[symbol.field]}.diff({', '.join(symbol.index)})"
        return super().symbol(symbol)

    def raised(self, base, exponent) -> Text:
        if exponent is sympy.S.Half:
            return f"sympy.sqrt({self.text(base)})", ATOM
        return f"{self.tight(base, ATOM)}**{self.tight(exponent, ATOM)}", POWER

    def call(self, name, arguments) -> Text:
        arguments = ", ".join(map(self.text, sorted(arguments, key=sympy.default_sort_key)))
        return f"sympy.{_FUNCTIONS.get(name, name)}({arguments})", ATOM

    def operator(self, node) -> Text:
        name = "sympy.Derivative" if node.func.__name__ == "D" else node.func.__name__
        return f"{name}({', '.join(map(self.text, node.args))})", ATOM


def export(law: System | Formula) -> str:
    """Source of a module that defines the law's symbols and expressions."""
    return _formula(law) if isinstance(law, Formula) else _system(law)


def _system(law: System) -> str:
    coordinates = [TIME, *COORDINATES[: law.dim]]
    plain = [p.name for p in law.parameters] + [c.name for c in law.controls]
    names = identifiers([*coordinates, *law.state_names, *plain], NAMES)
    writer = _Writer(names, "sympy", law.state_names)
    text = docstring(law, "Defines states, parameters, controls and rhs.") + "\nimport sympy\n\n"
    text += _symbols(names, [*coordinates, *plain])
    where = ", ".join(coordinates)
    kind = f"Function({{0}})({where})" if law.domain else "Symbol({0})"
    for state in law.state_names:
        text += f"{names[state]} = sympy.{kind.format(repr(state))}\n"
    text += _nonlocal(law.equations.values())
    text += f"\nstates = {tuple_text([names[s] for s in law.state_names])}\n"
    text += _values(law, writer)
    text += f"controls = {tuple_text([names[c.name] for c in law.controls])}\n"
    pairs = [(names[s], e) for s, e in law.equations.items()]
    text += _mapping("rhs", pairs, writer)
    if law.noise:
        pairs = [(f"({names[s]}, {w!r})", e) for (s, w), e in law.noise.items()]
        text += f"\n# calculus: {law.calculus}\n" + _mapping("noise", pairs, writer)
    return text


def _formula(law: Formula) -> str:
    law = pointwise(law)
    names = identifiers([*law.inputs, *(p.name for p in law.parameters)], NAMES)
    writer = _Writer(names, "sympy", law.inputs)
    text = docstring(law, "Defines inputs, parameters and expressions.") + "\nimport sympy\n\n"
    text += _symbols(names, list(names)) + _nonlocal(law.expressions.values())
    text += f"\ninputs = {tuple_text([names[i] for i in law.inputs])}\n" + _values(law, writer)
    return text + _mapping(
        "expressions", [(repr(o), e) for o, e in law.expressions.items()], writer
    )


def _symbols(names: dict[str, str], which: list[str]) -> str:
    return "".join(f"{names[name]} = sympy.Symbol({name!r})\n" for name in which)


def _values(law: System | Formula, writer: _Writer) -> str:
    pairs = [f"{writer.names[p]}: {writer.text(number(v))}" for p, v in law.values.items()]
    return f"parameters = {{{', '.join(pairs)}}}\n"


def _mapping(name: str, pairs: list[tuple[str, sympy.Expr]], writer: _Writer) -> str:
    lines = "".join(f"    {key}: {writer.text(e)},\n" for key, e in pairs)
    return f"{name} = {{\n{lines}}}\n"


def _nonlocal(expressions: Iterable[sympy.Expr]) -> str:
    expressions = list(expressions)
    used = [f.__name__ for f in NONLOCAL if any(e.has(f) for e in expressions)]
    return "".join(f"{name} = sympy.Function({name!r})\n" for name in used)
