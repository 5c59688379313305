"""`zoo solve -o x.zarr`: many trajectories, simulated chunk by chunk into a store."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.cli.writing import STORES

if TYPE_CHECKING:
    import xarray

    from physics import System


def store(files: Sequence[Path]) -> Path | None:
    """The one Zarr store among `files`, if there is one."""
    stores = [path for path in files if path.suffix in STORES]
    if len(stores) > 1:
        raise ValueError(f"one .zarr store is written at a time, not {len(stores)}; copy it")
    return stores[0] if stores else None


def simulated(system: "System", files: Sequence[Path], **request: Any) -> "xarray.Dataset":
    """`physics.solve`, or `physics.generate` where one of `files` is a Zarr store."""
    import physics

    path = store(files)
    if path is None:
        return physics.solve(system, **request)
    data = physics.generate(system, path, **request | {"samples": request["samples"] or 1})
    failed = int(data["failed"].sum())
    if failed:
        print(f"{failed} of {data.sizes['sample']} trajectories failed and are NaN")
    return data
