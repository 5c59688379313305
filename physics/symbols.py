"""What the symbols of an equation stand for: State, Parameter, Control.

Values, ranges and units live here and never on a SymPy symbol: SymPy's cache hands out whichever
equal symbol came first.
"""

import math
from dataclasses import dataclass

from physics.names import check_name


def _check_range(what: str, name: str, low: float | None, high: float | None) -> None:
    if low is not None and high is not None and not low <= high:
        raise ValueError(f"{what} {name!r}: range [{low}, {high}] is empty")


@dataclass(frozen=True, kw_only=True)
class State:
    """A dependent variable. low, high: physical bounds (a count has low=0); unit like "L/T"."""

    name: str
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    description: str = ""

    def __post_init__(self):
        check_name(self.name, "state")
        _check_range("state", self.name, self.low, self.high)


@dataclass(frozen=True)
class Parameter:
    """A constant of the equation, with its nominal value and the range that it may take.

    low, high: inclusive range, None where unbounded.   log: drawn and fitted on a log scale.
    Raises ValueError if the value is not finite or outside its range.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    log: bool = False
    unit: str | None = None
    description: str = ""

    def __post_init__(self):
        check_name(self.name, "parameter")
        object.__setattr__(self, "value", self.check(self.value))
        _check_range("parameter", self.name, self.low, self.high)
        if self.log and (self.low is None or self.low <= 0):
            raise ValueError(f"parameter {self.name!r}: a log scale needs low > 0")

    def check(self, value: float) -> float:
        """`value` as float if it lies in the range; raises ValueError otherwise."""
        try:
            value = float(value)
        except (TypeError, ValueError):
            raise ValueError(f"parameter {self.name!r} needs a number, not {value!r}") from None
        if not math.isfinite(value):
            raise ValueError(f"parameter {self.name!r} is {value}: give a finite number")
        below = self.low is not None and value < self.low
        if below or (self.high is not None and value > self.high):
            low = "-inf" if self.low is None else f"{self.low:g}"
            high = "inf" if self.high is None else f"{self.high:g}"
            raise ValueError(
                f"parameter {self.name!r} = {value:g} is out of its range [{low}, {high}]"
            )
        return value


@dataclass(frozen=True, kw_only=True)
class Control:
    """An input that is given from outside at every time: an actuator, or an unknown term."""

    name: str
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    description: str = ""

    def __post_init__(self):
        check_name(self.name, "control")
        _check_range("control", self.name, self.low, self.high)
