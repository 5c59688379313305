"""What an engine is asked: for every target, rows that a right-hand side has to explain.

A right-hand side f is evaluated at the `points` (states along the data); an equation's rows are
linear functionals of it: the values themselves for plain samples and maps, weighted integrals
against test functions for differential equations. Engines see only this, so one engine serves
samples, maps, ordinary and (with other functionals) partial differential equations.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import sympy

from physics.lower.expression import evaluate

Constants = Mapping[sympy.Symbol, float] | None


class Block(NamedTuple):
    """rows = matrix @ values[span]; without a matrix rows = weight · values[span]."""

    span: slice
    matrix: np.ndarray | None
    weight: np.ndarray | None = None

    def rows(self, values: np.ndarray) -> np.ndarray:
        """(point, k) of all points -> (row, k)."""
        part = values[self.span]
        if self.matrix is not None:
            return self.matrix @ part
        return part if self.weight is None else self.weight[:, None] * part


@dataclass(frozen=True, kw_only=True)
class Equation:
    """The rows of one target: goal = functionals of f + error.

    goal: (row,).   group: (row,) which rows are held out together.   blocks: the functionals.
    unit: error per row that measurement noise alone explains; 0 where that is not known.
    baseline: error per row of the trivial law (zero; a constant for samples and maps).
    rounding: error per row below which all laws count as equally good.
    doubt: factor by which the unit may be too small, since noise is estimated from few data.
    sample: (row,) the sample that each row was measured on, where there are samples.
    """

    target: str
    goal: np.ndarray
    group: np.ndarray
    blocks: Sequence[Any]
    unit: float
    baseline: float
    rounding: float = 0.0
    doubt: float = 1.0
    sample: np.ndarray | None = None

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Rows (row, k) of functions whose values at the points are `values` (point, k)."""
        return np.concatenate([block.rows(values) for block in self.blocks])

    @property
    def groups(self) -> np.ndarray:
        """The distinct groups, in order."""
        return np.unique(self.group)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """All equations of a discovery over shared points.

    kind: "ode", "map" or "samples".   symbols: {name: symbol that may occur in a law}.
    points: {symbol: (point,)}.   equations: {target: Equation}.
    places, estimates: {symbol: (n,)} and {target: (n,)}, the target's own value at single places
    (for an ODE the slope of the smooth curve), for engines that cannot take functionals.
    blur: relative error of the points themselves.   sample: (point,) as for the rows.
    """

    kind: str
    symbols: Mapping[str, sympy.Symbol]
    points: Mapping[sympy.Symbol, np.ndarray]
    equations: Mapping[str, Equation]
    places: Mapping[sympy.Symbol, np.ndarray]
    estimates: Mapping[str, np.ndarray]
    blur: float = 0.0
    seed: int = 0
    sample: np.ndarray | None = None

    def values(self, expressions: Sequence[sympy.Expr], constants: Constants = None) -> np.ndarray:
        """(point, expression): values at all points; not finite where an expression is not.

        constants: {symbol: number} for symbols that are no inputs.
        """
        return table(expressions, {**self.points, **(constants or {})})

    def columns(
        self, target: str, expressions: Sequence[sympy.Expr], constants: Constants = None
    ) -> np.ndarray:
        """(row, expression): what each expression contributes to the rows of `target`."""
        return self.equations[target].apply(self.values(expressions, constants))


def table(
    expressions: Sequence[sympy.Expr], points: Mapping[sympy.Symbol, np.ndarray | float]
) -> np.ndarray:
    """(point, expression): `expressions` on arrays, NaN or infinite where they are not finite."""
    count = len(next(iter(points.values())))
    with np.errstate(all="ignore"):
        found = evaluate(list(expressions), dict(points), np)
    return np.stack([np.broadcast_to(np.asarray(f, np.float64), count) for f in found], axis=-1)
