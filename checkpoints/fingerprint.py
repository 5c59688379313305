"""The sha256 of every file in a folder: a damaged file is named before any decoder sees it."""

import hashlib
from pathlib import Path

from checkpoints.errors import CheckpointError, brief


def fingerprints(folder: Path) -> dict[str, str]:
    """{path relative to `folder`: sha256} of every file below it, in order."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): _sha256(path) for path in files}


def inspect(folder: Path, expected: dict[str, str]) -> None:
    """Raise CheckpointError, naming the file, unless every expected file is there and unchanged."""
    if not expected:
        raise CheckpointError(f'"{folder}" lists no files', "it was never saved, save it anew")
    for name, digest in expected.items():
        try:
            found = _sha256(folder / name)
        except (FileNotFoundError, NotADirectoryError):
            problem = f'"{name}" is missing'
        except OSError as error:
            problem = f'"{name}" cannot be read ({brief(error)})'
        else:
            if found == digest:
                continue
            problem = f'"{name}" is damaged or cut short'
        raise CheckpointError(f'"{folder}": {problem}', "copy the folder again from where it came")


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
