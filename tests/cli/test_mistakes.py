"""One sentence for every mistake on the command line."""

import types

import numpy as np
import pytest

from zoo.cli import entry

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
