"""Data in and out: CSV, netCDF and Zarr, and the records that ship with the package."""

import difflib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from physics import arguments
from physics.names import nearest

if TYPE_CHECKING:
    import xarray

RECORDS = Path(__file__).parent / "records"
NETCDF = (".nc", ".nc4", ".h5", ".netcdf")
TABLES = (".csv", ".tsv", ".txt", ".dat")
SUFFIXES = (*TABLES, *NETCDF, ".zarr")
LIKE = 0.75  # of a mistyped suffix to the right one


def list_records() -> list[str]:
    """Names of the measured data sets that ship with the package."""
    return sorted(path.stem for path in RECORDS.glob("*.csv"))


def is_data(word: "str | os.PathLike", nearly: bool = False) -> bool:
    """Whether a word names a file of data, by its suffix, or a shipped record.

    nearly: also where the suffix is mistyped, or another one and there is such a file; `load` then
    says what is wrong.

    >>> is_data("hudson-bay"), is_data("x.csv"), is_data("x.cvs"), is_data("x.cvs", nearly=True)
    (True, True, False, True)
    """
    suffix = Path(word).suffix.lower()
    if suffix in SUFFIXES or word in list_records():
        return True
    if not nearly or suffix == ".json" or os.path.isdir(word):
        return False
    return os.path.isfile(word) or bool(_near(suffix))


def _near(suffix: str) -> list[str]:
    """The suffix of data that a mistyped one stands for, if any."""
    return difflib.get_close_matches(suffix, SUFFIXES, n=1, cutoff=LIKE)


def load(source: "str | os.PathLike") -> "xarray.Dataset":
    """The Dataset of a shipped record ("hudson-bay"), a .csv/.tsv/.txt/.nc file or a .zarr store.

    Dims are (sample, time), of fields (sample, time, x, y, z); NaN means not measured; units stand
    in `attrs["units"]`. A store is read from the disk when its values are used.
    Raises ValueError (unreadable, infinite, non-monotonic, unknown name) with one sentence.
    """
    from physics.data.csv import read_csv
    from physics.data.netcdf import read_netcdf
    from physics.data.validate import validate, validate_fields
    from physics.data.zarr import read_zarr

    path = arguments.path(source, "data")
    if isinstance(source, str) and not path.suffix and not os.path.lexists(path):
        if source not in list_records():
            raise ValueError(
                f"no data set {source[:80]!r}{nearest(source, list_records())}; shipped: "
                f"{', '.join(list_records())}; or give a .csv or .nc file"
            )
        path = RECORDS / f"{source}.csv"
    if path.suffix == ".zarr":
        return validate_fields(read_zarr(path), values=False)
    if os.path.isdir(path):
        raise ValueError(f"{str(path)!r} is a folder; give a .csv or .nc file in it")
    if not os.path.isfile(path):
        near = [s for s in _near(path.suffix.lower()) if s != path.suffix.lower()]
        meant = f" (did you mean {near[0]}?)" if near else ""
        raise ValueError(f"no file {str(path)[:200]!r}{meant}; check the path")
    if path.suffix.lower() in NETCDF:
        return validate_fields(read_netcdf(path))
    if path.suffix.lower() in TABLES:
        return validate(read_csv(path))
    raise ValueError(f"{str(path)!r} is neither .csv, .nc nor .zarr; convert it to one of them")


def save(dataset: "xarray.Dataset", target: "str | os.PathLike") -> Path:
    """Write `dataset` to a .csv or .nc file or a .zarr store, whole or not at all.

    Returns the path.
    """
    from physics.data.csv import write_csv
    from physics.data.netcdf import write_netcdf
    from physics.data.zarr import write_zarr

    arguments.dataset(dataset)
    path = arguments.path(target, "the target")
    if path.suffix == ".zarr":
        write_zarr(dataset, path)
        return path
    writers = {".csv": write_csv, ".nc": write_netcdf}
    if path.suffix not in writers:
        raise ValueError(f"cannot write {str(path)!r}: end the name in .csv, .nc or .zarr")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writers[path.suffix](dataset, temporary)
        os.replace(temporary, path)
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(f"cannot write {str(path)!r}: {reason}; choose another folder") from None
    finally:
        if temporary.exists():
            temporary.unlink()
    return path
