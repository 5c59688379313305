"""netCDF files through xarray and h5netcdf (no C library): names, units and coordinates travel."""

from pathlib import Path

import xarray


def read_netcdf(path: Path) -> xarray.Dataset:
    """The whole file in memory; raises ValueError if it is no netCDF-4/HDF5 file."""
    try:
        with xarray.open_dataset(path, engine="h5netcdf") as dataset:
            return dataset.load()
    except Exception as error:
        first = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise ValueError(f"{str(path)!r} cannot be read as netCDF: {first}") from None


def write_netcdf(dataset: xarray.Dataset, path: Path) -> None:
    """Write with h5netcdf."""
    dataset.to_netcdf(path, engine="h5netcdf")
