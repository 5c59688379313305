"""Extrapolation: the polynomial through the last states, continued by one step; nothing is learnt.

x_{k+1} = Σ_j (−1)^{q−j} C(q+1, j) x_{k−q+j}, order q = 0 (persistence) to 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from physics import arguments
from zoo.layers import windows
from zoo.layers.forecaster import Forecaster
from zoo.layers.windows import MOST_ORDER, Record, WindowConfig
from zoo.training.schedule import Schedule

ABILITIES = ("forecast", "law")
ACCEPTS = ("gaps",)


@dataclass(frozen=True, kw_only=True)
class Config(WindowConfig):
    """order: of the polynomial, 0 to 3."""

    order: int = 1

    def __post_init__(self):
        super().__post_init__()
        most = min(MOST_ORDER, self.window - 1)
        object.__setattr__(self, "order", arguments.whole(self.order, "order", 0, most))


class Extrapolation(Forecaster):
    """A polynomial through the last states."""

    family: ClassVar[str] = "extrapolation"
    abilities: ClassVar[frozenset[str]] = frozenset(ABILITIES)
    accepts: ClassVar[frozenset[str]] = frozenset(ACCEPTS)
    Config: ClassVar[type] = Config

    @classmethod
    def step(cls, config: Config, weights: Any, s: Mapping, x: Any, environment: Any) -> Any:
        """See Forecaster.step."""
        continued = windows.extrapolation(config.order)
        return (x[:, -len(continued) :] * continued[:, None]).sum(1)

    def fitted(self, record: Record, aside: Record, schedule: Schedule, run: dict) -> Any:
        """Nothing to fit."""
        return self


MODEL = Extrapolation
