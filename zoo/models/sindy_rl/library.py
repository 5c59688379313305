"""Candidate terms θ(x, u) of control-affine models: monomials p(x) up to a degree, u, and p(x) ⊗ u.

On the circle of (cos α, sin α) even powers of the sine are polynomials of the cosine; they are left
out, and a constant is taken in, so that no term is a sum of the others.
"""

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from physics.jets import Jet, symbol


@dataclass(frozen=True)
class Library:
    """observed, controls: names.   degree: of p.   circles: pairs of observed names.

    affine: whether terms with u are among them.   bilinear: whether p ⊗ u is, or u alone.

    >>> lib = Library(("x", "v"), ("u",), 2)
    >>> len(lib), lib.terms(np.array([2.0, 3.0]), np.array([10.0])).tolist()[:6]
    (11, [2.0, 3.0, 4.0, 6.0, 9.0, 10.0])
    """

    observed: tuple[str, ...]
    controls: tuple[str, ...]
    degree: int
    circles: tuple[tuple[str, str], ...] = ()
    affine: bool = True
    bilinear: bool = True

    @functools.cached_property
    def powers(self) -> np.ndarray:
        """(monomial, degree): places of the factors in (1, x…); 0 stands for no factor."""
        sines = [self.observed.index(s) + 1 for _, s in self.circles]
        least = 0 if self.circles else 1
        rows = []
        for size in range(least, self.degree + 1):
            for factors in itertools.combinations_with_replacement(
                range(1, len(self.observed) + 1), size
            ):
                if all(factors.count(s) < 2 for s in sines):
                    rows.append((*factors, *(0,) * (self.degree - size)))
        return np.array(rows).reshape(len(rows), self.degree)

    @property
    def constant(self) -> bool:
        """Whether 1 is a term, so that u is one of p ⊗ u already."""
        return bool(self.circles)

    def __len__(self) -> int:
        states, inputs = len(self.powers), len(self.controls) if self.affine else 0
        return states + inputs * (states + (not self.constant) if self.bilinear else 1)

    def terms(self, x: Any, u: Any = None) -> Any:
        """(…, term) at x (…, observed) and u (…, control), with the array library of x."""
        np_ = array_library(x)
        wide = np_.concatenate([np_.ones_like(x[..., :1]), x], -1)
        p = wide[..., self.powers[:, 0]]
        for column in self.powers.T[1:]:
            p = p * wide[..., column]
        if not self.affine:
            return p
        if not self.bilinear:
            return np_.concatenate([p, u], -1)
        q = p if self.constant else np_.concatenate([np_.ones_like(x[..., :1]), p], -1)
        return np_.concatenate([p, *(q * u[..., i, None] for i in range(len(self.controls)))], -1)

    def expressions(self, jets: bool = True) -> list[sympy.Expr]:
        """The terms; jets: observed names as states of a System, else as plain symbols."""
        name = Jet if jets else symbol
        wide = [sympy.Integer(1), *map(name, self.observed)]
        p = [sympy.Mul(*(wide[i] for i in row)) for row in self.powers]
        if not self.affine:
            return p
        if not self.bilinear:
            return [*p, *map(symbol, self.controls)]
        q = p if self.constant else [sympy.Integer(1), *p]
        return [*p, *(symbol(c) * m for c in self.controls for m in q)]


def written(
    coefficients: np.ndarray, expressions: Sequence[sympy.Expr], digits: int = 6
) -> sympy.Expr:
    """Σ coefficient · term over the terms that are kept, to `digits` significant digits."""
    from physics.tree import number

    kept = [
        number(float(f"{c:.{digits}g}")) * e
        for c, e in zip(coefficients, expressions, strict=True)
        if c
    ]
    return sympy.Add(*kept)


def array_library(x: Any) -> Any:
    """numpy, or jax.numpy where `x` is none of NumPy's arrays."""
    if isinstance(x, np.ndarray):
        return np
    import jax.numpy as jnp

    return jnp
