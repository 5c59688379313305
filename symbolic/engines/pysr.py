"""Genetic programming over evolving populations with PySR, for laws outside any library.

PySR's front is taken as text (the column `equation`; see `symbolic.engines._reading`). It runs in
one thread with a fixed seed, so that the same data give the same front. Functions inside functions
are forbidden from the start, since they would not be read. PySR searches in Julia, which its first
import fetches where it is missing: it is imported when it is asked for and never before.

Source: Cranmer (2023), Interpretable machine learning for science with PySR, arXiv:2305.01582.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import sympy

from physics import arguments
from physics.names import nearest
from symbolic.constants import Proposal
from symbolic.engines import EngineUnavailable, Options
from symbolic.engines._reading import read, samples
from symbolic.problem import Problem

OPTIONS = ("iterations", "populations", "population", "length", "symbols")
ITERATIONS = 40
POPULATIONS = 15
POPULATION = 33
LENGTH = 20
SYMBOLS = ("add", "sub", "mul", "div", "sin", "cos", "exp")
BINARY = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "^", "fmax": "max", "fmin": "min",
}  # fmt: skip
UNARY = (
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "exp", "log", "sqrt",
    "abs",
)  # fmt: skip
LOWEST = {"iterations": 1, "populations": 1, "population": 16, "length": 7}  # PySR's own limits
MOST = 1_000_000
SEEDS = 2**32
_DIGITS = 10


def propose(problem: Problem, library: Sequence[sympy.Expr], options: Options) -> list[Proposal]:
    """Proposals from one front per target; the library is not used.

    options.extra: iterations, populations, population (members of one), length (of expressions),
    symbols (named as for Operon: add, mul, …).
    Raises EngineUnavailable where PySR or Julia is missing, or fails.
    """
    regressor_type = _regressor()
    found = []
    for target, names, symbols, inputs, goal in samples(problem):
        regressor = regressor_type(**_settings(options))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                regressor.fit(inputs, goal, variable_names=names)
            except Exception as error:  # Julia's errors have no common Python class
                raise EngineUnavailable(
                    f"engine 'pysr' failed in Julia ({_first_line(error)}): use another engine, or "
                    f"mend PySR with pip install --upgrade 'dynamics-zoo[pysr]'"
                ) from None
        texts = [str(text) for text in regressor.equations_["equation"]]
        found += read(texts, target, symbols, inputs, "pysr")
    return found


def check_options(extra: Mapping[str, Any]) -> None:
    """Raise ValueError for options that PySR cannot work with."""
    for name, low in LOWEST.items():
        if name in extra:
            arguments.whole(extra[name], name, low, MOST)
    known = (*BINARY, *UNARY)
    chosen = arguments.names(extra.get("symbols", SYMBOLS), "symbols")
    for symbol in chosen:
        if symbol not in known:
            raise ValueError(
                f"unknown symbol {symbol!r}{nearest(symbol, known)}; one of {', '.join(known)}"
            )
    if not set(chosen) & set(BINARY):
        raise ValueError(f"symbols need one of {', '.join(BINARY)} to build expressions from")


def _regressor() -> Any:
    """The class PySRRegressor; EngineUnavailable with the fix where it cannot be had."""
    try:
        from pysr import PySRRegressor
    except ImportError as error:
        raise EngineUnavailable(
            f"engine 'pysr' needs PySR ({_first_line(error)}): pip install 'dynamics-zoo[pysr]'"
        ) from None
    except Exception as error:  # juliapkg raises bare exceptions and those of urllib
        raise EngineUnavailable(
            f"engine 'pysr' found no Julia ({_first_line(error)}): connect to the network once, so "
            f"that PySR can fetch it, or install Julia from https://julialang.org/downloads and "
            f"set PYTHON_JULIAPKG_EXE to it"
        ) from None
    return PySRRegressor


def _settings(options: Options) -> dict:
    extra = options.extra
    chosen = dict.fromkeys(arguments.names(extra.get("symbols", SYMBOLS), "symbols"))
    unary = [symbol for symbol in chosen if symbol in UNARY]
    return {
        "binary_operators": [BINARY[symbol] for symbol in chosen if symbol in BINARY],
        "unary_operators": unary,
        "nested_constraints": {outer: dict.fromkeys(unary, 0) for outer in unary} or None,
        "niterations": int(extra.get("iterations", ITERATIONS)),
        "populations": int(extra.get("populations", POPULATIONS)),
        "population_size": int(extra.get("population", POPULATION)),
        "maxsize": int(extra.get("length", LENGTH)),
        "model_selection": "best",
        "precision": 64,
        "batching": False,
        "random_state": options.seed % SEEDS,
        "deterministic": True,
        "parallelism": "serial",
        "progress": False,
        "verbosity": 0,
        "print_precision": _DIGITS,
        "input_stream": "devnull",
        "temp_equation_file": True,
    }


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
