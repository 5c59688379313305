"""The command line: what it prints, where it writes, and one sentence for every mistake."""

import inspect
import json
import os
import shlex
import signal
import statistics
import subprocess
import sys
import time
import types
from pathlib import Path

import numpy as np
import pytest

from zoo.cli import entry, main
from zoo.cli.app import app

DECAY = ("solve", "x' = -a*x", "-p", "a=2", "-i", "x=3", "-t", "0:1:11")
VERBS = {c.name or c.callback.__name__: c.callback for c in app.registered_commands}
HEAVY = {"jax", "flax", "optax", "orbax", "xarray", "diffrax", "matplotlib", "scipy", "pandas"}


@pytest.fixture
def zoo(capsys):
    """zoo(*words) -> (exit code, stdout, stderr), in this process."""

    def run(*words):
        capsys.readouterr()
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def outside(*words, **options):
    """The command as a process of its own."""
    command = [sys.executable, "-m", "zoo", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, **options)


# -- looking -------------------------------------------------------------------------------


def test_verbs_are_the_public_ones():
    assert set(VERBS) == {
        "systems", "list", "show", "solve", "calibrate", "predict", "finetune", "explain",
        "export", "train", "verify", "doctor", "demo",
    }  # fmt: skip


@pytest.mark.parametrize("words", [(), ("--help",), *((verb, "--help") for verb in VERBS)])
def test_help(zoo, words):
    code, out, err = zoo(*words)
    assert (code, err) == (0, "")
    assert "Usage: zoo" in out
    if words and words[0] in VERBS:
        assert "Example: zoo" in out


@pytest.mark.parametrize(
    "words",
    [("--help",), ("list",), ("systems",), ("show", "lorenz63"), ("show", "upinn.lotka-volterra"),
     ("show", "upinn"), ("solve", "--help"), ("list", "--ability", "law")],
    ids=" ".join,
)  # fmt: skip
def test_looking_needs_no_jax(words):
    script = (
        "import sys, zoo.cli; code = zoo.cli.main(sys.argv[1:]);"
        f"print(sorted(set(sys.modules) & {HEAVY}), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True
    )  # fmt: skip
    assert (done.returncode, done.stderr.strip()) == (0, "[]")


