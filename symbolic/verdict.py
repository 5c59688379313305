"""Whether what was chosen is a law: the reasons that speak against it, in words."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import sympy

from physics.text import expression_text
from physics.tree import number
from symbolic.ambiguity import indistinguishable
from symbolic.constants import Fit
from symbolic.derivatives import Smoothing
from symbolic.problem import Equation, Problem
from symbolic.result import Candidate
from symbolic.selection import EXPLAINED, cancelled, explained, objection, plain
from symbolic.shortlist import EQUAL, Search
from symbolic.structure import structured

NOISIEST = 0.5  # noise relative to the data beyond which a state counts as noise
UNSURE = 0.4  # share of bootstraps that must keep each term
EXACT = 1e-7  # share left unexplained by laws whose forms do not matter any more
QUIET = 3e-3  # noise relative to the data below which runs are no test of what noise hides
SAME, WORSE = 0.8, 2.0  # ratios of errors that count as equal, and as clearly larger
LUCK = 1e-3  # probability of a law in noise that is accepted
GENETIC = 20_000  # expressions that a genetic search tries
DISTANT = 100.0  # mean relative to the spread beyond which powers of a state look alike
DEPENDENT = 0.5  # correlation of neighbouring residuals that no noise has
SUDDEN = (0.1, 0.1)  # noise above, and median error relative to it below: unresolved changes


def offset(names: Sequence[str], values: np.ndarray) -> list[str]:
    """States whose powers cannot be told apart, in words. values: (sample, time, state)."""
    flat = values.reshape(-1, len(names))
    centre, spread = np.nanmean(flat, axis=0), np.nanstd(flat, axis=0)
    return [
        f"{n} varies by {s / abs(c):.2g} of its size, so that its powers look alike: subtract a "
        f"constant near {c:.4g} from it, or list the terms in library="
        for n, c, s in zip(names, centre, spread, strict=True)
        if abs(c) > DISTANT * s
    ]


def roughness(names: Sequence[str], smoothing: Smoothing) -> list[str]:
    """States that no curve describes, in words."""
    reasons = []
    for name, level, typical in zip(names, smoothing.level, smoothing.typical, strict=True):
        if level > NOISIEST:
            reasons.append(
                f"{name} is noise or sampled too coarsely: "
                f"{min(level, 1):.0%} of its variation is rough"
            )
        elif level > SUDDEN[0] and typical < SUDDEN[1]:
            reasons.append(
                f"{name} changes too fast for its sampling in places; measure more often"
            )
    return reasons


def vindicated(candidates: Sequence[Candidate], chosen: int, noise: Mapping[str, float]) -> bool:
    """Whether runs of the chosen law meet the data to their noise, and no other law's do better.

    Curves through sharp spikes are worse than their errors say, so that the right law may seem to
    leave more than noise; what it leaves then neither grows in runs nor shrinks with more terms.
    """
    again = candidates[chosen].resimulated
    level = max(noise.values(), default=0.0)
    plain = set(candidates[chosen].engine.split("+")) <= {"sindy"}
    if again is None or not plain or not level > QUIET or again > level:
        return False
    rows = [(sum(c.terms.values()), c) for c in candidates if c is not candidates[chosen]]
    size = sum(candidates[chosen].terms.values())
    smaller = [c.resimulated for n, c in rows if n < size and c.resimulated is not None]
    larger = [c for n, c in rows if n > size]
    better = [c for c in larger if c.resimulated is not None and c.resimulated < SAME * again]
    closer = [c for c in larger if c.error < SAME * candidates[chosen].error]
    return bool(smaller) and min(smaller) > WORSE * again and not better and not closer


def objections(
    found: Search, problem: Problem, short: Mapping[str, Sequence[Fit]], lenient: bool = False
) -> list[str]:
    """Why there is no law, per target; empty if there may be one.

    short: {target: fits with the inclusion of their terms}.   lenient: what is left beyond the
    noise does not count.
    """
    reasons = []
    for target, equation in problem.equations.items():
        best = found.chosen.get(target)
        told = objection(best, found.fits[target], equation)
        forgiven = lenient and best is not None and plain(best)
        forgiven = forgiven and explained(best, equation) >= EXPLAINED
        reasons += [told] if told and not forgiven else []
        if best and not reasons and problem.kind == "map" and _missing(best, problem):
            reasons.append(
                f"what the law for {target} leaves still depends on the state: its terms are "
                f"missing from the library"
            )
        if best and not reasons and cancelled(best, problem):
            reasons.append(
                f"the law for {target} is a difference of terms that nearly cancel: it "
                f"approximates something whose terms are missing from the library"
            )
        if best and not reasons and chance(best, found, equation) > LUCK:
            reasons.append(
                f"{len(equation.goal)} rows of {target} are too few for the law found: noise alone "
                f"would often be met as well by one of so many candidates; measure more, or list "
                f"fewer terms in library="
            )
        exact = best is not None and 1 - explained(best, equation) < EXACT
        unsure = _unsure(best, short[target]) if best and not exact else ""
        reasons += (
            [f"{unsure} of the law for {target} depends on which data are taken"] if unsure else []
        )
        rival = _rival(found, problem, target, best) if best else None
        if rival is not None:
            reasons.append(
                f"{target} may be {text_of(best)} or {text_of(rival)}: equally simple, and equal "
                f"on this data; vary the initial states, or leave a term out with library="
            )
    return reasons


def _missing(best: Fit, problem: Problem) -> bool:
    share = 1 - explained(best, problem.equations[best.target])
    return share > EXACT and structured(problem, best) > DEPENDENT


def chance(best: Fit, found: Search, equation: Equation) -> float:
    """A bound on how probable it is that independent noise is fitted as well as by `best`.

    The share 1 − R² that a fixed law with k constants leaves of n values of Gaussian noise has the
    distribution Beta((n − k)/2, (k − 1)/2); the bound is that for one law times the number of laws
    tried. Where the noise per row is known, `selection` asks for more than this, so 0 is returned.

    Source: Anderson (2003), An Introduction to Multivariate Statistical Analysis, section 4.4.
    """
    from scipy.special import betainc

    rows, size = len(equation.goal), best.freedom
    if equation.unit > 0 or equation.baseline == 0:
        return 0.0
    if rows <= size:
        return 1.0
    tried = math.comb(max(len(found.library), len(best.terms)), len(best.terms))
    if best.engine not in ("", "sindy"):
        tried = max(tried, GENETIC)
    left = min((best.error / equation.baseline) ** 2, 1.0)
    return float(tried * betainc((rows - size) / 2, max(size - 1, 1) / 2, left))


def _unsure(best: Fit, fits: Sequence[Fit]) -> str:
    """The term of the best law that fewest bootstraps keep, if they are few."""
    inclusion = next((f.inclusion for f in fits if f.terms == best.terms), {})
    term = min(inclusion, key=lambda t: inclusion[t], default="")
    return term if term and inclusion[term] < UNSURE else ""


def simplest(found: Search, problem: Problem) -> dict[str, Fit]:
    """{target: the chosen fit, or one of simpler terms that is equal on this data}."""
    kept = dict(found.chosen)
    for target, best in found.chosen.items():
        rival = _rival(found, problem, target, best)
        if rival is not None and rival.complexity < best.complexity:
            kept[target] = rival
    return kept


def _rival(found: Search, problem: Problem, target: str, best: Fit) -> Fit | None:
    """Another law as simple as the best that has the same values on the data.

    Terms that "auto" added to the library are no rivals of those that it began with.
    """
    library = set(found.library) | set(best.terms)
    for other in found.fits[target]:
        same = other.freedom == best.freedom and {*other.terms} != {*best.terms}
        same = same and not best.constants and not other.constants
        same = same and set(other.terms) <= library
        if same and other.heldout <= EQUAL * max(best.heldout, problem.equations[target].unit):
            if other.complexity > best.complexity:
                continue
            if indistinguishable(problem, best.expression, other.expression):
                return other
    return None


def text_of(fit: Fit) -> str:
    """The right-hand side with its coefficients to three digits."""
    parts = [
        number(float(f"{c:.3g}")) * t for c, t in zip(fit.coefficients, fit.terms, strict=True)
    ]
    return expression_text(sympy.Add(*parts))


def bounded(
    candidates: Sequence[Candidate],
    joints: Sequence[Mapping[str, Fit]],
    chosen: int,
    problem: Problem,
    fits: Mapping[str, Sequence[Fit]],
) -> tuple[int | None, str]:
    """(index, reason): the chosen law, or the nearest good one that does not blow up."""

    def good(joint: Mapping[str, Fit]) -> bool:
        return all(not objection(f, fits[t], problem.equations[t]) for t, f in joint.items())

    error = candidates[chosen].resimulated
    why = "fewest constants within tolerance of the smallest held-out error or of the noise"
    if error is None or np.isfinite(error):
        return chosen, why
    rest = sorted(range(len(candidates)), key=lambda i: abs(i - chosen))
    for i in rest:
        other = candidates[i].resimulated
        if other is not None and np.isfinite(other) and good(joints[i]):
            return i, "nearest law to the smallest held-out error whose runs stay bounded"
    return None, "the best law blows up when it is run from the data, and so do its neighbours"
