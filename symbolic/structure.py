"""Whether what a law leaves still depends on the state, so that a term is missing."""

import numpy as np

from symbolic.constants import Fit
from symbolic.problem import Problem

POINTS = 1000
CHANCE = 3.0  # standard deviations of a correlation of noise


def structured(problem: Problem, fit: Fit) -> float:
    """Correlation of the residual of each point with that of its nearest neighbour.

    0 where there are too few points for one to show.
    """
    from scipy.spatial import cKDTree

    equation = problem.equations[fit.target]
    points = np.stack([problem.points[s] for s in problem.symbols.values()], axis=-1)
    scale = points.std(0)
    points = points / np.where(scale > 0, scale, 1.0)
    pick = np.linspace(0, len(points) - 1, min(len(points), POINTS)).astype(int)
    residual = (equation.goal - equation.apply(problem.values([fit.expression]))[:, 0])[pick]
    if len(pick) < 10 or np.ptp(residual) == 0:
        return 0.0
    _, near = cKDTree(points[pick]).query(points[pick], k=2)
    found = float(np.corrcoef(residual, residual[near[:, 1]])[0, 1])
    return found if found > CHANCE / np.sqrt(len(pick)) else 0.0
