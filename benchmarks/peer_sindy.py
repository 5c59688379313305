"""PySINDy 2.1 as well as it runs unattended, on the data of `planted.Case`.

Per data set all of: finite differences, smoothed ones and weak libraries of three half-widths, with
polynomials of degree 3 (fields: degree 2 times derivatives up to the order that ours offers),
twelve thresholds on normalised columns. Every model is refitted without the last trajectory and
held against its rows; the fewest terms within 1.2 times the smallest error are taken.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pysindy
import sympy

import physics
from physics.jets import Jet, jets_in

THRESHOLDS = np.geomspace(0.01, 1.0, 12)
TOLERANCE = 1.2
WIDTHS = (0.05, 0.1, 0.2)
TESTS = 200
ORDERS = {1: 4, 2: 2}


def best_law(case: Any, data: Any) -> physics.System | None:
    """The law as a System with the states of the data, or None if nothing was fitted."""
    names = [n for n in case.truth().state_names]
    dim = case.truth().dim
    values = np.stack([data[n].values for n in names], -1)
    fields = names
    if "auxiliary" in case.options:
        from symbolic.measurements import origin_of
        from symbolic.spacetime.reading import read_fields

        extra = read_fields(data, names, case.options["auxiliary"], origin_of(data)).auxiliary
        values = np.stack([*np.moveaxis(values, -1, 0), *extra.values()], -1)
        fields = [*names, *extra]
    values = np.moveaxis(values, 1, -2) if dim else values  # (sample, *space, time, channel)
    best: list[tuple[float, int, np.ndarray, list[str]]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for matrices, goals, labels in _settings(values, data, fields, len(names), dim):
            best += _models(matrices, goals, labels)
    if not best:
        return None
    least = min(error for error, *_ in best)
    near = [b for b in best if b[0] <= TOLERANCE * least]
    _, _, coefficients, labels = min(near, key=lambda b: (b[1], b[0]))
    return _system(case.truth(), coefficients, labels, fields)


def _models(matrices, goals, labels) -> list[tuple[float, int, np.ndarray, list[str]]]:
    """(held-out error relative to the rows, terms, coefficients (state, term), labels)."""
    found = []
    for threshold in THRESHOLDS:
        held, kept = [], []
        for rows in (slice(None, -1), slice(None)):
            theta, goal = np.concatenate(matrices[rows]), np.concatenate(goals[rows])
            scale = np.linalg.norm(theta, axis=0) / np.linalg.norm(goal, axis=0).max()
            scale = np.where(scale > 0, scale, 1.0)
            optimiser = pysindy.STLSQ(threshold=threshold, alpha=1e-6, max_iter=20)
            optimiser.fit(theta / scale, goal)
            kept.append(np.asarray(optimiser.coef_) / scale)
        left = goals[-1] - matrices[-1] @ kept[0].T
        held = np.linalg.norm(left, axis=0) / np.linalg.norm(goals[-1], axis=0)
        found.append((float(held.mean()), int((kept[1] != 0).sum()), kept[1], labels))
    return found


def _settings(values, data, fields, states: int, dim: int) -> Iterator[tuple]:
    """(matrices per trajectory, goals per trajectory, labels) of every way to make rows."""
    times = data["time"].values
    polynomials = pysindy.PolynomialLibrary(degree=3 if not dim else 2, include_bias=True)
    if not dim:
        for method in (
            pysindy.FiniteDifference(order=4),
            pysindy.SmoothedFiniteDifference(smoother_kws={"window_length": 11}),
        ):
            slopes = [np.asarray(method._differentiate(u, times)) for u in values]
            smooth = [getattr(method, "smoothed_x_", u) for u in values]
            library = polynomials.fit(smooth[0])
            labels = library.get_feature_names(fields)
            yield [np.asarray(library.transform(u)) for u in smooth], slopes, labels
    for width in WIDTHS:
        yield _weak(values, data, fields, states, dim, width, polynomials)


def _weak(values, data, fields, states: int, dim: int, width: float, polynomials) -> tuple:
    times = data["time"].values
    space = [data[c].values for c in "xyz"[:dim]]
    grid = np.stack(np.meshgrid(*space, times, indexing="ij"), -1) if dim else times
    lengths = [np.ptp(x) for x in (*space, times)]
    library = pysindy.WeakPDELibrary(
        function_library=polynomials,
        derivative_order=ORDERS[dim] if dim else 0,
        spatiotemporal_grid=grid,
        K=TESTS,
        H_xt=[width * length for length in lengths],
        is_uniform=True,
        include_interaction=bool(dim),
        periodic=[True] * dim or None,
    )
    np.random.seed(0)
    from pysindy.utils import AxesArray, comprehend_axes

    arrays = [AxesArray(u, comprehend_axes(u)) for u in values]
    library.fit(arrays)
    labels = [n.replace(" ", "*") for n in library.get_feature_names(fields)]
    matrices = [np.asarray(m) for m in library.transform(arrays)]
    goals = [np.asarray(library.convert_u_dot_integral(u))[:, :states] for u in values]
    return matrices, goals, labels


def _system(truth: physics.System, coefficients, labels, fields) -> physics.System:
    """Coefficients (state, term) and PySINDy's labels as a System."""
    equations = {}
    for name, row in zip(truth.state_names, coefficients, strict=True):
        parts = [float(c) * _term(n, fields) for c, n in zip(row, labels, strict=True) if c]
        equations[name] = sympy.Add(*parts)
    closures = {}
    if len(fields) > len(truth.state_names):
        from benchmarks.planted import VORTICITY
        from symbolic.spacetime.closures import closed, read_closures

        closures = read_closures(VORTICITY, list(truth.state_names), truth.domain)
        equations = {n: closed(_plain(e, closures), closures) for n, e in equations.items()}
    return physics.System(
        name="pysindy", states=truth.states, equations=equations, domain=truth.domain
    )


def _plain(law: sympy.Expr, closures) -> sympy.Expr:
    """`law` with derivatives of auxiliary fields as u and v, which makes it another (wrong) law."""
    return law.xreplace({j: Jet(j.field) for j in jets_in(law) if j.field in closures})


def _term(label: str, fields: list[str]) -> sympy.Expr:
    """Labels like "1", "x0^2 x1" and "uu_11" as products of jets, read letter by letter."""
    found, rest = sympy.Integer(1), label.replace(" ", "*").replace("**", "^")
    while rest:
        if rest[0] in "*1" and not rest.startswith("1_"):
            rest = rest[1:]
            continue
        name = max((n for n in fields if rest.startswith(n)), key=len)
        rest, index, power = rest[len(name) :], "", 1
        if rest.startswith("_"):
            digits = rest[1 : 1 + len(rest[1:]) - len(rest[1:].lstrip("1234"))]
            index, rest = "".join("xyz"[int(d) - 1] for d in digits), rest[1 + len(digits) :]
        if rest.startswith("^"):
            power, rest = int(rest[1]), rest[2:]
        found *= Jet(name, index) ** power
    return found
