"""Hankel-DMD: a linear map of delay windows in their leading singular vectors; HAVOK without its
forcing.

w ≈ m + V z, z_{k+1} = A z_k + b: the window moves on as a whole, and its newest state is the
forecast. The forcing that HAVOK adds is the last coordinate as measured, which no forecast has. The
rank is the one of a few whose rollouts of `horizon` steps err least on held-out data.

Source: Brunton, Brunton, Proctor, Kaiser & Kutz (2017), doi:10.1038/s41467-017-00030-8; Arbabi &
Mezić (2017), doi:10.1137/17M1125236.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from flax import nnx

from physics import arguments
from zoo.layers.forecaster import Forecaster
from zoo.layers.windows import Record, WindowConfig
from zoo.training.schedule import Schedule

ABILITIES = ("forecast", "law")
ACCEPTS = ("gaps",)
RANKS = (1, 2, 3, 4, 5, 7, 9, 11, 15, 20, 30, 50)
STARTS = 200  # held-out rollouts that judge a rank


@dataclass(frozen=True, kw_only=True)
class Config(WindowConfig):
    """rank: largest one tried; 0 tries all of RANKS."""

    rank: int = 0

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "rank", arguments.whole(self.rank, "rank", 0))


class HankelDMD(Forecaster):
    """Windows moved on linearly; `modes` (N · state, rank) padded with zeros to all entries."""

    family: ClassVar[str] = "hankel-dmd"
    abilities: ClassVar[frozenset[str]] = frozenset(ABILITIES)
    accepts: ClassVar[frozenset[str]] = frozenset(ACCEPTS)
    Config: ClassVar[type] = Config

    def __init__(self, config: Config, *, rngs: nnx.Rngs):
        super().__init__(config, rngs=rngs)
        size = min(config.entries, max(RANKS))
        self.modes = nnx.Param(np.zeros((config.entries, size)))
        self.kernel = nnx.Param(np.zeros((size, size)))
        self.bias = nnx.Param(np.zeros(size))
        self.mean = nnx.Param(np.zeros(config.entries))

    @classmethod
    def advance(cls, config: Config, weights: Any, s: Mapping, x: Any, environment: Any) -> tuple:
        """See Forecaster.advance."""
        modes, mean = weights["modes"], weights["mean"]
        z = (x.reshape(len(x), -1) - mean) @ modes @ weights["kernel"] + weights["bias"]
        moved = (z @ modes.T + mean).reshape(x.shape)
        return moved, moved[:, -1]

    def fitted(
        self, record: Record, aside: Record, schedule: Schedule, run: dict, *, horizon: int = 20
    ) -> Any:
        """Singular vectors and least squares between them; the rank by rollouts on `aside`."""
        from zoo.layers.rollout import rollout

        train = self.normal(record)
        after = np.concatenate([train.inputs[:, 1:], train.targets[:, None]], 1)
        x, y = (a.reshape(len(a), -1) for a in (train.inputs, after))
        mean = x.mean(0)
        size, vectors = np.linalg.eigh((x - mean).T @ (x - mean))
        vectors = vectors[:, ::-1]
        starts, truth = _starts(self.config, aside, arguments.whole(horizon, "horizon", 1))
        best = None
        for rank in RANKS:
            if rank > min(self.modes[...].shape[1], x.shape[1]) or 0 < self.config.rank < rank:
                continue
            modes = np.zeros(self.modes[...].shape)
            modes[:, :rank] = vectors[:, :rank]
            z, after = (x - mean) @ modes[:, :rank], (y - mean) @ modes[:, :rank]
            kernel, bias = np.zeros(self.kernel[...].shape), np.zeros(len(self.bias[...]))
            bias[:rank] = after.mean(0)  # z has none
            kernel[:rank, :rank] = np.linalg.lstsq(z, after - bias[:rank], rcond=None)[0]
            model = self.put({"modes": modes, "kernel": kernel, "bias": bias, "mean": mean})
            said = rollout(model, starts, truth.shape[1])
            error = (((said - truth) / self.statistics()["scale"]) ** 2).mean()
            if best is None or error < best[0]:
                best = (error, model)
        return best[1]


def _starts(config: Config, record: Record, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """(windows, what follows them) of a record, in physical units, STARTS at most."""
    longest = min(config.window + horizon, record.values.shape[1])
    for length in range(longest, config.window, -1):  # shorter where gaps leave nothing longer
        pieces = np.lib.stride_tricks.sliding_window_view(record.values, length, axis=1)
        pieces = np.moveaxis(pieces, -1, 2).reshape(-1, length, record.values.shape[-1])
        pieces = pieces[np.isfinite(pieces).all((1, 2))]
        if len(pieces):
            break
    pick = np.linspace(0, len(pieces) - 1, min(STARTS, len(pieces))).astype(int)
    return pieces[pick, : config.window], pieces[pick, config.window :]


MODEL = HankelDMD
