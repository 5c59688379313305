"""Amounts of an initial law: a number, a range to draw from, or one of these for each state.

`1.0`, `(0.5, 1.0)`, `{"u": (0.5, 1.0), "v": 0.0}`; states that a mapping does not name have zero.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Range = float | tuple[float, float]
Amount = Range | dict[str, Range]


def settle(law: Any, **limits: float) -> None:
    """Check the amounts of a frozen `law` named in `limits` {field: least value}, and store them.

    JSON makes lists of pairs; here they become tuples again. Raises ValueError.
    """
    for name, least in limits.items():
        amount = getattr(law, name)
        if isinstance(amount, Mapping):
            checked: Any = {str(s): _range(f"{name} of {s!r}", a, least) for s, a in amount.items()}
        else:
            checked = _range(name, amount, least)
        object.__setattr__(law, name, checked)


def _range(what: str, amount: Any, least: float) -> Range:
    pair = tuple(amount) if isinstance(amount, list | tuple) else (amount, amount)
    try:
        low, high = map(float, pair)
    except (TypeError, ValueError):
        raise ValueError(f"{what} is a number or a range (low, high), not {amount!r}") from None
    if not (low <= high and math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"{what} is an empty or infinite range: {amount!r}")
    if low < least:
        raise ValueError(f"{what} is at least {least:g}, not {low:g}")
    return (low, high) if isinstance(amount, list | tuple) else low


def counts(law: Any, name: str, least: int) -> None:
    """Check that the field `name` of `law` is a whole number or a range of them, and store it."""
    amount = getattr(law, name)
    pair = tuple(amount) if isinstance(amount, list | tuple) else (amount, amount)
    whole = all(isinstance(n, int) and not isinstance(n, bool) for n in pair)
    if len(pair) != 2 or not whole or not least <= pair[0] <= pair[1]:
        raise ValueError(f"{name} is a whole number >= {least} or a range of them, not {amount!r}")
    object.__setattr__(law, name, pair if isinstance(amount, list | tuple) else amount)


def ends(amount: Range) -> tuple[float, float]:
    """(low, high) of a range; a number is a range of its own."""
    return amount if isinstance(amount, tuple) else (amount, amount)


def bounds(amount: Amount, states: Sequence[str]) -> np.ndarray:
    """Low and high for each state, shape (2, states)."""
    if not isinstance(amount, dict):
        return np.repeat(np.array(ends(amount))[:, None], len(states), axis=1)
    for unknown in [s for s in amount if s not in states]:
        raise ValueError(f"the initial law names {unknown!r}; states are: {', '.join(states)}")
    return np.array([ends(amount.get(s, 0.0)) for s in states]).T


def drawn(key: Any, amount: Amount, states: Sequence[str], count: int | None = None) -> Any:
    """Uniform draws, one per state (states,), or `count` of them (count, states)."""
    import jax

    low, high = bounds(amount, states)
    shape = (len(states),) if count is None else (count, len(states))
    return low + (high - low) * jax.random.uniform(key, shape)


def active(key: Any, count: int | tuple[int, int]) -> Any:
    """Which of the most possible things there are: the first n of them, n drawn; floats 0 or 1."""
    import jax
    import jax.numpy as jnp

    low, high = ends(count)
    number = jax.random.randint(key, (), low, high + 1)
    return (jnp.arange(high) < number).astype(float)
