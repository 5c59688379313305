"""Engines asked in turn, everything that they propose fitted and chosen from in one way.

`engine="auto"`: sparse regression on the library; where that leaves something unexplained, the
same with sines, cosines and exponentials, then with denominators; where nothing is good, Operon,
and PySR where it and Julia are installed. A later stage is believed only where
it lowers the held-out error clearly, since larger libraries find swaps (a sine for x).
"""

import importlib.util
import shutil
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import sympy

from symbolic import varying
from symbolic.constants import Fit, Proposal, fit
from symbolic.engines import EngineUnavailable, Options, engine_module
from symbolic.library import calls, usable
from symbolic.problem import Equation, Problem
from symbolic.selection import (
    CLEARLY,
    beyond,
    cancelled,
    choose,
    explained,
    factor,
    floor,
    misfit,
    objection,
)
from symbolic.shortlist import Search, refit, short
from symbolic.structure import structured

FUNCTIONS = ("sin", "cos", "exp")
EXACT = 1e-4  # relative held-out error that leaves nothing to look for
SLIGHT = 1e-3  # error beyond the noise, relative to the rows, that needs no other library
NEIGHBOURS = 0.3  # correlation of neighbouring residuals that shows a missing term
POWERS = (4, 5)
PERIODS = 4
WIDEST = 8  # range of an exponent
DRESSED = 3  # constants of a law with functions beyond which fractions are tried too
MANY = 2  # constants of a law that a function might replace


def search(
    problem: Problem,
    engine: str,
    library: Sequence[sympy.Expr],
    options: Options,
    *,
    extend: bool = True,
    vary: bool | None = False,
) -> Search:
    """Fits and choices for every target.

    extend: let "auto" add functions of the inputs to the library.   vary: let numbers differ from
    sample to sample where one law for all does not explain them; None: where nothing else does.
    """
    found = Search(list(library))
    for first in ("sindy",) if engine == "auto" else _before(engine):
        _ask(found, problem, first, list(library), options)
    if vary:
        separate(found, problem, library, options)
        problem = _only(problem, [t for t in problem.equations if t not in found.varying])
    if engine != "auto" or not problem.equations:
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
        extra = [*calls([*problem.symbols.values()], FUNCTIONS), *_steep(problem, library)]
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
    if vary is None:
        separate(found, rest, library, options)
        rest = _only(problem, [t for t in rest.equations if t not in found.varying])
    for genetic in ("operon", "pysr") if rest.equations else ():
        try:
            if genetic != "pysr" or present():
                _ask(found, rest, genetic, list(library), options)
        except EngineUnavailable as error:
            found.notes.append(str(error))
    return found


def separate(found: Search, problem: Problem, library: Sequence, options: Options) -> None:
    """Numbers of their own for every sample, for targets that one law does not explain."""
    for target, equation in problem.equations.items():
        if not varying.possible(problem, target) or _met(found.chosen.get(target), equation):
            continue
        wide = varying.widened(_only(problem, [target]), [target])
        one_law = short(found.fits[target], found.chosen.get(target), equation)
        new = varying.propose(problem, target, library, options)
        fits = fit(wide, [*map(refit, one_law), *new])
        best = choose(fits, equation, len(library))
        if best is None or best.engine != varying.ENGINE or objection(best, fits, equation):
            continue
        found.fits[target], found.chosen[target] = fits, best
        found.varying.append(target)


def _met(best: Fit | None, equation: Equation) -> bool:
    """Whether a law leaves no more than the noise as estimated, or, where that is not known, next
    to nothing."""
    if best is None:
        return False
    if equation.unit:
        return best.heldout <= factor(equation) * equation.unit
    return 1 - explained(best, equation) < EXACT**2


def _dressed(found: Search, target: str) -> bool:
    """Whether the chosen law needs many constants around functions or high powers, as
    approximations do."""
    best = found.chosen.get(target)
    added = best is not None and any(t not in found.library for t in best.terms)
    return added and best.freedom > DRESSED


def _open(found: Search, problem: Problem, target: str) -> bool:
    """Whether a genetic search may do better: nothing explains, or a fraction does plain samples,
    which are quick to search and where a fraction may stand for another function."""
    fraction = problem.kind == "samples" and found.chosen[target].engine == "rational"
    return fraction or unexplained(found, problem, target)


def present() -> bool:
    """Whether PySR and the Julia that it needs are installed (importing it would fetch Julia)."""
    return bool(importlib.util.find_spec("pysr") and shutil.which("julia"))


def staged(
    problem: Problem,
    libraries: Sequence[list[sympy.Expr]],
    options: Options,
    *,
    vary: bool | None = False,
) -> Search:
    """Sparse regression on the first library, and on larger ones for what that leaves unexplained.

    In the larger library fewer term sets can be tried, so what the small one explains stays.
    vary: as in `search`.
    """
    found = Search(list(libraries[0]))
    _ask(found, problem, "sindy", list(libraries[0]), options)
    if vary:
        separate(found, problem, libraries[0], options)
        problem = _only(problem, [t for t in problem.equations if t not in found.varying])
    for library in libraries[1:]:
        rest = _only(problem, [t for t in problem.equations if unexplained(found, problem, t)])
        if rest.equations:
            found.library = list(library)
            _ask(found, rest, "sindy", list(library), options)
    if vary is None:
        separate(found, problem, libraries[0], options)
    return found


def _before(engine: str) -> tuple[str, ...]:
    """The engines asked where one is named: fractions are proposed beside polynomials."""
    return ("sindy", "rational") if engine == "rational" else (engine,)


def _steep(problem: Problem, library: Sequence[sympy.Expr]) -> list[sympy.Expr]:
    """Powers of single symbols beyond the library: what functions would imitate."""
    return [s**p for s in problem.symbols.values() for p in POWERS if s**p not in library]


def _slow(expression: sympy.Expr, problem: Problem) -> bool:
    """Whether the argument of a function runs over a moderate range: fast sines can fit anything,
    and of an exponential over a wide range one end alone is seen."""
    if expression.is_polynomial():
        return True
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
    return structured(problem, best) > NEIGHBOURS


def _ask(found: Search, problem: Problem, engine: str, library: list, options: Options) -> None:
    """Add an engine's fits; its choice replaces an earlier one where it is clearly better."""
    proposals: Sequence[Proposal] = engine_module(engine).propose(problem, library, options)
    fits = fit(problem, proposals)
    for target, equation in problem.equations.items():
        new, before = [f for f in fits if f.target == target], found.chosen.get(target)
        best = choose(new, equation, len(library))
        while best is not None and cancelled(best, problem):
            new.remove(best)
            best = choose(new, equation, len(library))
        if before is not None:
            seen = set(map(_content, found.fits[target]))
            new = [f for f in new if _content(f) not in seen]
        found.fits[target] = [*found.fits.get(target, ()), *new]
        if best is None:
            continue
        least = floor(min(f.heldout for f in found.fits[target]), equation)
        if before is None or _better(best, before, least):
            found.chosen[target] = best


def _content(fit: Fit) -> tuple:
    """What two fits of one target have in common when they are the same."""
    return frozenset(fit.terms), tuple(sorted((str(s), v) for s, v in fit.constants.items()))


def _better(new: Fit, old: Fit, least: float) -> bool:
    """Clearly lower held-out error, or one as low with fewer constants."""
    one, other = max(new.heldout, least), max(old.heldout, least)
    return CLEARLY * one < other or (one <= other and new.freedom < old.freedom)


def _only(problem: Problem, targets: Sequence[str]) -> Problem:
    return replace(problem, equations={t: problem.equations[t] for t in targets})
