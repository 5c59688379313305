"""Laws of one form whose numbers differ from sample to sample: group sparsity.

d/dt u_s = Σⱼ c_js fⱼ(u_s): every sample s has coefficients of its own, but a term is there in all
samples or in none. Term sets are compared by what they leave over all samples; of the chosen
terms, those whose numbers agree share one. Inside a fit the coefficient of sample s stands at
f·@s, where the indicator @s is one on that sample and zero elsewhere.

Source: Schaeffer, Tran & Ward (2017), arXiv:1709.01558; Rudy, Alla, Brunton & Kutz (2019),
doi:10.1137/18M1191944 (group sparsity over parameters).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy

from symbolic import regression
from symbolic.constants import Fit, Proposal
from symbolic.engines import Options
from symbolic.problem import Equation, Problem

ENGINE = "varying"
FOLDS = 5
ROWS_PER_TERM = 3  # in every sample
MOST_SAMPLES = 64


def indicator(sample: int) -> sympy.Symbol:
    """One on the rows of a sample, zero elsewhere."""
    return sympy.Symbol(f"@{sample}")


def parted(term: sympy.Expr) -> tuple[sympy.Expr, int | None]:
    """(term without its indicator, the sample of the indicator or None).

    >>> parted(sympy.Symbol("x") * indicator(2))
    (x, 2)
    """
    marks = [s for s in term.free_symbols if s.name.startswith("@")]
    if not marks:
        return term, None
    return term.xreplace({marks[0]: sympy.S.One}), int(marks[0].name[1:])


def marks(
    sample: np.ndarray, expression: sympy.Expr | None = None
) -> dict[sympy.Symbol, np.ndarray]:
    """{indicator: (point,)} of points whose samples are `sample` (point,).

    expression: only the indicators in it.
    """
    found = {indicator(s): s for s in np.unique(sample)}
    wanted = found if expression is None else found.keys() & expression.free_symbols
    return {mark: (sample == found[mark]).astype(float) for mark in wanted}


@dataclass(frozen=True, kw_only=True)
class VaryingProblem(Problem):
    """A problem whose terms may hold indicators.

    inner: the problem itself.   Rows of `separate` targets are held out within their samples.
    """

    inner: Problem

    def columns(self, target, expressions, constants=None) -> np.ndarray:
        """See Problem.columns; every term is evaluated once for all samples."""
        parts = [parted(e) for e in expressions]
        plain = list(dict.fromkeys(term for term, _ in parts))
        found = self.inner.columns(target, plain, constants)
        sample = self.equations[target].sample
        shown = [
            found[:, plain.index(term)] * (1.0 if s is None else sample == s) for term, s in parts
        ]
        return np.stack(shown, axis=1)


def possible(problem: Problem, target: str) -> bool:
    """Whether the rows of `target` come from several samples, with enough of each."""
    sample = problem.equations[target].sample
    if sample is None or problem.sample is None:
        return False
    counts = np.unique(sample, return_counts=True)[1]
    return 2 <= len(counts) <= MOST_SAMPLES and counts.min() >= 2 * ROWS_PER_TERM


def widened(problem: Problem, separate: Sequence[str]) -> Problem:
    """`problem` with indicators; the rows of the targets `separate` are held out in each sample."""
    if not separate:
        return problem
    equations = {
        t: replace(e, group=_within(e)) if t in separate else e
        for t, e in problem.equations.items()
    }
    fields = {
        n: getattr(problem, n)
        for n in ("kind", "symbols", "places", "estimates", "blur", "seed", "sample")
    }
    points = {**problem.points, **marks(problem.sample)}
    return VaryingProblem(**fields, points=points, equations=equations, inner=problem)


def _within(equation: Equation) -> np.ndarray:
    """(row,): folds that take every FOLDSth row of each sample."""
    group = np.empty(len(equation.goal), int)
    for s in np.unique(equation.sample):
        own = np.flatnonzero(equation.sample == s)
        group[own] = np.arange(len(own)) % FOLDS
    return group


def propose(
    problem: Problem, target: str, library: Sequence[sympy.Expr], options: Options
) -> list[Proposal]:
    """The best term sets of every size with a coefficient per sample, equal ones then shared."""
    equation = problem.equations[target]
    samples = np.unique(equation.sample)
    moments = regression.moments(
        problem.columns(target, list(library)), equation.goal, equation.sample
    )
    most = int(np.clip(moments.rows.min() // ROWS_PER_TERM, 1, options.most))
    sets = regression.best_subsets(moments.blocks, most, options.keep)
    least = min(regression.errors(moments.blocks, regression.padded(sets, len(library))))
    rows = len(equation.goal)
    size = moments.scale[-1] ** 2  # of the goal: residual sums are relative to it
    variance = max((equation.unit * equation.doubt) ** 2, least * size / rows, 1e-300)
    found = []
    for chosen in sets:
        shared = _shared(moments.blocks, chosen, variance / size, rows)
        terms: list[sympy.Expr] = []
        for i in chosen:
            one = library[i]
            terms += [one] if i in shared else [one * indicator(s) for s in samples]
        found.append(Proposal(target=target, terms=tuple(terms), engine=ENGINE))
    return found


def _shared(blocks: np.ndarray, chosen: Sequence[int], variance: float, rows: int) -> set[int]:
    """Terms of a set whose coefficient may be one for all samples, by the Bayesian criterion."""

    def score(shared: Sequence[int]) -> float:
        free = len(shared) + (len(chosen) - len(shared)) * len(blocks)
        return _left(blocks, chosen, shared) / variance + free * np.log(rows)

    kept: list[int] = []
    best = score(kept)
    while len(kept) < len(chosen):
        trials = {i: score([*kept, i]) for i in chosen if i not in kept}
        pick = min(trials, key=lambda i: trials[i])
        if trials[pick] > best:
            break
        kept, best = [*kept, pick], trials[pick]
    return set(kept)


def _left(blocks: np.ndarray, chosen: Sequence[int], shared: Sequence[int]) -> float:
    """Residual sum of squares with the coefficients of `shared` common to all samples."""
    own = [i for i in chosen if i not in shared]
    common = [*shared, blocks.shape[-1] - 1]
    rest = blocks[:, common][:, :, common]
    if own:
        gram = blocks[:, own][:, :, own]
        ridge = regression.TINY * np.einsum("gii->gi", gram) + 1e-300
        gram = gram + ridge[:, :, None] * np.eye(len(own))
        cross = blocks[:, own][:, :, common]
        rest = rest - np.swapaxes(cross, 1, 2) @ np.linalg.solve(gram, cross)
    joint = rest.sum(0)
    if len(common) == 1:
        return float(max(joint[0, 0], 0.0))
    gram, right = joint[:-1, :-1], joint[:-1, -1]
    solved = np.linalg.lstsq(gram, right, rcond=1e-13)[0]
    return float(max(joint[-1, -1] - right @ solved, 0.0))


def collected(fit: Fit, samples: int) -> list[tuple[sympy.Expr, float | tuple[float, ...]]]:
    """[(term, its coefficient, or one for each of the samples)] of a fit, in its order.

    NaN stands for samples of which there are no rows.
    """
    found: dict[sympy.Expr, dict[int | None, float]] = {}
    for value, term in zip(fit.coefficients, fit.terms, strict=True):
        plain, sample = parted(term)
        found.setdefault(plain, {})[sample] = value
    return [
        (t, v[None] if None in v else tuple(v.get(s, np.nan) for s in range(samples)))
        for t, v in found.items()
    ]


def values_at(
    values: Mapping[str, Sequence[float]], sample: np.ndarray
) -> dict[sympy.Symbol, np.ndarray]:
    """{parameter symbol: (start,)} for runs that start in the samples `sample` (start,)."""
    return {sympy.Symbol(n): np.asarray(v, float)[sample] for n, v in values.items()}
