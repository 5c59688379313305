"""Candidate terms of a field equation: powers of the fields times derivatives up to an order."""

from collections.abc import Sequence

import sympy

from physics.jets import Jet
from physics.names import COORDINATES
from symbolic.library import monomials, polynomials

ORDERS = {1: 4, 2: 2, 3: 2}


def derivatives(names: Sequence[str], dim: int) -> list[Jet]:
    """All jets of the states of one coordinate at a time, up to the order usual in `dim`."""
    return [
        Jet(name, c * order)
        for order in range(1, ORDERS[dim] + 1)
        for name in names
        for c in COORDINATES[:dim]
    ]


def biharmonic(name: str, dim: int) -> sympy.Expr:
    """Δ²u written out."""
    space = COORDINATES[:dim]
    return sympy.Add(*(Jet(name, a * 2 + b * 2) for a in space for b in space))


def simple_terms(
    states: Sequence[str], auxiliary: Sequence[str], dim: int, degree: int
) -> list[sympy.Expr]:
    """Reaction, advection by a field and linear derivatives: what most field equations hold.

    >>> simple_terms(["u"], [], 1, 2)
    [1, u, u**2, u_x, u_xx, u_xxx, u_xxxx, u*u_x]
    """
    powers = polynomials([Jet(n) for n in states], degree)
    jets = derivatives(states, dim)
    waves = [biharmonic(n, dim) for n in states] if dim > 1 else []
    first = [j for j in jets if j.order == 1]
    carried = [Jet(f) * j for f in (*states, *auxiliary) for j in first]
    return [*powers, *jets, *waves, *carried]


def field_terms(
    states: Sequence[str], auxiliary: Sequence[str], dim: int, degree: int
) -> list[sympy.Expr]:
    """The simple terms, monomials of all fields, and those up to degree − 1 times derivatives.

    Further the squares of first derivatives.

    >>> field_terms(["u"], [], 1, 1)
    [1, u, u_x, u_xx, u_xxx, u_xxxx, u*u_x, u_x**2]
    """
    fields = [Jet(n) for n in (*states, *auxiliary)]
    below = polynomials(fields, degree - 1)
    products = [p * j for j in derivatives(states, dim) for p in below]
    steep = [Jet(n, c) ** 2 for n in states for c in COORDINATES[:dim]]
    simple = simple_terms(states, auxiliary, dim, degree)
    return list(dict.fromkeys([*simple, *polynomials(fields, degree), *products, *steep]))


def field_count(states: int, auxiliary: int, dim: int, degree: int) -> int:
    """How many terms `field_terms` has.

    >>> field_count(1, 0, 1, 1) == len(field_terms(["u"], [], 1, 1))
    True
    """
    fields, slopes = states + auxiliary, states * dim
    powers, below = monomials(fields, degree), monomials(fields, degree - 1)
    products = ORDERS[dim] * slopes * below
    waves = states if dim > 1 else 0
    steep = slopes  # squares of first derivatives
    carried = fields * slopes if degree == 1 else 0  # else they are products
    return powers + products + waves + steep + carried


def needed(terms: Sequence[sympy.Expr], fields: Sequence[str]) -> list[Jet]:
    """The jets in the terms, and the fields themselves."""
    found = {s for t in terms for s in t.free_symbols if isinstance(s, Jet)}
    return sorted({*found, *(Jet(n) for n in fields)}, key=lambda j: (j.order, j.name))
