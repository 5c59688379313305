"""Engines asked in turn, everything that they propose fitted and chosen from in one way.

`engine="auto"`: sparse regression on the library; where that leaves something unexplained, the
same with sines, cosines and exponentials, then with denominators; where nothing is good, Operon,
and PySR where it and Julia are installed. A later stage is believed only where
it lowers the held-out error clearly, since larger libraries find swaps (a sine for x).
"""

import importlib.util
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import sympy

from symbolic.constants import Fit, Proposal, fit
from symbolic.engines import EngineUnavailable, Options, engine_module
from symbolic.library import calls, usable
from symbolic.problem import Equation, Problem
from symbolic.selection import beyond, choose, explained, factor, floor, misfit, objection

CLEARLY = 1.5
FUNCTIONS = ("sin", "cos", "exp")
EXACT = 1e-4  # relative held-out error that leaves nothing to look for
SLIGHT = 1e-3  # error beyond the noise, relative to the rows, that needs no other library
NEIGHBOURS = 0.3  # correlation of neighbouring residuals that shows a missing term
POINTS = 1000
PERIODS = 4
WIDEST = 8  # range of an exponent
EQUAL = 1.05
DRESSED = 3  # constants of a law with functions beyond which fractions are tried too
RIVALS = 4  # laws as large as the chosen one and as good, kept to see whether they differ
MANY = 2  # constants of a law that a function might replace


@dataclass
class Search:
    """All fits of every target and the chosen ones. library: terms that they were drawn from."""

    library: list[sympy.Expr]
    fits: dict[str, list[Fit]] = field(default_factory=dict)
    chosen: dict[str, Fit] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def law(self) -> dict[str, sympy.Expr]:
        """{target: chosen right-hand side}."""
        return {t: f.expression for t, f in self.chosen.items()}


def search(
    problem: Problem,
    engine: str,
    library: Sequence[sympy.Expr],
    options: Options,
    *,
    extend: bool = True,
) -> Search:
    """Fits and choices for every target.

    extend: let "auto" add functions of the inputs to the library.
    """
    found = Search(list(library))
    first = "sindy" if engine == "auto" else engine
    _ask(found, problem, first, list(library), options)
    if engine != "auto":
        return found
    if extend:
        rest = _only(
            problem,
            [
                t
                for t in problem.equations
                if unexplained(found, problem, t) or found.chosen[t].freedom >= MANY
            ],
        )
        extra = calls([s for s in problem.symbols.values()], FUNCTIONS)
        extra = [e for e in usable(extra, problem) if e not in library and _slow(e, problem)]
        if rest.equations and extra:
            _ask(found, rest, "sindy", [*library, *extra], options)
    rest = _only(
        problem,
        [t for t in problem.equations if unexplained(found, problem, t) or _dressed(found, t)],
    )
    if rest.equations and extend:
        _ask(found, rest, "rational", list(library), options)
        rest = _only(problem, [t for t in rest.equations if _open(found, problem, t)])
    for genetic in ("operon", "pysr") if rest.equations else ():
        try:
            if genetic != "pysr" or present():
                _ask(found, rest, genetic, list(library), options)
        except EngineUnavailable as error:
            found.notes.append(str(error))
    return found


def _dressed(found: Search, target: str) -> bool:
    """Whether the chosen law needs many constants around functions, as approximations do."""
    best = found.chosen.get(target)
    called = best is not None and any(t.has(sympy.Function, sympy.exp) for t in best.terms)
    return called and best.freedom > DRESSED


def _open(found: Search, problem: Problem, target: str) -> bool:
    """Whether a genetic search may do better: nothing explains, or a fraction does plain samples,
    which are quick to search and where a fraction may stand for another function."""
    fraction = problem.kind == "samples" and found.chosen[target].engine == "rational"
    return fraction or unexplained(found, problem, target)


def present() -> bool:
    """Whether PySR and the Julia that it needs are installed (importing it would fetch Julia)."""
    return bool(importlib.util.find_spec("pysr") and shutil.which("julia"))


def staged(problem: Problem, libraries: Sequence[list[sympy.Expr]], options: Options) -> Search:
    """Sparse regression on the first library, and on larger ones for what that leaves unexplained.

    In the larger library fewer term sets can be tried, so what the small one explains stays.
    """
    found = Search(list(libraries[0]))
    _ask(found, problem, "sindy", list(libraries[0]), options)
    for library in libraries[1:]:
        rest = _only(problem, [t for t in problem.equations if unexplained(found, problem, t)])
        if rest.equations:
            found.library = list(library)
            _ask(found, rest, "sindy", list(library), options)
    return found


