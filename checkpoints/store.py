"""Save and load a released checkpoint: `card.json` beside `state/`, which Orbax v1 writes.

Orbax loads what it is told to: a wrong dtype is cast and a flipped bit is read without a word. So
the card lists every array and the hash of every file; files are checked before Orbax sees them,
arrays after. A checkpoint is written beside its place and renamed, so there is never half of one.
"""

import os
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from checkpoints.card import Card
from checkpoints.errors import CheckpointError, cannot_write
from checkpoints.fingerprint import fingerprints, inspect
from checkpoints.folder import (
    commit,
    discard,
    place,
    rewrite,
    stage,
    uninterrupted,
)
from checkpoints.paths import flatten, nest
from checkpoints.shelf import CARD, find, names, read_card

__all__ = ["annotate", "find", "load", "names", "read_card", "save"]


def save(
    path: str | os.PathLike[str],
    state: Mapping[Any, Any],
    card: Card,
    overwrite: bool = False,
) -> Card:
    """Write a checkpoint folder and return its card, with `sha256`, `arrays` and `files` filled in.

    `state` is a nested dict (text or int keys) of NumPy or JAX arrays of any shape, also zero-size
    and 0-d; NumPy scalars become 0-d arrays. Dtypes: bool, (u)int8 to 64, float16, bfloat16,
    float32, float64, complex64, complex128, kept whether or not JAX's x64 is on. A `collection`
    in `card.arrays` is kept. In a job of several processes all of them call this.

    Raises CheckpointError, with nothing changed on disk: `path` exists and `overwrite` is not set,
    or holds no checkpoint; a leaf that cannot be kept; read-only place; disk error.
    """
    from checkpoints import arrays, together

    target = place(path)
    held = arrays.hosted(flatten(state))
    described = arrays.manifest(held)
    for name, entry in described.items():
        if "collection" in card.arrays.get(name, {}):
            entry["collection"] = card.arrays[name]["collection"]
    card = replace(card, sha256=arrays.digest(held), arrays=described, files={})

    def write() -> str:
        staged = Path(together.lead(lambda: str(stage(target, CARD, overwrite)), path))
        try:
            together.attempt(lambda: arrays.write(staged / "state", held), path)
            return together.lead(lambda: finish(staged), path)
        finally:
            discard(staged)

    def finish(staged: Path) -> str:
        try:
            kept = arrays.digest(arrays.read(staged / "state", described)) == card.sha256
        except CheckpointError:
            kept = False
        if not kept:
            raise CheckpointError(f'"{path}" was not saved, Orbax lost arrays', "upgrade Orbax")
        text = replace(card, files=fingerprints(staged)).to_json()
        (staged / CARD).write_text(text, encoding="utf-8")
        commit(staged, target, overwrite)
        return text

    return Card.from_json(uninterrupted(write))


def load(name_or_path: str | os.PathLike[str]) -> tuple[dict[int | str, Any], Card]:
    """The state (nested dict of NumPy arrays, bit for bit as saved) and the card of a checkpoint.

    Works offline and from read-only folders, needs no device, never unpickles.
    Raises CheckpointError: nothing there (see `find`), not a checkpoint, card or any file of
    `state/` missing, cut short, damaged or edited.
    """
    folder = find(name_or_path)
    card = read_card(folder)
    inspect(folder, card.files)

    from checkpoints import arrays

    held = uninterrupted(lambda: arrays.read(folder / "state", card.arrays))
    if arrays.digest(held) != card.sha256:
        raise CheckpointError(f'"{folder}" decodes to other arrays than saved', "copy it again")
    return nest(held), card


def annotate(path: str | os.PathLike[str], **changes: Any) -> Card:
    """Change fields of a saved card (say `metrics` after a new evaluation); the arrays stay.

    Raises CheckpointError for unknown fields, for those that describe the arrays, and if the card
    cannot be read or written; the old card then stays whole.
    """
    folder = find(path)
    card = read_card(folder)
    allowed = {item.name for item in fields(Card)} - {"sha256", "arrays", "files", "format"}
    for name in changes:
        if name not in allowed:
            raise CheckpointError(f'card field "{name}" cannot be annotated; use save instead')
    card = replace(card, **changes)
    try:
        rewrite(folder / CARD, card.to_json())
    except OSError as error:
        raise cannot_write(folder, error) from error
    return card
