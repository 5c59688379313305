"""A folder that is replaced whole or not at all.

`stage` makes a hidden folder beside the target, `commit` renames it into place, `discard` removes
it. Overwriting moves the old folder aside (`.NAME.old`), the new one in, and only then deletes the
old; a process killed between the two renames leaves `.NAME.old`, which `settled` and `stage` find.
"""

import os
import platform
import re
import secrets
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from checkpoints.errors import CheckpointError

T = TypeVar("T")


def place(path: str | os.PathLike[str]) -> Path:
    """Where `path` really is, links followed; raises CheckpointError if it cannot be a path."""
    try:
        return Path(os.path.realpath(Path(path).expanduser()))
    except (ValueError, RuntimeError, OSError) as error:
        raise CheckpointError(f"{path!r} is no path ({error}); choose another one") from error


def stage(target: Path, marker: str, overwrite: bool = False) -> Path:
    """A new hidden folder beside `target`, to be filled and then committed.

    Raises CheckpointError if `target` exists and may not be overwritten: without `overwrite`, or
    because it holds no file called `marker` and so is not ours. OSError passes through.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _restore(target)
    _sweep(target.parent)
    if os.path.lexists(target) and not _empty(target):
        if not (target / marker).is_file():
            raise CheckpointError(
                f'"{target}" exists and is no checkpoint, so it is left alone; choose another path'
            )
        if not overwrite:
            raise CheckpointError(f'"{target}" exists; pass overwrite=True or choose another path')
    staged = _hidden(target)
    try:
        os.mkdir(staged)
    except BaseException:
        discard(staged)
        raise
    return staged


def commit(staged: Path, target: Path, overwrite: bool = False) -> None:
    """Put the staged folder in the place of `target`; old or new is whole at every moment."""
    _sync(staged)
    if overwrite and os.path.lexists(target) and not _empty(target):
        aside = _aside(target)
        if aside.exists():
            retire(aside)  # left by a process killed after its swap: `target` is the newer one
        try:
            os.rename(target, aside)
            os.rename(staged, target)
        except BaseException:
            _restore(target)
            raise
        retire(aside)
    else:
        os.rename(staged, target)
    _sync_one(target.parent)


def discard(staged: Path) -> None:
    """Remove a staged folder that was not committed (nothing happens if it was)."""
    shutil.rmtree(staged, ignore_errors=True)


def uninterrupted(action: Callable[[], T]) -> T:
    """Run `action` to its end even if Ctrl-C arrives, which is then raised.

    Interrupted, Orbax leaves threads behind that go on writing into what is being cleaned up.
    """
    with ThreadPoolExecutor(1, "checkpoint") as pool:
        return pool.submit(action).result()


def rewrite(path: Path, text: str) -> None:
    """Replace one file; old or new is whole at every moment. OSError passes through."""
    _sweep(path.parent)
    staged = _hidden(path)
    try:
        staged.write_text(text, encoding="utf-8")
        _sync_one(staged)
        os.replace(staged, path)
    finally:
        staged.unlink(missing_ok=True)
    _sync_one(path.parent)


def settled(target: Path) -> Path:
    """`target`, or the old folder set aside where a killed overwrite left `target` missing."""
    aside = _aside(target)
    return aside if os.path.isdir(aside) and not os.path.exists(target) else target


def retire(folder: Path) -> None:
    """Delete a folder so that it is never seen half deleted; what cannot be deleted stays."""
    gone = _hidden(folder)
    with suppress(OSError):
        os.rename(folder, gone)
    discard(gone)


def _aside(target: Path) -> Path:
    return target.parent / f".{target.name}.old"


def _hidden(target: Path) -> Path:
    """A new name beside `target` that says whose it is: leftovers can be told from live ones."""
    owner = f"{_host()}-{os.getpid()}-{secrets.token_hex(4)}"
    return target.with_name(f".{target.name}.{owner}.tmp")


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", platform.node()) or "host"


def _restore(target: Path) -> None:
    if settled(target) != target:
        os.rename(_aside(target), target)


def _sweep(folder: Path) -> None:
    """Remove what was left in `folder` by processes of this machine that no longer run."""
    pattern = re.compile(rf"\..+\.{_host()}-(\d+)-[0-9a-f]{{8}}\.tmp")
    for path in folder.iterdir():
        match = pattern.fullmatch(path.name)
        if match and not _alive(int(match[1])):
            path.unlink() if path.is_file() else shutil.rmtree(path, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _empty(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not any(path.iterdir())


def _sync(folder: Path) -> None:
    """Have the disk hold every file before a rename makes them count."""
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            _sync_one(Path(parent, name))
        _sync_one(Path(parent))


def _sync_one(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        if not path.is_dir():  # some network disks cannot sync a folder
            raise
    finally:
        os.close(handle)
