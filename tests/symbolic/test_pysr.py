"""PySR, as far as it can be tested without Julia: a stand-in that is as strict as PySR itself.

The stand-in takes the arguments of PySRRegressor 2.7 and of its fit, refuses all others, checks
types, limits and that a deterministic search was asked for completely, and answers with a table of
the shape of `equations_`, written the way Julia prints expressions.
"""

import re
import sys
import types
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
import sympy

import physics
import symbolic
from symbolic.engines import engine_module

TYPES = {
    "model_selection": str, "binary_operators": list, "unary_operators": list,
    "nested_constraints": (dict, type(None)), "niterations": int, "populations": int,
    "population_size": int, "maxsize": int, "precision": int, "batching": bool,
    "random_state": int, "deterministic": bool, "parallelism": str, "progress": bool,
    "verbosity": int, "print_precision": int, "input_stream": str, "temp_equation_file": bool,
}  # fmt: skip
OPERATORS = {"+", "-", "*", "/", "^", "max", "min"}
FUNCTIONS = {
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "exp", "log", "sqrt",
    "abs", "square", "cube", "neg", "sign",
}  # fmt: skip


class StandIn:
    """A PySRRegressor that solves for the coefficients of a few products by least squares."""

    made: ClassVar[list[dict]] = []

    def __init__(self, **given):
        for name, value in given.items():
            if name not in TYPES:
                raise TypeError(f"PySRRegressor() got an unexpected keyword argument {name!r}")
            wanted = TYPES[name]
            strict = (
                type(value) is wanted if isinstance(wanted, type) else isinstance(value, wanted)
            )
            if not strict:
                raise TypeError(f"{name}={value!r}")
        self.check(given)
        StandIn.made.append(given)

    def check(self, given):
        assert given["model_selection"] in ("best", "accuracy", "score")
        assert set(given["binary_operators"]) <= OPERATORS and given["binary_operators"]
        assert set(given["unary_operators"]) <= FUNCTIONS
        assert len(set(given["unary_operators"])) == len(given["unary_operators"])
        for outer, inner in (given["nested_constraints"] or {}).items():
            assert {outer, *inner} <= {*given["unary_operators"], *given["binary_operators"]}
            assert all(type(most) is int for most in inner.values())
        assert given["niterations"] >= 1 and given["populations"] >= 1
        assert given["population_size"] >= 15, "tournament_selection_n is 15"
        assert given["maxsize"] >= 7, "PySR requires a maxsize of at least 7"
        assert given["precision"] in (16, 32, 64)
        assert given["deterministic"] and given["parallelism"] == "serial"
        assert 0 <= given["random_state"] < 2**32
        assert given["progress"] is False and given["verbosity"] == 0
        assert given["temp_equation_file"] is True and given["input_stream"] == "devnull"

    def fit(self, X, y, *, weights=None, variable_names=None):
        assert isinstance(X, np.ndarray) and isinstance(y, np.ndarray)
        assert X.ndim == 2 and y.shape == (len(X),) and len(X) > 1
        assert X.dtype == y.dtype == np.float64
        assert np.isfinite(X).all() and np.isfinite(y).all()
        assert weights is None or weights.shape == y.shape
        assert len(set(variable_names)) == len(variable_names) == X.shape[1]
        for name in variable_names:
            assert re.fullmatch(r"[a-zA-Z0-9_]+", name), name
            assert not hasattr(sympy, name) and name not in FUNCTIONS, name
        self.equations_ = self.front(X, y, variable_names)
        return self

    def front(self, X, y, names):
        """A constant, the best single product, the best pair of products, and what to pass over."""
        products = [(name, X[:, i]) for i, name in enumerate(names)]
        products += [
            (f"({names[i]} * {names[j]})", X[:, i] * X[:, j])
            for i in range(len(names))
            for j in range(i, len(names))
        ]
        rows = [(1, float(np.var(y)), f"{y.mean():.10g}")]
        for chosen in [[p] for p in products] + [
            [p, q] for k, p in enumerate(products) for q in products[k + 1 :]
        ]:
            columns = np.stack([values for _, values in chosen], 1)
            found = np.linalg.lstsq(columns, y, rcond=None)[0]
            loss = float(np.mean((columns @ found - y) ** 2))
            pieces = [f"({text} * {c:.10g})" for c, (text, _) in zip(found, chosen, strict=True)]
            rows.append((3 * len(chosen), loss, " + ".join(pieces) + " - -1.0e-9"))
        best = [min(r for r in rows if r[0] == size) for size in (1, 3, 6)]
        best += [(7, 0.0, f"exp(exp({names[0]}))"), (8, 0.0, "Inf"), (9, 0.0, "square(v1")]
        return pd.DataFrame(
            {
                "complexity": [b[0] for b in best],
                "loss": [b[1] for b in best],
                "score": [0.0 for _ in best],
                "equation": [b[2] for b in best],
                "sympy_format": [Untouchable() for _ in best],
                "lambda_format": [Untouchable() for _ in best],
            }
        )


class Untouchable:
    """A column that must not be read: SymPy's text reader evaluates what it is given."""

    def __getattr__(self, name):
        pytest.fail(f"read {name} of sympy_format")

    def __str__(self):
        pytest.fail("read sympy_format")


