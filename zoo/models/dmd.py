"""DMD: the best linear map from one state to the next, x̂_{k+1} = A x̂_k + b, its rank chosen on
held-out data.

b makes up for the centring. It sees the last state of the window alone. Source: Schmid (2010),
doi:10.1017/S0022112010001217."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from flax import nnx

from zoo.layers.forecaster import Forecaster
from zoo.layers.windows import Record, WindowConfig
from zoo.training.schedule import Schedule

ABILITIES = ("forecast", "law")
ACCEPTS = ("gaps",)


class DMD(Forecaster):
    """A linear map of the last state."""

    family: ClassVar[str] = "dmd"
    abilities: ClassVar[frozenset[str]] = frozenset(ABILITIES)
    accepts: ClassVar[frozenset[str]] = frozenset(ACCEPTS)
    Config: ClassVar[type] = WindowConfig

    def __init__(self, config: WindowConfig, *, rngs: nnx.Rngs):
        super().__init__(config, rngs=rngs)
        d = len(config.states)
        self.kernel, self.bias = nnx.Param(np.zeros((d, d))), nnx.Param(np.zeros(d))

    @classmethod
    def step(cls, config: WindowConfig, weights: Any, s: Mapping, x: Any, environment: Any) -> Any:
        """See Forecaster.step."""
        return x[:, -1] @ weights["kernel"] + weights["bias"]

    def fitted(self, record: Record, aside: Record, schedule: Schedule, run: dict) -> Any:
        """Least squares on the leading singular vectors of the states."""
        train, held = self.normal(record), self.normal(aside)
        x, y = train.inputs[:, -1], train.targets
        middle, after = x.mean(0), y.mean(0)
        _, _, right = np.linalg.svd(x - middle, full_matrices=False)
        found = []
        for rank in range(1, x.shape[1] + 1):
            modes = right[:rank].T
            kernel = modes @ np.linalg.lstsq((x - middle) @ modes, y - after, rcond=None)[0]
            found.append({"kernel": kernel, "bias": after - middle @ kernel})
        errors = [
            ((held.inputs[:, -1] @ w["kernel"] + w["bias"] - held.targets) ** 2).mean()
            for w in found
        ]
        return self.put(found[int(np.argmin(errors))])


MODEL = DMD
