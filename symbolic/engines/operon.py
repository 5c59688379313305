"""Genetic programming on error and length with Operon, for laws outside any library.

Operon's front is taken as text; see `symbolic.engines._reading` for what is proposed from it.

Source: Burlacu, Kronberger & Kommenda (2020), Operon C++, doi:10.1145/3377929.3398099.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import sympy

from physics import arguments
from physics.names import nearest
from symbolic.constants import Proposal
from symbolic.engines import EngineUnavailable, Options
from symbolic.engines._reading import normal as normal
from symbolic.engines._reading import read, samples
from symbolic.problem import Problem

OPTIONS = ("generations", "population", "length", "symbols")
GENERATIONS = 40
POPULATION = 500
LENGTH = 20
SYMBOLS = ("add", "sub", "mul", "div", "sin", "cos", "exp")
LEAVES = ("constant", "variable")
KNOWN = (
    *SYMBOLS, *LEAVES, "abs", "acos", "aq", "asin", "atan", "cbrt", "ceil", "cosh", "floor",
    "fmax", "fmin", "log", "logabs", "log1p", "pow", "sinh", "sqrt", "sqrtabs", "square", "tan",
    "tanh",
)  # fmt: skip
MOST = 1_000_000
_DIGITS = 10


def propose(problem: Problem, library: Sequence[sympy.Expr], options: Options) -> list[Proposal]:
    """Proposals from one front per target; the library is not used.

    options.extra: generations, population, length (of expressions), symbols.
    Raises EngineUnavailable where pyoperon is not installed.
    """
    try:
        from pyoperon.sklearn import SymbolicRegressor
    except ImportError as error:
        raise EngineUnavailable(
            f"engine 'operon' needs pyoperon ({error}): pip install 'pyoperon>=0.6.2'"
        ) from None
    found = []
    for target, names, symbols, inputs, goal in samples(problem):
        regressor = SymbolicRegressor(**_settings(options))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                regressor.fit(inputs, goal)
            except ValueError:
                continue  # no member of the last generation was finite
        texts = [
            regressor.get_model_string(member["tree"], _DIGITS, names)
            for member in regressor.pareto_front_
        ]
        found += read(texts, target, symbols, inputs, "operon")
    return found


def check_options(extra: Mapping[str, Any]) -> None:
    """Raise ValueError for options that Operon cannot work with."""
    for name, low in {"generations": 1, "population": 2, "length": 1}.items():
        if name in extra:
            arguments.whole(extra[name], name, low, MOST)
    for symbol in arguments.names(extra.get("symbols", ()), "symbols"):
        if symbol not in KNOWN:
            raise ValueError(
                f"unknown symbol {symbol!r}{nearest(symbol, KNOWN)}; one of {', '.join(KNOWN)}"
            )


def _settings(options: Options) -> dict:
    extra = options.extra
    chosen = arguments.names(extra.get("symbols", SYMBOLS), "symbols")
    symbols = (*(s for s in chosen if s not in LEAVES), *LEAVES)
    return {
        "allowed_symbols": ",".join(symbols),
        "objectives": ["mse", "length"],
        "generations": int(extra.get("generations", GENERATIONS)),
        "population_size": int(extra.get("population", POPULATION)),
        "max_length": int(extra.get("length", LENGTH)),
        "optimizer_iterations": 3,
        "add_model_scale_term": True,
        "add_model_intercept_term": True,
        "n_threads": 1,
        "random_state": options.seed,
    }
