"""Large data sets: simulated by chunks, resumed, shared out, and what is refused."""

import os
import signal
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
import xarray
import zarr

import physics
from physics.data.store import Store
from physics.data.trajectories import Trajectories

TIMES = np.linspace(0.0, 0.2, 5)


def burgers():
    return physics.get("burgers", dim=1)


def asked(**changes):
    return {
        "samples": 10, "seed": 3, "times": TIMES, "resolution": 32, "vary": ["nu"], "dt": 0.01,
        "progress": False,
    } | changes  # fmt: skip


def solved(**changes):
    return physics.solve(
        burgers(), **{k: v for k, v in asked(**changes).items() if k != "progress"}
    )


@pytest.fixture
def counted(monkeypatch):
    """Every region that is simulated, as (first, end)."""
    regions = []
    simulate = Trajectories.simulate

    def counting(self, first, end):
        regions.append((first, end))
        return simulate(self, first, end)

    monkeypatch.setattr(Trajectories, "simulate", counting)
    return regions


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "spectrum not resolved")
        yield


# -- what is in the store ------------------------------------------------------------------


@pytest.mark.parametrize("chunk", [3, 10, None])
def test_the_store_holds_what_solve_returns(tmp_path, chunk):
    made = physics.generate(burgers(), tmp_path / "a.zarr", chunk=chunk, **asked())
    expected = solved()
    assert made.finished.all() and not made.failed.any()
    assert np.array_equal(made.nu, expected.nu)
    assert np.array_equal(made.u[:, 0], expected.u[:, 0])
    assert np.allclose(made.u, expected.u, rtol=0, atol=1e-13)
    for name in ("time", "x", "u", "nu"):
        assert made[name].attrs == expected[name].attrs
    assert np.array_equal(made.time, expected.time) and np.array_equal(made.x, expected.x)
    assert made.attrs["system"] == expected.attrs["system"] and made.attrs["seed"] == 3
    assert "jax" in made.attrs["versions"] and "spectral" in made.attrs["method"]


def test_an_ode_with_given_starts_parameters_and_controls(tmp_path):
    system = physics.parse("x' = -a*x + u", parameters={"a": 1.0}, controls=["u"])
    given = {
        "initial": {"x": np.linspace(0, 1, 5)}, "parameters": {"a": np.linspace(1, 2, 5)},
        "controls": {"u": np.ones((5, 7))}, "times": np.linspace(0, 1, 7), "samples": 5,
        "method": "tsit5",
    }  # fmt: skip
    made = physics.generate(system, tmp_path / "a.zarr", chunk=3, progress=False, **given)
    expected = physics.solve(system, **given)
    for name in ("x", "a", "u"):
        assert np.allclose(made[name], expected[name], rtol=1e-6)
        assert made[name].attrs.get("role") == expected[name].attrs.get("role")


@pytest.mark.parametrize("name", ["lorenz63", "logistic_map"])
def test_systems_without_space(tmp_path, name):
    system, times = physics.get(name), np.arange(4)
    made = physics.generate(
        system, tmp_path / "a.zarr", samples=4, seed=1, chunk=2, times=times, dt=0.01,
        progress=False,
    )  # fmt: skip
    expected = physics.solve(system, samples=4, seed=1, times=times, dt=0.01)
    for state in system.state_names:
        assert np.allclose(made[state], expected[state], rtol=1e-6)


def test_given_fields_and_single_precision(tmp_path):
    system = physics.parse("u_t = nu*u_xx", parameters={"nu": 0.1}, length=1.0)
    fields = np.random.default_rng(0).normal(size=(4, 16))
    given = {"initial": fields, "samples": 4, "times": [0.0, 0.01], "precision": "float32"}
    made = physics.generate(system, tmp_path / "a.zarr", chunk=3, progress=False, **given)
    expected = physics.solve(system, **given)
    assert made.u.dtype == np.float32 and made.sizes["x"] == 16
    assert np.allclose(made.u, expected.u, atol=1e-5)


