"""Tables of measurements: one row per time, one column per quantity.

The header names the columns, with an optional unit in brackets: `time [yr],hare [thousand]`.
Lines starting with # are notes. Empty cells, NA and NaN mean not measured. Several trajectories
carry a column `sample`. Separators: comma, semicolon (then the decimal mark may be a comma), tab or
spaces.
"""

import csv
import re
from pathlib import Path

import numpy as np
import xarray

TIME_NAMES = ("time", "t", "year", "years", "date", "hours", "days", "seconds")
SAMPLE_NAMES = ("sample", "trajectory", "id", "run")
MISSING = ("", "na", "nan", "n/a", "null", "none", "-")
_HEADER = re.compile(r"\s*([^\[\]()]+?)\s*(?:\[([^\[\]]*)\]|\(([^\[\]]*)\))?\s*")
_DECIMAL_COMMA = re.compile(r"^([-+]?\d+),(\d+(?:[eE][-+]?\d+)?)$")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*")


def read_csv(path: Path) -> xarray.Dataset:
    """The table as a Dataset with dims (sample, time)."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{str(path)!r} is not a text file in UTF-8") from None
    lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    notes = [line.lstrip("# ").strip() for _, line in lines if line.lstrip().startswith("#")]
    lines = [(n, line) for n, line in lines if not line.lstrip().startswith("#")]
    if len(lines) < 2:
        raise ValueError(f"{str(path)!r} holds no rows of data below a header line")
    separator = _separator(lines[0][1])
    rows = [(n, _split(path, n, line, separator)) for n, line in lines]
    names, units = _header(path, rows[0][1])
    if separator == ";":
        rows = [(n, [_DECIMAL_COMMA.sub(r"\1.\2", c) for c in row]) for n, row in rows]
    table = np.array([_numbers(path, n, row, names) for n, row in rows[1:]])
    return _assemble(path, names, units, table, " ".join(notes))


def _separator(header: str) -> str | None:
    return next((s for s in (",", ";", "\t") if s in header), None)


def _split(path: Path, number: int, line: str, separator: str | None) -> list[str]:
    if separator is None:
        return line.split()
    try:
        return [c.strip() for c in next(csv.reader([line], delimiter=separator, strict=True))]
    except csv.Error:
        raise ValueError(
            f"line {number} of {str(path)!r} has a quote that is not closed or stands inside a "
            f"cell; numbers need no quotes"
        ) from None


def _header(path: Path, cells: list[str]) -> tuple[list[str], list[str]]:
    names, units = [], []
    for cell in cells:
        match = _HEADER.fullmatch(cell)
        name = match.group(1).strip().replace(" ", "").replace("-", "") if match else cell
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"the first line of {str(path)!r} must name the columns, like "
                f'"time [yr],hare,lynx"; {cell!r} is no name'
            )
        if name in names:
            raise ValueError(f"{str(path)!r} has two columns named {name!r}")
        names.append(name)
        units.append((match[2] or match[3] or "").strip() if match else "")
    return names, units


def _numbers(path: Path, line: int, row: list[str], names: list[str]) -> list[float]:
    if len(row) != len(names):
        raise ValueError(
            f"line {line} of {str(path)!r} has {len(row)} cells, the header has {len(names)}"
        )
    numbers = []
    for cell, name in zip(row, names, strict=True):
        try:
            value = float("nan") if cell.lower() in MISSING else float(cell.replace("_", "?"))
        except ValueError:
            raise ValueError(
                f"line {line} of {str(path)!r}: {name} = {cell!r} is no number"
            ) from None
        if np.isinf(value):
            raise ValueError(
                f"line {line} of {str(path)!r}: {name} is infinite; leave the cell empty if it "
                f"was not measured"
            )
        numbers.append(value)
    return numbers


def _assemble(path, names, units, table, notes) -> xarray.Dataset:
    lowered = [name.lower() for name in names]
    time = next((lowered.index(n) for n in TIME_NAMES if n in lowered), None)
    if time is None:
        raise ValueError(
            f'{str(path)!r} has no time column; name one of its columns ({", ".join(names)}) "time"'
        )
    if np.isnan(table[:, time]).any():
        raise ValueError(f"{str(path)!r} has a row without a time")
    owner = next((lowered.index(n) for n in SAMPLE_NAMES if n in lowered), None)
    sample = table[:, owner] if owner is not None else np.zeros(len(table))
    if np.isnan(sample).any():
        row = 1 + int(np.isnan(sample).argmax())
        raise ValueError(
            f"{str(path)!r} has no {names[owner]} in row {row} of the data; fill that "
            f"column in every row, or take it out"
        )
    columns = [i for i in range(len(names)) if i not in (time, owner)]
    if not columns:
        raise ValueError(f"{str(path)!r} has a time column and nothing measured")
    pieces = []
    for label in dict.fromkeys(sample.tolist()):
        part = table[sample == label]
        if (np.diff(part[:, time]) <= 0).any():
            row = int(np.argmax(np.diff(part[:, time]) <= 0)) + 1
            raise ValueError(
                f"time must increase in {str(path)!r}: {part[row, time]:g} follows "
                f"{part[row - 1, time]:g}; sort the rows, or add a column `sample`"
            )
        pieces.append(part)
    times = np.unique(np.concatenate([p[:, time] for p in pieces]))
    values = np.full((len(pieces), len(times), len(columns)), np.nan)
    for s, part in enumerate(pieces):
        values[s, np.searchsorted(times, part[:, time])] = part[:, columns]
    variables = {
        names[c]: (("sample", "time"), values[..., i], {"units": units[c]} if units[c] else {})
        for i, c in enumerate(columns)
    }
    attributes = {"units": units[time]} if units[time] else {}
    return xarray.Dataset(
        variables,
        coords={"time": ("time", times, attributes), "sample": np.arange(len(pieces))},
        attrs={"source": notes} if notes else {},
    )


def write_csv(dataset: xarray.Dataset, path: Path) -> None:
    """The variables with dims (sample, time), one row per sample and time; parameters are left."""
    names = [str(n) for n, v in dataset.data_vars.items() if set(v.dims) == {"sample", "time"}]
    if not names:
        raise ValueError("the data set has no variable over (sample, time) to write as a table")
    several = dataset.sizes["sample"] > 1 or any(n.lower() in SAMPLE_NAMES for n in names)

    def head(name):
        unit = str(dataset[name].attrs.get("units") or "").strip()
        text = f"{name} [{unit}]" if unit else name
        match = _HEADER.fullmatch(text)
        if not _NAME.fullmatch(name) or "\n" in text or not match or (match[2] or "") != unit:
            raise ValueError(
                f"a .csv file cannot hold a column called {text!r}: rename the variable to letters "
                f"and digits and its unit to one without brackets, or write a .nc file"
            )
        return text

    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((["sample"] if several else []) + [head(n) for n in ("time", *names)])
        columns = np.stack([dataset[n].transpose("sample", "time").values for n in names], -1)
        for s in range(dataset.sizes["sample"]):
            for time, row in zip(dataset["time"].values, columns[s], strict=True):
                cells = ["" if np.isnan(v) else repr(float(v)) for v in row]
                writer.writerow(([s] if several else []) + [repr(float(time)), *cells])
