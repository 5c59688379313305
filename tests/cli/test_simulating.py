"""Simulate, calibrate, export, explain on the command line: results, files, pictures."""

import json
import os

import numpy as np
import pytest

from .commands import DECAY


def test_solve_agrees_with_the_exact_solution(zoo, tmp_path):
    import physics

    files = [tmp_path / "deep" / name for name in ("x.nc", "x.csv", "x.png", "x.svg")]
    code, out, err = zoo(*DECAY, *(word for file in files for word in ("-o", file)))
    assert (code, err) == (0, "")
    assert out.count("wrote") == 4
    assert files[2].read_bytes()[:4] == b"\x89PNG" and "<svg" in files[3].read_text()
    for file in files[:2]:
        data = physics.load(file)
        assert np.allclose(data["x"].values[0], 3 * np.exp(-2 * np.linspace(0, 1, 11)), rtol=1e-6)
    assert sorted(os.listdir(tmp_path / "deep")) == ["x.csv", "x.nc", "x.png", "x.svg"]


def test_solve_with_a_parameter_per_sample_and_an_input(zoo, tmp_path):
    import physics

    file = tmp_path / "x.nc"
    words = ("solve", "x' = u - a*x", "-p", "a=1,2,4", "-i", "x=0", "--control", "u=3", "-t", "9")
    assert zoo(*words, "-o", file)[0] == 0
    assert np.allclose(physics.load(file)["x"].values[:, -1], [3, 1.5, 0.75], atol=1e-3)


def test_solve_is_reproducible_and_varies(zoo, tmp_path):
    import physics

    words = ("solve", "lotka_volterra", "-n", "3", "-t", "0:1:5")
    for name, seed in {"a.nc": 1, "b.nc": 1, "c.nc": 2}.items():
        assert zoo(*words, "--seed", seed, "-o", tmp_path / name)[0] == 0
    a, b, c = (physics.load(tmp_path / name) for name in ("a.nc", "b.nc", "c.nc"))
    assert a.equals(b) and not a.equals(c)
    assert a.sizes == {"sample": 3, "time": 5}


def test_solve_a_pde_agrees_with_the_exact_solution(zoo, tmp_path):
    box = ("-p", "nu=0.5", "--length", 2 * np.pi, "-i", "u=2*sin(x)", "-t", "0:1:3", "-r", 32)
    code, out, err = zoo("solve", "u_t = nu*u_xx", *box, "-o", tmp_path / "x.nc")
    assert (code, err) == (0, "") and "spectral" in out and "32 points of x" in out
    found = _opened(tmp_path / "x.nc")
    assert np.allclose(found["u"][0, -1], 2 * np.exp(-0.5) * np.sin(found["x"]), atol=1e-5)


def _opened(path):
    import xarray

    with xarray.open_dataset(path) as data:
        return data.load()


PDES = {
    "one dimension": ("burgers", "-n", "2", "--vary", "nu", "-t", "0:0.2:5", "-r", "32"),
    "two states": ("gray_scott", "-t", "0:4:5", "-r", "32"),
    "three dimensions": ("heat", "-p", "dim=3", "-t", "0:0.1:3", "-r", "8,8,8"),
    "walls": ("u_t = u_xx", "--length", "1", "--boundary", "x-=1", "--boundary", "x+=neumann",
              "-i", "u=1-x", "-t", "0:0.1:3", "-r", "16", "--order", "2"),
    "nothing given": ("u_t = -u*u_x + 0.1*u_xx", "-r", "32"),
    "flux": ("burgers_source", "--scheme", "finite-volume", "--dt", "0.05", "-t", "0:1:3", "-r",
             "32"),
}  # fmt: skip


@pytest.mark.turns
@pytest.mark.filterwarnings("ignore:spectrum not resolved")
@pytest.mark.parametrize("case", PDES)
def test_pictures_of_fields(zoo, case, tmp_path):
    code, out, err = zoo("solve", *PDES[case], "-o", tmp_path / "x.png")
    assert code == 0, err
    assert "largest" in out and ("random fields" in out) is ("-i" not in PDES[case])
    assert (tmp_path / "x.png").read_bytes()[:4] == b"\x89PNG"


