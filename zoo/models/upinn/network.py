"""The two networks of a UPINN: tanh MLPs with unit-variance weights (1/√fan-in is in the apply).

With that scaling one Gaussian prior N(0, 1/α) fits all layers, which the evidence needs.
"""

from typing import Any

import numpy as np
from flax import nnx


class Layer(nnx.Module):
    """kernel: (in, out), bias: (out,); a leading axis stacks independent networks."""

    def __init__(self, kernel: Any, bias: Any):
        self.kernel, self.bias = nnx.Param(kernel), nnx.Param(bias)


class Mlp(nnx.Module):
    """`sizes` units per layer; `stack` independent copies, or None for one without the axis.

    spread: standard deviation of the first layer's weights and range of its biases: how many
    wiggles the untrained network has over its input range.
    """

    def __init__(self, sizes: tuple[int, ...], *, stack: int | None, spread: float, rngs: nnx.Rngs):
        import jax

        lead = () if stack is None else (stack,)
        layers = []
        for i, (fan_in, fan_out) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
            first = i == 0
            kernel = jax.random.normal(rngs.params(), (*lead, fan_in, fan_out))
            bias = jax.random.uniform(rngs.params(), (*lead, fan_out), minval=-1.0, maxval=1.0)
            layers.append(
                Layer(kernel * (spread if first else 1.0), bias * (spread if first else 0.1))
            )
        self.layers = nnx.List(layers)


def apply(weights: dict, x: Any) -> Any:
    """The network of one (unstacked) tree of weights at x (in,) -> (out,)."""
    import jax.numpy as jnp

    layers = weights["layers"]
    for i in range(len(layers)):
        layer = layers[i]
        x = x @ layer["kernel"] / np.sqrt(layer["kernel"].shape[0]) + layer["bias"]
        x = jnp.tanh(x) if i < len(layers) - 1 else x
    return x
