"""PDEs on the command line: where their fields start, what is asked of them, what came out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.cli import words
from zoo.cli.tables import short, table

if TYPE_CHECKING:
    import numpy
    import xarray

    from physics import System

ROWS = 6
HORIZON = 1.0
ROUNDING = 1e-12  # of the largest value: a mean below it is zero
UNRESOLVED = "; spectrum not resolved"  # the library warns of it as well


def walls(typed: Sequence[str] | None) -> dict[str, Any] | None:
    """SIDE=WHAT pairs: a number, a kind, or text of parameters, t and the other coordinates.

    >>> walls(["x-=1", "u:x+=neumann", "y-=a*sin(t)"])
    {'x-': 1.0, 'u:x+': 'neumann', 'y-': 'a*sin(t)'}
    """
    found: dict[str, Any] = {}
    for side, what in words.pairs(typed, "--boundary").items():
        try:
            found[side] = float(what)
        except ValueError:
            found[side] = what
    return found or None


def sides(word: str | None) -> list[float] | float | None:
    """`"6.28"` or `"6,3"`: lengths of the box."""
    if word is None:
        return None
    found = [words.number(cell, "--length") for cell in word.split(",")]
    return found[0] if len(found) == 1 else found


def resolution(word: str | None) -> list[int] | int | None:
    """`"128"` or `"64,32"`: points per coordinate."""
    if word is None:
        return None
    cells = [cell.strip() for cell in word.split(",")]
    if not all(cell.isdecimal() and 1 < int(cell[:9]) < words.MAX_TIMES for cell in cells):
        raise ValueError(
            f'--resolution takes points per coordinate, like 128 or "64,32", not {word!r}'
        )
    return int(cells[0]) if len(cells) == 1 else [int(cell) for cell in cells]


def completed(
    system: "System", initial: bool, times: bool, seed: int
) -> "tuple[System, list[str]]":
    """(a PDE with an initial law and a horizon of its own, what was put in for missing words)."""
    notes = []
    if not initial and system.initial is None:
        from physics.fields import RandomFourier

        system = replace(system, initial=RandomFourier())
    if not initial:
        law, first = type(system.initial).__name__, system.state_names[0]
        notes.append(
            f"starts from random fields ({law}, --seed {seed}); "
            f'give others with -i "{first}=sin(x)" for each state'
        )
    if not times and system.horizon is None:
        notes.append(f"no --times given: simulated to t = {HORIZON:g}")
        system = replace(system, horizon=HORIZON)
    return system, notes


def check(system: "System", files: Sequence[Path], method: str, inputs: Mapping) -> None:
    """ValueError for words that are for ODEs alone."""
    if method != "auto":
        raise ValueError(f"--method is for ODEs; {system.name!r} is a PDE, which takes --scheme")
    if inputs:
        raise ValueError(f"{system.name!r} is a PDE, which takes no --control yet")
    for path in files:
        if path.suffix == ".csv":
            raise ValueError(f"fields do not fit into the table {str(path)!r}; write .nc or .zarr")


def points(system: "System", resolution: int | Sequence[int] | None) -> int:
    """How many numbers one field of one state has."""
    import math

    from physics.evolution import RESOLUTIONS
    from physics.grid import Grid

    return math.prod(Grid(system.domain, resolution or RESOLUTIONS[system.dim]).points)


def fields(
    system: "System",
    given: Mapping[str, str],
    resolution: int | Sequence[int] | None,
    scheme: str,
) -> "dict[str, numpy.ndarray] | None":
    """Initial fields from numbers and expressions of the coordinates and parameters."""
    import numpy as np
    import sympy

    from physics import schemes
    from physics.evolution import RESOLUTIONS
    from physics.grid import Grid
    from physics.lower.expression import evaluate
    from physics.names import COORDINATES
    from physics.parser import parse_expression

    if not given:
        return None
    for name in given:
        if name not in system.state_names:
            near = words.nearest(name, system.state_names)
            raise ValueError(f"{name!r} is no state of {system.name!r}{near}")
    for name in system.state_names:
        if name not in given:
            raise ValueError(f"no initial field for state {name!r}; add -i {name}=0 or the like")
    chosen = schemes.choose(system)[0] if scheme == "auto" else scheme
    size = resolution or RESOLUTIONS[system.dim]
    grid = Grid(system.domain, size, schemes.LAYOUTS[chosen])
    space = COORDINATES[: system.dim]
    places: dict[Any, Any] = dict(zip(map(sympy.Symbol, space), grid.mesh, strict=True))
    places |= {sympy.Symbol(n): v for n, v in system.values.items()}
    found = {}
    for name, text in given.items():
        expression = parse_expression(text, parameters=list(system.values), coordinates=space)
        with np.errstate(all="ignore"):
            (values,) = evaluate([expression], places, np)
        found[name] = np.broadcast_to(np.asarray(values, float), grid.points)
        if not np.isfinite(found[name]).all():
            raise ValueError(f"-i {name}={text} is not finite everywhere in the box")
    return found


def summary(system: "System", data: "xarray.Dataset") -> None:
    """How it was solved, and the least, mean and largest value of each state at a few times."""
    space = " x ".join(
        f"{data.sizes[c]} points of {c} in [{short(low)}, {short(high)}]"
        for c, low, high in zip(
            [d for d in ("x", "y", "z") if d in data.dims],
            system.domain.low, system.domain.high, strict=True,
        )
    )  # fmt: skip
    count, steps = data.sizes["sample"], data.sizes["time"]
    print(f"{system.name}: {count} sample{'s' if count > 1 else ''} x {steps} times x {space}")
    print(data.attrs["method"].partition(UNRESOLVED)[0])
    picked = sorted({round(i * (steps - 1) / (ROWS - 1)) for i in range(ROWS)})
    rows = []
    for i in picked:
        row = [short(float(data["time"][i]))]
        for state in system.state_names:
            field = data[state].isel(sample=0, time=i)
            low, mean, high = (float(v) for v in (field.min(), field.mean(), field.max()))
            rounding = ROUNDING * max(abs(low), abs(high))
            row += [short(low), short(mean if abs(mean) > rounding else 0.0), short(high)]
        rows.append(row)
    heads = [f"{what} {s}" for s in system.state_names for what in ("least", "mean", "largest")]
    table(("time", *heads), rows)
