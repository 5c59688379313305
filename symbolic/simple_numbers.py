"""Simple numbers: those that people write into equations, by what they cost to write.

Integers up to 100, fractions p/q with q ≤ 10, one digit times a power of ten, p π/q.
"""

import math
from dataclasses import dataclass
from functools import cache

import sympy

LARGEST = 100  # integer
TOP = 20  # of a fraction
BOTTOMS = {2: 1.5, 3: 1.5, 4: 1.75, 5: 1.75, 6: 2.0, 7: 2.25, 8: 2.0, 9: 2.25, 10: 1.75}
DECADES = 12
PI = 1.25  # what a factor π adds to the cost of a number
PI_TOPS, PI_BOTTOMS = (1, 2, 3, 4), (1, 2, 3, 4, 6)


@dataclass(frozen=True)
class Simple:
    """A simple positive number: exact value, what it is called, and what it costs to write."""

    exact: sympy.Expr
    value: float
    kind: str
    cost: float


@cache
def simple_numbers() -> tuple[Simple, ...]:
    """All of them, each once, in the cheapest way it can be written."""
    found: dict[sympy.Expr, Simple] = {}

    def add(exact: sympy.Expr, kind: str, cost: float) -> None:
        if exact not in found or cost < found[exact].cost:
            found[exact] = Simple(exact, float(exact), kind, cost)

    for k in range(-DECADES, DECADES + 1):
        for digit in range(1, 10):
            kind = "power of ten" if digit == 1 and k else "decimal" if k < 0 else "integer"
            add(digit * sympy.Integer(10) ** k, kind, (1.0 if digit == 1 else 1.75) + 0.1 * abs(k))
    for n in range(1, LARGEST + 1):
        add(sympy.Integer(n), "integer", float(len(str(n))))
    for q, cost in BOTTOMS.items():
        for p in (p for p in range(1, TOP + 1) if math.gcd(p, q) == 1):
            kind = "decimal" if q in (5, 10) else "fraction"
            add(sympy.Rational(p, q), kind, cost + len(str(p)) - 1)
    for p in PI_TOPS:
        for q in (q for q in PI_BOTTOMS if math.gcd(p, q) == 1):
            add(sympy.pi * p / q, "multiple of pi", PI + (BOTTOMS[q] if q > 1 else 1.0))
    return tuple(sorted(found.values(), key=lambda s: (s.cost, s.value)))


def chance(chosen: Simple, low: float, high: float) -> float:
    """Probability that a number as simple lies in an interval like this, were they scattered."""
    near = [
        s for s in simple_numbers()
        if s.cost <= chosen.cost and abs(math.log10(s.value / chosen.value)) <= 0.5
    ]  # fmt: skip
    return -math.expm1(-len(near) * math.log10(high / low))
