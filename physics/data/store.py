"""The Zarr store of `generate`: all trajectories side by side, filled chunk by chunk.

A store is laid out first, with everything but the states in it, and renamed into place. Each chunk
of trajectories is written into its own region, forced to the disk, and only then marked in
`finished`; so whatever is marked is whole, whenever and however the writing process ended.
Regions never share a Zarr chunk: processes can write different ones at the same time.
"""

import json
import math
import os
import shutil
import warnings
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from physics.data.trajectories import Trajectories
from physics.data.zarr import beside, is_store, refusal

PIECE = 2**24  # bytes of one Zarr chunk, before compression, if one frame is not larger
MARKS = {
    "finished": "whether this trajectory has been simulated and written",
    "failed": "whether it could not be followed to its end; its states are NaN",
}


class Store:
    """A store on disk, as the group `self.group`; `chunk` trajectories make one region."""

    def __init__(self, path: Path):
        self.path = path
        self.group = zarr.open_group(path, mode="r+", zarr_format=3)
        self.chunk = int(json.loads(self.group.attrs["request"])["chunk"])
        self.samples = self.group["finished"].shape[0]

    def bounds(self, region: int) -> tuple[int, int]:
        """First trajectory of a region, and the one after its last."""
        return region * self.chunk, min((region + 1) * self.chunk, self.samples)

    def finished(self) -> np.ndarray:
        """(sample,) bool."""
        return self.group["finished"][:]

    def failed(self, region: int) -> int:
        """How many trajectories of a region failed."""
        first, end = self.bounds(region)
        return int(self.group["failed"][first:end].sum())

    def has(self, region: int) -> bool:
        """Whether a region is finished."""
        first, end = self.bounds(region)
        return bool(self.group["finished"][first:end].all())

    def write(self, region: int, states: Mapping[str, np.ndarray], failed: np.ndarray) -> None:
        """Fill a region, then mark it."""
        first, end = self.bounds(region)
        for name, values in states.items():
            self.group[name][first:end] = values
        self.group["failed"][first:end] = failed
        for name in (*states, "failed"):
            self._force(name, first, end)
        self.group["finished"][first:end] = True
        self._force("finished", first, end)

    def _force(self, name: str, first: int, end: int) -> None:
        """Force what was written of an array to the disk."""
        size = self.group[name].chunks[0]
        for row in range(first // size, -(-end // size)):
            place = self.path / name / "c" / str(row)
            for file in place.rglob("*") if place.is_dir() else (place,):
                if file.is_file():
                    with open(file, "rb") as written:
                        os.fsync(written.fileno())


def open_or_create(path: Path, trajectories: Trajectories, request: dict) -> Store:
    """The store at `path`, laid out now if there is none.

    request: the arguments as plain JSON, compared with those of a store that is there.
    """
    if os.path.lexists(path) and not is_store(path):
        raise ValueError(f"{str(path)!r} is there and no Zarr store; choose another name")
    if not os.path.lexists(path):
        part = beside(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _lay_out(part, trajectories, request)
            if not os.path.lexists(path):  # else another process was faster
                os.rename(part, path)
        except OSError as error:
            if not is_store(path):
                raise refusal(path, error) from None
        finally:
            shutil.rmtree(part, ignore_errors=True)
    _compare(path, request)
    return Store(path)


def _lay_out(path: Path, trajectories: Trajectories, request: dict) -> None:
    """Everything but the states, and for those an empty array each."""
    frame, times, samples = trajectories.frame, trajectories.times, trajectories.samples
    chunk = request["chunk"]
    rest = frame.drop_vars([*trajectories.states, *trajectories.parameters, "time", "sample"])
    rest = rest.assign(
        {
            name: ("sample", np.broadcast_to(values, samples), frame[name].attrs)
            for name, values in trajectories.parameters.items()
        }
    ).assign_coords(
        sample=np.arange(samples),
        time=("time", times, frame["time"].attrs),
    )
    rest = rest.assign_attrs(request=json.dumps(request), versions=json.dumps(versions()))
    rest.to_zarr(path, zarr_format=3, consolidated=False)
    group = zarr.open_group(path, mode="r+", zarr_format=3)
    for name in trajectories.states:
        variable = frame[name]
        shape = (samples, len(times), *variable.shape[2:])
        group.create_array(
            name, shape=shape, chunks=_pieces(shape, chunk, variable.dtype.itemsize),
            dtype=variable.dtype, fill_value=math.nan, dimension_names=variable.dims,
            attributes=dict(variable.attrs),
        )  # fmt: skip
    for name, text in MARKS.items():
        group.create_array(
            name, shape=(samples,), chunks=(chunk,), dtype=bool, fill_value=False,
            dimension_names=("sample",), attributes={"long_name": text, "role": "status"},
        )  # fmt: skip


def _pieces(shape: tuple[int, ...], chunk: int, itemsize: int) -> tuple[int, ...]:
    """Shape of a Zarr chunk: a divisor of `chunk` trajectories, whole in space, at most PIECE."""
    frame = math.prod(shape[2:]) * itemsize
    times = max(1, min(shape[1], PIECE // frame))
    most = max(1, PIECE // (frame * times))
    rows = max(n for n in range(1, min(chunk, most) + 1) if chunk % n == 0)
    return (rows, times, *shape[2:])


def _compare(path: Path, request: dict) -> None:
    """Raise ValueError where the store at `path` was made with other arguments."""
    attributes: Mapping[str, Any] = zarr.open_group(path, mode="r").attrs
    if "request" not in attributes:
        raise ValueError(f"{str(path)!r} was not made by physics.generate; choose another name")
    there = json.loads(attributes["request"])
    for name, value in json.loads(json.dumps(request)).items():
        if there.get(name) != value:
            pair = f"={there.get(name)!r}, not {value!r}"
            told = pair if len(pair) < 60 and "sha256" not in pair else " of another value"
            raise ValueError(
                f"{str(path)!r} was begun with {name}{told}; give the same arguments to go on, "
                f"or another path"
            )
    before, now = json.loads(attributes["versions"]), versions()
    changed = [f"{n} {before.get(n)}" for n in now if before.get(n) != now[n]]
    if changed:
        warnings.warn(
            f"{path.name} was begun with {', '.join(changed)}; what is added now may differ from "
            f"that in the last digits",
            stacklevel=4,
        )


def versions() -> dict[str, str]:
    """What the numbers of a simulation depend on."""
    import jax

    packages = {name: metadata.version(name) for name in ("jax", "jaxlib", "numpy", "zarr")}
    return packages | {"platform": jax.default_backend()}


def begun_chunk(path: Path) -> int | None:
    """Trajectories per region of the store at `path`; None if there is none."""
    if not is_store(path):
        return None
    request = zarr.open_group(path, mode="r").attrs.get("request")
    return json.loads(request)["chunk"] if request else None
