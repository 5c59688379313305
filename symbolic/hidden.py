"""discover_hidden: the law of the unknown part of a partly known ODE, judged on measurements.

Two libraries are not mixed: candidates of low degree come first, and a higher degree must beat
them by its criterion.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from physics.data.validate import stack, validate
from physics.formula import Formula
from physics.symbols import Parameter
from physics.system import System
from symbolic.graybox import Fitted, Records, choose, propose
from symbolic.library import polynomials, symbol_of

if TYPE_CHECKING:
    import xarray

    from symbolic.result import Discovery

MOST_TERMS = 4
SLACK = 2.0  # differences of the criterion below this are no evidence (Kass & Raftery 1995)
LEAST_EXPLAINED = 0.5


def discover_hidden(
    known: System,
    data: "xarray.Dataset",
    *,
    inputs: Mapping[str, np.ndarray],
    targets: Mapping[str, np.ndarray],
    start: np.ndarray | None = None,
    initial: Any = None,
    noise: str = "additive",
    library: Sequence[sympy.Expr] | None = None,
    degree: int = 3,
    seed: int = 0,
) -> "Discovery":
    """The Discovery of `known.complete(hidden=…)`.

    data: measurements (sample, time), NaN for gaps, that the candidates are fitted to.
    inputs: {state or "t": (points,)} where the hidden term was learnt; targets: {state: (points,)}
    its values there.   start: (sample, state) guesses of the initial states; initial: the exact
    ones where they are known.   noise: "additive" or "multiplicative".
    library: candidate terms (default: monomials of the inputs up to `degree`).
    """
    names = known.state_names
    data = validate(data, names)
    values = stack(data, names)
    library = list(library) if library else polynomials([symbol_of(n) for n in inputs], degree)
    columns = _columns(library, inputs)
    relative = {n: np.abs(inputs[n]) if noise == "multiplicative" else 1.0 for n in targets}
    proposals = [
        propose(columns, np.asarray(target), np.ones(len(columns)) / relative[n], MOST_TERMS)
        for n, target in targets.items()
    ]
    records = _records(known, data, values, start, initial, noise)
    fitted = choose(known, library, tuple(targets), proposals, records)
    return _discovery(known, data, library, tuple(targets), fitted, records, noise, seed)


# -- pieces --------------------------------------------------------------------------------


def _columns(library, inputs) -> np.ndarray:
    from physics.lower.expression import evaluate

    environment = {symbol_of(n): v for n, v in inputs.items()}
    length = len(next(iter(inputs.values())))
    return np.stack([np.broadcast_to(v, length) for v in evaluate(library, environment, np)], -1)


def _records(known, data, values, start, initial, noise) -> Records:
    from physics.request import read_initial

    samples = len(values)
    if initial is not None:
        first = read_initial(known, initial, samples, None, None)
    elif start is not None:
        first = np.asarray(start, np.float64)
    else:
        first = np.array([[_first(c) for c in sample.T] for sample in values])
    params = {n: np.full(samples, v) for n, v in known.values.items()}
    for name in params:
        if name in data and data[name].dims == ("sample",):
            params[name] = data[name].values.astype(np.float64)
    return Records(
        times=data["time"].values.astype(np.float64),
        values=values,
        start=first,
        start_known=initial is not None,
        multiplicative=noise == "multiplicative",
        params=params,
    )


def _first(column: np.ndarray) -> float:
    return float(column[~np.isnan(column)][0])


def formula_of(fitted: Fitted, library, outputs, inputs) -> Formula:
    """The hidden term of a fitted combination, its coefficients as parameters k1, k2, …"""
    parameters, expressions = [], {}
    for output, terms, values in zip(outputs, fitted.terms, fitted.coefficients, strict=True):
        total = sympy.Integer(0)
        for term, value in zip(terms, values, strict=True):
            name = f"k{len(parameters) + 1}"
            parameters.append(Parameter(name, float(value)))
            total += sympy.Symbol(name) * library[term]
        expressions[output] = total
    return Formula(inputs=inputs, expressions=expressions, parameters=parameters, name="hidden")


def _discovery(known, data, library, outputs, fitted, records, noise, seed):
    from physics.calibration import calibrate
    from symbolic.result import Candidate, Discovery

    inputs = tuple(str(s) for s in sorted(set().union(*(e.free_symbols for e in library)), key=str))
    front: dict[int, Fitted] = {}
    for f in fitted:
        size = sum(len(t) for t in f.terms)
        if np.isfinite(f.criterion) and (size not in front or f.criterion < front[size].criterion):
            front[size] = f
    winner, initial = simplest(front), None
    candidates = []
    for _, f in sorted(front.items()):
        hidden = formula_of(f, library, outputs, inputs)
        law = known.complete(hidden, name=f"{known.name}_law")
        if f is winner:
            fit = _refined(law, data, records, noise, calibrate)
            law, initial = fit.system, fit.initial
            values = [replace(p, value=law.values[p.name]) for p in hidden.parameters]
            hidden = replace(hidden, parameters=values)
        candidates.append(
            Candidate(
                law=law, engine="hidden", complexity=_complexity(hidden), hidden=hidden,
                terms={o: len(t) for o, t in zip(outputs, f.terms, strict=True)},
                error=f.misfit, resimulated=f.misfit,
            )
        )  # fmt: skip
    refusal = _why_not(winner, records)
    chosen = None if refusal else [f for _, f in sorted(front.items())].index(winner)
    return Discovery(
        candidates=tuple(candidates),
        chosen=chosen,
        reason=refusal or "fewest terms whose extended BIC on the data is not positively worse",
        method=(
            f"best subsets of {len(library)} terms proposed by the learnt hidden term, fitted to "
            "the data through the ODE"
        ),
        seed=seed,
        versions={p: version(p) for p in ("jax", "sympy")},
        initial=initial,
    )


def _complexity(hidden: Formula) -> int:
    """Leaves and operations of the learnt expressions."""
    nodes = (sympy.preorder_traversal(e) for e in hidden.expressions.values())
    return sum(1 for walk in nodes for _ in walk)


def simplest(front: dict[int, Fitted]) -> Fitted | None:
    """The fewest terms whose criterion is not worse than the best by more than SLACK."""
    if not front:
        return None
    best = min(f.criterion for f in front.values())
    return front[min(size for size, f in front.items() if f.criterion <= best + SLACK)]


def _refined(law, data, records, noise, calibrate):
    """The winner fitted once more with a noise level per state, for values and intervals."""
    free = [p.name for p in law.parameters if p.name.startswith("k")]
    initial = records.start if records.start_known else "free"
    return calibrate(law, data, free=free, initial=initial, noise=noise)


def _why_not(winner: Fitted | None, records: Records) -> str:
    """Empty if the winner is good enough, else why no law is given."""
    if winner is None:
        return "no candidate could be simulated over the data"
    spread = _spread(records)
    if winner.misfit > LEAST_EXPLAINED * spread:
        return (
            f"the best candidate misses the data by {winner.misfit:.2g} of their size, hardly less "
            f"than a constant would ({spread:.2g})"
        )
    if not any(winner.terms):
        return "the known part alone describes the data best; there is nothing hidden to name"
    return ""


def _spread(records: Records) -> float:
    """What a constant per sample and state would miss, in units of the noise scale."""
    values = np.log(records.values) if records.multiplicative else records.values
    scale = 1.0 if records.multiplicative else np.nanmean(np.abs(values), axis=1, keepdims=True)
    return float(
        np.sqrt(np.nanmean(((values - np.nanmean(values, 1, keepdims=True)) / scale) ** 2))
    )
