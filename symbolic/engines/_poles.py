"""Poles of fractions, moved to where all terms over them together leave least.

Source: Golub & Pereyra (1973), doi:10.1137/0710036 (variable projection).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import sympy

from symbolic.problem import Problem

CUT = 1e-9  # singular values relative to the largest that count: terms over poles are alike
EVALUATIONS = 25
WIDEST = 5.0  # logarithm of how far a pole may move


class Pole(NamedTuple):
    """1/(symbol + base), the constant `symbol` free; it starts at `start`."""

    symbol: sympy.Symbol
    base: sympy.Expr
    start: float


def moved(
    problem: Problem, target: str, terms: Sequence[sympy.Expr], poles: Sequence[Pole]
) -> tuple[list[Pole], np.ndarray]:
    """(the poles with other starts, columns (row, term) there), by least squares in their logs."""
    from scipy.optimize import least_squares

    goal = problem.equations[target].goal
    symbols = {p.symbol for p in poles}
    fixed = [i for i, t in enumerate(terms) if not t.free_symbols & symbols]
    base = problem.columns(target, [terms[i] for i in fixed])

    def columns(logs: np.ndarray) -> np.ndarray:
        values = {p.symbol: float(np.exp(v)) for p, v in zip(poles, logs, strict=True)}
        free = [i for i in range(len(terms)) if i not in fixed]
        found = np.empty((len(goal), len(terms)))
        found[:, fixed] = base
        found[:, free] = problem.columns(target, [terms[i] for i in free], values)
        return np.where(np.isfinite(found), found, 0.0)

    def left(logs: np.ndarray) -> np.ndarray:
        here = columns(logs)
        here = here / np.maximum(np.linalg.norm(here, axis=0), 1e-300)
        return goal - here @ np.linalg.lstsq(here, goal, rcond=CUT)[0]

    start = np.log([p.start for p in poles])
    solved = least_squares(
        left, start, bounds=(start - WIDEST, start + WIDEST), max_nfev=EVALUATIONS
    ).x
    at = [p._replace(start=float(np.exp(v))) for p, v in zip(poles, solved, strict=True)]
    return at, columns(solved)
