"""The learnable butterfly: F of size r as log₂ r sparse levels, Σ 2n + 6 numbers for r = 2n.

A level splits every block of m entries into halves a, b and gives [a + b; (a − b)·d]/√2, the
twiddles d shared by all blocks of the level; blocks of two entries meet one of two 2x2 leaves, the
first half of a block of four the one, its second half the other. The transposed butterfly runs the
same levels backwards. With d = exp(−2πi k/m) and Hadamard leaves F is the unitary DFT, its outputs
in bit-reversed order, which the transposed one takes back.

`radix` runs several levels as one batched product, `leaf` all levels below a size as one matrix
product; both are the same map with the same numbers.

Source: Cooley & Tukey (1965), doi:10.1090/S0025-5718-1965-0178586-1; Aluvihare, Lingsch, Li &
Perera (2025), arXiv:2503.23697.
"""

from typing import Any, NamedTuple

import numpy as np


class Butterfly(NamedTuple):
    """twiddles: (blocks, r − 2), largest level first.   leaves: (blocks, 2, 2, 2), [which, out,
    in]; a leading axis of 1 is shared by all blocks."""

    twiddles: Any
    leaves: Any


def forward(weights: Butterfly, x: Any, radix: int = 2, leaf: int = 2) -> Any:
    """F x: (..., blocks, r) -> (..., blocks, r)."""
    import jax.numpy as jnp

    lead, size = x.shape[:-1], x.shape[-1]
    leaf = min(max(leaf, 2), size)
    for first, last in _passes(size, leaf, radix):
        if last == first:
            x = _level(weights, x.reshape(*lead, -1, first), first)
        else:
            x = _several(weights, x.reshape(*lead, -1, first), first, last)
    x = x.reshape(*lead, -1, leaf)
    if leaf > 2:
        return jnp.einsum("...bgi,boi->...bgo", x, matrix(weights, leaf)).reshape(*lead, size)
    return _leaves(weights, x.reshape(*lead, -1, 2, 2), "...bgfi,bfoi->...bgfo").reshape(
        *lead, size
    )


def transposed(weights: Butterfly, x: Any, radix: int = 2, leaf: int = 2) -> Any:
    """Fᵀ x: (..., blocks, r) -> (..., blocks, r)."""
    import jax.numpy as jnp

    lead, size = x.shape[:-1], x.shape[-1]
    leaf = min(max(leaf, 2), size)
    if leaf > 2:
        x = x.reshape(*lead, -1, leaf)
        x = jnp.einsum("...bgo,boi->...bgi", x, matrix(weights, leaf))
    else:
        x = _leaves(weights, x.reshape(*lead, -1, 2, 2), "...bgfo,bfoi->...bgfi")
    for first, last in reversed(_passes(size, leaf, radix)):
        x = x.reshape(*lead, -1, first)
        if last == first:
            x = _transposed_level(weights, x, first)
        else:
            x = _several_transposed(weights, x, first, last)
    return x.reshape(*lead, size)


def matrix(weights: Butterfly, size: int) -> Any:
    """The lowest levels up to blocks of `size` as matrices (blocks, size, size), [out, in]."""
    import jax.numpy as jnp

    basis = jnp.eye(size, dtype=weights.leaves.dtype)[:, None, :]
    blocks = max(weights.leaves.shape[0], weights.twiddles.shape[0])
    basis = jnp.broadcast_to(basis, (size, blocks, size))
    return jnp.moveaxis(forward(weights, basis), 0, -1)


def _passes(size: int, leaf: int, radix: int) -> list[tuple[int, int]]:
    """(largest, smallest block) of the levels that run together, from the top."""
    found, m, group = [], size, int(np.log2(radix))
    while m > leaf:
        levels = min(group, int(np.log2(m // leaf)))
        found.append((m, m >> (levels - 1)))
        m >>= levels
    return found


def _twiddles(weights: Butterfly, m: int) -> Any:
    """(blocks, 1, m/2) twiddles of the level of blocks of m."""
    start = weights.twiddles.shape[-1] + 2 - m  # counted from the end, where the small levels are
    return weights.twiddles[:, None, start : start + m // 2]


def _level(weights: Butterfly, x: Any, m: int) -> Any:
    """(..., blocks, g, m) -> the same shape, half-blocks side by side."""
    import jax.numpy as jnp

    a, b = x[..., : m // 2], x[..., m // 2 :]
    d = _twiddles(weights, m)
    return jnp.stack([a + b, (a - b) * d], -2) * np.sqrt(0.5).astype(_real(x))


def _transposed_level(weights: Butterfly, x: Any, m: int) -> Any:
    import jax.numpy as jnp

    a, b = x[..., : m // 2], x[..., m // 2 :] * _twiddles(weights, m)
    return jnp.concatenate([a + b, a - b], -1) * np.sqrt(0.5).astype(_real(x))


def _several(weights: Butterfly, x: Any, first: int, last: int) -> Any:
    """Levels first … last as one product over the pieces of last/2 entries."""
    import jax.numpy as jnp

    pieces = x.reshape(*x.shape[:-1], -1, last // 2)
    return jnp.einsum("...bgjq,bkjq->...bgkq", pieces, _mixing(weights, first, last))


def _several_transposed(weights: Butterfly, x: Any, first: int, last: int) -> Any:
    import jax.numpy as jnp

    pieces = x.reshape(*x.shape[:-1], -1, last // 2)
    return jnp.einsum("...bgkq,bkjq->...bgjq", pieces, _mixing(weights, first, last))


def _mixing(weights: Butterfly, first: int, last: int) -> Any:
    """(blocks, k, j, q): weight of piece j in piece k at place q, for levels first … last."""
    import jax.numpy as jnp

    count, width = 2 * first // last, last // 2
    blocks = weights.twiddles.shape[0]
    basis = jnp.eye(count, dtype=weights.twiddles.dtype)[:, None, :, None]
    x = jnp.broadcast_to(basis, (count, blocks, count, width))
    m = first
    while m >= last:
        x = _level(weights, x.reshape(count, blocks, -1, m), m)
        m //= 2
    return jnp.moveaxis(x.reshape(count, blocks, count, width), 0, 2)


def _leaves(weights: Butterfly, x: Any, subscripts: str) -> Any:
    import jax.numpy as jnp

    return jnp.einsum(subscripts, x, weights.leaves)


def _real(x: Any) -> Any:
    return np.zeros(0, x.dtype).real.dtype