def _slow(expression: sympy.Expr, problem: Problem) -> bool:
    """Whether the argument of a function runs over a moderate range: fast sines can fit anything,
    and of an exponential over a wide range one end alone is seen."""
    widest = WIDEST if expression.has(sympy.exp) else PERIODS * 2 * np.pi
    return all(np.ptp(problem.points[s]) <= widest for s in expression.free_symbols)


def unexplained(found: Search, problem: Problem, target: str) -> bool:
    """Whether the chosen law of `target` leaves more than noise."""
    equation, best = problem.equations[target], found.chosen.get(target)
    if best is None or objection(best, found.fits[target], equation):
        return True
    if equation.unit:
        return beyond(best, equation) and misfit(best, equation) > SLIGHT
    if 1 - explained(best, equation) < EXACT**2:
        return False
    return _structured(problem, equation, best) > NEIGHBOURS


def _structured(problem: Problem, equation: Equation, best: Fit) -> float:
    """Correlation of the residual of each point with that of its nearest neighbour."""
    from scipy.spatial import cKDTree

    points = np.stack([problem.points[s] for s in problem.symbols.values()], axis=-1)
    scale = points.std(0)
    points = points / np.where(scale > 0, scale, 1.0)
    pick = np.linspace(0, len(points) - 1, min(len(points), POINTS)).astype(int)
    residual = (equation.goal - equation.apply(problem.values([best.expression]))[:, 0])[pick]
    if len(pick) < 10 or np.ptp(residual) == 0:
        return 0.0
    _, near = cKDTree(points[pick]).query(points[pick], k=2)
    return float(np.corrcoef(residual, residual[near[:, 1]])[0, 1])


def _ask(found: Search, problem: Problem, engine: str, library: list, options: Options) -> None:
    """Add an engine's fits; its choice replaces an earlier one where it is clearly better."""
    proposals: Sequence[Proposal] = engine_module(engine).propose(problem, library, options)
    fits = fit(problem, proposals)
    for target, equation in problem.equations.items():
        new = [f for f in fits if f.target == target]
        best, before = choose(new, equation, len(library)), found.chosen.get(target)
        seen = {f.expression for f in found.fits.get(target, ())}
        found.fits[target] = [
            *found.fits.get(target, ()),
            *(new if before is None else [f for f in new if f.expression not in seen]),
        ]
        if best is None:
            continue
        least = floor(min(f.heldout for f in found.fits[target]), equation)
        if before is None or _better(best, before, least):
            found.chosen[target] = best


def _better(new: Fit, old: Fit, least: float) -> bool:
    """Clearly lower held-out error, or one as low with fewer constants."""
    one, other = max(new.heldout, least), max(old.heldout, least)
    return CLEARLY * one < other or (one <= other and new.freedom < old.freedom)


def shortlist(found: Search, problem: Problem) -> dict[str, list[Fit]]:
    """Per target the best fit of every number of constants, and rivals of the chosen one."""
    short = {}
    for target, fits in found.fits.items():
        kept: dict[int, Fit] = {}
        for one in sorted(fits, key=lambda f: f.error):
            kept.setdefault(one.freedom, one)
        best = found.chosen.get(target)
        if best is not None:
            kept[best.freedom] = best
        if best is not None:
            same = [f for f in fits if f.freedom == best.freedom and f is not best]
            rivals = [f for f in same if f.heldout <= EQUAL * max(best.heldout, best.error)]
            rivals = sorted(rivals, key=lambda f: f.error)[:RIVALS]
        exact = [k for k, f in kept.items() if f.heldout <= problem.equations[target].rounding]
        last = max(min(exact, default=max(kept, default=0)), best.freedom if best else 0)
        short[target] = [kept[k] for k in sorted(kept) if k <= last]
        if best is not None:
            short[target] += [f for f in rivals if f not in short[target]]
    return short


def refitted(found: Search, problem: Problem, options: Options) -> Search:
    """The short list fitted again to a sharper problem, and chosen from again."""
    short = shortlist(found, problem)
    proposals = [
        Proposal(target=t, terms=f.terms, constants=f.constants, engine=f.engine)
        for t, fits in short.items()
        for f in fits
    ]
    again = Search(found.library, notes=found.notes)
    fits = fit(problem, proposals)
    for target, equation in problem.equations.items():
        again.fits[target] = [f for f in fits if f.target == target]
        best, before = choose(again.fits[target], equation, len(found.library)), None
        if target in found.chosen:
            terms = found.chosen[target].terms
            before = next((f for f in again.fits[target] if f.terms == terms), None)
        pick = best
        if best is not None and before is not None:
            limit = factor(equation) * floor(min(f.heldout for f in again.fits[target]), equation)
            pick = before if before.heldout <= limit else best
        if pick is not None:
            again.chosen[target] = pick
    return again


def _only(problem: Problem, targets: Sequence[str]) -> Problem:
    return replace(problem, equations={t: problem.equations[t] for t in targets})
