"""Large data sets: blow-ups, other arguments, bad paths, formats, the command line."""

import numpy as np
import pytest
import xarray

import physics
from physics.data.trajectories import Trajectories

from .archived import TIMES, asked, burgers, solved

pytestmark = pytest.mark.usefixtures("quiet")

# -- what fails ----------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", [3, 10])
def test_blow_ups_are_marked_and_stop_nothing(tmp_path, capsys, chunk):
    system = physics.parse("x' = x^2", name="runaway")
    start = np.array([0.1, 3.0, 0.2, 4.0, 5.0, 0.3, 0.4])
    made = physics.generate(
        system, tmp_path / "a.zarr", samples=7, chunk=chunk, times=[0.0, 0.5, 1.0],
        initial={"x": start}, method="tsit5", rtol=1e-7,
    )  # fmt: skip
    assert made.failed.values.tolist() == (start > 1).tolist() and made.finished.all()
    assert np.isnan(made.x[start > 1]).all()
    assert np.allclose(made.x[start < 1, -1], (start / (1 - start))[start < 1], rtol=1e-4)
    told = capsys.readouterr().err
    assert "sample 1 of 'runaway'" in told and "7/7  3 failed" in told


def test_fields_that_blow_up(tmp_path):
    system = physics.parse("u_t = nu*u_xx + u^2", parameters={"nu": 0.1}, length=1.0)
    fields = np.array([0.1, 0.5, 30.0, 0.2])[:, None] * np.ones(16)
    made = physics.generate(
        system, tmp_path / "a.zarr", samples=4, chunk=4, times=[0.0, 0.1, 0.2], initial=fields,
        scheme="spectral", dt=0.01, progress=False,
    )  # fmt: skip
    assert made.failed.values.tolist() == [False, False, True, False]
    assert np.allclose(made.u[1, -1], 0.5 / (1 - 0.5 * 0.2), rtol=1e-6)


def test_runs_that_need_too_many_steps_are_found_by_halving(monkeypatch):
    system = physics.parse("x' = -x")
    given = {"initial": {"x": np.arange(1.0, 6.0)}, "dt": 0.01}
    trajectories = Trajectories(system, 5, 0, [0.0, 1.0], (), given)
    whole = trajectories._solve

    def patient(rows, times):
        if 3 in rows:
            raise physics.FailedRun("too many steps")
        return whole(rows, times)

    monkeypatch.setattr(trajectories, "_solve", patient)
    states, failed = trajectories.simulate(0, 5)
    assert failed.tolist() == [False, False, False, True, False]
    assert np.allclose(states["x"][[0, 1, 2, 4], -1], np.array([1, 2, 3, 5]) / np.e)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 4}, {"samples": 11}, {"resolution": 16}, {"times": TIMES[:-1]}, {"vary": ()},
        {"dt": 0.02}, {"chunk": 4}, {"precision": "float32"}, {"parameters": {"nu": 0.1}},
    ],
)  # fmt: skip
def test_other_arguments_are_refused(tmp_path, change):
    path = tmp_path / "a.zarr"
    physics.generate(burgers(), path, part=(1, 2), **asked(chunk=5))
    with pytest.raises(ValueError, match="was begun with " + next(iter(change))) as caught:
        physics.generate(burgers(), path, **asked(**{"chunk": 5} | change))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


def test_another_system_is_refused(tmp_path):
    path = tmp_path / "a.zarr"
    physics.generate(burgers(), path, part=(1, 2), **asked(chunk=5))
    with pytest.raises(ValueError, match="begun with system of another value"):
        physics.generate(burgers().with_values(nu=0.1), path, **asked(chunk=5))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.nc", "end the name"), ("file.zarr", "no Zarr store"), ("folder.zarr", "no Zarr store"),
        ("file.zarr/a.zarr", "cannot write"), ("other.zarr", "was not made by physics.generate"),
        (None, "path"), ("a\0b.zarr", "path"),
    ],
)  # fmt: skip
def test_bad_paths(tmp_path, name, message):
    (tmp_path / "file.zarr").write_text("text")
    (tmp_path / "folder.zarr").mkdir()
    xarray.Dataset({"u": 1.0}).to_zarr(tmp_path / "other.zarr", zarr_format=3)
    with pytest.raises(ValueError, match=message):
        physics.generate(burgers(), name and tmp_path / name, **asked())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file.zarr", "folder.zarr", "other.zarr"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"samples": 0}, "samples"), ({"chunk": 0}, "chunk"), ({"part": (2, 2)}, "part"),
        ({"part": 3}, "part is"), ({"seeds": 1}, 'nearest: "seed"|no option'),
        ({"vary": ["mu"]}, "no parameter 'mu'"), ({"scheme": "magic"}, "unknown scheme"),
        ({"precision": "half"}, "precision is"),
        ({"times": [1.0, 0.0]}, "increase"), ({"initial": np.ones((3, 32))}, "samples=10"),
    ],
)  # fmt: skip
def test_bad_arguments_leave_no_store(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        physics.generate(burgers(), tmp_path / "a.zarr", **asked(**change))
    assert list(tmp_path.iterdir()) == []


# -- load and save -------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".zarr", ".nc"])
def test_fields_are_saved_and_loaded(tmp_path, suffix):
    data = solved(samples=2)
    path = physics.save(data, tmp_path / f"a{suffix}")
    assert physics.save(data, path) == path
    xarray.testing.assert_identical(physics.load(path).load(), data)
    assert [p.name for p in tmp_path.iterdir()] == [f"a{suffix}"]


def test_tables_are_saved_as_zarr(tmp_path):
    data = physics.load("hudson-bay")
    again = physics.load(physics.save(data, tmp_path / "a.zarr"))
    assert np.array_equal(again.hare, data.hare) and again.hare.attrs == data.hare.attrs


def test_stores_that_cannot_be_read_or_replaced(tmp_path):
    (tmp_path / "empty.zarr").mkdir()
    for name, message in (("empty.zarr", "cannot be read"), ("none.zarr", "no Zarr store")):
        with pytest.raises(ValueError, match=message):
            physics.load(tmp_path / name)
    with pytest.raises(ValueError, match="no Zarr store"):
        physics.save(solved(samples=1), tmp_path / "empty.zarr")


def test_the_command_line_writes_and_continues_a_store(tmp_path, capsys, counted):
    from zoo.cli import main

    words = ["solve", "burgers", "-r", "16", "-t", "0,0.1", "-o", str(tmp_path / "a.zarr"), "-n"]
    assert main([*words, "3"]) == main([*words, "3"]) == 0
    assert counted == [(0, 3)] and physics.load(tmp_path / "a.zarr").sizes["sample"] == 3
    capsys.readouterr()
    assert main([*words, "4"]) == 2
    assert "was begun with samples=3" in capsys.readouterr().err
    assert main([*words, "3", "-o", str(tmp_path / "b.zarr")]) == 2
