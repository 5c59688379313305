"""StNN: the structured network as a window forecaster."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from flax import nnx

from zoo.layers.network_forecaster import NetworkForecaster
from zoo.models.stnn import ABILITIES, ACCEPTS
from zoo.models.stnn.config import Config, parameter_count, passes
from zoo.models.stnn.network import Network, apply

SPREAD = 0.1  # of the untrained twiddles about ±1


class StNN(NetworkForecaster):
    """Structured network (see the package docstring). Its n outputs are folded onto the states:
    every output is added to the state whose place in the window it has, as a Hankel matrix is
    averaged back to a series. Several environments share all but further read-outs Ď and biases of
    their own."""

    family: ClassVar[str] = "stnn"
    abilities: ClassVar[frozenset[str]] = frozenset(ABILITIES)
    accepts: ClassVar[frozenset[str]] = frozenset(ACCEPTS)
    Config: ClassVar[type] = Config

    def __init__(self, config: Config, *, rngs: nnx.Rngs):
        super().__init__(config, rngs=rngs)
        self.block = Network(config.n, config.blocks, config.share_blocks, SPREAD, rngs=rngs)
        if config.environments > 1:
            lead = config.environments
            self.own_readout = nnx.Param(np.zeros((lead, config.blocks, config.n)))
            self.own_bias = nnx.Param(np.zeros((lead, config.n)))

    @classmethod
    def network(cls, config: Config, weights: Mapping, flat: Any, environment: Any) -> Any:
        """See NetworkForecaster.network."""
        import jax.numpy as jnp

        n, d = config.n, len(config.states)
        block = weights["block"]
        if config.environments > 1:
            own = weights["own_readout"][environment], weights["own_bias"][environment]
            block = block | {"readout": block["readout"] + own[0], "bias": block["bias"] + own[1]}
        x = jnp.concatenate([jnp.zeros(n - config.entries, flat.dtype), flat])
        y = apply(block, x, config.activations, *passes(config))
        return y @ fold(n, d)

    def about(self) -> str:
        """States, window, blocks and numbers."""
        c = self.config
        return f"{super().about()}, {c.blocks} blocks of {c.n}, {parameter_count(c):,} trained"


def fold(n: int, d: int) -> np.ndarray:
    """(n, d): output i counts towards the state that entry i of the window holds."""
    state = (np.arange(n) - n) % d
    return (state[:, None] == np.arange(d)) * np.sqrt(d / n)
