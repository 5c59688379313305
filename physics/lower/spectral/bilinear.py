"""Quadratic nonlinearities rewritten with other fields: the algebra of the search.

A quadratic term O(∂)[A·B] is a polynomial in ∂₁ and ∂₂, which act on the first and the second
factor, with ∂ = ∂₁ + ∂₂ outside. Two forms are equal exactly if their polynomials are (after
exchanging equal factors), so finding other operators for given products is linear algebra:
u uₓ = ∂ₓ(u²/2), J(ψ, Δψ) = ∂ₓ∂ᵧ(ψᵧ² − ψₓ²) + (∂ₓₓ − ∂ᵧᵧ)(ψₓψᵧ) (Basdevant 1983,
J. Comput. Phys. 50, 209).
"""

import itertools
from collections import defaultdict
from math import comb

import numpy as np

Powers = tuple[int, int, int]
Key = tuple[str, Powers, str, Powers]
Form = dict[str, dict[Powers, float]]  # a field as a polynomial per (potential of a) state
ROUNDING = 1e-9


def product(a: Form, b: Form, outer: dict[Powers, float]) -> dict[Key, float]:
    """The polynomial of outer(∂)[a·b] in canonical order of the two factors."""
    total: dict[Key, float] = defaultdict(float)
    for (s, first), (r, second) in itertools.product(a.items(), b.items()):
        for (p, x), (q, y) in itertools.product(first.items(), second.items()):
            for powers, z in outer.items():
                for split in itertools.product(*(range(n + 1) for n in powers)):
                    ways = np.prod([comb(n, k) for n, k in zip(powers, split, strict=True)])
                    left = (s, tuple(i + k for i, k in zip(p, split, strict=True)))
                    rest = [n - k for n, k in zip(powers, split, strict=True)]
                    right = (r, tuple(i + k for i, k in zip(q, rest, strict=True)))
                    low, high = sorted((left, right))
                    total[(*low, *high)] += x * y * z * float(ways)
    return {k: v for k, v in total.items() if abs(v) > ROUNDING}


def degree(form: Form) -> int | None:
    """Order of a homogeneous field; None if its parts differ."""
    orders = {sum(p) for powers in form.values() for p in powers}
    return orders.pop() if len(orders) == 1 else None


def monomials(total: int, dim: int) -> list[Powers]:
    """All ∂^(a, b, c) of one order in `dim` dimensions."""
    return [
        (a, b, c)
        for a, b, c in itertools.product(range(total + 1), repeat=3)
        if a + b + c == total and all((a, b, c)[i] == 0 for i in range(dim, 3))
    ]


def operators_for(
    target: dict[Key, float], pairs: list[tuple[Form, Form]], dim: int
) -> list[dict[Powers, float]] | None:
    """For every pair an operator, such that Σ operator[a·b] = target; None if there are none."""
    result: list[dict[Powers, float]] = [{} for _ in pairs]
    by_order: dict[int, dict[Key, float]] = defaultdict(dict)
    for key, value in target.items():
        by_order[sum(key[1]) + sum(key[3])][key] = value
    for order, part in by_order.items():
        columns, owners = [], []
        for index, (a, b) in enumerate(pairs):
            left = order - (degree(a) or 0) - (degree(b) or 0)
            for powers in monomials(left, dim) if left >= 0 else []:
                columns.append(product(a, b, {powers: 1.0}))
                owners.append((index, powers))
        solution = _sparse_solution(part, columns)
        if solution is None:
            return None
        for (index, powers), value in zip(owners, solution, strict=True):
            if abs(value) > ROUNDING:
                result[index][powers] = value
    return result


def _sparse_solution(target: dict[Key, float], columns: list[dict[Key, float]]):
    """The solution of the linear system with the smallest sum of magnitudes, None without one."""
    if not columns:
        return None
    keys = sorted({k for column in columns for k in column} | set(target))
    place = {key: i for i, key in enumerate(keys)}
    matrix = np.zeros((len(keys), len(columns)))
    for j, column in enumerate(columns):
        for key, value in column.items():
            matrix[place[key], j] = value
    goal = np.zeros(len(keys))
    for key, value in target.items():
        goal[place[key]] = value
    solution, _, rank, _ = np.linalg.lstsq(matrix, goal, rcond=1e-10)
    if np.abs(matrix @ solution - goal).max() > ROUNDING * max(1.0, np.abs(goal).max()):
        return None
    if rank < len(columns):
        from scipy.optimize import linprog

        n = len(columns)
        found = linprog(np.ones(2 * n), A_eq=np.hstack([matrix, -matrix]), b_eq=goal)
        if found.success:
            solution = found.x[:n] - found.x[n:]
    return np.where(np.abs(solution) > ROUNDING, _rounded(solution), 0.0)


def _rounded(values: np.ndarray) -> np.ndarray:
    """Values that are fractions with small denominators, made exact."""
    for denominator in (1, 2, 3, 4, 6, 8, 12):
        near = np.round(values * denominator) / denominator
        if np.abs(values - near).max() < 1e-7:
            return near
    return values