def test_fields_are_refused_where_they_do_not_fit(zoo, tmp_path):
    file = tmp_path / "x.nc"
    assert zoo("solve", "burgers", "-t", "0:0.2:6", "-r", "16", "-o", file)[0] == 0
    for words in (("explain", file), ("calibrate", "lotka_volterra", file)):
        code, out, err = zoo(*words)
        assert (code, out) == (2, "") and len(err.splitlines()) == 1, err


def test_pictures_are_drawn_at_more_times_than_were_asked_for(zoo, tmp_path, monkeypatch):
    from zoo.cli import pictures

    seen = []
    monkeypatch.setattr(pictures, "trajectories", lambda path, lines, *_: seen.append(lines))
    assert zoo("solve", "lorenz63", "-t", "0:2:11", "-o", tmp_path / "x.png")[0] == 0
    assert seen[0].sizes["time"] > 500
    assert {*np.linspace(0, 2, 11)} <= {*seen[0]["time"].values}


def test_a_drawn_start_is_told(zoo):
    out = zoo("solve", "lorenz63", "-t", "0:1:3")[1]
    assert "random state (--seed 0): -i x=" in out
    assert "random" not in zoo(*DECAY)[1]


def test_a_map(zoo):
    code, out, _ = zoo("solve", "x[n+1] = 2*x", "-i", "x=1", "-t", "0:10:11")
    assert code == 0 and out.splitlines()[-1].split() == ["10", "1024"]


def test_calibrate_and_solve_again(zoo, tmp_path):
    data, fit = tmp_path / "data.csv", tmp_path / "fit.json"
    assert zoo(*DECAY, "-o", data)[0] == 0
    words = ("calibrate", "x' = -a*x", data, "-p", "a=1", "--free", "a")
    code, out, _ = zoo(*words, "-o", fit, "-o", tmp_path / "fit.png", "-o", tmp_path / "fit.nc")
    assert code == 0 and "a = 2 " in out
    assert abs(json.loads(fit.read_text())["parameters"][0]["value"] - 2) < 1e-6
    out = zoo("solve", fit, "-i", "x=3", "-t", "0:1:11")[1]
    assert abs(float(out.split()[-1]) - 3 * np.exp(-2)) < 1e-3


@pytest.mark.turns
def test_calibrate_from_a_bad_start_and_go_on_from_its_file(zoo, tmp_path):
    lotka = "x' = a*x - b*x*y; y' = d*x*y - c*y"
    good = ("-p", "a=1", "-p", "b=0.05", "-p", "c=0.8", "-p", "d=0.02")
    data, fit = tmp_path / "data.csv", tmp_path / "fit.json"
    assert (
        zoo("solve", lotka, *good, "-i", "x=40", "-i", "y=10", "-t", "0:20:61", "-o", data)[0] == 0
    )
    bad = ("-p", "a=50", "-p", "b=30", "-p", "c=9", "-p", "d=9")
    code, out, _ = zoo("calibrate", lotka, data, *bad, "-o", fit)
    assert code == 0 and "starts from x = 40" in out
    values = {p["name"]: p["value"] for p in json.loads(fit.read_text())["parameters"]}
    assert np.allclose([values[n] for n in "abcd"], [1, 0.05, 0.8, 0.02], rtol=1e-3)
    assert "20" in zoo("solve", fit)[1].splitlines()[-1].split()[0]


@pytest.mark.parametrize("target", ["latex", "python", "jax", "sympy"])
def test_export(zoo, tmp_path, target):
    import symbolic

    file = tmp_path / f"law.{target}"
    printed = zoo("export", "lorenz63", "--to", target)[1]
    assert zoo("export", "lorenz63", "--to", target, "-o", file)[0] == 0
    import physics

    expected = symbolic.export(physics.get("lorenz63"), target).strip()
    assert printed.strip() == file.read_text().strip() == expected


