"""The choice among fitted right-hand sides of one target, in one place.

The rule. (1) Held-out error: each group of rows (a trajectory; stretches of it where there are
fewer than three) is predicted by a law fitted to the others. (2) The fewest constants whose
held-out error is within 1.1 (a little more where there are few rows) of the smallest, or of the
measurement noise where that is known: nothing below the noise is worth a term. The noise is an
estimate; where larger laws get far below it, it is lowered to 2.5 times their error. (3) Among
laws with at most that many constants, the extended Bayesian information criterion decides.
(4) The law must explain the rows: at least 80 % of their variance on held-out rows. Where the
noise is known, what it leaves must be noise, or small; and a law that leaves more than noise must
stand out from all smaller ones, else it is one of a series of approximations and no law.

Source: Chen & Chen (2008), Extended Bayesian information criteria, doi:10.1093/biomet/asn034.
"""

import math
from collections.abc import Sequence

import numpy as np

from symbolic.constants import Fit
from symbolic.problem import Equation

TOLERANCE = 1.1
FEW = 1.5  # standard errors of an error measured on few rows, added to the tolerance
OVERESTIMATE = 2.5
NEGLIGIBLE = 0.05
EXPLAINED = 0.8
MISFIT = 0.05
OUTSTANDING = 5.0


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
    if beyond(fit, equation) and not outstanding(fit, fits, equation):
        return (
            f"the laws for {equation.target} get better with every term and none stands out: "
            f"they approximate something whose terms are missing from the library"
        )
    return ""
