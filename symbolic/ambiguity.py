"""What the data cannot tell: relations that hold among the candidate terms on this data.

If S + I + R = 1 in all of the data, S·I and S − S² − S·R are the same column, and no amount of
such data decides between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from symbolic import regression
from symbolic.library import complexity
from symbolic.problem import Problem

EXACT = 1e-6
WIDEST = 0.02
BLURS = 2.0  # a relation holds if it is met this many times as well as the curves are known
LONGEST = 3  # terms on the right that make a relation readable
POINTS = 1000


@dataclass(frozen=True, kw_only=True)
class Relation:
    """expression = 0 on the data. leading: the term that the others determine."""

    expression: sympy.Expr
    leading: sympy.Expr

    def __str__(self) -> str:
        from physics.text import expression_text

        return (
            f"{expression_text(self.expression)} = 0 on this data: "
            f"laws that differ by a multiple of it cannot be told apart"
        )


def tolerance(problem: Problem) -> float:
    """Relative size below which a combination of terms counts as zero."""
    return float(np.clip(BLURS * problem.blur, EXACT, WIDEST))


def null_directions(problem: Problem, library: Sequence[sympy.Expr]) -> list[Relation]:
    """Relations among the terms, simplest first, without multiples of those found before."""
    limit = tolerance(problem)
    values = problem.values(library)
    values = values[np.linspace(0, len(values) - 1, min(len(values), POINTS)).astype(int)]
    scale = np.linalg.norm(values, axis=0)
    values = values / np.where(scale > 0, scale, 1.0)
    order = sorted(range(len(library)), key=lambda i: (complexity(library[i]), i))
    kept: list[int] = []
    basis = np.zeros((len(values), 0))
    found: list[Relation] = []
    for i in order:
        if any(_divides(r.leading, library[i]) for r in found):
            continue
        rest = values[:, i] - basis @ (basis.T @ values[:, i])
        rest = rest - basis @ (basis.T @ rest)
        size = float(np.linalg.norm(rest))
        if size > limit:
            basis = np.concatenate([basis, rest[:, None] / size], axis=1)
            kept.append(i)
            continue
        relation = _relation(values, scale, kept, i, library, limit)
        if relation is not None:
            found.append(relation)
    return found


def _relation(values, scale, kept: list[int], i: int, library, limit: float) -> Relation | None:
    """The shortest combination of earlier terms that equals term i."""
    if not kept:
        return None
    moments = regression.moments(values[:, kept], values[:, i], np.zeros(len(values), int))
    sets = regression.best_subsets(moments.total, LONGEST, keep=1)
    for chosen in sets:
        columns = [kept[c] for c in chosen]
        weights = np.linalg.lstsq(values[:, columns], values[:, i], rcond=None)[0]
        if np.linalg.norm(values[:, i] - values[:, columns] @ weights) <= limit:
            raw = weights * scale[i] / scale[columns]
            symbols = library[i].free_symbols.union(*(library[c].free_symbols for c in columns))
            if len(symbols) < 2 and limit > EXACT:
                return None  # one state on a narrow range, not a relation between states
            parts = [_rounded(w, limit) * library[c] for w, c in zip(raw, columns, strict=True)]
            return Relation(expression=library[i] - sympy.Add(*parts), leading=library[i])
    return None


def _rounded(value: float, limit: float) -> sympy.Expr:
    """A whole number where the data allow one, else as many digits as they support."""
    if abs(value - round(value)) <= 3 * limit * max(abs(value), 0.1) and round(value):
        return sympy.Integer(round(value))
    digits = int(np.clip(np.ceil(-np.log10(limit)), 2, 6))
    return sympy.Rational(f"{value:.{digits}g}")


def _divides(leading: sympy.Expr, term: sympy.Expr) -> bool:
    if not (leading.is_polynomial() and term.is_polynomial()):
        return leading == term
    powers = term.as_powers_dict()
    return all(powers.get(b, 0) >= e for b, e in leading.as_powers_dict().items())


def indistinguishable(problem: Problem, one: sympy.Expr, other: sympy.Expr) -> bool:
    """Whether two right-hand sides have the same values on the data, as far as those are known."""
    first, second = problem.values([one, other]).T
    size = float(np.linalg.norm(first))
    return float(np.linalg.norm(first - second)) <= tolerance(problem) * max(size, 1e-300)
