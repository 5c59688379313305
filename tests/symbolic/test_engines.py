"""Engines: the registry, and what each finds in samples of known formulas."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import sympy

import symbolic
from symbolic import engines
from symbolic.constants import Proposal
from symbolic.engines.operon import normal

FORMULAS = {
    "-0.9*x*y": lambda x, y: -0.9 * x * y,
    "x*y + sin(y)": lambda x, y: x * y + np.sin(y),
    "2*y*exp(-0.7*x)": lambda x, y: 2 * y * np.exp(-0.7 * x),
    "0.5*x/(0.3 + x)": lambda x, y: 0.5 * x / (0.3 + x),
}


def samples(formula, noise: float = 0.01, seed: int = 0, points: int = 300):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0.5, 4, (2, points))
    clean = FORMULAS[formula](x, y)
    return {"x": x, "y": y}, {"f": clean + noise * clean.std() * rng.standard_normal(points)}


def right(found, formula: str) -> bool:
    """Whether the best law has the values of `formula`, and hardly more to it."""
    if found.best is None:
        return False
    law = found.best.numeric().expressions["f"]
    x, y = np.random.default_rng(9).uniform(0.5, 4, (2, 50))
    symbols = {s.name: s for s in law.free_symbols}
    values = [
        float(law.xreplace({symbols[n]: sympy.Float(v) for n, v in (("x", a), ("y", b))
                            if n in symbols}))
        for a, b in zip(x, y, strict=True)
    ]  # fmt: skip
    truth = FORMULAS[formula](x, y)
    close = np.abs(np.array(values) - truth).max() < 0.02 * np.abs(truth).max()
    return close and len(found.best.parameters) <= 2


@pytest.mark.turns
@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("engine", ["operon", "auto"])
def test_formulas_are_found_under_noise(formula, engine):
    inputs, targets = samples(formula)
    found = symbolic.discover(inputs=inputs, targets=targets, engine=engine)
    assert right(found, formula), found


@pytest.mark.parametrize("seed", [1, 2])
def test_operon_finds_the_product_for_every_seed(seed):
    inputs, targets = samples("-0.9*x*y", seed=seed)
    found = symbolic.discover(inputs=inputs, targets=targets, engine="operon", seed=seed)
    assert right(found, "-0.9*x*y"), found
    (term,) = found.best.numeric().expressions.values()
    assert {str(s) for s in term.free_symbols} == {"x", "y"}
    assert abs(float(term.as_coeff_Mul()[0]) + 0.9) < 0.01


def test_operon_is_deterministic():
    inputs, targets = samples("x*y + sin(y)", seed=4)
    options = {"engine": "operon", "seed": 3, "generations": 10, "population": 100}
    first, second = (symbolic.discover(inputs=inputs, targets=targets, **options) for _ in range(2))
    assert first.to_json() == second.to_json()


def test_offsets_that_do_not_help_are_dropped():
    inputs, targets = samples("-0.9*x*y")
    found = symbolic.discover(inputs=inputs, targets=targets, engine="operon")
    assert "1" not in found.candidates[found.chosen].inclusion["f"]
    assert found.candidates[found.chosen].terms == {"f": 1}


def test_an_offset_that_is_there_is_kept():
    inputs, targets = samples("-0.9*x*y")
    found = symbolic.discover(inputs=inputs, targets={"f": targets["f"] + 2}, engine="operon")
    assert found.candidates[found.chosen].terms == {"f": 2}


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("(1.5 + 2*x)*(x + 0)", {"x", "x**2"}),
        ("x/(2 + 4*x)", {"x/(x + 0.5)"}),
        ("exp(0.5 + 0.1*x)", {"exp(0.1*x)"}),
    ],
)
def test_expressions_are_taken_apart(text, terms):
    from physics.parser import parse_expression

    expression = parse_expression(text, states=["x"])
    floats = {n: sympy.Float(n) for n in expression.atoms(sympy.Rational) if not n.is_Integer}
    found = {
        t.xreplace({n: sympy.Rational(str(n)) for n in t.atoms(sympy.Float)})
        for _, t in normal(expression.xreplace(floats))
    }
    assert found == {parse_expression(t, states=["x"]) for t in terms}


def test_a_missing_engine_says_what_to_install(monkeypatch):
    inputs, targets = samples("-0.9*x*y")
    monkeypatch.setitem(sys.modules, "pyoperon", None)
    monkeypatch.setitem(sys.modules, "pyoperon.sklearn", None)
    with pytest.raises(symbolic.EngineUnavailable, match="pip install"):
        symbolic.discover(inputs=inputs, targets=targets, engine="operon")
    found = symbolic.discover(inputs=inputs, targets=targets)
    assert right(found, "-0.9*x*y")


def test_auto_says_which_engine_it_had_to_do_without(monkeypatch):
    inputs, targets = samples("2*y*exp(-0.7*x)")
    monkeypatch.setitem(sys.modules, "pyoperon", None)
    monkeypatch.setitem(sys.modules, "pyoperon.sklearn", None)
    assert "pyoperon" in symbolic.discover(inputs=inputs, targets=targets).reason


def test_unknown_engines_and_options_are_refused():
    inputs, targets = samples("-0.9*x*y")
    with pytest.raises(ValueError, match='nearest: "sindy"'):
        symbolic.discover(inputs=inputs, targets=targets, engine="sindi")
    with pytest.raises(ValueError, match='nearest: "generations"'):
        symbolic.discover(inputs=inputs, targets=targets, engine="operon", generation=3)
    with pytest.raises(ValueError, match="takes no option"):
        symbolic.discover(inputs=inputs, targets=targets, engine="sindy", generations=3)


def test_an_engine_of_somebody_else_is_asked(monkeypatch):
    def propose(problem, library, options):
        x, y = problem.symbols["x"], problem.symbols["y"]
        return [Proposal(target="f", terms=(x * y,), engine="oracle")]

    point = SimpleNamespace(
        name="oracle", value="oracle:engine", load=lambda: SimpleNamespace(propose=propose)
    )
    monkeypatch.setattr(engines, "entry_points", lambda group: [point])
    assert "oracle" in symbolic.list_engines()
    inputs, targets = samples("-0.9*x*y")
    found = symbolic.discover(inputs=inputs, targets=targets, engine="oracle")
    assert found.candidates[found.chosen].engine == "oracle"
    assert right(found, "-0.9*x*y")


def test_every_engine_has_the_shape_of_one():
    for name in symbolic.list_engines():
        module = engines.engine_module(name)
        assert callable(module.propose)
        assert module.__doc__
