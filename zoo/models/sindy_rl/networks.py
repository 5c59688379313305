"""Actor and critic: two hidden layers of tanh, a Gaussian with a free spread about the actor."""

from typing import Any

import numpy as np
from flax import nnx


class Tanh(nnx.Module):
    """inputs → width → width → outputs, orthogonal start; the last layer is scaled by `last`."""

    def __init__(self, inputs: int, width: int, outputs: int, last: float, *, rngs: nnx.Rngs):
        start = nnx.initializers.orthogonal
        layer = lambda i, o, s: nnx.Linear(i, o, kernel_init=start(s), rngs=rngs)  # noqa: E731
        self.first = layer(inputs, width, np.sqrt(2))
        self.second = layer(width, width, np.sqrt(2))
        self.third = layer(width, outputs, last)

    def __call__(self, x: Any) -> Any:
        """(…, inputs) -> (…, outputs)."""
        return self.third(nnx.tanh(self.second(nnx.tanh(self.first(x)))))


class Agent(nnx.Module):
    """Policy N(actor(x), exp(log_std)²) of actions in units of their half range, and value."""

    def __init__(self, inputs: int, actions: int, width: int, log_std: float, *, rngs: nnx.Rngs):
        self.actor = Tanh(inputs, width, actions, 0.01, rngs=rngs)
        self.critic = Tanh(inputs, width, 1, 1.0, rngs=rngs)
        self.log_std = nnx.Param(np.full(actions, log_std, np.float32))

    def mean(self, x: Any) -> Any:
        """(…, action) before clipping."""
        return self.actor(x)

    def value(self, x: Any) -> Any:
        """(…)."""
        return self.critic(x)[..., 0]
