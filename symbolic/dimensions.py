"""The dimensions of a law, term by term: which terms agree with their equation, which do not.

Every term of x' = … has the unit [x]/[t], every term of a Formula the unit of its output. Units
that are not given are inferred where the terms determine them, so that a discovered law says what
units its constants have.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import sympy

from physics import arguments
from physics.formula import Formula
from physics.jets import Jet
from physics.names import COORDINATES, TIME, nearest
from physics.symbols import State
from physics.system import System
from physics.text import expression_text
from physics.unit import Unit
from physics.units import Disagreement, UnitReport, check_units
from symbolic.exporters._source import pointwise


@dataclass(frozen=True)
class Term:
    """A term of an equation.   disagreements: what is wrong with it or inside it."""

    equation: str
    text: str
    disagreements: tuple[Disagreement, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether its unit, and all units inside it, are those that are needed."""
        return not self.disagreements

    def __str__(self) -> str:
        if self.agrees:
            return f"{self.equation}: {self.text} agrees"
        wrong = [
            f'{"" if d.term == self.text else f"in it {d.term} "}has "{d.found}", '
            f'needs "{d.expected}"'
            for d in self.disagreements
        ]
        return f"{self.equation}: {self.text} disagrees: {'; '.join(wrong)}"


@dataclass(frozen=True)
class Dimensions:
    """report: every term.   units: {name: unit, None where it is left open}, inferred ones too."""

    report: tuple[Term, ...]
    units: Mapping[str, Unit | None]
    inferred: tuple[str, ...]

    @property
    def consistent(self) -> bool:
        """Whether all terms agree."""
        return all(term.agrees for term in self.report)

    def __str__(self) -> str:
        lines = [f'{name} has the unit "{self.units[name]}" (inferred)' for name in self.inferred]
        return "\n".join([*map(str, self.report), *lines])


def check_dimensions(law: System | Formula, units: Mapping[str, str] | None = None) -> Dimensions:
    """The terms of `law`, each with whether its unit is that of its equation.

    units: {name of a state, input, output, parameter, control or coordinate: unit}, in place of
    those that the law declares. An output named like an input is meant by "d(NAME)".
    Raises ValueError for names that do not occur and for texts that are no units.

    >>> from physics.parser import parse
    >>> law = parse("x' = a*x - b*x^2 + c", dict(a=1, b=2, c=3))
    >>> print(check_dimensions(law, dict(x="kg", t="s", b="1/s")))
    x: a*x agrees
    x: c agrees
    x: -b*x^2 disagrees: has "kg²·s⁻¹", needs "kg·s⁻¹"
    a has the unit "s⁻¹" (inferred)
    c has the unit "kg·s⁻¹" (inferred)
    """
    if isinstance(law, System):
        given = arguments.mapping(units, "units", "unit")
        return _report(check_units(_declared(law, given), strict=False), law.equations)
    if isinstance(law, Formula):
        return _formula(law, arguments.mapping(units, "units", "unit"))
    raise ValueError(
        f"check_dimensions takes a System or a Formula, not {type(law).__name__}: pass .best"
    )


def _report(
    found: UnitReport, equations: Mapping[str, sympy.Expr], spelled: Mapping[str, str] | None = None
) -> Dimensions:
    """The terms of all equations. spelled: names as the reader knows them."""

    def back(text: str) -> str:
        return re.sub(r"\w+", lambda word: (spelled or {}).get(word[0], word[0]), text)

    def told(wrong: Disagreement) -> Disagreement:
        return replace(wrong, equation=back(wrong.equation), term=back(wrong.term))

    report = []
    for owner, expression in equations.items():
        wrong = {d.term: d for d in found.disagreements if d.equation == owner}
        terms = [t for t in sympy.Add.make_args(expression) if t != 0]
        for term in sorted(terms, key=lambda t: (t.could_extract_minus_sign(), expression_text(t))):
            text = expression_text(term)
            places = dict.fromkeys([text, *_parts(term)])
            trouble = [wrong.pop(place) for place in places if place in wrong]
            report.append(Term(back(owner), back(text), tuple(map(told, trouble))))
        for part, more in wrong.items():  # of the noise
            report.append(Term(back(owner), back(part), (told(more),)))
    return Dimensions(
        tuple(report),
        {back(n): u for n, u in found.units.items()},
        tuple(back(n) for n in found.inferred),
    )


def _parts(term: sympy.Expr) -> list[str]:
    """Texts of what must have a unit of its own in a term: arguments, and terms of inner sums."""
    found = []
    for node in sympy.preorder_traversal(term):
        if node.is_Add or node.func.is_Function or (node.is_Pow and not node.exp.is_number):
            found += [expression_text(a) for a in node.args]
    return found


def _declared(law: System, units: dict[str, Any]) -> System:
    """The system with `units` in place of its own."""
    places = [TIME, *COORDINATES[: law.dim]]
    symbols = [*law.states, *law.parameters, *law.controls]
    _check(units, [*(s.name for s in symbols if not isinstance(s, str)), *places])

    def put(declared):
        return [replace(s, unit=units[s.name]) if s.name in units else s for s in declared]

    return replace(
        law,
        states=put(law.states),
        parameters=put(law.parameters),
        controls=put(law.controls),
        units={**law.units, **{p: units[p] for p in places if p in units}},
    )


def _formula(law: Formula, units: dict[str, Any]) -> Dimensions:
    """The formula as a map, whose terms have the units of its states: one state per symbol."""
    law = pointwise(law)
    outputs = {f"out_{i}": o for i, o in enumerate(law.outputs)}
    inputs = {f"in_{i}": n for i, n in enumerate(law.inputs)}
    constants = {f"k_{i}": p.name for i, p in enumerate(law.parameters)}
    called = {n: f"d({o})" if o in law.inputs else o for n, o in outputs.items()}
    spelled = {**inputs, **constants, **called}
    _check(units, spelled.values())
    jets: dict[str, sympy.Symbol] = {n: Jet(i) for i, n in inputs.items()}
    known = jets | {n: sympy.Symbol(c) for c, n in constants.items()}
    rows = {
        o: e.xreplace({s: known[s.name] for s in e.free_symbols})
        for o, e in zip(outputs, law.expressions.values(), strict=True)
    }
    system = System(
        name=law.name,
        time="discrete",
        equations={**rows, **{i: Jet(i) for i in inputs}},
        states=[State(name=n, unit=units.get(spelled[n])) for n in (*outputs, *inputs)],
        parameters=[
            replace(p, name=c, unit=units.get(p.name, p.unit))
            for c, p in zip(constants, law.parameters, strict=True)
        ],
    )
    found = check_units(system, strict=False)
    kept = {n: u for n, u in found.units.items() if n != TIME}
    return _report(replace(found, units=kept), rows, spelled)


def _check(units: Mapping[str, Any], known) -> None:
    known = list(known)
    for name in units:
        if name not in known:
            raise ValueError(
                f"unit for {name!r}, which does not occur{nearest(name, known)}; there are: "
                f"{', '.join(known)}"
            )
