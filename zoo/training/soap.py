"""Adam in the eigenbasis of the gradients' covariances: SOAP, for the matrices of small networks.

A matrix G of gradients has running means L of G Gᵀ and R of Gᵀ G. Adam's squares are kept of
G turned into their eigenbases, where directions of unlike curvature lie apart, and what comes of it
is turned back. The bases follow by one step of orthogonal iteration every EVERY updates. Vectors
and single rows have no such basis and move by Adam.

Source: Vyas et al. (2024), arXiv:2409.11321.
"""

from typing import Any, NamedTuple

FIRST, SECOND, TINY = 0.9, 0.99, 1e-10
MEMORY = 0.95  # of L and R
EVERY = 10  # updates between two bases
WIDEST = 1024  # a longer side of a matrix is not turned


class Turned(NamedTuple):
    """left (m, m), right (n, n): L and R of a matrix (m, n).   out, into: their bases, the newest
    eigenvectors, as columns. A side that is not turned is None."""

    left: Any
    right: Any
    out: Any
    into: Any


def turnable(weight: Any) -> bool:
    """Whether a weight is a matrix with a side worth turning."""
    return weight.ndim == 2 and min(weight.shape) > 1 and min(weight.shape) <= WIDEST


def unturned(weight: Any) -> Turned:
    """What SOAP knows of a weight before its first gradient."""
    import jax.numpy as jnp

    sides = [n if n <= WIDEST else None for n in weight.shape]
    zeros = [None if n is None else jnp.zeros((n, n), weight.dtype) for n in sides]
    bases = [None if n is None else jnp.eye(n, dtype=weight.dtype) for n in sides]
    return Turned(*zeros, *bases)


def soap(gradient: Any, mean: Any, square: Any, turned: Turned, count: Any) -> tuple[Any, ...]:
    """(direction, mean, square, turned) of the `count`-th update, from 1; all but the last two are
    of the weight's shape, the square being that of turned gradients."""
    import jax
    import jax.numpy as jnp

    left, right = turned.left, turned.right
    if left is not None:
        left = MEMORY * left + (1 - MEMORY) * gradient @ gradient.T
    if right is not None:
        right = MEMORY * right + (1 - MEMORY) * gradient.T @ gradient
    out, into = jax.lax.cond(
        count % EVERY == 0,
        lambda: (_followed(left, turned.out), _followed(right, turned.into)),
        lambda: (turned.out, turned.into),
    )
    mean = FIRST * mean + (1 - FIRST) * gradient
    square = SECOND * square + (1 - SECOND) * _seen(gradient, out, into) ** 2
    size = jnp.sqrt(square / (1 - SECOND**count)) + TINY
    move = _seen(mean, out, into) / (1 - FIRST**count) / size
    if out is not None:
        move = out @ move
    return (move if into is None else move @ into.T), mean, square, Turned(left, right, out, into)


def _followed(covariance: Any, basis: Any) -> Any:
    """One step of orthogonal iteration."""
    import jax.numpy as jnp

    if basis is None:
        return None
    # without the last term, a basis of gradients that vanish would not be one
    return jnp.linalg.qr(covariance @ basis + 1e-30 * basis)[0]


def _seen(matrix: Any, out: Any, into: Any) -> Any:
    """The matrix in these bases."""
    if out is not None:
        matrix = out.T @ matrix
    return matrix if into is None else matrix @ into
