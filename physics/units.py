"""The units of a System, checked term by term: every term of x' = … has the unit [x]/[t].

Units that are not given are inferred where the terms determine them. Numbers typed into an
equation have no unit; a constant that has one needs a name. Nothing is converted.

Source: Buckingham (1914), On physically similar systems, doi:10.1103/PhysRev.4.345.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import sympy

from physics import jets
from physics.names import COORDINATES, TIME
from physics.system import System
from physics.text import expression_text
from physics.unit import Unit, UnitError

_SAME = ("Abs", "Min", "Max", "leray")


@dataclass(frozen=True)
class Disagreement:
    """A term whose unit `found` is not the one `expected` where it stands."""

    equation: str
    term: str
    found: Unit
    expected: Unit

    def __str__(self) -> str:
        return (
            f"units disagree in the equation of {self.equation!r}: {self.term} has the unit "
            f'"{self.found}" where "{self.expected}" is needed'
        )


@dataclass(frozen=True)
class UnitReport:
    """units: {name: Unit, None where it is left open}.   inferred: names whose unit was not given.

    disagreements: empty for a consistent system.
    """

    units: Mapping[str, Unit | None]
    inferred: tuple[str, ...]
    disagreements: tuple[Disagreement, ...]

    @property
    def open(self) -> tuple[str, ...]:
        """Names whose unit is neither given nor determined by the equations."""
        return tuple(name for name, unit in self.units.items() if unit is None)

    def __str__(self) -> str:
        lines = [f"{n} [{'?' if u is None else u}]" for n, u in self.units.items()]
        lines = [
            f"{line}{' (inferred)' if n in self.inferred else ''}"
            for n, line in zip(self.units, lines, strict=True)
        ]
        return "\n".join([*lines, *map(str, self.disagreements)])


def check_units(system: System, strict: bool = True) -> UnitReport:
    """Compare the units of all terms of `system`, and infer those that are not given.

    strict: raise UnitError (a ValueError) for the first disagreement rather than report it.
    A unit that cannot be read raises UnitError in both cases.

    >>> from physics.parser import parse
    >>> fall = parse("x' = v; v' = -g - c*v", dict(g=9.81, c=0.1), units=dict(x="m", t="s"))
    >>> print(check_units(fall))
    x [m]
    v [m·s⁻¹] (inferred)
    g [m·s⁻²] (inferred)
    c [s⁻¹] (inferred)
    t [s]
    """
    given = _given(system)
    terms = _Terms({n: _unknown(n) if u is None else u for n, u in given.items()})
    time = terms.units[TIME]
    per = Unit() if system.time == "discrete" else time
    for state, expression in system.equations.items():
        terms.expect(state, expression, terms.units[state] / per)
    for (state, _), expression in system.noise.items():
        terms.expect(state, expression, terms.units[state] / per ** Fraction(1, 2))
    for name, expression in system.diagnostics.items():
        terms.unit(name, expression)
    known, disagreements = _solve(terms.comparisons)
    if strict and disagreements:
        raise UnitError(str(disagreements[0]))
    inferred = {n: known[f"[{n}]"] for n, u in given.items() if u is None and f"[{n}]" in known}
    units = {n: inferred.get(n) if u is None else u for n, u in given.items()}
    return UnitReport(units, tuple(inferred), disagreements)


def _given(system: System) -> dict[str, Unit | None]:
    """{name: declared unit or None} of states, parameters, controls and coordinates."""
    symbols = (*system.states, *system.parameters, *system.controls)
    texts = {s.name: s.unit for s in symbols}
    texts |= {c: system.units.get(c) for c in (TIME, *COORDINATES[: system.dim])}
    units = {}
    for name, text in texts.items():
        try:
            units[name] = None if text is None else Unit.parse(text)
        except UnitError as error:
            raise UnitError(f"unit of {name!r}: {error}") from None
    return units


def _unknown(name: str) -> Unit:
    """The unit of `name` while it is not known: a base of its own, which no text can spell."""
    return Unit.of({f"[{name}]": Fraction(1)})


class _Terms:
    """Units of expressions; what must agree is collected in `comparisons`."""

    def __init__(self, units: Mapping[str, Unit]):
        self.units = units
        self.comparisons: list[Disagreement] = []

    def expect(self, owner: str, expression: sympy.Expr, expected: Unit) -> None:
        """Every term of `expression` must have the unit `expected`."""
        for term in sorted(sympy.Add.make_args(expression), key=expression_text):
            if term != 0:
                self._compare(owner, term, self.unit(owner, term), expected)

    def unit(self, owner: str, node: sympy.Expr) -> Unit:
        """The unit of an expression in the equation of `owner`."""
        if isinstance(node, jets.Jet):
            slopes = [self.units[c] for c in node.index]
            return self._product([self.units[node.field], *(s**-1 for s in slopes)])
        if node.is_Symbol:
            return self.units[node.name]
        if node.is_number:
            return Unit()
        if node.is_Mul:
            return self._product([self.unit(owner, a) for a in node.args])
        if node.is_Add or node.func.__name__ in _SAME:
            return self._alike(owner, node)
        if node.is_Pow:
            return self._power(owner, node)
        argument = self.unit(owner, node.args[0])
        if isinstance(node, jets.D):
            return argument / self.units[node.args[1].name]
        if isinstance(node, jets.inverse_laplacian):
            return self._inverse_laplacian(owner, node, argument)
        if not isinstance(node, sympy.sign):
            self._compare(owner, node.args[0], argument, Unit())
        return Unit()

    def _alike(self, owner: str, node: sympy.Expr) -> Unit:
        """Sums, abs, min and max: all arguments have one unit. Numbers come last, as followers."""
        arguments = [a for a in node.args if not (a.is_number and node.func is jets.leray)]
        first, *rest = sorted(arguments, key=lambda a: (a.is_number, expression_text(a)))
        unit = self.unit(owner, first)
        for argument in rest:
            self._compare(owner, argument, self.unit(owner, argument), unit)
        return unit

    def _power(self, owner: str, node: sympy.Pow) -> Unit:
        base, exponent = node.args
        unit = self.unit(owner, base)
        if exponent.is_Rational:
            return unit ** Fraction(int(exponent.p), int(exponent.q))
        self._compare(owner, base, unit, Unit())
        self._compare(owner, exponent, self.unit(owner, exponent), Unit())
        return Unit()

    def _inverse_laplacian(self, owner: str, node: sympy.Expr, argument: Unit) -> Unit:
        lengths = [self.units[c] for c in COORDINATES if c in self.units]
        for other in lengths[1:]:
            self._compare(owner, node, other, lengths[0])
        return argument * lengths[0] ** 2

    def _product(self, units: list[Unit]) -> Unit:
        product = Unit()
        for unit in units:
            product = product * unit
        return product

    def _compare(self, owner: str, term: sympy.Expr, found: Unit, expected: Unit) -> None:
        self.comparisons.append(Disagreement(owner, expression_text(term), found, expected))


def _solve(comparisons: list[Disagreement]) -> tuple[dict[str, Unit], tuple[Disagreement, ...]]:
    """({unknown base: unit without unknowns}, what disagrees): elimination, exact.

    Comparisons with at most one unknown are taken first, so that blame falls where a reader
    would look.
    """
    solved: dict[str, Unit] = {}
    wrong = []
    pending = list(comparisons)
    while pending:
        ratios = [_put(c.found / c.expected, solved) for c in pending]
        counts = [len(_unknowns(r)) for r in ratios]
        chosen = next((i for i, n in enumerate(counts) if n < 2), 0)
        comparison, ratio = pending.pop(chosen), ratios[chosen]
        unknowns = _unknowns(ratio)
        if unknowns:
            base = unknowns[0]
            exponent = dict(ratio.exponents)[base]
            value = (ratio / Unit.of({base: exponent})) ** (-1 / exponent)
            solved = {b: _put(u, {base: value}) for b, u in solved.items()} | {base: value}
        elif ratio.exponents:
            wrong.append(comparison)
    known = {b: u for b, u in solved.items() if not _unknowns(u)}
    settled = [
        Disagreement(c.equation, c.term, _put(c.found, solved), _put(c.expected, solved))
        for c in wrong
    ]
    return known, tuple(settled)


def _unknowns(unit: Unit) -> list[str]:
    return [name for name, _ in unit.exponents if name.startswith("[")]


def _put(unit: Unit, values: Mapping[str, Unit]) -> Unit:
    for name, exponent in unit.exponents:
        if name in values:
            unit = unit / Unit.of({name: exponent}) * values[name] ** exponent
    return unit
