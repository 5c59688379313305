"""Right-hand sides compared as functions, at random values of their symbols.

Where no normal form exists, sin² + cos² = 1 and its like are seen by evaluating: in float64 at
several hundred points, signed and positive, near, far and around the numbers that occur, then with
fifty digits at a few.
"""

from collections.abc import Sequence

import numpy as np
import sympy

from physics.lower.expression import evaluate

POINTS = 120  # of each kind
KINDS = 5
LEAST = 20  # finite points needed for a verdict
ROUNDING = 1e-9  # of a difference in float64, relative to the terms
FITTED = 1e-11  # of a least-squares fit without noise
DIGITS = 50
CHECKED = 12  # points evaluated with DIGITS digits


def draw(expressions: Sequence[sympy.Expr], seed: int) -> dict[sympy.Symbol, np.ndarray]:
    """{symbol: (points,)} for all symbols of the expressions.

    Signed of order one, in (0, 1), positive, around ± the numbers of the expressions, over decades.
    """
    rng = np.random.default_rng(seed)
    symbols = sorted(set().union(*(e.free_symbols for e in expressions)), key=lambda s: s.name)
    numbers = set().union(*(e.atoms(sympy.Rational) for e in expressions))
    near = [abs(float(n)) for n in numbers if 1e-6 < abs(n) < 1e6] or [1.0]
    shape = (len(symbols), POINTS)
    sign = rng.choice([-1.0, 1.0], (2, *shape))
    kinds = [
        rng.normal(0, 1.5, shape),
        rng.uniform(0.01, 0.99, shape),
        rng.uniform(0.1, 4, shape),
        sign[0] * rng.choice(sorted(near), shape) * rng.uniform(0.5, 2, shape),
        sign[1] * 10 ** rng.uniform(-6, 6, shape),
    ]
    return dict(zip(symbols, np.concatenate(kinds, axis=1), strict=True))


def table(expressions: Sequence[sympy.Expr], points: dict[sympy.Symbol, np.ndarray]) -> np.ndarray:
    """Values (point, expression) in float64, not finite where undefined."""
    count = KINDS * POINTS
    with np.errstate(all="ignore"):
        values = evaluate(expressions, points, np)
        columns = [np.broadcast_to(np.asarray(v, np.float64), (count,)) for v in values]
    return np.stack(columns, axis=1) if columns else np.zeros((count, 0))


def equal(one: sympy.Expr, other: sympy.Expr, seed: int) -> bool:
    """Whether two expressions agree wherever both are finite real numbers."""
    points = draw([one, other], seed)
    parts = [*sympy.Add.make_args(one), *sympy.Add.make_args(other)]
    both, size = table([one, other], points), np.abs(table(parts, points)).sum(axis=1)
    usable = np.isfinite(both).all(axis=1) & np.isfinite(size)
    if usable.sum() < LEAST:
        return False
    apart = np.abs(both[usable, 0] - both[usable, 1])
    if (apart > ROUNDING * size[usable]).any():
        return False
    rows = np.flatnonzero(usable)
    rows = rows[np.linspace(0, len(rows) - 1, CHECKED).astype(int)]
    return all(_equal_at(one, other, {s: points[s][r] for s in points}, size[r]) for r in rows)


def deviation(value: sympy.Expr, parts: Sequence[sympy.Expr], seed: int) -> np.ndarray | None:
    """The smallest d with value = Σ (1 + dᵢ) partsᵢ, or None if there is none."""
    points = draw([value, *parts], seed)
    matrix, target = table(parts, points), table([value], points)[:, 0]
    size = np.abs(matrix).sum(axis=1) + np.abs(target)
    usable = np.isfinite(size) & (size > 0)
    near = usable & (np.arange(len(size)) < 3 * POINTS)  # far values spoil the conditioning
    if near.sum() < max(LEAST, 3 * len(parts)):
        return None
    with np.errstate(all="ignore"):
        matrix, target = matrix / size[:, None], target / size
    found = np.linalg.lstsq(matrix[near], (target - matrix.sum(axis=1))[near], rcond=1e-11)[0]
    residual = np.abs(matrix[usable] @ (1 + found) - target[usable])
    fits = residual[near[usable]].max() < FITTED and residual.max() < ROUNDING
    return found if fits else None


def _equal_at(one: sympy.Expr, other: sympy.Expr, point: dict, size: float) -> bool:
    exact = {s: sympy.Float(float(v), DIGITS + 10) for s, v in point.items()}
    apart = abs((one.xreplace(exact) - other.xreplace(exact)).evalf(DIGITS))
    return bool(apart <= sympy.Float(10) ** (-DIGITS // 2) * float(size))
