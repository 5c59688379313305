"""What a search found, and the few fits of it that are fitted again and shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import sympy

from symbolic import varying
from symbolic.constants import Fit, Proposal, fit
from symbolic.engines import Options
from symbolic.problem import Equation, Problem
from symbolic.selection import CLEARLY, choose, factor, floor, objection, plain

EQUAL = 1.05
RIVALS = 4  # laws as large as the chosen one and as good, kept to see whether they differ


@dataclass
class Search:
    """All fits of every target and the chosen ones. library: terms that they were drawn from.

    varying: targets whose chosen law has numbers of its own in every sample.
    """

    library: list[sympy.Expr]
    fits: dict[str, list[Fit]] = field(default_factory=dict)
    chosen: dict[str, Fit] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    varying: list[str] = field(default_factory=list)

    @property
    def law(self) -> dict[str, sympy.Expr]:
        """{target: chosen right-hand side}."""
        return {t: f.expression for t, f in self.chosen.items()}


def shortlist(found: Search, problem: Problem) -> dict[str, list[Fit]]:
    """Per target the best fit of every number of constants, and rivals of the chosen one."""
    return {
        target: short(fits, found.chosen.get(target), problem.equations[target])
        for target, fits in found.fits.items()
    }


def short(fits: Sequence[Fit], best: Fit | None, equation: Equation) -> list[Fit]:
    """The same for one target: `best` is the chosen one of `fits`."""
    kept: dict[int, Fit] = {}
    rivals: list[Fit] = []
    for one in sorted(fits, key=lambda f: f.error):
        kept.setdefault(one.freedom, one)
    if best is not None:
        kept[best.freedom] = best
        same = [f for f in fits if f.freedom == best.freedom and f is not best]
        rivals = [f for f in same if f.heldout <= EQUAL * max(best.heldout, best.error)]
        rivals = sorted(rivals, key=lambda f: f.error)[:RIVALS]
    exact = [k for k, f in kept.items() if f.heldout <= equation.rounding]
    last = max(min(exact, default=max(kept, default=0)), best.freedom if best else 0)
    few = [kept[k] for k in sorted(kept) if k <= last]
    return few + [f for f in rivals if f not in few]


def refitted(found: Search, problem: Problem, options: Options) -> Search:
    """The short list fitted again to a sharper problem, and chosen from again."""
    kept = shortlist(found, problem)
    proposals = [refit(f) for fits in kept.values() for f in fits]
    for target in found.varying:  # which numbers are shared is decided anew
        rows = problem.inner if isinstance(problem, varying.VaryingProblem) else problem
        new = varying.propose(rows, target, found.library, options)
        seen = {p.terms for p in proposals}
        proposals += [p for p in new if p.terms not in seen]
    again = Search(found.library, notes=found.notes, varying=found.varying)
    fits = fit(problem, proposals)
    for target, equation in problem.equations.items():
        again.fits[target] = [f for f in fits if f.target == target]
        best, before = choose(again.fits[target], equation, len(found.library)), None
        if target in found.chosen and target not in found.varying:
            terms = found.chosen[target].terms
            before = next((f for f in again.fits[target] if f.terms == terms), None)
        pick = best
        if best is not None and before is not None:
            limit = factor(equation) * floor(min(f.heldout for f in again.fits[target]), equation)
            pick = before if before.heldout <= limit else best
        if pick is not None:
            again.chosen[target] = _plainer(pick, again.fits[target], equation, found.library)
    return again


def _plainer(pick: Fit, fits: Sequence[Fit], equation: Equation, library: Sequence) -> Fit:
    """A polynomial of no more constants that is hardly worse than a law that is none."""
    if plain(pick):
        return pick
    other = choose([f for f in fits if plain(f)], equation, len(library))
    if other is None or other.freedom > pick.freedom or objection(other, fits, equation):
        return pick
    return other if other.heldout <= CLEARLY * pick.heldout else pick


def refit(fitted: Fit) -> Proposal:
    """What was fitted, to be fitted again."""
    return Proposal(
        target=fitted.target,
        terms=fitted.terms,
        constants=fitted.constants,
        engine=fitted.engine,
    )