def test_export_reads_a_law_file_of_either_kind(zoo, tmp_path):
    import physics

    x, y = physics.Jet("x"), physics.Jet("y")
    laws = {
        "system": physics.parse("x' = -3*x"),
        "formula": physics.Formula(inputs=["x", "y"], expressions={"h": 3 * x * y}),
    }
    for kind, law in laws.items():
        file = tmp_path / f"{kind}.json"
        file.write_text(json.dumps(law.to_json()))
        code, out, _ = zoo("export", file)
        assert code == 0 and "3" in out and "x" in out


@pytest.mark.turns
def test_explain_data(zoo, tmp_path):
    import physics
    import symbolic

    data, folder = tmp_path / "lv.nc", tmp_path / "law"
    words = ("solve", "lotka_volterra", "-n", "3", "-t", "0:10:201", "-o", data)
    assert zoo(*words)[0] == 0
    code, out, _ = zoo("explain", data, "--engine", "sindy", "-o", folder)
    assert code == 0
    law = physics.System.from_json((folder / "law.json").read_text())
    assert symbolic.same_law(law.numeric(), physics.get("lotka_volterra").numeric(), rtol=1e-2)
    assert (folder / "law.tex").read_text().startswith("\\begin")
    assert (folder / "law.png").read_bytes()[:4] == b"\x89PNG"
    found = symbolic.Discovery.from_json((folder / "discovery.json").read_text())
    assert law.equations == found.best.equations and law.values == found.best.values
    assert len(found.candidates) > 1 and "fitted to the data through the ODE" in out
    for line in law.lines():
        assert line in out
    code, out, _ = zoo("explain", data, "--engine", "sindy", "--degree", "2", "--no-tune")
    assert code == 0 and "fitted to the data through the ODE" not in out


def test_no_law_is_no_success(zoo, tmp_path):
    rng = np.random.default_rng(0)
    rows = [f"{t},{v}" for t, v in enumerate(rng.standard_normal(60))]
    (tmp_path / "noise.csv").write_text("\n".join(["time,x", *rows]))
    code, out, err = zoo("explain", tmp_path / "noise.csv", "--engine", "sindy", "-o", tmp_path)
    assert (code, err) == (1, "") and "no law" in out
    assert (tmp_path / "discovery.json").exists() and not (tmp_path / "law.json").exists()


def test_what_an_earlier_run_found_is_taken_away(zoo, tmp_path):
    own = {"law.json": "mine", "notes.txt": "mine"}
    for name, text in own.items():
        (tmp_path / name).write_text(text)
    rng = np.random.default_rng(0)
    rows = [f"{t},{v}" for t, v in enumerate(rng.standard_normal(60))]
    (tmp_path / "noise.csv").write_text("\n".join(["time,x", *rows]))
    words = ("--engine", "sindy", "--time", "discrete", "-o", tmp_path)
    assert zoo("solve", "logistic_map", "-n", 2, "-t", "0:40:41", "-o", tmp_path / "map.nc")[0] == 0
    assert zoo("explain", tmp_path / "noise.csv", *words)[0] == 1
    assert {name: (tmp_path / name).read_text() for name in own} == own  # not written by explain
    assert zoo("explain", tmp_path / "map.nc", *words)[0] == 0
    assert (tmp_path / "law.tex").exists() and (tmp_path / "law.png").exists()
    assert zoo("explain", tmp_path / "noise.csv", *words)[0] == 1
    left = {"discovery.json", "discovery.md", "front.png", "noise.csv", "notes.txt", "map.nc"}
    assert set(os.listdir(tmp_path)) == left


def test_explain_takes_the_choices_of_discover(zoo, tmp_path):
    words = ("explain", "hudson-bay", "--engine", "sindy", "--degree", "2")
    code, out, _ = zoo(*words, "--time", "discrete", "--targets", "lynx", "--inputs", "hare")
    assert code == 0 and "lynx[n+1] =" in out and "hare[n+1] =" not in out
