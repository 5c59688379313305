"""What the command line shows: help, lists, systems, cards."""

import subprocess
import sys

import pytest

from .commands import VERBS

HEAVY = {"jax", "flax", "optax", "orbax", "xarray", "diffrax", "matplotlib", "scipy", "pandas"}


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
