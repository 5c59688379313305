"""Where checkpoints lie, by name: shipped in this package, in folders of ZOO_PATH, or any folder.

Nothing here imports NumPy, JAX or Orbax.
"""

import difflib
import os
from pathlib import Path

from checkpoints.card import Card
from checkpoints.errors import CheckpointError, brief
from checkpoints.folder import settled

CARD = "card.json"
SHIPPED = Path(__file__).parent / "weights"


def names() -> list[str]:
    """Names of all checkpoints that are shipped or lie in `weights/` of a folder of ZOO_PATH."""
    return sorted({entry.name for shelf in _shelves() for entry in _entries(shelf)})


def find(name_or_path: str | os.PathLike[str]) -> Path:
    """The folder of a checkpoint: a shipped name, a name in ZOO_PATH, or a path (first match).

    A path may also point to the `card.json` inside. Raises CheckpointError for unknown names, with
    the nearest known one, and for paths where nothing is.
    """
    if isinstance(name_or_path, str) and _is_name(name_or_path):
        for shelf in _shelves():
            folder = settled(shelf / name_or_path)
            if os.path.isfile(folder / CARD):
                return folder
    path = _path(name_or_path)
    if path.name == CARD and os.path.isfile(path):
        return path.parent
    path = settled(path)
    if os.path.lexists(path):
        return path
    if isinstance(name_or_path, str) and _is_name(name_or_path):
        near = difflib.get_close_matches(name_or_path, names(), n=1, cutoff=0.5)
        hint = f'nearest: "{near[0]}"; ' if near else ""
        raise CheckpointError(
            f'unknown checkpoint "{name_or_path:.80}"; {hint}see zoo.list_models()'
        )
    raise CheckpointError(f'there is no folder "{path}"; check the path, or see zoo.list_models()')


def read_card(name_or_path: str | os.PathLike[str]) -> Card:
    """The card of a checkpoint, checked against its seal; the arrays are not touched.

    Raises CheckpointError: nothing there, not a checkpoint of ours, card damaged or edited by hand.
    """
    folder = find(name_or_path)
    try:
        data = (folder / CARD).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise CheckpointError(_stranger(folder)) from error
    except OSError as error:
        raise CheckpointError(
            f'"{folder / CARD}" cannot be read ({brief(error)}); check its permissions and the disk'
        ) from error
    return Card.from_json(data, f'"{folder / CARD}"')


def _path(given: object) -> Path:
    if not isinstance(given, str | os.PathLike):
        raise CheckpointError(
            f"a checkpoint is given by its name or folder, not by {given!r:.60}",
            "see zoo.list_models()",
        )
    try:
        return Path(given).expanduser().absolute()
    except (ValueError, RuntimeError, OSError) as error:
        raise CheckpointError(f"{given!r:.60} is no path ({error}); check it") from error


def _is_name(text: str) -> bool:
    return bool(text) and not text.startswith((".", "~")) and "/" not in text and os.sep not in text


def _shelves() -> list[Path]:
    folders = [
        Path(part).expanduser() for part in os.environ.get("ZOO_PATH", "").split(os.pathsep) if part
    ]
    return [SHIPPED, *(folder / "weights" for folder in folders)]


def _entries(shelf: Path) -> list[Path]:
    try:
        entries = list(shelf.iterdir())
    except OSError:
        return []
    return [entry for entry in entries if _is_name(entry.name) and (entry / CARD).is_file()]


def _stranger(path: Path) -> str:
    """What is at `path` instead of a checkpoint, and what to do."""
    if not path.is_dir():
        return (
            f'"{path}" is a file, and a checkpoint is a folder with card.json and state/ (PyTorch, '
            "NumPy and safetensors files are not read); give that folder"
        )
    try:
        inside = set(os.listdir(path))
    except OSError as error:
        return f'"{path}" cannot be read ({brief(error)}); check its permissions'
    if any(name.startswith("step-") for name in inside):
        return f'"{path}" is a training run, not a checkpoint; resume it with checkpoints.load_run'
    if "_CHECKPOINT_METADATA" in inside:
        return f'"{path}" is bare Orbax data; give the folder above it, the one with card.json'
    if "state" in inside:
        return f'"{path}" has lost its card.json; copy the folder again from where it came'
    return f'"{path}" is no checkpoint (it has no card.json); give the folder that zoo.save wrote'
