"""MLP: a dense network on the delay window, the baseline that a structured one has to beat.

x̂_{k+1} = skip + gain · (W_L tanh(… tanh(W₁ x + b₁) …) + b_L). `equal_parameters` makes one with as
many trained numbers as an StNN, `equal_widths` one with its widths.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from flax import nnx

from physics import arguments
from zoo.layers.network_forecaster import NetworkConfig, NetworkForecaster

ABILITIES = ("forecast", "law")
ACCEPTS = ("gaps",)
MOST_UNITS = 2**16


@dataclass(frozen=True, kw_only=True)
class Config(NetworkConfig):
    """widths: units of the hidden layers."""

    widths: tuple[int, ...] = (40,)

    def __post_init__(self):
        super().__post_init__()
        listed = isinstance(self.widths, Sequence) and not isinstance(self.widths, str)
        given = self.widths if listed else (self.widths,)
        widths = tuple(arguments.whole(w, "a width", 1, MOST_UNITS) for w in given)
        if not widths:
            raise ValueError("widths are the units of the hidden layers, like widths=(40,)")
        object.__setattr__(self, "widths", widths)


class MLP(NetworkForecaster):
    """Dense tanh network on the window; further environments have last layers of their own."""

    family: ClassVar[str] = "mlp"
    abilities: ClassVar[frozenset[str]] = frozenset(ABILITIES)
    accepts: ClassVar[frozenset[str]] = frozenset(ACCEPTS)
    Config: ClassVar[type] = Config

    def __init__(self, config: Config, *, rngs: nnx.Rngs):
        import jax

        super().__init__(config, rngs=rngs)
        sizes = (config.entries, *config.widths, len(config.states))
        for i, (fan_in, fan_out) in enumerate(zip(sizes[:-1], sizes[1:], strict=True), 1):
            kernel = jax.random.normal(rngs.params(), (fan_in, fan_out)) / np.sqrt(fan_in)
            last = i == len(sizes) - 1
            bias = jax.random.uniform(rngs.params(), (fan_out,), minval=-1.0, maxval=1.0)
            setattr(self, f"kernel_{i}", nnx.Param(kernel))
            setattr(self, f"bias_{i}", nnx.Param(bias * (0.0 if last else 1.0)))
        if config.environments > 1:
            self.own_kernel = nnx.Param(np.zeros((config.environments, *sizes[-2:])))
            self.own_bias = nnx.Param(np.zeros((config.environments, sizes[-1])))

    @classmethod
    def network(cls, config: Config, weights: Mapping, flat: Any, environment: Any) -> Any:
        """See NetworkForecaster.network."""
        import jax.numpy as jnp

        x, last = flat, len(config.widths) + 1
        for i in range(1, last):
            x = jnp.tanh(x @ weights[f"kernel_{i}"] + weights[f"bias_{i}"])
        out = x @ weights[f"kernel_{last}"] + weights[f"bias_{last}"]
        if config.environments > 1:
            out = out + x @ weights["own_kernel"][environment] + weights["own_bias"][environment]
        return out


MODEL = MLP


def parameter_count(config: Config) -> int:
    """Trained numbers."""
    sizes = (config.entries, *config.widths, len(config.states))
    dense = sum((a + 1) * b for a, b in zip(sizes[:-1], sizes[1:], strict=True))
    own = config.environments * (sizes[-2] + 1) * sizes[-1] if config.environments > 1 else 0
    return dense + own + (config.entries * len(config.states) if config.linear else 0)


def equal_parameters(other: NetworkConfig, count: int, layers: int = 1) -> Config:
    """The MLP of `layers` equal hidden layers with the number of trained parameters that is
    nearest to `count`; the rest as in `other`."""
    shared = {f: getattr(other, f) for f in NetworkConfig.__dataclass_fields__}
    sizes = [Config(**shared, widths=(w,) * layers) for w in range(1, 400)]
    return min(sizes, key=lambda c: abs(parameter_count(c) - count))


def equal_widths(other: NetworkConfig, n: int, blocks: int) -> Config:
    """The MLP with the hidden widths 2pn, pn, pn of an StNN with p blocks of n."""
    shared = {f: getattr(other, f) for f in NetworkConfig.__dataclass_fields__}
    return Config(**shared, widths=(2 * blocks * n, blocks * n, blocks * n))
