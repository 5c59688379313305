"""How fast waves travel: a bound of the spectral radius of the flux Jacobian ∂F/∂u.

One state: |F′|. Two: the eigenvalues. More: ρ(A) ≤ ‖A¹⁶‖^(1/16), which exceeds it by a few percent.
States that do not influence each other (blocks of the Jacobian) have speeds of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from physics.jets import Jet
from physics.lower.pointwise import on_grid
from physics.lower.radius import radius


@dataclass(frozen=True)
class Speeds:
    """Jacobian of the fluxes of one coordinate, cut into blocks.

    blocks: (states of the block, its matrix in rows).   between: whether a speed may be larger
    between two values than at both (one state, a flux that is neither linear nor quadratic).
    """

    blocks: tuple[tuple[tuple[int, ...], tuple[tuple[sympy.Expr, ...], ...]], ...]
    between: bool

    @classmethod
    def of(cls, fluxes: Sequence[sympy.Expr], states: Sequence[Jet]) -> "Speeds":
        """Differentiate `fluxes` (free of derivatives) by the states."""
        matrix = sympy.Matrix([[sympy.diff(f, u) for u in states] for f in fluxes])
        blocks = tuple(
            (block, tuple(tuple(matrix[i, j] for j in block) for i in block))
            for block in _blocks(matrix)
        )
        slopes = [sympy.diff(a, u) for a in matrix for u in states]
        between = len(states) == 1 and slopes[0].has(*states)
        return cls(blocks, between)

    def bounds(self, symbols: Mapping, shape: tuple, np: Any) -> list[Any]:
        """Per state its block's largest speed [L/T], arrays of `shape`."""
        found: dict[int, Any] = {}
        for block, rows in self.blocks:
            flat = on_grid([a for row in rows for a in row], symbols, shape, np)
            n = len(block)
            speed = radius([flat[i * n : i * n + n] for i in range(n)], np)
            found |= dict.fromkeys(block, speed)
        return [found[i] for i in range(len(found))]


def _blocks(matrix: sympy.Matrix) -> list[tuple[int, ...]]:
    """States that are coupled through the matrix, directly or through others."""
    n = matrix.rows
    group = list(range(n))
    for i in range(n):
        for j in range(n):
            if matrix[i, j] != 0 and group[i] != group[j]:
                group = [group[i] if g == group[j] else g for g in group]
    return [tuple(i for i in range(n) if group[i] == g) for g in dict.fromkeys(group)]
