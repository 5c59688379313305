"""Zarr stores through xarray: folders of compressed chunks, read piece by piece when needed."""

import os
import shutil
import uuid
import warnings
from pathlib import Path

import xarray


def read_zarr(path: Path) -> xarray.Dataset:
    """The store at `path`; its arrays are read from the disk when they are used.

    Raises ValueError if it is no Zarr store, warns where trajectories are still to be made.
    """
    if not os.path.isdir(path):
        raise ValueError(f"no Zarr store {str(path)[:200]!r}; check the path")
    try:
        dataset = xarray.open_zarr(path, chunks=None, consolidated=False)
    except Exception as error:
        first = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise ValueError(f"{str(path)!r} cannot be read as a Zarr store: {first}") from None
    if "finished" in dataset and dataset["finished"].dims == ("sample",):
        done = int(dataset["finished"].sum())
        if done < dataset.sizes["sample"]:
            warnings.warn(
                f"{path.name} holds {done} of {dataset.sizes['sample']} trajectories, the others "
                f"are NaN; physics.generate with the same arguments makes the rest",
                stacklevel=3,
            )
    return dataset


def write_zarr(dataset: xarray.Dataset, path: Path) -> None:
    """Write a store in the Zarr format 3, whole or not at all; an older store is replaced.

    A copy of what physics.generate made carries no request: it is not to be continued.
    """
    if os.path.lexists(path) and not is_store(path):
        raise ValueError(f"{str(path)!r} is there and no Zarr store; choose another name")
    part = beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        copy = dataset.drop_encoding()
        copy.attrs = {k: v for k, v in dataset.attrs.items() if k != "request"}
        copy.to_zarr(part, zarr_format=3, consolidated=False)
        if os.path.lexists(path):
            old = beside(path)
            os.rename(path, old)
            os.rename(part, path)
            shutil.rmtree(old)
        else:
            os.rename(part, path)
    except OSError as error:
        raise refusal(path, error) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def is_store(path: Path) -> bool:
    """Whether `path` is a folder with a Zarr hierarchy in it."""
    return os.path.isfile(path / "zarr.json") or os.path.isfile(path / ".zgroup")


def beside(path: Path) -> Path:
    """A hidden name in the same folder that nobody else uses."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.part")


def refusal(path: Path, error: OSError) -> ValueError:
    """What to tell of a place that cannot be written."""
    reason = error.strerror or error
    return ValueError(f"cannot write {str(path)!r}: {reason}; choose another folder")
