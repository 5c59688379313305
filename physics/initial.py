"""Initial laws: from which distribution the initial state of a sample is drawn.

A law is a frozen dataclass of plain fields, so that it travels in the JSON of its System. Laws of
ODEs and maps have `draw(rng, states, samples) -> (samples, len(states))`; laws of PDEs, with
`spatial = True`, have `draw_field(key, grid, states)`: see physics.fields.
"""

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from physics import fields


@dataclass(frozen=True, kw_only=True)
class Uniform:
    """Independent uniform draws: `low[state] <= value < high[state]`."""

    spatial: ClassVar[bool] = False
    low: dict[str, float]
    high: dict[str, float]

    def __post_init__(self):
        if set(self.low) != set(self.high):
            raise ValueError("an initial law needs a low and a high for the same states")
        for state in self.low:
            if not self.low[state] <= self.high[state]:
                raise ValueError(f"initial range of {state!r} is empty")

    def draw(self, rng: np.random.Generator, states: tuple[str, ...], samples: int) -> np.ndarray:
        """Initial values, shape (samples, len(states)), float64."""
        low = np.array([self.low[s] for s in states], dtype=np.float64)
        high = np.array([self.high[s] for s in states], dtype=np.float64)
        return low + (high - low) * rng.random((samples, len(states)))


@dataclass(frozen=True, kw_only=True)
class Simplex:
    """Shares that sum to `total`: the states after the first are drawn, the first takes the rest.

    low, high: range of each drawn state (the first state must not be listed).
    """

    spatial: ClassVar[bool] = False
    total: float
    low: dict[str, float]
    high: dict[str, float]

    def draw(self, rng: np.random.Generator, states: tuple[str, ...], samples: int) -> np.ndarray:
        """Initial values, shape (samples, len(states)), float64; each row sums to `total`."""
        rest = Uniform(low=self.low, high=self.high).draw(rng, states[1:], samples)
        return np.concatenate([self.total - rest.sum(axis=1, keepdims=True), rest], axis=1)


LAWS = {
    "uniform": Uniform,
    "simplex": Simplex,
    "random_fourier": fields.RandomFourier,
    "gaussian_random_field": fields.GaussianRandomField,
    "bumps": fields.Bumps,
    "spots": fields.Spots,
    "steps": fields.Steps,
    "solitons": fields.Solitons,
    "packets": fields.Packets,
    "density": fields.Density,
}
_KINDS = {law: kind for kind, law in LAWS.items()}


def to_json(law) -> dict:
    """`{"kind": …, field: value}`."""
    return {"kind": _KINDS[type(law)], **dataclasses.asdict(law)}


def from_json(tree: dict):
    """The law that `to_json` wrote; raises ValueError for an unknown kind."""
    fields = dict(tree)
    kind = fields.pop("kind", None)
    if kind not in LAWS:
        raise ValueError(f"unknown initial law {kind!r}; one of {sorted(LAWS)}")
    return LAWS[kind](**fields)
