"""Exported source of random expressions and the catalogue, refusals, targets of third parties."""

import builtins
import importlib.metadata
import sys
import types

import numpy as np
import pytest
import sympy

import physics
import symbolic
from physics.formula import Formula
from physics.jets import D, inverse_laplacian, symbol
from physics.system import System

from .exported import BURGERS, LAWS, R, a, agrees, ode, points, run, truth, typeset, u, x, y

pytestmark = pytest.mark.usefixtures("float64")


@pytest.mark.parametrize("seed", range(8))
def test_random_expressions_survive_every_python_target(seed):
    rng = np.random.default_rng(seed)
    law = ode(
        "random", {"x": random_expression(rng, 4), "y": random_expression(rng, 4)}, {"a": 1.1}
    )
    for target in ("python", "jax"):
        agrees(law, run(symbolic.export(law, target)), rtol=1e-10)
    rebuilt = run(symbolic.export(law, "sympy"))
    point = next(points(law, 1))
    for state, expression in rebuilt.rhs.items():
        np.testing.assert_allclose(
            truth(expression, point), truth(law.equations[state.name], point), rtol=1e-14
        )


def random_expression(rng, depth):
    """A finite expression of x, y and a on positive arguments."""
    if depth == 0 or rng.random() < 0.15:
        return rng.choice([x, y, a, R(int(rng.integers(1, 9)), 3), sympy.Float(rng.normal())])
    one, two = random_expression(rng, depth - 1), random_expression(rng, depth - 1)
    bounded = sympy.tanh(one)
    return [
        one + two, one - two, one * two, one / (2 + two**2), sympy.sin(one), sympy.exp(bounded),
        sympy.Abs(one) ** R(2, 3), sympy.sqrt(1 + two**2), sympy.Max(one, two), bounded**3,
        (1 + bounded**2) ** bounded, sympy.log(1 + one**2) / (3 - bounded),
    ][rng.integers(12)]  # fmt: skip


def test_the_catalogue_is_exported(catalogue_name):
    law = physics.get(catalogue_name)
    module = run(symbolic.export(law, "sympy"))
    assert len(module.rhs) == len(law.equations)
    typeset(symbolic.export(law, digits=4))
    for target in ("python", "jax"):
        if law.domain is None:
            agrees(law, run(symbolic.export(law, target)))
        else:
            with pytest.raises(ValueError, match="PDE"):
                symbolic.export(law, target)


# -- what is refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("law", "target", "options", "words"),
    [
        (LAWS[0], "latx", {}, 'nearest: "latex"'),
        (LAWS[0], "latex", {"digts": 3}, "digits"),
        (LAWS[0], "latex", {"digits": 0}, "from 1 to 17"),
        (None, "latex", {}, "no law was found"),
        ("x' = x", "python", {}, "System or a Formula"),
        (BURGERS, "python", {}, "PDE"),
        (BURGERS, "jax", {}, "PDE"),
        (Formula(inputs=["u"], expressions={"f": D(u**2, symbol("x")) * 0 + u,
                                            "g": inverse_laplacian(u)}), "python", {}, "grid"),
    ],
)  # fmt: skip
def test_what_cannot_be_exported_is_refused_in_a_sentence(law, target, options, words):
    with pytest.raises(ValueError, match=words):
        symbolic.export(law, target, **options)


@pytest.mark.parametrize("number", ["10**400", "1/10**400", "(-8)**(1/3)", "zoo", "nan", "oo"])
def test_numbers_that_float64_cannot_hold_are_refused(number):
    from symbolic.exporters._source import float_text

    with pytest.raises(ValueError, match="float64"):
        float_text(sympy.sympify(number))


@pytest.mark.parametrize("target", ["python", "jax", "sympy"])
@pytest.mark.parametrize("text", ['"""\nexploit()\n"""', "\\", 'ends with "', "a\x00b", "\ud800"])
def test_names_and_descriptions_cannot_break_out_of_the_docstring(target, text, monkeypatch):
    monkeypatch.setattr(builtins, "exploit", lambda: pytest.fail("executed"), raising=False)
    run(symbolic.export(System(name=text, description=text, equations={"x": -x}), target))


@pytest.mark.parametrize("target", ["python", "jax", "sympy", "latex"])
def test_inputs_that_are_no_names_are_refused(target):
    with pytest.raises(ValueError, match="name"):
        symbolic.export(Formula(inputs=["x) : exploit("], expressions={"f": R(1)}), target)


def test_third_parties_add_targets(monkeypatch):
    module = types.ModuleType("shouting")
    module.SUFFIX, module.export = ".txt", lambda law: law.name.upper()
    broken = types.ModuleType("broken")
    monkeypatch.setitem(sys.modules, "shouting", module)
    monkeypatch.setitem(sys.modules, "broken", broken)
    points = [
        importlib.metadata.EntryPoint(name, name, "zoo.exporters")
        for name in ("shouting", "broken")
    ]
    monkeypatch.setattr("symbolic.exporters.entry_points", lambda group: points)
    assert "shouting" in symbolic.list_targets()
    assert symbolic.export(LAWS[0], "shouting") == "LORENZ"
    with pytest.raises(ValueError, match="broken"):
        symbolic.export(LAWS[0], "broken")


@pytest.mark.parametrize("target", symbolic.list_targets())
def test_every_target_says_how_its_files_end(target):
    from symbolic.exporters import target_module

    assert target_module(target).SUFFIX.startswith(".")
    assert symbolic.export(LAWS[0], target) == symbolic.export(LAWS[0], target)
