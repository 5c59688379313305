"""Right-hand sides with denominators: sums of monomials, some of them over one or two poles c + m.

For a monomial m and a grid of constants c the terms t/(c + m) join the polynomials, and best
subsets of the joint library are taken; the constants of the best are then free and fitted around
the coefficients. A second pole is sought beside the best first one where that leaves more than
noise. Rows stay linear in f, so noise enters as for polynomials, not multiplied by unknown terms.

Source: Kaheman, Kutz & Brunton (2020), SINDy-PI, doi:10.1098/rspa.2020.0279 (candidates with
denominators); Golub & Pereyra (1973), doi:10.1137/0710036 (constants around coefficients).
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import sympy

from physics.jets import Jet
from symbolic import regression
from symbolic.constants import Proposal
from symbolic.engines import Options
from symbolic.engines._poles import Pole, moved
from symbolic.ensembles import blocks
from symbolic.library import complexity, polynomials
from symbolic.problem import Problem

SHARES = tuple(np.geomspace(0.03, 10.0, 9))  # of the largest |m|
NUMERATORS, POLYNOMIALS = 2, 2  # degrees
MOST_SYMBOLS = 5
MOST_TERMS = 7
EXHAUSTIVE = 1500
KEPT = 2  # poles per number of terms
NOISY = 1.1  # error relative to the noise that calls for a second pole
LARGEST = 1e6
FAR = 30.0  # constants relative to the largest |m| beyond which a fraction is a polynomial
FEW = 4  # terms of a law within the noise that needs no second pole
LEADING, MOST_PAIRS = 4, 6
STARTS = ((0.06, 1.0), (0.25, 0.25), (0.25, 2.5))  # of the largest |m|, for pairs of poles


class Found(NamedTuple):
    """A term set and its error relative to the goal's norm."""

    error: float
    terms: tuple[sympy.Expr, ...]
    poles: tuple[Pole, ...]


def propose(problem: Problem, library: Sequence[sympy.Expr], options: Options) -> list[Proposal]:
    """Proposals with one or two poles per target; the library's polynomials are not used."""
    symbols = [s for s in problem.symbols.values() if isinstance(s, Jet)][:MOST_SYMBOLS]
    found = []
    for target in problem.equations:
        found += [
            Proposal(
                target=target,
                terms=f.terms,
                constants={p.symbol: p.start for p in f.poles},
                limits={p.symbol: FAR * _top(problem, p.base) for p in f.poles},
                engine="rational",
            )
            for f in _target(problem, target, symbols, options)
        ]
    return found


def _top(problem: Problem, base: sympy.Expr) -> float:
    """The largest |base| on the data."""
    return float(np.abs(problem.values([base])).max())


def _target(problem: Problem, target: str, symbols: list, options: Options) -> list[Found]:
    equation = problem.equations[target]
    plain = polynomials(symbols, POLYNOMIALS)
    first = _searched(problem, target, plain, (), _poles(problem, symbols, "c1"), options)
    scale = float(np.linalg.norm(equation.goal))
    noise = equation.unit * np.sqrt(len(equation.goal))
    limit = NOISY * max(noise, 1e-6 * scale)
    enough = min((len(f.terms) for f in first if f.error * scale <= limit), default=MOST_TERMS)
    best = min(first, key=lambda f: f.error, default=None)
    if best is None or enough <= FEW:
        return first
    inner = {p.symbol: p.start for p in best.poles}
    over = [t for t in best.terms if t.free_symbols & set(inner)]
    held = [*over, *(t for t in _over(symbols, best.poles[0]) if t not in over)]
    second = _searched(
        problem, target, [*plain, *held], best.poles, _poles(problem, symbols, "c2"), options
    )
    return [*first, *second, *_located(problem, target, plain, [*first, *second], options)]


