"""doctor: the compiler fault is provoked for real, and damage is found."""

import numpy as np
import pytest

import zoo
from zoo import health


@pytest.mark.parametrize("seed", range(3))
def test_this_compiler_reduces_products_rightly(seed):
    """jaxlib 0.10.2 on CPU has a relative error of 1.15 here; rounding gives 1e-7."""
    assert health.miscompilation_error(seed) < 1e-6


def test_the_case_is_the_published_one():
    """The same case by hand, in float64 without jit, is exact: the check measures the compiler."""
    import jax

    with jax.disable_jit():
        assert health.miscompilation_error() < 1e-6


def test_this_installation_is_healthy(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    diagnosis = zoo.doctor()
    assert diagnosis.healthy, str(diagnosis)
    found = {finding.what: finding for finding in diagnosis.findings}
    for what in ("python", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "diffrax",
                 "sympy", "xarray", "pyoperon", "devices", "float64", "compiler",
                 "engine sindy", "engine operon", "checkpoint upinn.lotka-volterra"):  # fmt: skip
        assert found[what].state == "ok", what
    assert len(str(diagnosis).splitlines()) == len(diagnosis.findings) + 1
    assert list(tmp_path.iterdir()) == []


def only(monkeypatch, name):
    monkeypatch.setattr(health, "CHECKS", {name: health.CHECKS[name]})


def test_a_wrong_compiler_is_a_problem(monkeypatch):
    only(monkeypatch, "compiler")
    monkeypatch.setattr(health, "miscompilation_error", lambda: 1.15)
    diagnosis = zoo.doctor()
    assert not diagnosis.healthy
    assert "!=0.10.2" in str(diagnosis) and "1 problem" in str(diagnosis)


def test_a_damaged_checkpoint_is_a_problem(monkeypatch, tmp_path):
    import checkpoints

    shelf = tmp_path / "weights"
    card = checkpoints.Card(name="mine.one", architecture="upinn", config={})
    checkpoints.save(shelf / "mine.one", {"w": np.ones((64, 64), np.float32)}, card)
    monkeypatch.setenv("ZOO_PATH", str(tmp_path))
    only(monkeypatch, "checkpoints")
    assert zoo.doctor().healthy
    files = [p for p in (shelf / "mine.one" / "state").rglob("*") if p.is_file()]
    largest = max(files, key=lambda p: p.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.write_bytes(content)
    diagnosis = zoo.doctor()
    assert not diagnosis.healthy and "mine.one" in str(diagnosis)


def test_a_cache_that_cannot_be_written_is_a_problem(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    only(monkeypatch, "compilation cache")
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "file" / "cache"))
    assert not zoo.doctor().healthy
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR")
    assert zoo.doctor().healthy and "note" in str(zoo.doctor())


def test_a_check_that_falls_over_is_a_problem(monkeypatch):
    def broken():
        raise RuntimeError("no such device")
        yield

    monkeypatch.setattr(health, "CHECKS", {"devices": broken})
    diagnosis = zoo.doctor()
    assert not diagnosis.healthy and "no such device" in str(diagnosis)


def test_the_command_exits_1_on_a_problem(monkeypatch, capsys):
    from zoo.cli import main

    only(monkeypatch, "compiler")
    assert main(["doctor"]) == 0
    monkeypatch.setattr(health, "miscompilation_error", lambda: 1.15)
    assert main(["doctor"]) == 1
    assert "problem" in capsys.readouterr().out
