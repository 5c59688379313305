"""The choice among fitted right-hand sides of one target, in one place.

The rule. (1) Held-out error: each group of rows (a trajectory; stretches of it where there are
fewer than three) is predicted by a law fitted to the others. (2) The fewest constants whose
held-out error is within 1.1 (a little more where there are few rows) of the smallest, or of the
measurement noise where that is known: nothing below the noise is worth a term. The noise is an
estimate; where larger laws get far below it, it is lowered to 2.5 times their error. (3) Among
laws with at most that many constants, the extended Bayesian information criterion decides.
(4) The law must explain the rows: at least 80 % of their variance on held-out rows. Where the
noise is known, what it leaves must be noise, or small; and a law that leaves more than noise must
stand out from all smaller ones, else it is one of a series of approximations and no law. Fractions
and functions approximate nearly everything, so a law with them must owe a good part of what it
explains to its last constant (approximations gain about evenly with each), and most of it where it
leaves more than noise. If it explains all but 5e-4 of rows whose noise is known, its right-hand
side counts as known, though its form is one of several.

Source: Chen & Chen (2008), Extended Bayesian information criteria, doi:10.1093/biomet/asn034.
"""

import math
from collections.abc import Sequence

import numpy as np
import sympy

from symbolic.constants import Fit
from symbolic.problem import Equation, Problem

TOLERANCE = 1.1
CLEARLY = 1.5  # how much lower the error of a law from a larger library has to be
FEW = 1.5  # standard errors of an error measured on few rows, added to the tolerance
OVERESTIMATE = 2.5
NEGLIGIBLE = 0.05
EXPLAINED = 0.8
MISFIT = 0.05
OUTSTANDING = 5.0
TIGHT = 5e-4  # error relative to the trivial law's at which the form does not matter any more
EXACT = 1e-6
CANCELLED = 10.0  # sizes of terms relative to their sum beyond which functions approximate
SIMPLE = 2
EARNED = {False: 0.3, True: 0.6}  # share of log(trivial error / error); where beyond noise


def choose(fits: Sequence[Fit], equation: Equation, library: int = 0) -> Fit | None:
    """The fit that the rule (steps 1 to 3) picks; None without fits.

    library: number of candidate terms that the fits were drawn from, for the criterion.
    """
    if not fits:
        return None
    least = floor(min(f.heldout for f in fits), equation)
    limit = factor(equation) * least
    enough = min(f.freedom for f in fits if f.heldout <= limit)
    small = [f for f in fits if f.freedom <= enough]
    variance = max(least, 1e-300) ** 2
    return min(small, key=lambda f: (criterion(f, equation, variance, library), f.complexity))


def factor(equation: Equation) -> float:
    """How much larger a held-out error may be and still count as equal."""
    return TOLERANCE + FEW / math.sqrt(2 * len(equation.goal))


def floor(best: float, equation: Equation) -> float:
    """The error per row that counts as reached, when `best` is the smallest held-out one."""
    noise = min(equation.unit, max(OVERESTIMATE * best, NEGLIGIBLE * equation.unit))
    return max(best, noise, equation.rounding)


def criterion(fit: Fit, equation: Equation, variance: float, library: int = 0) -> float:
    """Extended BIC (γ = 1/2) at a given error variance per row; smaller is better."""
    rows = len(equation.goal)
    sets = math.comb(max(library, fit.freedom), fit.freedom)
    return rows * fit.error**2 / variance + fit.freedom * math.log(rows) + math.log(sets)


def explained(fit: Fit, equation: Equation) -> float:
    """Share of the rows' variance that the fit predicts on held-out rows, at most 1."""
    if equation.baseline == 0:
        return 1.0 if fit.heldout == 0 else 0.0
    return 1 - (fit.heldout / equation.baseline) ** 2


def beyond(fit: Fit, equation: Equation) -> bool:
    """Whether the fit leaves more than the measurement noise, where that is known."""
    noise = equation.unit * equation.doubt
    return equation.unit > 0 and fit.heldout > factor(equation) * noise


