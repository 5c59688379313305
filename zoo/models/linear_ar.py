"""Linear autoregression: x̂_{k+1} = Σ_j A_j x̂_{k−j} + b, by least squares in float64.

The ridge is the one of a few that errs least on held-out windows. Several environments share A and
b. Source: Box & Jenkins (1970), Time Series Analysis."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from flax import nnx

from zoo.layers.forecaster import Forecaster
from zoo.layers.windows import Record, WindowConfig
from zoo.training.schedule import Schedule

ABILITIES = ("forecast", "law")
ACCEPTS = ("gaps",)
RIDGES = (0.0, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2)  # of the largest squared singular value


class LinearAR(Forecaster):
    """A linear map of the window with a constant."""

    family: ClassVar[str] = "linear-ar"
    abilities: ClassVar[frozenset[str]] = frozenset(ABILITIES)
    accepts: ClassVar[frozenset[str]] = frozenset(ACCEPTS)
    Config: ClassVar[type] = WindowConfig

    def __init__(self, config: WindowConfig, *, rngs: nnx.Rngs):
        super().__init__(config, rngs=rngs)
        d = len(config.states)
        self.kernel, self.bias = nnx.Param(np.zeros((config.entries, d))), nnx.Param(np.zeros(d))

    @classmethod
    def step(cls, config: WindowConfig, weights: Any, s: Mapping, x: Any, environment: Any) -> Any:
        """See Forecaster.step."""
        return x.reshape(len(x), -1) @ weights["kernel"] + weights["bias"]

    def fitted(self, record: Record, aside: Record, schedule: Schedule, run: dict) -> Any:
        """Least squares with the ridge that is best on `aside`."""
        train, held = self.normal(record), self.normal(aside)
        x, y = _design(train.inputs), train.targets
        left, size, right = np.linalg.svd(x, full_matrices=False)
        best = None
        for ridge in RIDGES:
            filtered = size / (size**2 + ridge * size[0] ** 2 + (size == 0))
            found = right.T @ (filtered[:, None] * (left.T @ y))
            error = ((_design(held.inputs) @ found - held.targets) ** 2).mean()
            if best is None or error < best[0]:
                best = (error, found)
        return self.put({"kernel": best[1][:-1], "bias": best[1][-1]})


def _design(inputs: np.ndarray) -> np.ndarray:
    """Windows as rows, with a column of ones."""
    return np.concatenate([inputs.reshape(len(inputs), -1), np.ones((len(inputs), 1))], 1)


MODEL = LinearAR
