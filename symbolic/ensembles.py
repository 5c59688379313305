"""How sure a term is: the share of bootstraps in which the rule of selection keeps it."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import sympy

from physics.text import expression_text
from physics.tree import number
from symbolic import regression
from symbolic.constants import Fit
from symbolic.problem import Problem
from symbolic.selection import factor, floor
from symbolic.varying import parted

BOOTSTRAPS = 50
BLOCKS = 60  # neighbouring rows are drawn together


def with_inclusion(
    problem: Problem, fits: Sequence[Fit], library: Collection[sympy.Expr], seed: int
) -> list[Fit]:
    """The fits of one target, each with the inclusion probability of its terms.

    Each engine's fits are compared among themselves, and those inside the library among
    themselves: others write the same function differently.
    """
    done: dict[int, Fit] = {}
    kinds = [(f.engine, set(f.terms) <= set(library)) for f in fits]
    for kind in dict.fromkeys(kinds):
        index = [i for i, k in enumerate(kinds) if k == kind]
        done |= dict(zip(index, _included(problem, [fits[i] for i in index], seed), strict=True))
    return [done[i] for i in range(len(fits))]


def _included(problem: Problem, fits: Sequence[Fit], seed: int) -> list[Fit]:
    """The same for the fits of one engine.

    In every bootstrap all fits are refitted to the rows drawn and compared on the rows left out;
    the fewest terms within tolerance of the smallest error, or of the noise, count as kept.
    """
    equation = problem.equations[fits[0].target]
    shown = [_shown(f) for f in fits]
    terms = list(dict.fromkeys(t for own in shown for t in own))
    columns = problem.columns(equation.target, terms)
    block = blocks(len(columns))
    moments = regression.moments(columns, equation.goal, block)
    drawn, draws = bootstraps(moments, BOOTSTRAPS, seed)
    sets = [[terms.index(t) for t in own] for own in shown]
    solved = regression.solutions(drawn, regression.padded(sets, len(terms)))
    outside = np.tensordot((draws == 0).astype(float), moments.blocks, axes=1)
    rows = np.maximum((draws == 0) @ moments.rows, 1)
    errors = np.empty((len(drawn), len(fits)))
    for i, chosen in enumerate(sets):
        index = [*chosen, len(terms)]
        weights = np.concatenate([solved[:, i, : len(chosen)], -np.ones((len(drawn), 1))], axis=1)
        sums = np.einsum("bi,bij,bj->b", weights, outside[:, index][:, :, index], weights)
        errors[:, i] = moments.scale[-1] * np.sqrt(np.maximum(sums, 0) / rows)
    errors = np.where(np.isfinite(errors), errors, np.inf)
    limit = factor(equation) * np.array([floor(e, equation) for e in errors.min(1)])
    size = np.array([f.freedom for f in fits])
    key = np.where(errors <= limit[:, None], size[None] + errors / (1 + errors), np.inf)
    kept = np.bincount(key.argmin(1), minlength=len(fits)) / len(drawn)
    share = {t: round(float(kept[[t in own for own in shown]].sum()), 4) for t in terms}
    return [
        replace(f, inclusion={_label(t): share[t] for t in own})
        for f, own in zip(fits, shown, strict=True)
    ]


def _shown(fit: Fit) -> list[sympy.Expr]:
    """The terms with their inner constants put in."""
    values = {s: number(v) for s, v in fit.constants.items()}
    return [t.xreplace(values) for t in fit.terms]


def _label(term: sympy.Expr) -> str:
    """The term as text, its numbers to three digits; one name for all samples."""
    term, _ = parted(term)
    digits = {
        n: sympy.Rational(f"{float(n):.3g}") for n in term.atoms(sympy.Rational) if not n.is_Integer
    }
    return expression_text(term.xreplace(digits))


def blocks(rows: int) -> np.ndarray:
    """(row,): the block of neighbouring rows that each row is drawn with."""
    return np.arange(rows) * min(rows, BLOCKS) // max(rows, 1)


def bootstraps(moments: regression.Moments, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(moments (count, p + 1, p + 1), draws (count, block)): blocks drawn with replacement."""
    rng = np.random.default_rng(seed)
    size = len(moments.blocks)
    draws = rng.multinomial(size, np.full(size, 1 / size), size=count)
    return np.tensordot(draws.astype(float), moments.blocks, axes=1), draws