def _located(
    problem: Problem, target: str, plain: list, found: Sequence[Found], options: Options
) -> list[Found]:
    """The best sets over pairs of poles that are moved, with all terms over both, to least error.

    Where both poles are right nothing is left whatever the terms, so they are found before them.
    """
    symbols = [s for s in problem.symbols.values() if isinstance(s, Jet)][:MOST_SYMBOLS]
    best = sorted(found, key=lambda f: f.error)[:LEADING]
    held = dict.fromkeys(s for f in best for p in f.poles for s in p.base.free_symbols)
    bases = [s**power for s in held for power in (1, 2)]
    block = blocks(len(problem.equations[target].goal))
    located: list[Found] = []
    pairs = itertools.islice(itertools.combinations_with_replacement(bases, 2), MOST_PAIRS)
    seen: set[tuple] = set()
    for pair, shares in itertools.product(pairs, STARTS):
        poles = [
            Pole(sympy.Symbol(f"_c{i}"), base, share * _top(problem, base))
            for i, (base, share) in enumerate(zip(pair, shares, strict=True), start=1)
        ]
        terms = [*plain, *(t for p in poles for t in _over(symbols, p))]
        poles, columns = moved(problem, target, terms, poles)
        place = pair, *sorted(f"{p.start:.2g}" for p in poles)
        if place in seen:
            continue
        seen.add(place)
        moments = regression.moments(columns, problem.equations[target].goal, block).total
        most = int(np.clip(len(columns) // 2, 1, min(options.most, MOST_TERMS)))
        sets = regression.best_subsets(moments, most, 3, exhaustive=EXHAUSTIVE, width=12)
        errors = regression.errors(moments, regression.padded(sets, len(terms)))
        for chosen, error in zip(sets, errors, strict=True):
            one = Found(float(np.sqrt(error)), tuple(terms[i] for i in chosen), tuple(poles))
            located.append(_pruned(one))
    located = [f for f in located if f.poles]
    sizes = sorted({len(f.terms) for f in located})
    return [f for n in sizes for f in _best([f for f in located if len(f.terms) == n])]


def _poles(problem: Problem, symbols: Sequence[sympy.Symbol], name: str) -> Iterator[Pole]:
    """Poles outside the data: c + s and c + s² with c over a grid of shares of the range."""
    constant = sympy.Symbol(f"_{name}")
    for symbol, power in itertools.product(symbols, (1, 2)):
        values = problem.points[symbol] ** power
        top, low = float(np.abs(values).max()), float(values.min())
        if top == 0:
            continue
        for share in SHARES:
            if share * top + low > 0.01 * top:
                yield Pole(constant, symbol**power, share * top)


def _over(symbols: Sequence[sympy.Symbol], pole: Pole) -> list[sympy.Expr]:
    """Numerators over the pole; multiples of its own base are a constant and a numerator less."""
    below = pole.symbol + pole.base
    return [t / below for t in polynomials(symbols, NUMERATORS)]


def _searched(
    problem: Problem, target: str, plain: list, fixed: tuple[Pole, ...], poles, options: Options
) -> list[Found]:
    """The best sets of every size over all poles, each with at least one term over its pole."""
    equation = problem.equations[target]
    inner = {p.symbol: p.start for p in fixed}
    base = problem.columns(target, plain, inner)
    usable = np.isfinite(base).all(0) & (
        np.abs(base).max(0) < LARGEST * np.abs(equation.goal).max()
    )
    plain, base = [t for t, u in zip(plain, usable, strict=True) if u], base[:, usable]
    block = blocks(len(base))
    symbols = [s for s in problem.symbols.values() if isinstance(s, Jet)][:MOST_SYMBOLS]
    ranked: dict[int, list[Found]] = {}
    for pole in poles:
        over = _over(symbols, pole)
        extra = problem.columns(target, over, {**inner, pole.symbol: pole.start})
        moments = regression.moments(np.hstack([base, extra]), equation.goal, block).total
        most = int(np.clip(len(base) // 2, 1, min(options.most, MOST_TERMS)))
        sets = regression.best_subsets(moments, most, 3, exhaustive=EXHAUSTIVE, width=12)
        terms = [*plain, *over]
        sets = [s for s in sets if max(s) >= len(plain)]
        errors = regression.errors(moments, regression.padded(sets, len(terms))) if sets else []
        for chosen, error in zip(sets, errors, strict=True):
            found = Found(float(np.sqrt(error)), tuple(terms[i] for i in chosen), (*fixed, pole))
            ranked.setdefault(len(chosen), []).append(_pruned(found))
    return [f for size in sorted(ranked) for f in _best(ranked[size])]


def _pruned(found: Found) -> Found:
    """Without poles that no term holds."""
    used = set().union(*(t.free_symbols for t in found.terms))
    return found._replace(poles=tuple(p for p in found.poles if p.symbol in used))


def _best(some: list[Found]) -> list[Found]:
    """The best few of one size, each another function.

    Over one pole, 1 and s/(c + s) span what 1 and 1/(c + s) do: of equal errors the simplest stays.
    """
    kept: dict[tuple, Found] = {}
    for found in sorted(some, key=lambda f: (f.error, sum(map(complexity, f.terms)))):
        bases = tuple(sorted(str(p.base) for p in found.poles))
        key = bases, f"{found.error:.4g}"
        before = kept.get(key)
        if before is None or sum(map(complexity, found.terms)) < sum(map(complexity, before.terms)):
            kept[key] = found
    distinct = {f.terms: f for f in reversed(kept.values())}
    return sorted(distinct.values(), key=lambda f: f.error)[:KEPT]
