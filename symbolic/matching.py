"""One right-hand side against another: which terms both have and how far their numbers differ."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import sympy
from scipy.optimize import linear_sum_assignment

from symbolic import random_points
from symbolic.terms import Term, relative_error, size, term_error, terms

SEED = 20240229
MAX_FRACTION = 400  # terms up to which fractions are brought over one denominator
GONE = 1e-6  # a coefficient this small relative to the reference's is no term


@dataclass(frozen=True, kw_only=True)
class Match:
    """Names of terms only in the reference, only in the law, and {term of both: error}."""

    missing: Sequence[str] = ()
    extra: Sequence[str] = ()
    errors: dict[str, float] = field(default_factory=dict)

    @property
    def distance(self) -> tuple[int, float]:
        """Unmatched terms, then the worst error: smaller is closer."""
        return len(self.missing) + len(self.extra), max(self.errors.values(), default=0.0)

    def within(self, rtol: float) -> bool:
        """Whether all terms match and no error exceeds `rtol`."""
        return self.distance <= (0, rtol)


def compare(law: sympy.Expr, reference: sympy.Expr, rtol: float) -> Match:
    """The closest match that a way of writing the two shows; expressions of real symbols.

    Term by term first. Where the terms differ and are no monomials, which are independent: the
    two as functions, as cancelled fractions, and each as a combination of the other's terms.
    """
    ours, theirs = terms(law), terms(reference)
    match = by_terms(ours, theirs)
    symbols = law.free_symbols | reference.free_symbols
    if match.within(rtol) or all(e.is_polynomial(*symbols) for e in (law, reference)):
        return match
    if _identical(law, reference):
        return Match(errors=dict.fromkeys((t.name for t in theirs), 0.0))
    if match.distance[0] == 0:
        return match
    found = [match]
    ways: list[Callable[[], Match | None]] = [lambda: as_fractions(law, reference)]
    if rtol > 0:
        ways.append(lambda: as_combination(law, theirs, forward=True))
        ways.append(lambda: as_combination(reference, ours, forward=False))
    for way in ways:
        other = way()
        if other is not None and other.within(rtol):
            return other
        found += [other] if other is not None else []
    return min(found, key=lambda m: m.distance)


def by_terms(ours: Sequence[Term], theirs: Sequence[Term]) -> Match:
    """Terms of equal shape matched so that their numbers are closest."""
    missing: list[str] = []
    extra: list[str] = []
    errors: dict[str, float] = {}
    for shape in sorted({t.shape for t in (*ours, *theirs)}):
        left = [t for t in ours if t.shape == shape]
        right = [t for t in theirs if t.shape == shape]
        cost = np.array([[min(term_error(a, b), 1e300) for b in right] for a in left])
        pairs = list(zip(*linear_sum_assignment(cost), strict=True)) if cost.size else []
        errors |= {right[j].name: float(cost[i, j]) for i, j in pairs}
        extra += [t.name for i, t in enumerate(left) if i not in {i for i, _ in pairs}]
        missing += [t.name for j, t in enumerate(right) if j not in {j for _, j in pairs}]
    return Match(missing=missing, extra=extra, errors=errors)


def as_fractions(law: sympy.Expr, reference: sympy.Expr) -> Match | None:
    """Both as cancelled fractions, in the unit in which their coefficients are closest.

    None where one of them is no rational function of its symbols or too large.
    """
    ours, theirs = _fraction(law), _fraction(reference)
    if ours is None or theirs is None:
        return None
    extra = [name for name in ours if name not in theirs]
    missing = [name for name in theirs if name not in ours]
    shared = [name for name in theirs if name in ours]
    matches = []
    for unit in shared:
        errors = {
            name: relative_error(ours[name] / ours[unit], theirs[name] / theirs[unit])
            for name in shared
        }
        matches.append(Match(missing=missing, extra=extra, errors=errors))
    return min(matches, key=lambda m: m.distance, default=None)


def as_combination(value: sympy.Expr, parts: Sequence[Term], forward: bool) -> Match | None:
    """`value` as a combination of `parts`, their coefficients changed as little as possible.

    forward: the parts are the reference's, otherwise the law's. None where there is none.
    """
    change = random_points.deviation(value, [t.coefficient * t.factor for t in parts], SEED)
    if change is None:
        return None
    gone = [t.name for t, d in zip(parts, change, strict=True) if abs(1 + d) < GONE]
    errors = {}
    for part, d in zip(parts, change, strict=True):
        if abs(1 + d) >= GONE:
            errors[part.name] = float(abs(d) if forward else abs(d / (1 + d)))
    if forward:
        return Match(missing=gone, errors=errors)
    return Match(extra=gone, errors=errors)


def _identical(one: sympy.Expr, other: sympy.Expr) -> bool:
    difference = one - other
    if difference.is_rational_function() and _rational(difference):
        top = sympy.together(difference).as_numer_denom()[0]
        if size(top) <= MAX_FRACTION**2:
            return sympy.expand(top) == 0
    return random_points.equal(one, other, SEED)


def _rational(expression: sympy.Expr) -> bool:
    return all(a.is_Rational for a in expression.atoms(sympy.Number, sympy.NumberSymbol))


def _fraction(expression: sympy.Expr) -> dict[str, sympy.Expr] | None:
    """{monomial of numerator or denominator: coefficient} of the cancelled fraction."""
    if not expression.is_rational_function() or not _rational(expression):
        return None
    top, bottom = sympy.together(expression).as_numer_denom()
    if max(size(top), size(bottom)) > MAX_FRACTION:
        return None
    top, bottom = sympy.cancel(top / bottom).as_numer_denom()
    named = {}
    for part, polynomial in (("numerator", top), ("denominator", bottom)):
        for term in terms(polynomial):
            named[f"{term.name} ({part})"] = term.coefficient
    return named
