"""The linear part: exp(hL) and the φ functions per mode, for single and for coupled states."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import sympy

from physics.integrate.phi import matrix_phis, phis
from physics.lower.expression import evaluate
from physics.lower.spectral.modes import Modes, Multiplier
from physics.lower.spectral.operators import Operator

Maps = list[list[Any]]  # Maps[i][j]: factor per mode from state j to state i, None for zero


def symbol_of(operator: Operator, modes: Modes, values: Mapping, np: ModuleType) -> Multiplier:
    """The multiplier of an operator whose factors depend on parameters (`values`)."""
    total = Multiplier()
    numbers = evaluate([sympy.sympify(f, strict=True) for f in operator.values()], values, np)
    for exponents, number in zip(operator, numbers, strict=True):
        total = total + modes.derivative(exponents) * number
    return total


def matrix_of(linear: Mapping, names: tuple[str, ...], modes: Modes, values, np) -> list[list]:
    """Rows of complex or real arrays per mode, None where a state does not enter."""
    rows = []
    for target in names:
        row = []
        for source in names:
            operator = linear[target].get(source)
            multiplier = symbol_of(operator, modes, values, np) if operator else Multiplier()
            row.append(_array(multiplier))
        rows.append(row)
    return rows


def _array(multiplier: Multiplier) -> Any:
    real, imaginary = multiplier.parts
    if imaginary is None:
        return real
    return 1j * imaginary if real is None else real + 1j * imaginary


def blocks(linear: Mapping, names: tuple[str, ...]) -> list[list[int]]:
    """Groups of states that the linear part couples, each in order."""
    group = list(range(len(names)))
    for i, target in enumerate(names):
        for j, source in enumerate(names):
            if i != j and linear[target].get(source):
                old, new = max(group[i], group[j]), min(group[i], group[j])
                group = [new if g == old else g for g in group]
    return [[i for i, g in enumerate(group) if g == k] for k in sorted(set(group))]


def functions(matrix: list[list], groups: list[list[int]], step: Any, highest: int, shape, np):
    """[φ₀(hL), …, φ_highest(hL)] as Maps over the states."""
    size = len(matrix)
    found: list[Maps] = [[[None] * size for _ in range(size)] for _ in range(highest + 1)]
    for group in groups:
        if len(group) == 1:
            (i,) = group
            entry = matrix[i][i]
            z = np.zeros((1,) * len(shape)) if entry is None else entry * step
            for k, value in enumerate(phis(z, highest, np)):
                found[k][i][i] = value
            continue
        block = np.stack(
            [np.stack([_entry(matrix[i][j], step, shape, np) for j in group]) for i in group]
        )
        block, scales = _balanced(block, np)
        for k, values in enumerate(matrix_phis(block, highest, np)):
            for a, i in enumerate(group):
                for b, j in enumerate(group):
                    found[k][i][j] = values[a, b] * (scales[a] / scales[b])
    return found


def _entry(value: Any, step: Any, shape: tuple[int, ...], np: ModuleType) -> Any:
    return np.zeros(shape) if value is None else np.broadcast_to(value * step, shape)


def _balanced(a: Any, np: ModuleType) -> tuple[Any, Any]:
    """D⁻¹ A D with rows and columns of like size (Osborne 1960), and the diagonal of D.

    Keeps wave-like systems, u′ = v, v′ = c²Δu, from losing digits: their norm falls from k² to k.
    """
    size = len(a)
    scales = np.ones(a.shape[1:], a.real.dtype)
    off = (1 - np.eye(size)).reshape(size, size, *(1,) * (a.ndim - 2)).astype(a.real.dtype)
    for i in [*range(size)] * 2:
        row, column = (abs(a[i]) * off[i]).sum(axis=0), (abs(a[:, i]) * off[:, i]).sum(axis=0)
        good = (row > 0) & (column > 0)
        ratio = np.where(good, row, 1.0) / np.where(good, column, 1.0)
        unit = (1 - off[i]).astype(bool)  # (size, 1, …): only state i is scaled
        factor = np.where(unit, np.sqrt(ratio), 1.0).astype(a.real.dtype)
        scales = scales * factor
        a = a / factor[:, None] * factor[None]
    return a, scales


def applied(maps: Maps, states: tuple) -> tuple:
    """Maps on a tuple of states in Fourier space; None, for a state or a map, is zero."""
    result = []
    for row in maps:
        total = None
        for factor, state in zip(row, states, strict=True):
            if factor is not None and state is not None:
                share = factor * state
                total = share if total is None else total + share
        result.append(total)
    return tuple(result)
