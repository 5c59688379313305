"""Models on the command line, and the examples of every help text."""

import inspect
import shlex

import pytest

from .commands import VERBS


def test_predict(zoo, tmp_path):
    import physics

    file = tmp_path / "said.csv"
    code, out, _ = zoo("predict", "upinn.lotka-volterra", "-t", "0:3:31", "-o", file)
    assert code == 0 and "time" in out
    assert physics.load(file).sizes["time"] == 31


@pytest.mark.turns
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


@pytest.mark.turns
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
