"""Files that the verbs write: refused before the work starts, written whole or not at all."""

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import xarray

PICTURES = (".png", ".svg", ".pdf")
DATA = (".nc", ".csv")
STORES = (".zarr",)  # folders, which are continued if they are there
LONGEST = 255  # bytes of a name


def place(word: str | Path) -> Path:
    """The path that a word names; an empty one, which pathlib takes for this folder, is refused."""
    if not str(word).strip():
        raise typer.BadParameter("it is empty; give a name, or leave -o out")
    return Path(word)


OutputWords = Annotated[
    list[Path] | None,
    typer.Option(
        "--output", "-o", metavar="FILE", parser=place, help="Where to write; may be repeated."
    ),
]
FileWord = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", parser=place, help="Default: print it."),
]
FolderWord = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FOLDER", parser=place, help="Where to write."),
]


def check_files(paths: Sequence[Path] | None, suffixes: Sequence[str]) -> list[Path]:
    """`paths` if each ends in one of `suffixes` and can be written; ValueError otherwise."""
    for path in paths or ():
        if path.suffix not in suffixes:
            raise ValueError(
                f"cannot write {str(path)!r}: end the name in one of {', '.join(suffixes)}"
            )
        check_folder(path.parent) if path.suffix in STORES else check_file(path)
    return list(paths or ())


def check_file(path: Path) -> Path:
    """`path` if a file can be written there."""
    if path.is_dir():
        raise ValueError(f"{str(path)!r} is a folder; give the name of a file in it")
    check_folder(path.parent)
    return path


def check_folder(folder: Path) -> Path:
    """`folder`, not made yet; ValueError if it cannot be, or nothing can be written into it."""
    try:
        there = next(p for p in (folder, *folder.absolute().parents) if os.path.lexists(p))
        if not there.is_dir():
            raise NotADirectoryError(20, "a part of that path is a file")
        if any(len(os.fsencode(part)) > LONGEST for part in folder.parts):
            raise OSError(36, "the name is too long")
        with tempfile.TemporaryFile(dir=there):
            return folder
    except OSError as error:
        raise _refusal(folder, error) from None


def write(path: Path, fill: Callable[[Path], object]) -> Path:
    """Let `fill` write a hidden file beside `path`, then rename it into place."""
    part = path.with_name(f".{os.getpid()}.part.{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fill(part)
        os.replace(part, path)
    except OSError as error:
        raise _refusal(path, error) from None
    finally:
        part.unlink(missing_ok=True)
    return path


def write_text(path: Path, text: str) -> Path:
    """Write `text`, ending in a newline."""
    body = text if text.endswith("\n") else text + "\n"
    return write(path, lambda part: part.write_text(body, encoding="utf-8"))


def write_dataset(
    files: Sequence[Path],
    data: "xarray.Dataset",
    dots: "xarray.Dataset | None" = None,
    title: str = "",
    *,
    lines: "xarray.Dataset | None" = None,
    names: tuple[str, str] = ("simulated", "measured"),
    steps: bool = False,
) -> None:
    """`data` into each of `files`, as a table, as netCDF or as a picture, by its suffix.

    dots, lines, names, steps: of the picture; lines: what is drawn instead of `data`, such as the
    same at more times.
    """
    import physics

    for path in files:
        if path.suffix in PICTURES:
            draw(path, data if lines is None else lines, dots, title, names, steps)
        elif path.suffix not in STORES:  # a store has been filled by the simulation
            physics.save(data, path)
        print(f"wrote {path}")


def draw(path: Path, data: "xarray.Dataset", dots, title, names, steps) -> Path:
    """A picture of trajectories, or of fields."""
    from zoo.cli import pictures, sheets

    if any(sheets.is_field(variable) for variable in data.data_vars.values()):
        return sheets.fields(path, data, title)
    return pictures.trajectories(path, data, dots, title, names, steps)


def _refusal(path: Path, error: OSError) -> ValueError:
    reason = error.strerror or str(error)
    return ValueError(f"cannot write to {str(path)!r}: {reason}; choose another place with -o")
