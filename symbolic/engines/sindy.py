"""Sparse regression over a library of terms: best subsets and thresholded ensembles.

Proposes the best term sets of every size (all sets where the library is small) and the supports
that sequential thresholding leaves over a path of thresholds and bootstraps of the rows.

Source: Brunton, Proctor & Kutz (2016), doi:10.1073/pnas.1517384113; Fasel et al. (2022),
doi:10.1098/rspa.2021.0904 (ensembles).
"""

from collections.abc import Sequence

import numpy as np
import sympy

from symbolic import regression
from symbolic.constants import Proposal
from symbolic.engines import Options
from symbolic.ensembles import blocks, bootstraps
from symbolic.problem import Problem

THRESHOLDS = tuple(np.geomspace(0.01, 1.0, 12))
BOOTSTRAPS = 8
ROWS_PER_TERM = 2


def propose(problem: Problem, library: Sequence[sympy.Expr], options: Options) -> list[Proposal]:
    """Linear proposals for every target of `problem`, from terms of `library`."""
    found = []
    for target in problem.equations:
        found += _target(problem, target, list(library), options)
    return found


def _target(problem: Problem, target: str, library: list, options: Options) -> list[Proposal]:
    equation = problem.equations[target]
    columns = problem.columns(target, library)
    moments = regression.moments(columns, equation.goal, blocks(len(columns)))
    most = int(np.clip(len(columns) // ROWS_PER_TERM, 1, options.most))
    sets = regression.best_subsets(moments.total, most, options.keep)
    for support in _thresholded(moments, options.seed):
        if len(support) <= most and support not in sets:
            sets.append(support)
    return [
        Proposal(target=target, terms=tuple(library[i] for i in s), engine="sindy") for s in sets
    ]


def _thresholded(moments: regression.Moments, seed: int) -> list[tuple[int, ...]]:
    """Supports over thresholds and bootstraps; thresholds relative to the largest coefficient."""
    drawn, _ = bootstraps(moments, BOOTSTRAPS - 1, seed)
    stack = np.concatenate([moments.total[None], drawn])
    size = stack.shape[-1] - 1
    room = -(-size // 16) * 16
    wide = np.zeros((len(stack), room + 1, room + 1))
    kept = [*range(size), room]
    wide[np.ix_(range(len(stack)), kept, kept)] = stack
    found = regression.stlsq(wide, THRESHOLDS, alpha=1e-10, iterations=10)[..., :size]
    supports = {tuple(int(i) for i in np.flatnonzero(c)) for c in found.reshape(-1, size)}
    return sorted(s for s in supports if s)
