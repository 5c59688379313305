"""Proposals of engines, fitted: coefficients, error, and error on rows that were held out.

A proposal is a sum of terms with one free coefficient each; terms may hold further free constants
(the 0.1 of x/(0.1 + x)), which are fitted around the linear ones (variable projection).

Source: Golub & Pereyra (1973), doi:10.1137/0710036 (variable projection).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import sympy

from physics.tree import number
from symbolic import regression
from symbolic.library import complexity
from symbolic.problem import Equation, Problem

PER_SIZE = 2
BAD = 1e50  # residual of an expression that is not finite somewhere
_EVALUATIONS = 40


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A right-hand side for `target`: Σ coefficient · term.

    terms: SymPy expressions of the problem's symbols and of `constants`.
    constants: {symbol inside the terms: start value}, empty for a linear proposal.
    limits: {symbol inside: largest value that makes sense}.
    """

    target: str
    terms: tuple[sympy.Expr, ...]
    constants: Mapping[sympy.Symbol, float] = field(default_factory=dict)
    limits: Mapping[sympy.Symbol, float] = field(default_factory=dict)
    engine: str = ""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A fitted proposal. coefficients: one per term.   constants: {symbol inside terms: value}.

    error, heldout: root mean square per row, on all rows and on the group left out (each group
    once, by a law fitted to the others).   inclusion: {term: share of bootstraps that keep it}.
    """

    target: str
    terms: tuple[sympy.Expr, ...]
    coefficients: tuple[float, ...]
    error: float
    heldout: float
    engine: str
    constants: Mapping[sympy.Symbol, float] = field(default_factory=dict)
    inclusion: Mapping[str, float] = field(default_factory=dict)

    @property
    def freedom(self) -> int:
        """Number of fitted constants."""
        return len(self.coefficients) + len(self.constants)

    @cached_property
    def expression(self) -> sympy.Expr:
        """The right-hand side with its numbers in."""
        values = {s: number(v) for s, v in self.constants.items()}
        parts = [number(c) * t for c, t in zip(self.coefficients, self.terms, strict=True)]
        return sympy.Add(*parts).xreplace(values)

    @cached_property
    def complexity(self) -> int:
        """Leaves and operations of the right-hand side."""
        return complexity(self.expression)


def fit(problem: Problem, proposals: Sequence[Proposal]) -> list[Fit]:
    """All linear proposals that can be fitted; of the others the best per number of constants."""
    found: list[Fit] = []
    for target in problem.equations:
        mine = [p for p in proposals if p.target == target]
        found += _linear(problem, [p for p in mine if not p.constants])
        found += _nonlinear(problem, [p for p in mine if p.constants])
    return [f for f in found if np.isfinite(f.heldout)]


def _linear(problem: Problem, proposals: Sequence[Proposal]) -> list[Fit]:
    """Many linear proposals of one target at once, from the moments of their terms."""
    if not proposals:
        return []
    equation = problem.equations[proposals[0].target]
    terms = list(dict.fromkeys(t for p in proposals for t in p.terms))
    columns = problem.columns(equation.target, terms)
    finite = (np.abs(columns) < 1e100).all(0)
    moments = regression.moments(np.where(finite, columns, 0.0), equation.goal, equation.group)
    sets = [[terms.index(t) for t in p.terms] for p in proposals]
    subsets = regression.padded(sets, len(terms))
    folds = np.concatenate([moments.total[None], moments.total - moments.blocks])
    solved = regression.solutions(folds, subsets)
    fits = []
    for i, (proposal, chosen) in enumerate(zip(proposals, sets, strict=True)):
        size, index = len(chosen), [*chosen, len(terms)]
        weights = np.concatenate([solved[:, i, :size], -np.ones((len(folds), 1))], axis=1)
        left_out = moments.blocks[:, index][:, :, index]
        sums = np.einsum("gi,gij,gj->g", weights[1:], left_out, weights[1:])
        raw = moments.scale[len(terms)] * solved[0, i, :size] / moments.scale[chosen]
        residual = equation.goal - columns[:, chosen] @ raw
        scale = moments.scale[len(terms)] / np.sqrt(len(equation.goal))
        heldout = scale * float(np.sqrt(max(sums.sum(), 0.0)))
        usable = finite[chosen].all() and np.isfinite(raw).all()
        fits.append(
            Fit(
                target=proposal.target,
                terms=proposal.terms,
                coefficients=tuple(map(float, raw)),
                error=float(np.sqrt(np.mean(residual**2))),
                heldout=heldout if usable else np.inf,
                engine=proposal.engine,
            )
        )
    return fits


def _nonlinear(problem: Problem, proposals: Sequence[Proposal]) -> list[Fit]:
    """Fits with inner constants: all on all rows, then the few best per size on held-out rows."""
    if not proposals:
        return []
    equation = problem.equations[proposals[0].target]
    everything = np.ones(len(equation.goal), bool)
    first: dict[int, list[tuple[float, int, np.ndarray]]] = {}
    for i, proposal in enumerate(proposals):
        start = np.array(list(proposal.constants.values()), float)
        columns_at = _Columns(problem, proposal)
        inner = _inner(columns_at, equation, start, everything)
        if inner is not None and _within(inner, proposal):
            columns, outer = _projected(columns_at, equation, inner, everything)
            error = float(np.sqrt(np.mean((equation.goal - columns @ outer) ** 2)))
            size = len(proposal.terms) + len(inner)
            first.setdefault(size, []).append((error, i, inner))
    fits, least = [], np.inf
    for size in sorted(first):
        best = sorted(first[size], key=lambda e: e[:2])[:PER_SIZE]
        fits += [
            _validated(problem, proposals[i], inner) for error, i, inner in best if error < least
        ]
        least = min(least, best[0][0])
    return [f for f in fits if f is not None]


def _within(inner: np.ndarray, proposal: Proposal) -> bool:
    pairs = zip(proposal.constants, inner, strict=True)
    return all(abs(value) <= proposal.limits.get(symbol, np.inf) for symbol, value in pairs)


def _validated(problem: Problem, proposal: Proposal, inner: np.ndarray) -> Fit | None:
    """The fit of `proposal`, from the inner constants that fit all rows, with held-out error."""
    equation, columns_at = problem.equations[proposal.target], _Columns(problem, proposal)
    columns, outer = _projected(columns_at, equation, inner, np.ones(len(equation.goal), bool))
    squares = 0.0
    for group in equation.groups:
        held = equation.group == group
        moved = None if held.all() else _inner(columns_at, equation, inner, ~held)
        if moved is None:
            return None
        these, weights = _projected(columns_at, equation, moved, ~held)
        squares += float(((equation.goal - these @ weights)[held] ** 2).sum())
    return Fit(
        target=proposal.target,
        terms=proposal.terms,
        coefficients=tuple(map(float, outer)),
        error=float(np.sqrt(np.mean((equation.goal - columns @ outer) ** 2))),
        heldout=float(np.sqrt(squares / len(equation.goal))),
        engine=proposal.engine,
        constants=dict(zip(proposal.constants, map(float, inner), strict=True)),
    )


class _Columns:
    """columns(inner): (row, term) of a proposal's terms for given inner constants.

    Terms without such constants are evaluated once.
    """

    def __init__(self, problem: Problem, proposal: Proposal):
        self.problem, self.target = problem, proposal.target
        self.names, self.terms = tuple(proposal.constants), proposal.terms
        held = [i for i, t in enumerate(self.terms) if t.free_symbols.isdisjoint(self.names)]
        self.free = [i for i in range(len(self.terms)) if i not in held]
        self.held = np.empty((len(problem.equations[self.target].goal), len(self.terms)))
        if held:
            self.held[:, held] = problem.columns(self.target, [self.terms[i] for i in held])

    def __call__(self, inner: np.ndarray) -> np.ndarray:
        values = dict(zip(self.names, map(float, inner), strict=True))
        columns = self.held.copy()
        if self.free:
            moving = [self.terms[i] for i in self.free]
            columns[:, self.free] = self.problem.columns(self.target, moving, values)
        return columns


def _projected(columns_at: _Columns, equation: Equation, inner, rows):
    """(columns of all rows, best outer coefficients on `rows`) for given inner constants."""
    columns = columns_at(inner)
    if not (np.abs(columns) < 1e100).all():
        return columns, np.full(columns.shape[1], np.nan)
    some = columns[rows]
    scale = np.maximum(np.linalg.norm(some, axis=0), 1e-300)
    outer = np.linalg.lstsq(some / scale, equation.goal[rows], rcond=1e-10)[0]
    return columns, outer / scale


def _inner(columns_at: _Columns, equation: Equation, start, rows) -> np.ndarray | None:
    from scipy.optimize import least_squares

    def residual(inner):
        columns, outer = _projected(columns_at, equation, inner, rows)
        left = (equation.goal - columns @ outer)[rows]
        return left if np.isfinite(left).all() else np.full(int(rows.sum()), BAD)

    if residual(start)[0] == BAD or rows.sum() < len(start) + len(columns_at.terms):
        return None
    scale = np.maximum(np.abs(start), 1e-3)
    return least_squares(residual, start, x_scale=scale, max_nfev=_EVALUATIONS).x