@pytest.mark.parametrize("first", [0, 5, 63, 64, 70])
def test_a_field_does_not_depend_on_the_others(first):
    from physics import Grid
    from physics.starting_fields import draw_fields

    system = burgers()
    grid = Grid(system.domain, 32)
    whole = np.asarray(draw_fields(system, grid, 7, 0, 80))
    assert np.array_equal(draw_fields(system, grid, 7, first, 5), whole[first : first + 5])


# -- going on ------------------------------------------------------------------------------


def test_what_is_there_is_left_alone(tmp_path, counted):
    path = tmp_path / "a.zarr"
    physics.generate(burgers(), path, chunk=4, **asked())
    before = {p: p.stat().st_mtime_ns for p in path.rglob("*")}
    physics.generate(burgers(), path, **asked())
    assert counted == [(0, 4), (4, 8), (8, 10)]
    assert before == {p: p.stat().st_mtime_ns for p in path.rglob("*")}


def test_parts_make_their_share(tmp_path, counted):
    path = tmp_path / "a.zarr"
    physics.generate(burgers(), path, chunk=2, part=(1, 2), **asked())
    assert counted == [(2, 4), (6, 8)]
    with pytest.warns(UserWarning, match="4 of 10 trajectories"):
        half = physics.load(path)
    assert half.finished.values.tolist() == [False, False, True, True] * 2 + [False] * 2
    assert np.isnan(half.u[0]).all()
    made = physics.generate(burgers(), path, chunk=2, part=(0, 2), **asked())
    alone = physics.generate(burgers(), tmp_path / "b.zarr", chunk=2, **asked())
    assert made.finished.all() and np.array_equal(made.u, alone.u)


def test_an_interrupt_leaves_a_store_that_goes_on(tmp_path, monkeypatch, capsys):
    path = tmp_path / "a.zarr"
    write = Store.write

    def interrupted(self, region, states, failed):
        if region == 2:
            self.group["u"][4:5] = states["u"][:1]  # in the middle of a region
            raise KeyboardInterrupt
        write(self, region, states, failed)

    monkeypatch.setattr(Store, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        physics.generate(burgers(), path, chunk=2, **asked(progress=True))
    assert "stopped: 4 of 10 trajectories" in capsys.readouterr().err
    monkeypatch.setattr(Store, "write", write)
    made = physics.generate(burgers(), path, chunk=2, **asked())
    alone = physics.generate(burgers(), tmp_path / "b.zarr", chunk=2, **asked())
    assert made.finished.all() and np.array_equal(made.u, alone.u)


KILLED = """
import sys, time
import numpy as np, physics
from physics.data.store import Store

force = Store._force
def slow(self, name, first, end):
    force(self, name, first, end)
    time.sleep(0.3)

Store._force = slow
physics.generate(
    physics.get("burgers", dim=1), sys.argv[1], chunk=1, samples=10, seed=3,
    times=np.linspace(0.0, 0.2, 5), resolution=32, vary=["nu"], dt=0.01, progress=False,
)
"""


def test_a_killed_run_goes_on_where_it_was(tmp_path, counted):
    path = tmp_path / "a.zarr"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], cwd=os.getcwd())
    marks = path / "finished" / "c"
    end = time.monotonic() + 120
    while len(list(marks.glob("[0-9]*"))) < 3:
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    done = zarr.open_group(path, mode="r")["finished"][:]
    kept = np.flatnonzero(done)
    assert 3 <= len(kept) < 10
    files = {p: p.stat().st_mtime_ns for i in kept for p in (path / "u" / "c" / str(i)).rglob("*")}
    made = physics.generate(burgers(), path, **asked())
    assert counted == [(i, i + 1) for i in range(10) if not done[i]]
    assert files and files == {p: p.stat().st_mtime_ns for p in files}
    alone = physics.generate(burgers(), tmp_path / "b.zarr", chunk=1, **asked())
    assert made.finished.all() and np.array_equal(made.u, alone.u)
    assert np.array_equal(made.nu, alone.nu)


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
