"""`zoo export`: every target from the command line, and --snap with its report."""

import json

import pytest

import physics
import symbolic
from zoo.cli.entry import main


def test_every_target_is_written(tmp_path, capsys):
    law = physics.get("lorenz63")
    for target in symbolic.list_targets():
        file = tmp_path / f"law.{target}"
        assert main(["export", "lorenz63", "--to", target, "-o", str(file)]) == 0
        assert file.read_text(encoding="utf-8").strip() == symbolic.export(law, target).strip()
    capsys.readouterr()
    assert main(["export", "burgers", "--to", "c"]) == 2
    assert "is a PDE" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["python", "c", "julia"])
def test_snap_moves_constants_and_says_so_beside_the_source(tmp_path, capsys, target):
    file = tmp_path / "law.json"
    law = physics.parse("x' = -k1*x + k2*x^2", dict(k1=0.9003, k2=0.02719))
    file.write_text(json.dumps(law.to_json()))
    assert main(["export", str(file), "--to", target, "--snap"]) == 0
    said = capsys.readouterr()
    assert said.out.strip() == symbolic.export(law.with_values(k1=0.9), target).strip()
    assert "k1: 0.9003 -> 0.9" in said.err and "k2: 0.02719 left alone" in said.err


def test_a_discovery_is_exported_whole_or_by_its_best_law(tmp_path, capsys):
    import numpy as np

    x, y = np.meshgrid(np.linspace(1, 2, 9), np.linspace(0, 3, 9))
    found = symbolic.discover(inputs={"x": x, "y": y}, targets={"f": x * y}, engine="sindy")
    file = tmp_path / "discovery.json"
    file.write_text(json.dumps(found.to_json()))
    assert main(["export", str(file), "--to", "markdown"]) == 0
    assert capsys.readouterr().out.strip() == symbolic.export(found, "markdown").strip()
    assert main(["export", str(file), "--to", "c"]) == 0
    assert capsys.readouterr().out.strip() == symbolic.export(found.best, "c").strip()
    assert main(["export", str(file), "-p", "k1=2"]) == 2
    assert "leave -p out" in capsys.readouterr().err
    rng = np.random.default_rng(0)
    noise = {"x": rng.normal(size=50), "y": rng.normal(size=50)}
    nothing = symbolic.discover(inputs=noise, targets={"f": rng.normal(size=50)}, engine="sindy")
    file.write_text(json.dumps(nothing.to_json()))
    assert main(["export", str(file), "--to", "latex"]) == 2
    assert "found no law" in capsys.readouterr().err
