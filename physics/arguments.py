"""What the public functions were given, checked in one place: a mistake is a ValueError that says
the value, what was expected and what to type.

Valid values come back in one form: ints, floats, tuples of names, dicts, float64 arrays.
"""

import math
import numbers as kinds
import operator
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from physics.names import nearest


def whole(value: Any, name: str, low: int | None = None, high: int | None = None) -> int:
    """`value` as int if it is a whole number from `low` to `high`; True and 2.0 are none.

    >>> whole(3, "samples", 1)
    3
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    inside = number is not None and (low is None or number >= low)
    if number is not None and inside and (high is None or number <= high):
        return number
    span = "" if low is None else f" from {low}" if high is None else f" from {low} to {high}"
    raise ValueError(f"{name} is a whole number{span}, not {_shown(value)}")


def real(value: Any, name: str, low: float = -math.inf, strict: bool = False) -> float:
    """`value` as a finite float, at least `low`, or above it where `strict`.

    >>> real(0, "atol", low=0)
    0.0
    """
    plain = isinstance(value, kinds.Real) or getattr(value, "shape", None) == ()
    if plain and np.asarray(value).dtype.kind in "iufO":
        number = float(value)
        if math.isfinite(number) and (number > low if strict else number >= low):
            return number
    if low == 0:
        wanted = "must be positive: give a number above 0" if strict else "is a number from 0"
    else:
        wanted = "is a finite number" + (f" above {low:g}" if math.isfinite(low) else "")
    raise ValueError(f"{name} {wanted}, not {_shown(value)}")


def names(value: Any, name: str) -> tuple[str, ...]:
    """A tuple of names; one name may be given bare.

    >>> names("sigma", "vary"), names(["a", "b"], "free")
    (('sigma',), ('a', 'b'))
    """
    if isinstance(value, str):
        return (value,)
    listed = isinstance(value, Iterable) and not isinstance(value, bytes | np.ndarray | Mapping)
    found = tuple(value) if listed else ()
    if not listed or not all(isinstance(entry, str) for entry in found):
        raise ValueError(f'{name} is a list of names, like {name}=["a", "b"], not {_shown(value)}')
    return found


def listed(value: Any, name: str, kind: type, bare: bool = True) -> tuple:
    """A tuple of objects of `kind` and, where `bare`, of names; one may be given alone."""
    alone = (str, kind) if bare else kind
    found = (value,) if isinstance(value, alone) else value
    if isinstance(found, Iterable) and not isinstance(found, str):
        found = tuple(found)
        if all(isinstance(entry, alone) for entry in found):
            return found
    wanted = "a list of names" if bare else "given as {name: value}"
    raise ValueError(f"{name} is {wanted} or of {kind.__name__} objects, not {_shown(value)}")


def mapping(value: Any, name: str, entry: str = "number") -> dict[str, Any]:
    """A dict with names as keys; None is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} is given as {{name: {entry}}}, not {_shown(value)}")
    for key in value:
        if not isinstance(key, str):
            raise ValueError(f"{name} has the key {_shown(key)}, which is no name; use text")
    return dict(value)


def array(value: Any, name: str) -> np.ndarray:
    """`value` as float64; text, complex numbers, objects and ragged lists are refused."""
    try:
        given = np.asarray(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} holds rows of different lengths; make them equal") from None
    if given.dtype.kind == "c":
        raise ValueError(f"{name} holds complex numbers; give real ones, such as .real or .imag")
    try:
        if given.dtype.kind not in "fiubO" or value is None:
            raise TypeError
        return given.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold real numbers, not {_shown(value)}") from None


def increasing(value: Any, name: str = "times") -> np.ndarray:
    """Finite, increasing numbers (time,), at least one."""
    found = array(value, name)
    if found.ndim != 1 or found.size == 0 or not np.isfinite(found).all():
        raise ValueError(
            f"{name} must be a one-dimensional array of finite numbers, like [0, 1, 2]"
        )
    falling = np.diff(found) <= 0
    if falling.any():
        bad = int(np.argmax(falling)) + 1
        raise ValueError(f"{name} must increase; entry {bad} ({found[bad]:g}) does not")
    return found


def system(value: Any, name: str = "system") -> Any:
    """`value` if it is a System."""
    from physics.system import System

    if isinstance(value, System):
        return value
    example = f'physics.get("{value}")' if _known(value) else 'physics.get("lorenz63")'
    raise ValueError(f"{name} is a System, e.g. {example}, not {_shown(value)}")


def dataset(value: Any, name: str = "data") -> Any:
    """`value` if it is an xarray.Dataset."""
    import xarray

    if isinstance(value, xarray.Dataset):
        return value
    raise ValueError(
        f"{name} must be an xarray.Dataset, not {type(value).__name__}; physics.load makes one of "
        f"a .csv or .nc file"
    )


def path(value: Any, name: str) -> Path:
    """`value` as a Path."""
    if not isinstance(value, str | os.PathLike) or "\0" in os.fspath(value):
        raise ValueError(f"{name} is the path of a file or folder, not {_shown(value)}")
    return Path(value)


def options(given: Iterable[str], known: Iterable[str], what: str) -> None:
    """Raise ValueError for a name in `given` that is none of `known`."""
    known = list(known)
    for name in given:
        if name not in known:
            raise ValueError(
                f"{what} takes no option {name!r}{nearest(name, known)}; "
                f"it has: {', '.join(known) or 'none'}"
            )


def _known(value: Any) -> bool:
    from physics.catalogue import list_systems

    return isinstance(value, str) and value in list_systems()


def _shown(value: Any) -> str:
    text = repr(value).replace("\n", " ")
    return text if len(text) <= 60 else f"{text[:57]}…"
