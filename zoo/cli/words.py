"""The words of a command line as what they stand for: systems, laws, data, times, numbers.

Everything here raises ValueError with the word, what was expected, and what to type.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from physics.names import nearest
from zoo.cli.advice import spelled

if TYPE_CHECKING:
    import numpy
    import xarray

    from physics import Formula, System

MAX_TIMES = 10_000_000

SystemWord = Annotated[
    str, typer.Argument(metavar="SYSTEM", help="A name, an equation in quotes, or a law.json.")
]
DataWord = Annotated[
    str, typer.Argument(metavar="DATA", help="A .csv, .nc or .zarr file, or a shipped record.")
]
ModelWord = Annotated[
    str, typer.Argument(metavar="MODEL", help="A checkpoint's name (zoo list) or its folder.")
]
ParameterWords = Annotated[
    list[str] | None,
    typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A parameter; may be repeated."),
]
SetWords = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a setting; may be repeated."),
]
TimesWord = Annotated[
    str | None,
    typer.Option("--times", "-t", metavar="TIMES", help='"0:10:101", "0,1,2.5", or the end "10".'),
]
OptionWords = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="An option of a system, like dim=2; may be repeated."
    ),
]
LengthWord = Annotated[
    str | None,
    typer.Option(metavar="LENGTHS", help='Sides of the box of an equation, "6.28" or "6,3".'),
]
BoundaryWords = Annotated[
    list[str] | None,
    typer.Option(
        "--boundary", metavar="SIDE=WHAT", help="Walls of an equation: x-=1.0, u:x+=neumann …"
    ),
]
SeedWord = Annotated[
    int, typer.Option("--seed", min=0, max=2**31 - 1, help="Seed of everything random.")
]


def pairs(words: Sequence[str] | None, option: str) -> dict[str, str]:
    """`["a=1", "b=2"]` as a dict of texts.

    >>> pairs(["a=1", "b = x*y"], "-p")
    {'a': '1', 'b': 'x*y'}
    """
    found: dict[str, str] = {}
    for word in words or ():
        name, _, value = (part.strip() for part in word.partition("="))
        if not name or not value:
            example = name if name.isidentifier() else "x-" if option == "--boundary" else "a"
            raise ValueError(
                f"{option} takes NAME=VALUE, like {option} {example}=1.5, not {word!r}"
            )
        if name in found:
            raise ValueError(f"{option} gives {name!r} twice")
        found[name] = value
    return found


def numbers(words: Sequence[str] | None, option: str) -> dict[str, Any]:
    """NAME=NUMBER pairs; several numbers with commas become a list (one per sample).

    >>> numbers(["a=1.5", "b=1,2"], "-p")
    {'a': 1.5, 'b': [1.0, 2.0]}
    """
    found: dict[str, Any] = {}
    for name, value in pairs(words, option).items():
        row = [number(cell, f"{option} {name}") for cell in value.split(",")]
        found[name] = row if "," in value else row[0]
    return found


def names(words: Sequence[str] | None) -> list[str] | None:
    """Names with commas between them, from an option that may be repeated; None if not given.

    >>> names(["a,b", "c"]), names(None)
    (['a', 'b', 'c'], None)
    """
    found = [name.strip() for word in words or () for name in word.split(",") if name.strip()]
    return found if words else None


def number(text: str, what: str) -> float:
    """One number; underscores and the like are refused."""
    try:
        return float(text) if "_" not in text else float("_")
    except ValueError:
        raise ValueError(f"{what} = {text!r} is no number; write it like 1.5 or 2e-3") from None


def overrides(words: Sequence[str] | None) -> dict[str, Any]:
    """KEY=VALUE pairs, values read as JSON where they are JSON and as text otherwise.

    >>> overrides(["steps=200", "rate=1e-3", "optimiser=adam", "tied=True"])
    {'steps': 200, 'rate': 0.001, 'optimiser': 'adam', 'tied': True}
    """
    found: dict[str, Any] = {}
    for name, value in pairs(words, "--set").items():
        try:
            plain = value.lower() if value in ("True", "False", "None") else value
            found[name] = json.loads({"none": "null"}.get(plain, plain))
        except (json.JSONDecodeError, RecursionError):
            found[name] = value
    return found


def times(word: str | None) -> "numpy.ndarray | None":
    """`"0:10:101"` (start, stop, how many), `"0,1,2.5"`, or `"10"`, the end of 101 times from 0."""
    if word is None:
        return None
    import numpy as np

    if ":" not in word:
        row = [number(cell.strip(), "--times") for cell in word.split(",")]
        if len(row) > 1 or row[0] <= 0:
            return np.array(row)
        word = f"0:{word}:101"
    cells = word.split(":")
    if len(cells) != 3 or not cells[2].strip().isdecimal():
        raise ValueError(f'--times takes START:STOP:COUNT, like "0:10:101", not {word!r}')
    count = int(cells[2]) if len(cells[2]) < 12 else MAX_TIMES + 1
    if not 1 <= count <= MAX_TIMES:
        raise ValueError(f"--times asks for {cells[2]} times; at most {MAX_TIMES} are given")
    ends = [number(cell.strip(), "--times") for cell in cells[:2]]
    if not np.isfinite(ends).all() or (count > 1 and ends[0] >= ends[1]):
        raise ValueError(f"--times runs from a finite START to a larger finite STOP, not {word!r}")
    return np.linspace(*ends, count)


def system(
    word: str,
    values: dict[str, Any] | None = None,
    controls: Sequence[str] = (),
    options: dict[str, Any] | None = None,
    length: Any = None,
    boundary: dict[str, Any] | None = None,
) -> "System":
    """The System of a catalogue name, an equation or a law.json, with parameter values put in.

    controls: names of the inputs of an equation.   options: keywords of a catalogue's system.
    length, boundary: of an equation, as physics.parse takes them.
    """
    import physics

    values = values or {}
    for name, value in values.items():
        if isinstance(value, list):
            raise ValueError(f"parameter {name!r} takes one number here, not {len(value)}")
    if is_data(word):
        raise ValueError(
            f"{word!r} is data, no system; find its law with zoo explain, or fit a system to it "
            f"with zoo calibrate SYSTEM {word}"
        )
    if "=" in word and not word.endswith(".json"):
        if options:
            raise ValueError(f"--set {next(iter(options))}=… is for a system of zoo systems")
        return _equation(word, values, controls, length, boundary)
    if length or boundary:
        option = "--length" if length else "--boundary"
        raise ValueError(f"{option} is for an equation in quotes; {word!r} has a box of its own")
    if word.endswith(".json"):
        found = law_file(word)
        if not isinstance(found, physics.System):
            raise ValueError(f"{word!r} holds a formula, which is no system; use zoo export on it")
        return found.with_values(**values)
    whole = {n: int(v) if float(v).is_integer() else v for n, v in values.items()}
    return physics.get(word, **whole | (options or {}))


def _equation(
    text: str,
    values: dict[str, float],
    controls: Sequence[str],
    length: Any,
    boundary: dict[str, Any] | None,
) -> "System":
    """`physics.parse`, its advice spelled as it is typed on a command line."""
    import physics

    try:
        return physics.parse(
            text,
            parameters=values,
            controls=list(controls),
            length=length,
            boundary=boundary,
        )
    except physics.ParseError as error:
        advice = spelled(error.sentence)
        raise physics.ParseError(advice, error.text, error.position) from None


def law_file(word: str) -> "System | Formula":
    """The System or Formula in a JSON file."""
    path = Path(word)
    if not os.path.isfile(path):
        raise ValueError(f"no file {word[:200]!r}; check the path")
    try:
        return law_json(json.loads(path.read_text(encoding="utf-8")))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError(f"{word!r} is no JSON; give a file that zoo explain wrote") from None


def law_json(tree: Any) -> "System | Formula":
    """The System or Formula that `to_json` wrote."""
    import physics

    kinds = {"system": physics.System, "formula": physics.Formula}
    kind = tree.get("kind") if isinstance(tree, dict) else None
    if kind not in kinds:
        raise ValueError("this JSON holds neither a system nor a formula; zoo explain writes both")
    try:
        return kinds[kind].from_json(tree)
    except ValueError as error:
        raise ValueError(f"this JSON is damaged ({error}); write the file anew") from None


def is_data(word: str, nearly: bool = False) -> bool:
    """Whether a word names a data file or a shipped record; nearly: see physics.data.is_data."""
    from physics.data import is_data

    return is_data(word, nearly)


def data(word: str) -> "xarray.Dataset":
    """The Dataset of a file or a shipped record."""
    import physics

    return physics.load(word)


def data_or_system(word: str, values: dict[str, Any] | None = None) -> "xarray.Dataset | System":
    """The Dataset or the System that a word stands for."""
    import physics
    from physics.data import list_records

    if is_data(word):
        return data(word)
    names = [*physics.list_systems(), *list_records()]
    if word not in names and "=" not in word and not word.endswith(".json"):
        raise ValueError(f"{word!r} is neither data nor a system{nearest(word, names)}")
    return system(word, values)


def is_system(word: str) -> bool:
    """Whether a word names a system of the catalogue, with - or _."""
    import physics

    return word.replace("-", "_") in physics.list_systems() or word in physics.list_systems()


def no_system(word: str) -> None:
    """ValueError if `word` is a system, whose law need not be found."""
    if "=" in word or is_system(word):
        raise ValueError(
            f"{word!r} is a system, so its law is known: see zoo show or zoo export; explain "
            f"takes data or a model"
        )


def one_of(word: str, known: Sequence[str], what: str) -> str:
    """`word` if it is one of `known`; ValueError names the nearest."""
    if word not in known:
        raise ValueError(
            f"unknown {what} {word!r}{nearest(word, known)}; one of {', '.join(known)}"
        )
    return word