def test_list_and_systems(zoo):
    import physics
    import zoo as package

    code, out, _ = zoo("list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:]] == package.list_models()
    out = zoo("systems")[1]
    assert {name for name in physics.list_systems()} <= {
        line.split(" ")[0] for line in out.splitlines()
    }
    assert zoo("list", "--pretrained")[1].count("upinn.lotka-volterra") == 1
    assert "upinn.lotka-volterra" not in zoo("list", "--families")[1]


def test_show_a_system(zoo, catalogue_name):
    import physics

    code, out, _ = zoo("show", catalogue_name)
    system = physics.get(catalogue_name)
    assert code == 0
    for line in [*system.lines(), *(p.name for p in system.parameters), system.source]:
        assert line in out


def test_show_a_card(zoo):
    import checkpoints

    for name in checkpoints.names():
        code, out, _ = zoo("show", name)
        card = checkpoints.read_card(name)
        assert code == 0
        for word in [name, card.licence, card.limits, *card.metrics, card.sha256[:16]]:
            assert word in out


def test_show_an_equation(zoo):
    out = zoo("show", "x' = -a*x + b", "-p", "a=0.25", "-p", "b=3")[1]
    assert "x' = b - a*x" in out and "0.25" in out


def test_show_and_list_what_is_shipped(zoo):
    out = zoo("show", "hudson-bay")[1]
    assert "hare" in out and "1900" in out and "source:" in out
    assert "hudson-bay" in zoo("list", "--records")[1]
    assert "upinn-lotka-volterra" in zoo("list", "--recipes")[1]


def test_show_a_pde(zoo):
    out = zoo("show", "burgers", "--set", "dim=2")[1]
    assert "v_t =" in out and "periodic" in out and "conservative" in out and "starts from" in out
    out = zoo("show", "u_t = u_xx", "--length", "2", "--boundary", "x-=1")[1]
    assert "[0, 2]" in out and "dirichlet, value 1" in out


# -- doing ---------------------------------------------------------------------------------


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


def test_predict(zoo, tmp_path):
    import physics

    file = tmp_path / "said.csv"
    code, out, _ = zoo("predict", "upinn.lotka-volterra", "-t", "0:3:31", "-o", file)
    assert code == 0 and "time" in out
    assert physics.load(file).sizes["time"] == 31


def test_finetune_then_explain(zoo, tmp_path):
    folder = tmp_path / "hares"
    known = ("--known", "hare' = a*hare; lynx' = -c*lynx", "-p", "a=0.55", "-p", "c=0.8")
    words = ("finetune", "upinn.lotka-volterra", "hudson-bay", *known, "--steps", "20")
    code, out, err = zoo(*words, "-o", folder)
    assert code == 0, err
    assert "wrote" in out
    code, out, err = zoo("explain", folder / "checkpoint", "hudson-bay", "--engine", "sindy")
    assert code == 0, err


@pytest.mark.parametrize("good", [True, False])
def test_verify_exits_1_when_a_number_is_off(zoo, monkeypatch, good):
    """The numbers themselves are made anew by the test of the wheel."""
    import zoo as package
    from zoo.releasing import Verification

    row = ("error", 0.1, 0.1 if good else 0.3, 0.01, good)
    monkeypatch.setattr(package, "verify", lambda name: Verification(name=name, rows=(row,)))
    code, out, _ = zoo("verify")
    assert code == (0 if good else 1) and "upinn.lotka-volterra" in out


SHORT = ("systems", "list", "show", "solve", "calibrate", "export", "predict")


@pytest.mark.parametrize("verb", VERBS)
def test_examples_of_the_help(zoo, verb, tmp_path, monkeypatch):
    text = " ".join(inspect.getdoc(VERBS[verb]).split("Example:")[1].split())
    monkeypatch.chdir(tmp_path)
    for example in text.split("; zoo "):
        words = shlex.split(example.removeprefix("zoo "))
        assert verb in (words[0], "show", "list")
        if verb in SHORT:
            code, out, err = zoo(*words)
            # a slow machine may be told how far a calibration is; nothing else is said there
            told = [line for line in err.splitlines() if not line.startswith("calibrate: stage")]
            assert (code, told) == (0, []) and out


# -- mistakes ------------------------------------------------------------------------------

MISTAKES = {
    ("sole", "lorenz63"): '"solve"',
    ("--hlep",): '"--help"',
    ("solve", "lorenz63", "--sampels", "3"): '"--samples"',
    ("solve",): "SYSTEM",
    ("solve", "lorentz63"): '"lorenz63"',
    ("show", "lorenz36"): '"lorenz63"',
    ("show", "upinn.lotka-voltera"): '"upinn.lotka-volterra"',
    ("list", "zzz*"): "zoo list",
    ("list", "--ability", "forcast"): '"forecast"',
    ("systems", "zzz*"): "zoo systems",
    ("solve", "lorenz63", "-p", "sgma=3"): '"sigma"',
    ("solve", "lorenz63", "-p", "sigma"): "NAME=VALUE",
    ("solve", "lorenz63", "-p", "sigma=ten"): "number",
    ("solve", "lorenz63", "-p", "sigma=1", "-p", "sigma=2"): "twice",
    ("solve", "lorenz63", "-p", "sigma=1e99"): "range",
    ("solve", "lorenz63", "-p", "sigma=nan"): "finite",
    ("solve", "lorenz63", "-n", "0"): "--samples",
    ("solve", "lorenz63", "-n", "2.5"): "--samples",
    ("solve", "lorenz63", "-t", "0:1"): "START:STOP:COUNT",
    ("solve", "lorenz63", "-t", "0:1:99999999999999"): "at most",
    ("solve", "lorenz63", "-t", "0,2,1"): "increase",
    ("solve", "lorenz63", "-t", "nan"): "finite",
    ("solve", "lorenz63", "-i", "x=1"): "'y'",
    ("solve", "lorenz63", "-i", "w=1"): "'w'",
    ("solve", "lorenz63", "--method", "tsit6"): '"tsit5"',
    ("solve", "lorenz63", "--dt", "-1"): "positive",
    ("solve", "lorenz63", "--vary", "rhoo"): '"rho"',
    ("solve", "lorenz63", "-o", "x.docx"): ".nc",
    ("solve", "lorenz63", "-o", "/proc/none/x.nc"): "cannot write",
    ("solve", "x' = -a*x", "-i", "x=1", "-t", "1"): "-p a=1.0",
    ("solve", "x' = -2*x", "-t", "1"): "-i x=VALUE",
    ("solve", "x' = -2*x", "-i", "x=1"): "--times",
    ("solve", "x' = -2*(x", "-i", "x=1"): "position",
    ("solve", "x' = __import__('os').system('true')"): "position",
    ("solve", "x' = " + "-" * 200_000 + "x"): "at most",
    ("solve", "none.json"): "no file",
    ("calibrate", "lorenz63", "hudson-by"): '"hudson-bay"',
    ("calibrate", "lorenz63", "hudson-bay"): "none of the states",
    ("calibrate", "lotka_volterra", "none.csv"): "no file",
    ("export", "lorenz63", "--to", "latx"): "latex",
    ("export", "lorenz63", "-o", "/"): "folder",
    ("export", "upinn.lotka-voltera"): '"upinn.lotka-volterra"',
    ("predict", "upinn.lotka-voltera"): '"upinn.lotka-volterra"',
    ("predict", "upinn"): "upinn",
    ("finetune", "upinn.lotka-volterra", "hudson-by"): "nearest",
    ("finetune", "upinn.lotka-volterra", "hudson-bay", "-p", "a=1"): "--known",
    ("finetune", "upinn.lotka-volterra", "hudson-bay", "--set", "nois=additive", "--known",
     "hare' = 0.5*hare; lynx' = -0.8*lynx"): "noise",
    ("explain", "hudson-bay", "upinn.lotka-volterra"): "data already",
    ("explain", "hudson-bay", "--engine", "sidny"): "sindy",
    ("explain", "hudson-bay", "--targets", "hare,hare"): "--targets names 'hare' twice",
    ("explain", "hudson-bay", "--targets", "hares"): '"hare"',
    ("explain", "hudson-bay", "--inputs", "lynx", "--targets", "lynx"): "as an input and as a",
    ("explain", "hudson-bay", "--time", "discreet"): "not 'discreet'",
    ("explain", "hudson-bay", "--degree", "9"): "from 1 to 6",
    ("explain", "upinn.lotka-volterra", "--time", "discrete"): "--time is for data",
    ("explain", "upinn.lotka-volterra", "--no-tune"): "--no-tune is for data",
    ("explain", "hudson-bay", "-o", ""): "it is empty",
    ("solve", "lorenz63", "-o", ""): "it is empty",
    ("explain", "plain.cvs"): "no file 'plain.cvs' (did you mean .csv?)",
    ("train", "upinn.lotka-voltera"): '"upinn-lotka-volterra"',
    ("train", "upinn.lotka-volterra", "--set", "steps"): "--set steps=1.5",
    ("verify", "upinn.lotka-voltera"): '"upinn.lotka-volterra"',
    ("demo", "-o", "/proc/none"): "cannot write",
    ("show", "~nouser/x"): "no path",
    ("explain", "lorenz63", "-o", "law"): "zoo export",
    ("explain", "none.csv", "-o", "law"): "no file",
    ("solve", "logistic_map", "-t", "0,1000000000"): "ten million",
    ("solve", "lorenz63", "--control", "f=1"): "no control",
    ("solve", "x' = log(x)", "-i", "x=-1", "-t", "1"): "not finite at the start",
    ("predict", "upinn.lotka-volterra", "-t", "3,2,1"): "increase",
    ("predict", "upinn.lotka-volterra", "-t", "0:nan:3"): "finite",
    ("finetune", "upinn.lotka-volterra", "hudson-bay", "-o", "run", "--set", "initial=foo",
     "--known", "hare' = 0.5*hare; lynx' = -0.8*lynx"): "real numbers",
    ("train", "upinn.lotka-volterra", "--set", "steps=1.5"): "whole number",
    ("train", "upinn.lotka-volterra", "--set", "stepz=1"): '"steps"',
    ("calibrate", "x' = a*x^2 + b", "hudson-bay", "-p", "a=1"): "-p b=1.0",
    ("solve", "burgers", "-r", "64x"): "--resolution",
    ("solve", "burgers", "--scheme", "spectrl"): '"spectral"',
    ("solve", "burgers", "--method", "tsit5"): "--scheme",
    ("solve", "burgers", "-i", "v=1"): "no state",
    ("solve", "burgers", "-i", "u=1/0"): "divides by zero",
    ("solve", "burgers", "-i", "u=1/x"): "finite",
    ("solve", "wave", "-i", "u=sin(x)"): "-i v=0",
    ("solve", "burgers", "-o", "x.csv"): ".nc",
    ("solve", "burgers", "--dt", "0"): "positive",
    ("solve", "burgers", "-r", "100000000", "-n", "9"): "--resolution",
    ("solve", "kdv", "--length", "3"): "--length",
    ("solve", "u_t = u_xx", "--boundary", "x-=neuman"): '"neumann"',
    ("solve", "heat", "--set", "dim=4"): "1, 2, 3",
    ("solve", "lorenz63", "-r", "64"): "no spatial",
    ("solve", "hudson-bay"): "zoo explain",
    ("calibrate", "burgers", "hudson-bay"): "ODEs and maps",
    ("finetune", "upinn.lotka-volterra", "burgers", "-o", "run"): "PDE",
    ("finetune", "upinn.lotka-volterra", "hudson-bay", "-o", "run"): "--known",
    ("finetune", "upinn.lotka-volterra", "hudson-bay", "-o", "run", "--known", "burgers"): "PDE",
    ("predict", "upinn.lotka-volterra", "hudson-bay"): "states x, y",
}  # fmt: skip


@pytest.mark.parametrize("words", MISTAKES, ids=lambda words: " ".join(words)[:60])
def test_a_mistake_is_one_sentence(zoo, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = zoo(*words)
    assert (code, out) == (2, "")
    assert MISTAKES[words] in err
    sentence, *rest = err.splitlines()
    assert sentence.startswith("zoo: ") and 20 < len(sentence) < 500
    assert not rest or ("at position" in sentence and len(rest) == 2 and rest[1].strip() == "^")
    assert "Traceback" not in err and "--debug" not in err
    assert not list(tmp_path.iterdir())


DATA = {
    "infinite": ("time,x\n0,1\n1,inf\n", "infinite"),
    "shuffled": ("time,x\n0,1\n2,1\n1,1\n", "increase"),
    "no time": ("a,x\n0,1\n", "time"),
    "empty": ("", "no rows"),
    "words": ("time,x\n0,one\n1,2\n", "no number"),
    "ragged": ("time,x\n0,1\n1\n", "cells"),
    "unmeasured": ("time,x\n0,\n1,\n", "no measured"),
    "no sample": ("time,x,sample\n0,1,1\n1,2,1\n2,3,\n", "no sample in row 3"),
    "a quote": ('time,x\n0,"1\n1,2\n', "quote"),
    "underscores": ("time,x\n0,1_000\n1,2\n", "no number"),
    "huge": ("time,x\n0,1e300\n1,2e300\n2,1e300\n3,4e300\n", "another unit"),
    "other units": ("time [s],x [kg]\n0,1\n1,2\n", None),
}


@pytest.mark.parametrize("case", DATA)
def test_bad_data_is_refused(zoo, case, tmp_path):
    text, expected = DATA[case]
    file = tmp_path / "data.csv"
    file.write_text(text)
    code, out, err = zoo("calibrate", "x' = -a*x", file, "-p", "a=1")
    if expected is not None:
        assert (code, out) == (2, "") and expected in err and len(err.splitlines()) == 1


def test_bytes_that_are_no_text_or_netcdf(zoo, tmp_path):
    for name in ("a.csv", "a.nc", "a.json"):
        (tmp_path / name).write_bytes(bytes(range(256)) * 20)
        verb = ("export",) if name == "a.json" else ("explain",)
        code, out, err = zoo(*verb, tmp_path / name)
        assert (code, out) == (2, "") and len(err.splitlines()) == 1, err


@pytest.mark.parametrize("text", ["[]", "{}", "3", '{"kind": "system"}', "[" * 100_000])
def test_json_that_is_no_law(zoo, tmp_path, text):
    (tmp_path / "law.json").write_text(text)
    for verb in ("export", "solve", "show"):
        code, out, err = zoo(verb, tmp_path / "law.json")
        assert (code, out) == (2, "") and len(err.splitlines()) == 1


def test_a_failed_run_exits_1(zoo, tmp_path):
    file = tmp_path / "x.nc"
    code, _, err = zoo("solve", "x' = x^2", "-i", "x=1", "-t", "0:2:11", "-o", file)
    assert code == 1 and "sample 0" in err and not file.exists()


@pytest.mark.parametrize("at", [0, 1, 2])
def test_debug_shows_the_traceback_anywhere(zoo, at):
    words = ["solve", "lorentz63"]
    code, _, err = zoo(*words[:at], "--debug", *words[at:])
    assert code == 2 and "Traceback" in err and err.splitlines()[-1].startswith("zoo: ")


def test_outcomes():
    import physics
    import symbolic

    assert entry.outcome(physics.BlowUp("it blew up")) == (1, "it blew up")
    missing = symbolic.EngineUnavailable("install it")
    assert entry.outcome(missing) == (2, "install it")
    assert entry.outcome(KeyboardInterrupt())[0] == 1
    assert entry.outcome(BrokenPipeError()) == (141, "")
    assert entry.outcome(OSError(28, "No space left on device", "x.nc"))[0] == 2
    assert entry.outcome(MemoryError())[0] == 1
    code, sentence = entry.outcome(KeyError("surprise"))
    assert code == 1 and "--debug" in sentence


def inside(module, code):
    """`code` run as if it stood in `module`."""
    return types.FunctionType(code.__code__, {"__name__": module, "np": np, "float": float})()


def refuse():
    raise ValueError("give another number")


@pytest.mark.parametrize(
    ("module", "code", "ours"),
    [
        ("zoo.anything", refuse, True),
        ("physics.system", refuse, True),
        ("numpy.linalg", refuse, False),
        ("zoo.anything", lambda: np.zeros(2) + np.zeros(3), False),
        ("zoo.anything", lambda: float("x"), False),
    ],
)
def test_an_error_of_a_library_is_not_passed_off_as_ours(module, code, ours):
    with pytest.raises(ValueError) as error:
        inside(module, code)
    status, sentence = entry.outcome(error.value)
    assert status == 2 and "\n" not in sentence
    assert ("--debug" in sentence) is not ours


# -- pipes, disks, Ctrl-C, speed -----------------------------------------------------------


def test_a_closed_pipe_is_silent():
    command = f"{shlex.quote(sys.executable)} -m zoo systems | head -c 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert (len(done.stdout), done.stderr) == (1, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_sentence():
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "zoo", "systems"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert "No space left" in done.stderr and len(done.stderr.splitlines()) == 1


def test_ctrl_c_saves_the_run_and_says_how_to_go_on(tmp_path):
    known = ("--known", "hare' = 0.55*hare; lynx' = -0.8*lynx")
    words = ("finetune", "upinn.lotka-volterra", "hudson-bay", *known)
    run, steps = tmp_path / "a run", "1000000"
    command = [sys.executable, "-m", "zoo", *words, "--steps", steps, "-o", str(run)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    metrics = run / "metrics.jsonl"
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if metrics.exists() and metrics.read_text().count("\n") >= 2:
            break
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    last = err.strip().splitlines()[-1]
    stopped = json.loads(metrics.read_text().splitlines()[-1])["step"]
    assert "Traceback" not in err and str(stopped) in last and "--resume" in last
    resume = last[last.index("zoo finetune") :].replace(steps, str(stopped + 5))
    done = outside(*shlex.split(resume)[1:])
    assert done.returncode == 0, done.stderr
    found = [json.loads(line)["step"] for line in metrics.read_text().splitlines()]
    assert found == sorted(set(found)) and found[-1] == stopped + 5
    assert (run / "checkpoint" / "card.json").exists()


@pytest.mark.parametrize("seconds", [1.0, 2.5, 4.0])
def test_an_early_ctrl_c_ends_in_one_sentence(tmp_path, seconds):
    command = [sys.executable, "-m", "zoo", "train", "upinn.lotka-volterra", "-o", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (1, -signal.SIGINT) and "Fatal" not in err


SWALLOWED = """
import gc, os, signal, sys, threading
from zoo.cli import entry
def work(words):
    asked = []
    gc.callbacks.append(lambda *_: asked or (asked.append(1), os.kill(os.getpid(), signal.SIGINT)))
    gc.collect()
    gc.callbacks.clear()
    threading.Event().wait(30)
    return 0
entry._invoke = work
sys.exit(entry.main(["list"]))
"""


def test_ctrl_c_in_a_callback_that_drops_it_still_stops():
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-c", SWALLOWED], capture_output=True, text=True)
    assert time.monotonic() - begun < 20
    assert done.returncode == 1 and "stopped by Ctrl-C" in done.stderr
    assert "Traceback" not in done.stderr


def test_small_things_are_fast():
    """`import zoo` and `zoo list` take at most 2.5 times as long as `import jax`."""
    commands = {
        "jax": ["-c", "import jax"],
        "zoo": ["-c", "import zoo"],
        "list": ["-m", "zoo", "list"],
    }
    seconds = {name: [] for name in commands}
    for _ in range(5):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    assert medians["zoo"] <= 2.5 * medians["jax"], medians
    assert medians["list"] <= 2.5 * medians["jax"], medians
