"""Measurements in and out: tables, netCDF, gaps, and every way a file can be wrong."""

import numpy as np
import pytest

import physics
from physics.data import list_records
from physics.data.measure import measure


@pytest.mark.parametrize("name", list_records())
def test_shipped_records_load_with_units_and_source(name):
    data = physics.load(name)
    assert data.sizes["sample"] == 1 and data.attrs["source"]
    assert all(v.attrs["units"] for v in data.data_vars.values())


def test_hudson_bay_is_the_record():
    data = physics.load("hudson-bay")
    assert data.sizes["time"] == 21 and float(data["lynx"].max()) == 59.4
    assert data["hare"].sel(time=1903).item() == 77.4


@pytest.mark.parametrize("suffix", [".csv", ".nc"])
@pytest.mark.parametrize("samples", [1, 3])
def test_round_trip_with_gaps(tmp_path, suffix, samples):
    system = physics.get("lotka_volterra")
    data = measure(physics.solve(system, samples=samples), missing=0.2, seed=1, noise=0.1)
    again = physics.load(physics.save(data, tmp_path / f"data{suffix}"))
    for name in ("x", "y"):
        assert np.array_equal(again[name].values, data[name].values, equal_nan=True)
        assert again[name].attrs.get("units") == data[name].attrs.get("units")
    assert np.array_equal(again["time"], data["time"])


def test_separators_units_and_missing_marks(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("# a note\nt [s];u (m/s);v\n0;1,5;2\n".replace("1,5", "1.5") + "1;;NA\n2;3;4\n")
    data = physics.load(path)
    assert data["u"].attrs["units"] == "m/s" and data["time"].attrs["units"] == "s"
    assert np.isnan(data["u"].values[0, 1]) and np.isnan(data["v"].values[0, 1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rows"),
        ("time,x\n", "no rows"),
        ("0,1\n1,2\n", "name the columns"),
        ("a,b\n0,1\n1,2\n", "no time column"),
        ("time,x\n0,1\n0,2\n", "must increase"),
        ("time,x\n0,1\n2,2\n1,2\n", "must increase"),
        ("time,x\n0,1\n1,inf\n", "infinite"),
        ("time,x\n0,1\n1,two\n", "no number"),
        ("time,x\n0,1\n1,2,3\n", "3 cells"),
        ("time,x\n0,1\n,2\n", "without a time"),
        ("time,x,x\n0,1,2\n1,2,3\n", "two columns"),
        ("time\n0\n1\n", "nothing measured"),
        ("time,x\n0,\n1,\n", "no measured value"),
    ],
)
def test_faulty_tables_are_explained(tmp_path, text, message):
    path = tmp_path / "faulty.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        physics.load(path)
    assert "\n" not in str(caught.value)


def test_files_that_are_something_else(tmp_path):
    (tmp_path / "a.nc").write_bytes(b"not hdf5")
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00\x01binary")
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    for name, message in (("a.nc", "netCDF"), ("a.csv", "UTF-8"), ("a.xlsx", "neither")):
        with pytest.raises(ValueError, match=message):
            physics.load(tmp_path / name)
    with pytest.raises(ValueError, match="no file"):
        physics.load(tmp_path / "b.csv")
    with pytest.raises(ValueError, match='nearest: "hudson-bay"'):
        physics.load("hudson-bai")


def test_writing_is_whole_or_not_at_all(tmp_path, monkeypatch):
    system = physics.get("lotka_volterra")
    data = physics.solve(system)
    target = physics.save(data, tmp_path / "a.csv")
    before = target.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("physics.data.csv.write_csv", full)
    with pytest.raises(ValueError, match="No space left"):
        physics.save(data, target)
    assert target.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["a.csv"]


def test_disagreeing_units_are_named():
    system = physics.parse("hare' = a*hare", parameters={"a": 0.1}, units={"hare": "kg", "t": "yr"})
    data = physics.load("hudson-bay")
    with pytest.raises(ValueError, match=r"'hare' is given in 'thousand'.*'kg'"):
        physics.calibrate(system, data)


def test_columns_that_a_table_cannot_hold_are_refused_when_it_is_written(tmp_path):
    data = physics.load("hudson-bay")
    with pytest.raises(ValueError, match="write a .nc file"):
        physics.save(data.rename(hare="a,b"), tmp_path / "a.csv")
    data["lynx"].attrs["units"] = "a]b"
    with pytest.raises(ValueError, match="write a .nc file"):
        physics.save(data, tmp_path / "a.csv")
    data["lynx"].attrs["units"] = "kg/(m^2)"
    again = physics.load(physics.save(data.rename(hare="id"), tmp_path / "a.csv"))
    assert set(again.data_vars) == {"id", "lynx"} and again["lynx"].attrs["units"] == "kg/(m^2)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time,x,sample\n0,1,1\n1,2,1\n2,3,\n", "no sample in row 3"),
        ("time,x\n0,1_000\n1,2\n", "is no number"),
        ('time,x\n0,"1\n1,2\n', "line 2 .* quote"),
    ],
)
def test_cells_that_were_misread_are_refused(tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        physics.load(tmp_path / "a.csv")


@pytest.mark.parametrize("source", [None, 5, "x" * 5000, "a\0b.csv", "folder.csv"])
def test_sources_that_are_no_files(tmp_path, monkeypatch, source):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ValueError, match="folder|path|no data set") as caught:
        physics.load(source)
    assert len(str(caught.value)) < 300


def test_only_datasets_are_saved(tmp_path):
    with pytest.raises(ValueError, match="xarray.Dataset"):
        physics.save(None, tmp_path / "x.csv")


def test_a_semicolon_table_may_have_decimal_commas(tmp_path):
    path = tmp_path / "semi.csv"
    path.write_text("time;rabbit;fox\n0,5;10,25;-1,5e2\n1;;2.5\n")
    data = physics.load(path)
    assert list(data["time"].values) == [0.5, 1.0]
    assert data["rabbit"].values[0, 0] == 10.25 and np.isnan(data["rabbit"].values[0, 1])
    assert list(data["fox"].values[0]) == [-150.0, 2.5]
