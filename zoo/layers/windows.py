"""Delay windows: what they are, and how xarray data become them.

A window is N states in a row, x_{k−N+1} … x_k, `dt` apart; what follows it is x_{k+1}. Arrays are
(window, N, state). Windows over a gap (NaN) are left out.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import xarray

from physics import arguments
from physics.data.validate import stack, validate

EVEN = 1e-6  # relative spread of time steps up to which they count as equal
MOST_ORDER = 3
CONSTANT = 1e-12  # spread relative to the numbers themselves below which they are rounding alone
MOST_NUMBERS = 10**7
ENVIRONMENT = "environment"


@dataclass(frozen=True, kw_only=True)
class WindowConfig:
    """states: names in order.   dt: time between the states of a window [T].   window: N, how many.
    environments: how many settings the data come from; the data then hold `environment` (sample,).
    """

    states: tuple[str, ...]
    dt: float
    window: int = 8
    environments: int = 1

    def __post_init__(self):
        object.__setattr__(self, "states", arguments.names(self.states, "states"))
        object.__setattr__(self, "dt", arguments.real(self.dt, "dt", 0, strict=True))
        for name in ("window", "environments"):
            object.__setattr__(self, name, arguments.whole(getattr(self, name), name, 1))
        if len(set(self.states)) < len(self.states):
            raise ValueError(f"states are different names, not {', '.join(self.states)}")
        if not self.states:
            raise ValueError('states are names, like states=["x", "y"]; none was given')
        if self.window * len(self.states) * self.environments > MOST_NUMBERS:
            raise ValueError(f"a window of {self.window} is too long; at most {MOST_NUMBERS:.0e}")

    @property
    def entries(self) -> int:
        """Numbers in a window: N times the number of states."""
        return self.window * len(self.states)


class Windows(NamedTuple):
    """inputs: (window, N, state), targets: (window, state), in physical units; sample, environment:
    (window,) where each comes from."""

    inputs: np.ndarray
    targets: np.ndarray
    sample: np.ndarray
    environment: np.ndarray


class Record(NamedTuple):
    """times: (time,) [T], values: (sample, time, state) with NaN for gaps, environment:
    (sample,)."""

    times: np.ndarray
    values: np.ndarray
    environment: np.ndarray


def read(config: WindowConfig, data: xarray.Dataset, least: int | None = None) -> Record:
    """The states of a Dataset, checked: names, even steps of the model's dt, environments.

    Raises ValueError for data that do not fit, with what to do about it.
    """
    arguments.dataset(data)
    missing = [n for n in config.states if n not in data]
    if missing:
        others = [str(n) for n in data.data_vars if n not in config.states]
        hint = f"; rename theirs, like {{{others[0]!r}: {missing[0]!r}}}" if others else ""
        raise ValueError(
            f"the data have no variable {missing[0]!r}: this model is of the states "
            f"{', '.join(config.states)}, the data hold {', '.join(map(str, data.data_vars))}{hint}"
        )
    least = config.window if least is None else least
    data = validate(data, config.states, least=least)
    times = data["time"].values.astype(np.float64)
    steps = np.diff(times)
    if len(steps) and np.abs(steps - config.dt).max() > EVEN * config.dt + 1e-9 * abs(times).max():
        worst = steps[np.argmax(np.abs(steps - config.dt))]
        if np.ptp(steps) > EVEN * config.dt + 1e-9 * abs(times).max():
            raise ValueError(
                f"the times of the data are not evenly spaced (steps of {steps.min():g} to "
                f"{steps.max():g}); interpolate them to steps of {config.dt:g}, or enter what was "
                f"not measured as a gap"
            )
        raise ValueError(
            f"this model steps by dt = {config.dt:g}, the data have a step of {worst:g}; give data "
            f"with that spacing, or make a model with zoo.create(…, dt={worst:g})"
        )
    values = stack(data, config.states)
    return Record(times, values, _environments(config, data, len(values)))


def step_of(data: xarray.Dataset) -> float:
    """The spacing of evenly spaced data; ValueError for others."""
    times = np.asarray(arguments.dataset(data)["time"].values, np.float64)
    steps = np.diff(times)
    if len(steps) == 0 or np.ptp(steps) > EVEN * steps.mean() + 1e-9 * abs(times).max():
        raise ValueError("the times of the data are not evenly spaced; interpolate them first")
    return float(f"{steps.mean():.9g}")  # 0.01, not what rounding of the times makes of it


def cut(config: WindowConfig, record: Record) -> Windows:
    """All complete windows with what follows them."""
    length = config.window + 1
    if record.values.shape[1] < length:
        raise ValueError(
            f"the data have {record.values.shape[1]} times, windows of {config.window} states and "
            f"what follows need {length}; measure longer, or make window smaller"
        )
    pieces = np.lib.stride_tricks.sliding_window_view(record.values, length, axis=1)
    pieces = np.moveaxis(pieces, -1, 2)
    sample = np.broadcast_to(np.arange(len(pieces))[:, None], pieces.shape[:2]).reshape(-1)
    pieces = pieces.reshape(-1, length, pieces.shape[-1])
    whole = np.isfinite(pieces).all((1, 2))
    if not whole.any():
        raise ValueError(
            f"no {length} times in a row are measured without a gap; fill the gaps, or make window "
            f"smaller"
        )
    pieces, sample = pieces[whole], sample[whole]
    return Windows(pieces[:, :-1], pieces[:, -1], sample, record.environment[sample])


def flag(value: Any, name: str) -> bool:
    """`value` if it is True or False."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise ValueError(f"{name} is True or False, not {value!r}")


def extrapolation(order: int) -> np.ndarray:
    """Weights (order + 1,) of the last states that continue a polynomial of `order`.

    >>> extrapolation(2)
    array([ 1., -3.,  3.])
    """
    from math import comb

    return np.array([(-1.0) ** (order - j) * comb(order + 1, j) for j in range(order + 1)])


def _environments(config: WindowConfig, data: xarray.Dataset, samples: int) -> np.ndarray:
    if config.environments == 1:
        return np.zeros(samples, np.int64)
    if ENVIRONMENT not in data or data[ENVIRONMENT].dims != ("sample",):
        raise ValueError(
            f"this model is of {config.environments} environments: the data need a variable "
            f"{ENVIRONMENT!r} over (sample,) with numbers from 0 to {config.environments - 1}"
        )
    found = data[ENVIRONMENT].values
    if not np.isin(found, np.arange(config.environments)).all():
        raise ValueError(f"environments are numbers from 0 to {config.environments - 1}")
    return found.astype(np.int64)
