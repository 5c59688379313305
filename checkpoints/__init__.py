"""Trained weights that can be trusted: save, load, find, resume, transfer.

>>> import checkpoints
>>> state, card = checkpoints.load("runs/mine")          # doctest: +SKIP
>>> print(checkpoints.transfer(state, fresh)[1])         # doctest: +SKIP

A *released checkpoint* is a folder with `card.json` and `state/` (see `store`); a *training run* is
a folder of snapshots for exact resume (see `resume`). The two are different types on purpose:
loading makes something new, resuming continues something given. Nothing is ever unpickled.
Importing this package is nearly free; reading cards and listing names needs neither JAX nor NumPy.
"""

import importlib
import sys
import types
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checkpoints.card import Card
    from checkpoints.errors import CheckpointError
    from checkpoints.resume import latest, load_run, save_run
    from checkpoints.shelf import find, names, read_card
    from checkpoints.store import annotate, load, save
    from checkpoints.transfer import Skipped, TransferReport, transfer

__all__ = [
    "Card",
    "CheckpointError",
    "Skipped",
    "TransferReport",
    "annotate",
    "find",
    "latest",
    "load",
    "load_run",
    "names",
    "read_card",
    "save",
    "save_run",
    "transfer",
]

_HOME = {
    "Card": "card",
    "CheckpointError": "errors",
    "Skipped": "transfer",
    "TransferReport": "transfer",
    "annotate": "store",
    "find": "shelf",
    "latest": "resume",
    "load": "store",
    "load_run": "resume",
    "names": "shelf",
    "read_card": "shelf",
    "save": "store",
    "save_run": "resume",
    "transfer": "transfer",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(types.ModuleType):
    """Keeps `checkpoints.transfer` the function; importing transfer.py would rebind it."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOME and isinstance(value, types.ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
