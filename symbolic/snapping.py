"""Constants of a law put to the simplest numbers that the data allow, and a report of each.

Simple numbers are integers up to 100, fractions like 8/3, one digit times a power of ten, and
multiples of π like 2π or π/2. A constant moves to the simplest one inside its confidence interval,
or within a relative tolerance. Simple numbers are many, so that some lie near by accident: the
report says how often one as simple would.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import sympy

from physics import arguments
from physics.formula import Formula
from physics.names import nearest
from physics.system import System
from physics.text import expression_text
from symbolic.simple_numbers import chance, simple_numbers

TOLERANCE = 0.01
SHORT = 2  # digits of a number that needs no interval to stay


@dataclass(frozen=True)
class Constant:
    """One constant: its name (or number and place), its value before and after, and why.

    text: how the value after is written ("8/3").   chance: probability that a number as simple
    lies in such an interval by accident; None where nothing moved.
    """

    name: str
    before: float
    after: float
    text: str
    why: str
    chance: float | None = None

    @property
    def moved(self) -> bool:
        """Whether the value has changed."""
        return self.after != self.before

    def __str__(self) -> str:
        if not self.moved:
            return f"{self.name}: {self.before:.6g} left alone ({self.why})"
        chance = "" if self.chance is None else f"; by accident in {self.chance:.0%} of cases"
        return f"{self.name}: {self.before:.6g} -> {self.text} ({self.why}{chance})"


@dataclass(frozen=True)
class Snapped:
    """law: with the constants moved.   report: every constant, in the order of the law."""

    law: System | Formula
    report: tuple[Constant, ...]

    def __str__(self) -> str:
        return "\n".join(map(str, self.report)) or "the law has no constants"


def snap(
    law: System | Formula,
    tolerance: float = TOLERANCE,
    intervals: Mapping[str, tuple[float, float]] | None = None,
) -> Snapped:
    """`law` with its parameters, and the fractions in its equations, put to simple numbers.

    tolerance: largest relative change [-], below 1.   intervals: {parameter: (low, high)}, such as
    `physics.calibrate(...).intervals`, in place of the tolerance. Exponents and integers stay;
    no constant becomes 0 or leaves its range.
    Raises ValueError for anything but a System or Formula, and for intervals that are none.

    >>> from physics.parser import parse
    >>> found = snap(parse("x' = -k*x + 2.667*x^2", dict(k=0.9003)))
    >>> print(found)
    k: 0.9003 -> 0.9 (decimal within 1%; by accident in 20% of cases)
    2.667 in the equation of x: 2.667 -> 8/3 (fraction within 1%; by accident in 13% of cases)
    >>> found.law.lines(), found.law.values
    (["x' = 8*x^2/3 - k*x"], {'k': 0.9})
    """
    if not isinstance(law, System | Formula):
        raise ValueError(f"snap takes a System or a Formula, not {type(law).__name__}: pass .best")
    tolerance = arguments.real(tolerance, "tolerance", low=0, strict=True)
    if tolerance >= 1:
        raise ValueError(f"tolerance is a relative change below 1, like 0.01, not {tolerance:g}")
    bounds = _bounds(law, intervals)
    report, values = [], {}
    for parameter in law.parameters:
        interval = bounds.get(parameter.name)
        reach = (parameter.low, parameter.high)
        moved, _ = _moved(parameter.name, parameter.value, tolerance, interval, reach)
        report.append(moved)
        values[parameter.name] = moved.after
    expressions = {}
    for owner, expression in _expressions(law).items():
        swap = {}
        for number in sorted(_fractions(expression), key=abs):
            place = f"in the equation of {owner[0]}" + (" (noise)" if len(owner) > 1 else "")
            name = f"{expression_text(number)} {place}"
            moved, exact = _moved(name, float(number), tolerance, None, (None, None))
            report.append(moved)
            swap[number] = exact if moved.moved else number
        expressions[owner] = _put(expression, swap)
    return Snapped(_rebuilt(law, expressions, values), tuple(report))


# -- one constant ------------------------------------------------------------------------------


def _moved(name, value, tolerance, interval, reach) -> tuple[Constant, sympy.Expr | None]:
    """The constant where it belongs, and its exact value."""
    low, high = interval or sorted((value * (1 - tolerance), value * (1 + tolerance)))
    within = f"inside [{low:.4g}, {high:.4g}]" if interval else f"within {100 * tolerance:.3g}%"

    def stays(why: str) -> tuple[Constant, None]:
        return Constant(name, value, value, f"{value:g}", why), None

    if value == 0:
        return stays("it is 0")
    if not interval and _digits(value) <= SHORT:
        return stays("already short")
    if not (math.isfinite(low) and math.isfinite(high)):
        return stays("its interval is unbounded: the data say nothing about it")
    if low <= 0 <= high:
        return stays("0 lies inside its interval: its term may not be there")
    sign = 1 if value > 0 else -1
    inside = sorted(abs(bound) for bound in (low, high))
    bottom = -math.inf if reach[0] is None else reach[0]
    top = math.inf if reach[1] is None else reach[1]
    fitting = [
        s
        for s in simple_numbers()
        if inside[0] <= s.value <= inside[1] and bottom <= sign * s.value <= top
    ]
    if not fitting:
        return stays(f"no simple number {within}")
    best = min(fitting, key=lambda s: (s.cost, abs(s.value - abs(value))))
    if best.value == abs(value):
        return stays(f"already simple: {best.kind}")
    exact = sign * best.exact
    text = str(exact) if exact.has(sympy.pi) else expression_text(exact)
    why, odds = f"{best.kind} {within}", chance(best, *inside)
    return Constant(name, value, sign * best.value, text, why, odds), exact


def _digits(value: float) -> int:
    """Significant decimal digits of a float as it prints."""
    return len(repr(abs(value)).partition("e")[0].replace(".", "").strip("0"))


# -- the law ---------------------------------------------------------------------------------


def _bounds(law: System | Formula, intervals) -> dict[str, tuple[float, float]]:
    found = {}
    for name, pair in arguments.mapping(intervals, "intervals", "(low, high)").items():
        if name not in law.values:
            known = ", ".join(law.values) or "none"
            raise ValueError(
                f"interval of {name!r}, which is no parameter of the law"
                f"{nearest(name, law.values)}; it has: {known}"
            )
        try:
            low, high = map(float, pair)
        except (TypeError, ValueError):
            raise ValueError(f"the interval of {name!r} is (low, high), not {pair!r}") from None
        if not low <= law.values[name] <= high:
            raise ValueError(
                f"the interval of {name!r}, [{low:g}, {high:g}], does not hold its value "
                f"{law.values[name]:g}: give intervals of this law"
            )
        found[name] = low, high
    return found


def _expressions(law: System | Formula) -> dict[tuple[str, ...], sympy.Expr]:
    """{(equation,) or (state, Wiener process): expression}."""
    if isinstance(law, Formula):
        return {(output,): e for output, e in law.expressions.items()}
    return {(state,): e for state, e in law.equations.items()} | dict(law.noise)


def _fractions(node: sympy.Expr) -> set[sympy.Rational]:
    """Numbers that are no integers, exponents aside."""
    if node.is_Rational:
        return set() if node.is_Integer else {node}
    if node.is_Pow and node.exp.is_number:
        return _fractions(node.base)
    return set().union(*(_fractions(a) for a in node.args))


def _put(node: sympy.Expr, swap: Mapping[sympy.Expr, sympy.Expr]) -> sympy.Expr:
    if node in swap:
        return swap[node]
    if not node.args:
        return node
    if node.is_Pow and node.exp.is_number:
        return _put(node.base, swap) ** node.exp
    return node.func(*(_put(a, swap) for a in node.args))


def _rebuilt(law: System | Formula, expressions, values) -> System | Formula:
    if isinstance(law, Formula):
        parameters = [replace(p, value=values[p.name]) for p in law.parameters]
        outputs = {owner[0]: e for owner, e in expressions.items()}
        return replace(law, expressions=outputs, parameters=parameters)
    equations = {owner[0]: e for owner, e in expressions.items() if len(owner) == 1}
    noise = {owner: e for owner, e in expressions.items() if len(owner) == 2}
    return replace(law, equations=equations, noise=noise).with_values(**values)
