"""Difference quotients of any derivative and order, one-sided at walls.

Near walls even derivatives keep their order; odd ones of order 4 have order 3 there, which keeps
the order of the solution and, unlike order 4, is stable for waves that enter and leave.

Source: Fornberg (1988), doi:10.1090/S0025-5718-1988-0935077-0 (weights); Gustafsson (1975),
doi:10.1090/S0025-5718-1975-0386296-7 (one order less at the boundary).
"""

import functools
from typing import Any

import numpy as np

ORDERS = (2, 4)


def weights(at: float, nodes: np.ndarray, derivative: int) -> np.ndarray:
    """c with f⁽ᵐ⁾(at) ≈ Σ cⱼ f(nodesⱼ), exact for polynomials of degree below len(nodes).

    >>> weights(0.0, np.array([-1.0, 0.0, 1.0]), 2)
    array([ 1., -2.,  1.])
    """
    table = np.zeros((len(nodes), derivative + 1))
    table[0, 0], product, before = 1.0, 1.0, nodes[0] - at
    for i in range(1, len(nodes)):
        last, running = before, 1.0
        before = nodes[i] - at
        for j in range(i):
            gap = nodes[i] - nodes[j]
            running *= gap
            for k in range(min(i, derivative), -1, -1):
                lower = k * table[i - 1, k - 1] if k else 0.0
                if j == i - 1:
                    table[i, k] = product * (lower - last * table[i - 1, k]) / running
                shifted = k * table[j, k - 1] if k else 0.0
                table[j, k] = (before * table[j, k] - shifted) / gap
        product = running
    return table[:, derivative]


@functools.lru_cache(maxsize=256)
def centred(derivative: int, order: int) -> np.ndarray:
    """Weights on −r … r for unit spacing."""
    reach = (derivative + 1) // 2 - 1 + order // 2
    return weights(0.0, np.arange(-reach, reach + 1.0), derivative)


@functools.lru_cache(maxsize=256)
def closures(derivative: int, order: int) -> np.ndarray:
    """(row, node) weights of the first nodes at a lower wall; mirrored at an upper one."""
    rows = len(centred(derivative, order)) // 2
    own = order - 1 if derivative % 2 and order > 2 else order
    nodes = np.arange(0.0, derivative + own)
    return np.array([weights(float(row), nodes, derivative) for row in range(rows)])


def points_needed(derivative: int, order: int) -> int:
    """The fewest nodes along an axis that the stencils fit into."""
    return max(len(centred(derivative, order)), closures(derivative, order).shape[1]) + 1


def differentiate(
    a: Any, axis: int, derivative: int, order: int, spacing: float, periodic: bool
) -> Any:
    """∂ᵐa along `axis`, of the same shape and dtype."""
    import jax.numpy as jnp

    inner = centred(derivative, order)
    reach, n = len(inner) // 2, a.shape[axis]
    a = jnp.moveaxis(a, axis, 0)
    wide = jnp.concatenate([a[-reach:], a, a[:reach]]) if periodic else a
    count = len(wide) - 2 * reach
    terms = [float(w) * wide[k : k + count] for k, w in enumerate(inner) if w]
    result = functools.reduce(lambda x, y: x + y, terms)
    if not periodic:
        edge = jnp.asarray(closures(derivative, order), a.dtype)
        width, sign = edge.shape[1], (-1) ** derivative
        low = jnp.tensordot(edge, a[:width], 1, precision="highest")
        high = sign * jnp.tensordot(edge, a[: n - width - 1 : -1], 1, precision="highest")[::-1]
        result = jnp.concatenate([low, result, high])
    return jnp.moveaxis(result / spacing**derivative, 0, axis)


def matrix(n: int, derivative: int, order: int, periodic: bool) -> np.ndarray:
    """The same as an n × n matrix for unit spacing."""
    inner = centred(derivative, order)
    reach, full = len(inner) // 2, np.zeros((n, n))
    for i in range(n):
        for k, w in enumerate(inner):
            full[i, (i + k - reach) % n] += w
    if not periodic:
        edge = closures(derivative, order)
        rows, width = edge.shape
        full[:rows], full[n - rows :] = 0.0, 0.0
        full[:rows, :width] = edge
        full[n - rows :, n - width :] = (-1) ** derivative * edge[::-1, ::-1]
    return full
