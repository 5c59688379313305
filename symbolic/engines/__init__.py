"""Engines of discovery. The folder is the registry: one file per engine, file stem = name.

An engine file defines `propose(problem, library, options) -> list[Proposal]`: right-hand sides for
the targets of `problem`, without judging them (constants are refitted and the choice is made by
`symbolic.selection`, the same for all engines).
Third parties register a module of the same shape under the entry-point group "zoo.engines".
"""

import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

from physics.names import nearest

GROUP = "zoo.engines"


class EngineUnavailable(RuntimeError):
    """An engine that exists and cannot run here; the message says what to install."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What `discover` was asked for, as far as it concerns engines.

    most: largest number of terms of an equation.   keep: proposals per number of terms.
    seed: of every random choice.   extra: options of single engines by name.
    """

    most: int = 8
    keep: int = 5
    seed: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)


def list_engines() -> list[str]:
    """Names that `discover` takes as `engine`, "auto" aside.

    >>> set(list_engines()) >= {"operon", "sindy"}
    True
    """
    return sorted({*_own(), *(point.name for point in entry_points(group=GROUP))})


def engine_module(name: str) -> ModuleType:
    """The module of an engine; ValueError with the nearest name for an unknown one."""
    if name in _own():
        return import_module(f"{__name__}.{name}")
    for point in entry_points(group=GROUP):
        if point.name == name:
            return _load(point)
    known: Sequence[str] = ["auto", *list_engines()]
    raise ValueError(
        f"unknown engine {name!r}{nearest(str(name), known)}; one of: {', '.join(known)}"
    )


def _own() -> list[str]:
    return [m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")]


def _load(point) -> ModuleType:
    try:
        module = point.load()
    except ImportError as error:
        raise EngineUnavailable(f"engine {point.name!r} cannot be imported: {error}") from error
    if not callable(getattr(module, "propose", None)):
        raise EngineUnavailable(f"engine {point.name!r} ({point.value}) has no function propose()")
    return module
