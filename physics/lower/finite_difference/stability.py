"""How large a step may be: the spectral radius of the differenced equation, per kind of wall.

Every jet u_I counts with |∂(rhs)/∂u_I| times the largest eigenvalue of its stencil with its walls;
the small matrix of these between the states bounds the spectrum, so a wave equation written with
two states is limited by c/h and not by c²/h².
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from physics.jets import Jet, expand_fluxes, jets_in
from physics.lower.finite_difference.stencils import matrix, points_needed, weights
from physics.lower.finite_difference.walls import Wall
from physics.lower.pointwise import on_grid
from physics.lower.radius import radius
from physics.names import COORDINATES
from physics.system import System

PROBE = 40


@functools.lru_cache(maxsize=256)
def eigenvalues(n: int, derivative: int, order: int, low: str, high: str) -> np.ndarray:
    """Of the difference matrix for unit spacing; ends "fixed", "flux", "free" or "periodic"."""
    full = matrix(n, derivative, order, low == "periodic")
    put, kept = np.eye(n), np.ones(n, bool)
    for end, kind in enumerate((low, high)):
        row = n - 1 if end else 0
        if kind in ("fixed", "flux"):
            kept[row], put[row, row] = False, 0.0
        if kind == "flux":
            c = weights(0.0, np.arange(order + 1.0), 1)
            inside = -c[1:] / c[0]
            columns = n - 1 - np.arange(1, order + 1) if end else np.arange(1, order + 1)
            put[row, columns] = inside
    return np.linalg.eigvals((full @ put)[np.ix_(kept, kept)])


def ends(walls: Sequence[Wall], state: int, axis: int) -> tuple[str, str]:
    """("fixed" | "flux" | "free" | "periodic") at both ends of an axis for one state."""
    kinds = {"dirichlet": "fixed", "inflow": "fixed", "neumann": "flux", "robin": "flux"}
    mine = {w.end: kinds.get(w.kind, "free") for w in walls if (w.state, w.axis) == (state, axis)}
    return mine.get(0, "periodic"), mine.get(1, "periodic")


@dataclass(frozen=True)
class Limit:
    """Bound of the spectral radius. entries: (row, column, ∂(rhs)/∂jet, eigenvalue of the jet)."""

    entries: tuple[tuple[int, int, sympy.Expr, float], ...]
    count: int

    @classmethod
    def of(cls, system: System, walls: Sequence[Wall], grid: Any, order: int) -> "Limit":
        """Differentiate the right-hand sides by every jet in them."""
        names, found = list(system.equations), []
        for row, expression in enumerate(system.equations.values()):
            rhs = expand_fluxes(expression)
            for jet in sorted(jets_in(rhs), key=str):
                reach = 1.0
                for axis, name in enumerate(COORDINATES[: system.dim]):
                    if m := jet.index.count(name):
                        kinds = ends(walls, names.index(jet.field), axis)
                        n = max(min(grid.points[axis], PROBE), points_needed(m, order) + 2)
                        largest = np.abs(eigenvalues(n, m, order, *kinds)).max()
                        reach *= float(largest) / grid.spacing[axis] ** m
                found.append((row, names.index(jet.field), sympy.diff(rhs, jet), reach))
        return cls(tuple(found), len(names))

    def rate(self, symbols: Mapping, shape: tuple, np: Any) -> Any:
        """Spectral radius bound [1/T]; symbols hold all jets of the coefficients."""
        flat = on_grid([e[2] for e in self.entries], symbols, shape, np)
        rows = [[0.0] * self.count for _ in range(self.count)]
        for (row, column, _, reach), slope in zip(self.entries, flat, strict=True):
            rows[row][column] = rows[row][column] + np.max(np.abs(slope)) * reach
        dtype = next(iter(symbols.values())).dtype
        return radius([[np.asarray(a, dtype) for a in row] for row in rows], np)

    @property
    def jets(self) -> set[Jet]:
        """Jets that the coefficients hold."""
        return set().union(*(jets_in(e[2]) for e in self.entries), set())
