"""The structured network: y = Σ_blocks Ď φ₃(Ĩ φ₂(Jᵀ Fᵀ D̂ φ₁(F J x + b₁) + b₂) + b₃) + b.

J pads n entries to 2n, Fᵀ is a second butterfly run backwards, Jᵀ cuts to n, D̂ (2n) scales the
spectrum, Ĩ is the flip, never trained, and Ď (n) the diagonal read-out. Without φ and b, and with F
the DFT, this is a Hankel product; `hankel.py` has those weights.

Source: Aluvihare, Lingsch, Li & Perera (2025), arXiv:2503.23697; where this is an interpretation
stands in docs/stnn.md.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from flax import nnx

from zoo.models.stnn.butterfly import Butterfly, forward, transposed


class Levels(nnx.Module):
    """The numbers of one butterfly per block: twiddles near ±1 and orthogonal leaves, so that the
    untrained map keeps lengths."""

    def __init__(self, blocks: int, size: int, spread: float, *, rngs: nnx.Rngs):
        import jax

        shape = (blocks, size - 2)
        signs = jax.random.rademacher(rngs.params(), shape, float)
        moved = 1 + spread * jax.random.normal(rngs.params(), shape)
        self.twiddles = nnx.Param(signs * moved)
        angle = jax.random.uniform(rngs.params(), (blocks, 2)) * (2 * np.pi)
        self.leaves = nnx.Param(_reflections(angle))


class Network(nnx.Module):
    """`blocks` parallel blocks on n entries; with `share_blocks` they differ by their biases."""

    def __init__(self, n: int, blocks: int, share_blocks: bool, spread: float, *, rngs: nnx.Rngs):
        import jax

        own = 1 if share_blocks else blocks
        self.first = Levels(own, 2 * n, spread, rngs=rngs)
        self.second = Levels(own, 2 * n, spread, rngs=rngs)
        draw = lambda *shape: jax.random.uniform(rngs.params(), shape, minval=-1.0)  # noqa: E731
        self.bias_1 = nnx.Param(draw(blocks, 2 * n))
        self.spectrum = nnx.Param(1.0 + 0.5 * draw(own, 2 * n))
        self.bias_2 = nnx.Param(0.1 * draw(blocks, n))
        self.bias_3 = nnx.Param(0.1 * draw(blocks, n))
        self.readout = nnx.Param(draw(own, n) / np.sqrt(blocks))
        self.bias = nnx.Param(0.0 * draw(n))


def apply(
    weights: Mapping[str, Any],
    x: Any,
    activations: Sequence[str] = ("tanh", "identity", "identity"),
    radix: int = 2,
    leaf: int = 2,
) -> Any:
    """The network of one tree of weights at x (..., n) -> (..., n)."""
    import jax.numpy as jnp

    one, two, three = (activation(name) for name in activations)
    n, blocks = x.shape[-1], weights["bias_1"].shape[0]
    first, second = (Butterfly(**weights[k]) for k in ("first", "second"))
    z = jnp.broadcast_to(x[..., None, :], (*x.shape[:-1], blocks, n))
    z = jnp.concatenate([z, jnp.zeros_like(z)], -1)
    z = one(forward(first, z, radix, leaf) + weights["bias_1"])
    z = transposed(second, z * weights["spectrum"], radix, leaf)[..., :n]
    z = two(z + weights["bias_2"])
    z = three(z[..., ::-1] + weights["bias_3"])
    return (z * weights["readout"]).sum(-2) + weights["bias"]


def activation(name: str) -> Any:
    """The function of one of the names in config.ACTIVATIONS."""
    import jax
    import jax.numpy as jnp

    known = {
        "identity": lambda z: z,
        "tanh": jnp.tanh,
        "sigmoid": jax.nn.sigmoid,
        "relu": jax.nn.relu,
        "leaky-relu": lambda z: jax.nn.leaky_relu(z, 0.1),
        "sine": jnp.sin,
    }
    return known[name]


def _reflections(angle: Any) -> Any:
    """[[c, s], [s, −c]] of each angle; π/4 gives the Hadamard matrix."""
    import jax.numpy as jnp

    c, s = jnp.cos(angle), jnp.sin(angle)
    return jnp.stack([jnp.stack([c, s], -1), jnp.stack([s, -c], -1)], -2)