@pytest.fixture
def pysr(monkeypatch):
    module = types.ModuleType("pysr")
    module.PySRRegressor = StandIn
    monkeypatch.setitem(sys.modules, "pysr", module)
    monkeypatch.setattr(StandIn, "made", [])
    return module


def samples(points=300, noise=0.01):
    rng = np.random.default_rng(0)
    inputs = dict(zip(("exp1", "S", "lambda"), rng.uniform(0.5, 4, (3, points)), strict=True))
    clean = -0.9 * inputs["exp1"] * inputs["S"] + 0.4 * inputs["lambda"]
    noisy = clean + noise * clean.std() * rng.standard_normal(points)
    return {"inputs": inputs, "targets": {"f": noisy}}


def test_a_planted_formula_comes_out(pysr):
    found = symbolic.discover(**samples(), engine="pysr")
    assert found.candidates[found.chosen].engine == "pysr"
    law = found.best.numeric().expressions["f"]
    pairs = dict(term.as_coeff_Mul()[::-1] for term in sympy.Add.make_args(law))
    named = {str(term): float(value) for term, value in pairs.items()}
    assert set(named) in ({"S*exp1", "lambda"}, {"exp1*S", "lambda"})
    assert np.allclose(sorted(named.values()), [-0.9, 0.4], rtol=0.02)


def test_a_planted_system_comes_out(pysr):
    truth = physics.get("lotka_volterra")
    data = physics.solve(truth, samples=4, seed=1, times=np.linspace(0, 10, 201))
    found = symbolic.discover(data[list(truth.state_names)], engine="pysr")
    assert found.best is not None and symbolic.same_law(found.best.numeric(), truth.numeric(),
                                                         rtol=0.02), found  # fmt: skip
    assert len(StandIn.made) >= 2


def test_what_is_asked_for_reaches_pysr(pysr):
    options = dict(iterations=7, populations=3, population=20, length=12,
                   symbols=["add", "mul", "pow", "fmax", "tanh"])  # fmt: skip
    symbolic.discover(**samples(), engine="pysr", seed=11, **options)
    asked = StandIn.made[0]
    assert asked["niterations"] == 7 and asked["populations"] == 3
    assert asked["population_size"] == 20 and asked["maxsize"] == 12
    assert asked["binary_operators"] == ["+", "*", "^", "max"]
    assert asked["unary_operators"] == ["tanh"]
    assert asked["nested_constraints"] == {"tanh": {"tanh": 0}}
    assert asked["random_state"] == 11


def test_the_same_seed_gives_the_same_discovery(pysr):
    first, second = (symbolic.discover(**samples(), engine="pysr", seed=2) for _ in range(2))
    assert first.to_json() == second.to_json()
    symbolic.discover(**samples(), engine="pysr", seed=2**40 + 3)
    assert StandIn.made[-1]["random_state"] == 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"iterations": 0}, "from 1"),
        ({"population": 15}, "from 16"),
        ({"length": 6}, "from 7"),
        ({"symbols": ["add", "sine"]}, 'nearest: "sin"'),
        ({"symbols": ["sin"]}, "one of add"),
        ({"generations": 3}, "iterations"),
    ],
)
def test_what_pysr_cannot_do_is_refused(pysr, options, words):
    with pytest.raises(ValueError, match=words):
        symbolic.discover(**samples(), engine="pysr", **options)
    assert StandIn.made == []


# -- without PySR, without Julia -------------------------------------------------------------


def test_without_pysr_the_fix_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pysr", None)
    with pytest.raises(symbolic.EngineUnavailable, match=r"pip install 'dynamics-zoo\[pysr\]'"):
        symbolic.discover(**samples(), engine="pysr")
    found = symbolic.discover(**samples())  # "auto" goes on without it
    assert found.best is not None


class WithoutJulia(types.ModuleType):
    """`from pysr import PySRRegressor` fails with a bare Exception, as juliapkg does."""

    def __getattr__(self, name):
        if name == "PySRRegressor":
            raise Exception("no Julia executable found")
        raise AttributeError(name)


def test_without_julia_the_fix_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pysr", WithoutJulia("pysr"))
    with pytest.raises(symbolic.EngineUnavailable, match="no Julia executable found.*julialang"):
        symbolic.discover(**samples(), engine="pysr")


def test_a_failure_inside_julia_is_said_so(pysr, monkeypatch):
    def fit(self, X, y, **rest):
        raise RuntimeError("JuliaError: method too new\nStacktrace: …")

    monkeypatch.setattr(StandIn, "fit", fit)
    with pytest.raises(symbolic.EngineUnavailable, match=r"failed in Julia \(.*too new\)"):
        symbolic.discover(**samples(), engine="pysr")


def test_pysr_is_imported_only_when_it_is_asked_for():
    assert "pysr" in symbolic.list_engines()
    engine_module("pysr")
    assert "juliacall" not in sys.modules


def test_every_symbol_can_be_read_back():
    from physics.parser import parse_expression

    engine = engine_module("pysr")
    for name in engine.UNARY:
        assert parse_expression(f"{name}(v1 * -1.5)", states=["v1"], coordinates=()).has(
            sympy.Symbol
        )
    for sign in engine.BINARY.values():
        text = f"{sign}(v1, -2.5e-3)" if sign.isalpha() else f"v1 {sign} -2.5e-3"
        assert parse_expression(text, states=["v1"], coordinates=()).free_symbols