def misfit(fit: Fit, equation: Equation) -> float:
    """Error beyond the measurement noise relative to the rows; 0 where the noise explains it."""
    if not beyond(fit, equation) or equation.baseline == 0:
        return 0.0
    noise = factor(equation) * equation.unit * equation.doubt
    return float(np.sqrt(fit.heldout**2 - noise**2)) / equation.baseline


def outstanding(fit: Fit, fits: Sequence[Fit], equation: Equation) -> bool:
    """Whether every smaller law is clearly worse: by the factor that the fit is off the noise."""
    smaller = [f.heldout for f in fits if f.freedom < fit.freedom] + [equation.baseline]
    needed = min(fit.heldout / (equation.unit * equation.doubt), OUTSTANDING)
    return min(smaller) >= needed * fit.heldout


def plain(fit: Fit) -> bool:
    """Whether the right-hand side is a polynomial in states, jets and inputs."""
    return not fit.constants and all(t.is_polynomial() for t in fit.terms)


def earned(fit: Fit, fits: Sequence[Fit], equation: Equation) -> bool:
    """Whether no smaller law comes near, on the scale from the trivial law to this one.

    Two terms without constants inside are too few to approximate with.
    """
    if not fit.constants and fit.freedom <= SIMPLE:
        return True
    held = max(fit.heldout, equation.rounding, 1e-300)
    smaller = [f.heldout for f in fits if _numbers(f) < _numbers(fit)]
    smaller = min(smaller, default=equation.baseline)
    gained = math.log(max(equation.baseline / held, 1.0))
    return math.log(max(smaller / held, 1e-300)) >= EARNED[beyond(fit, equation)] * gained


def _numbers(fit: Fit) -> int:
    """Constants of a law, those that an engine chose inside functions included."""
    nodes = {n for t in fit.terms for n in t.atoms(sympy.Function, sympy.exp)}
    return fit.freedom + len({x for n in nodes for x in n.atoms(sympy.Number)} - {1, -1})


def tight(fit: Fit, equation: Equation) -> bool:
    """Whether next to nothing is left, so that the right-hand side is known whatever its form."""
    known = equation.unit > 0 and not beyond(fit, equation)
    return known and fit.heldout <= TIGHT * equation.baseline


def cancelled(fit: Fit, problem: Problem) -> bool:
    """Whether a law with functions is a difference of terms much larger than it is.

    Exact laws may be: on a slow manifold large terms balance.
    """
    exact = fit.heldout <= EXACT * problem.equations[fit.target].baseline
    if exact or not any(t.has(sympy.Function, sympy.exp) for t in fit.terms):
        return False
    parts = problem.columns(fit.target, fit.terms, fit.constants) * np.array(fit.coefficients)
    return bool(np.linalg.norm(parts, axis=0).max() > CANCELLED * np.linalg.norm(parts.sum(1)))


def objection(fit: Fit | None, fits: Sequence[Fit], equation: Equation) -> str:
    """Why the fit, chosen from `fits`, is no law (step 4); empty if it is one."""
    if fit is None:
        return f"no candidate could be fitted for {equation.target}"
    share, over = explained(fit, equation), misfit(fit, equation)
    if share < EXPLAINED:
        return (
            f"the best law for {equation.target} explains {max(share, 0):.0%} of held-out data "
            f"({EXPLAINED:.0%} are asked for)"
        )
    if over > MISFIT:
        return (
            f"the best law for {equation.target} is off by {over:.0%} beyond the measurement noise "
            f"({MISFIT:.0%} are allowed): its terms are missing from the library"
        )
    alone = plain(fit) or earned(fit, fits, equation) or tight(fit, equation)
    if not alone or (beyond(fit, equation) and not outstanding(fit, fits, equation)):
        return (
            f"the laws for {equation.target} get better with every term and none stands out: "
            f"they approximate something whose terms are missing from the library"
        )
    return ""
