"""Exponential time differencing: u′ = L u + N(t, u) with the linear part exact.

Written for any linear maps: `apply(map, state)` and a nonlinear function N(t, state) are given.
States are tuples of arrays.

Source: Cox & Matthews (2002), Exponential time differencing for stiff systems,
doi:10.1006/jcph.2002.6995 (ETD2RK, ETD4RK); with φ functions computed without cancellation.
"""

from collections.abc import Callable
from typing import Any

ORDERS = (2, 4)


def coefficients(order: int, step: Any, phi: Callable[[Any, int], list], simple=False) -> list:
    """The linear maps of one step; `phi(step, highest)` gives φ₀(step·L), …, φ_highest(step·L).

    A map is a matrix of factors, None where zero. simple: there is no nonlinear part.
    """
    if simple:
        return phi(step, 0)
    if order == 2:
        zero, one, two = phi(step, 2)
        return [zero, _combined((step, one)), _combined((step, two))]
    half = phi(step / 2, 1)
    zero, one, two, three = phi(step, 3)
    return [
        zero,
        half[0],
        _combined((step / 2, half[1])),
        _combined((step, one), (-3 * step, two), (4 * step, three)),
        _combined((2 * step, two), (-4 * step, three)),
        _combined((4 * step, three), (-step, two)),
    ]


def _combined(*shares: tuple[Any, list]) -> list:
    """Σ weight · map, entry by entry."""
    first = shares[0][1]
    return [
        [
            None if first[i][j] is None else sum(w * m[i][j] for w, m in shares)
            for j in range(len(first))
        ]
        for i in range(len(first))
    ]


def advance(order: int, maps: list, state: tuple, t: Any, step: Any, nonlinear, apply) -> tuple:
    """One step of ETDRK2 or ETDRK4."""
    now = nonlinear(t, state)
    if order == 2:
        whole, first, second = maps
        guess = _add(apply(whole, state), apply(first, now))
        later = nonlinear(t + step, guess)
        return _add(guess, apply(second, _add(later, now, -1.0)))
    whole, half, phi, start, middle, end = maps
    middle_time = t + step / 2
    forward = apply(half, state)
    a = _add(forward, apply(phi, now))
    at_a = nonlinear(middle_time, a)
    b = _add(forward, apply(phi, at_a))
    at_b = nonlinear(middle_time, b)
    c = _add(apply(half, a), apply(phi, _add(_scale(at_b, 2.0), now, -1.0)))
    at_c = nonlinear(t + step, c)
    total = _add(apply(whole, state), apply(start, now))
    total = _add(total, apply(middle, _add(at_a, at_b)))
    return _add(total, apply(end, at_c))


def _add(a: tuple, b: tuple, factor: float = 1.0) -> tuple:
    """a + factor·b; entries that are None are zero."""
    return tuple(_entry(x, y, factor) for x, y in zip(a, b, strict=True))


def _entry(x: Any, y: Any, factor: float) -> Any:
    if y is None:
        return x
    share = y if factor == 1.0 else factor * y
    return share if x is None else x + share


def _scale(a: tuple, factor: float) -> tuple:
    return tuple(None if x is None else factor * x for x in a)
