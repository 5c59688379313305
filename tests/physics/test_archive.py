"""Large data sets: simulated by chunks, resumed, shared out, and what is refused."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import zarr

import physics
from physics.data.store import Store

from .archived import asked, burgers, solved

pytestmark = pytest.mark.usefixtures("quiet")

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
