"""discover: data in, laws out.

Trajectories give a System (or the hidden part of a partly known one), plain samples a Formula.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from physics import arguments
from physics.domain import Box
from physics.names import TIME
from physics.system import System
from symbolic import simulation
from symbolic.conclusion import concluded
from symbolic.engines import Options
from symbolic.formulation import OdeForm, Target, map_problem, sample_problem, targets_of
from symbolic.library import calls, check_count, monomials, polynomials, read, usable
from symbolic.measurements import (
    Trajectories,
    differing,
    origin_of,
    read_samples,
    read_trajectories,
)
from symbolic.problem import Problem
from symbolic.requests import check, check_known, check_names, leave_out, pointed
from symbolic.result import Discovery
from symbolic.search import search
from symbolic.shortlist import refitted
from symbolic.spacetime.reading import Fields, read_fields, spatial
from symbolic.tuning import tuned
from symbolic.varying import widened
from symbolic.verdict import offset, roughness

if TYPE_CHECKING:
    import xarray


@np.errstate(over="ignore")  # candidates may overflow where they are tried: they drop out
def discover(
    data: "xarray.Dataset | None" = None,
    *,
    engine: str = "auto",
    targets: Sequence[str] | Mapping[str, Any] | None = None,
    inputs: Sequence[str] | Mapping[str, Any] | None = None,
    library: Sequence[Any] | None = None,
    degree: int = 3,
    functions: Sequence[str] | None = None,
    known: System | None = None,
    weights: Any = None,
    auxiliary: Mapping[str, Any] | Sequence[str] | None = None,
    domain: Box | None = None,
    time: str | None = None,
    varying: bool | None = None,
    tune: bool = False,
    most_terms: int = 8,
    seed: int = 0,
    **options: Any,
) -> Discovery:
    """The laws behind `data`, by complexity, and the best of them if one is good enough.

    data: dims (sample, time): the law is a System with the data's states, its numbers parameters
    k1, k2, …; `time="discrete"` (or the same in the attrs) makes it a map.   dims (sample, time,
    x[, y[, z]]): a partial differential equation.   dim point, with
    targets=[…]: the law is a Formula; likewise for inputs={name: array}, targets={name: array},
    where arrays of shape (group, n) are held out group by group. NaN means not measured.
    engine: "auto" (sparse regression, with sines and cosines where it fails, then Operon), or one
    of list_engines().   targets, inputs: names of the states or outputs, and of controls.
    library: terms such as ["1", "x", "x*y", "sin(x)"], of fields also "u*u_x", "laplacian(u)",
    "D(u^2/2, x)"; default: monomials up to `degree`, and
    `functions` of every input.   known: a partly known System; what is sought is added to the
    equations of its states, or put for its controls that are not in the data.
    auxiliary: fields that laws may hold besides the states: names of variables, {name: array}, or
    {name: expression of the states} such as {"v": "inverse_laplacian(omega_x)"}.   domain: Box of
    the fields (default: that of their System; else periodic where the ends fit together).
    varying: whether the numbers of a law may differ from sample to sample (its terms may not):
    True where one law for all does not explain the data, False never; by default where nothing
    else does, or where the data hold parameters that differ. They stand in `.varying`.
    tune: fit the constants of the best ODE and its initial states once more, through its solver
    (seconds: the law is compiled; zoo.explain does).
    weights: of samples.   most_terms: per equation.   options: of the engine (operon:
    generations, population, length).   Same arguments and seed, same result.

    Raises ValueError for data and arguments that do not fit; EngineUnavailable.

    >>> x, y = np.meshgrid(np.linspace(1, 2, 9), np.linspace(0, 3, 9))
    >>> found = discover(inputs={"x": x, "y": y}, targets={"f": 0.5 - 0.9 * x * y})
    >>> found.candidates[found.chosen].lines()
    ['f = 0.5 - 0.9*x*y']
    """
    chosen = Options(most=most_terms, seed=seed, extra=options)
    check(engine, degree, functions, known, time, varying, most_terms, seed, options)
    check_names(data, targets, inputs)
    functions = None if functions is None else arguments.names(functions, "functions")
    if isinstance(inputs, Mapping) or isinstance(targets, Mapping) or pointed(data):
        leave_out("plain samples", time=time, auxiliary=auxiliary, domain=domain, varying=varying,
                  tune=tune or None)  # fmt: skip
        return _from_samples(data, engine, targets, inputs, library, degree, functions, weights,
                             known, chosen)  # fmt: skip
    if data is None or weights is not None:
        missing = "give data, or inputs={name: array} and targets={name: array}"
        spare = "weights are for samples; the noise of trajectories is estimated"
        raise ValueError(missing if data is None else spare)
    wanted = None if targets is None else [*arguments.names(targets, "targets")]
    outside = [] if inputs is None else [*arguments.names(inputs, "inputs")]
    states = wanted
    if known is not None:
        check_known(known, spatial(data))
        states = list(known.state_names)
        controls = [c.name for c in known.controls]
        for name in outside:
            if name not in controls:
                raise ValueError(
                    f"input {name!r} is no control of {known.name!r}; it has: "
                    f"{', '.join(controls) or 'none'}"
                )
        outside = [n for n in controls if n in getattr(data, "variables", ())]
    vary = differing(data) or None if varying is None else varying
    if spatial(data):
        if known is None:
            leave_out("fields (auxiliary= names those that laws may hold)", inputs=inputs)
        leave_out("fields", tune=tune or None)
        if known is not None:
            auxiliary = outside if auxiliary is None else auxiliary
            domain = domain or known.domain
        fields = read_fields(data, states, auxiliary, origin_of(data), domain)
        aims = targets_of(fields, known, wanted if known is not None else None)
        return _from_fields(
            fields, aims, engine, library, degree, functions, known, time, chosen, vary
        )
    if auxiliary is not None or domain is not None:
        raise ValueError("auxiliary= and domain= are for fields; trajectories take inputs=")
    given = read_trajectories(data, states, outside, time, others=known is None)
    if known is not None and (known.time == "discrete") != given.discrete:
        raise ValueError(f"known is {known.time}, the data are not; give time={known.time!r}")
    aims = targets_of(given, known, wanted if known is not None else None)
    found = _from_trajectories(given, aims, engine, library, degree, functions, known, chosen, vary)
    return tuned(found, data) if tune else found


# -- plain samples -------------------------------------------------------------------------


def _from_samples(
    data, engine, targets, inputs, library, degree, functions, weights, known, options: Options
) -> Discovery:
    if known is not None:
        raise ValueError("known= needs trajectories; for a learnt hidden term use .inside(known)")
    if data is None and not (isinstance(inputs, Mapping) and isinstance(targets, Mapping)):
        raise ValueError("samples need both inputs={name: array} and targets={name: array}")
    samples = read_samples(data, inputs, targets, weights)
    _check_size(len(samples.inputs), library, degree, functions)
    problem = sample_problem(samples, options.seed)
    terms = _library(problem, library, degree, functions, len(samples.group))
    found = search(problem, engine, terms, options, extend=library is None and functions is None)
    return concluded(found, problem, samples, [], None, {}, "plain samples", None, options)


# -- trajectories --------------------------------------------------------------------------


def _from_trajectories(
    data: Trajectories, targets, engine, library, degree, functions, known, options: Options, vary
) -> Discovery:
    still = [t for t in targets if _still(data, t)]
    moving = [t for t in targets if t not in still]
    if not moving:
        raise ValueError("no state changes along its trajectories: there is no law to find")
    _check_size(len(data.names) + len(data.controls), library, degree, functions)
    extend = library is None and functions is None
    far = offset(data.names, data.values) if library is None else []
    points = int(np.isfinite(data.values).sum((0, 1)).min())
    if data.discrete:
        problem = map_problem(data, moving, options.seed)
        terms = _library(problem, library, degree, functions, points)
        found = search(problem, engine, terms, options, extend=extend, vary=vary)
        problem = widened(problem, found.varying)
        again = simulation.restarts(data.times, data.values, data.values, _controls(data), True)
        return concluded(
            found, problem, data, targets, known, {}, "pairs of steps", again, options, far
        )
    form = OdeForm(data, moving, options.seed)
    problem = form.problem()
    terms = _library(problem, library, degree, functions, points)
    rough = [*roughness(data.names, form.smoothing), *far]
    if rough:
        engine = "sindy"  # nothing to find; what there is goes on the front
    pilot = search(problem, "sindy", terms, replace(options, keep=1))
    problem = form.problem(pilot.law)
    found = search(problem, engine, terms, options, extend=extend, vary=vary)
    problem = widened(form.problem(found.law), found.varying)
    found = refitted(found, problem, options)
    noise = dict(zip(data.names, map(float, form.smoothing.level), strict=True))
    smooth = _smooth(form, data)
    again = simulation.restarts(data.times, data.values, smooth, _controls(data))
    return concluded(found, problem, data, targets, known, noise, METHOD, again, options, rough)


def _from_fields(
    fields: Fields, targets, engine, library, degree, functions, known, time, options, vary
) -> Discovery:
    from symbolic.spacetime import finding

    if engine not in ("auto", "sindy"):
        raise ValueError(f'fields are searched by engine="sindy", not {engine!r}')
    if functions:
        raise ValueError("functions= is for trajectories; list the terms of a field in library=")
    if time == "discrete":
        raise ValueError("fields are searched for differential equations; leave time= out")
    found, problem, form, again = finding.find(fields, targets, library, degree, options, vary)
    return concluded(
        found, problem, fields, form.targets, known, form.noise, form.method, again, options
    )


METHOD = (
    "weak form (sines on each trajectory) of quintic smoothing splines chosen by restricted "
    "likelihood; rows weighted by the error of the splines"
)


def _still(data: Trajectories, target: Target) -> bool:
    """Whether the state does not change along any trajectory (a parameter in disguise)."""
    rows = [row[np.isfinite(row)] for row in data.values[..., target.state]]
    return target.known == 0 and all(len(row) == 0 or np.ptp(row) == 0 for row in rows)


def _smooth(form: OdeForm, data: Trajectories) -> np.ndarray:
    """The measured entries of the data replaced by the smooth curves."""
    out = np.full(data.values.shape, np.nan)
    for curve in form.smoothing.curves:
        at = np.searchsorted(data.times, curve.nodes)
        at = np.clip(at, 0, len(data.times) - 1)
        own = np.isclose(data.times[at], curve.nodes)
        out[curve.sample, at[own]] = curve.mean[own]
    return np.where(np.isfinite(data.values), out, np.nan)


def _controls(data: Trajectories) -> dict:
    return {sympy.Symbol(n): v for n, v in data.controls.items()}


def _check_size(inputs: int, library, degree: int, functions) -> None:
    """Raise ValueError for a default library too large, before anything is computed."""
    if library is None:
        check_count(monomials(inputs, degree) + inputs * len(functions or ()))


def _library(problem: Problem, library, degree, functions, points: int) -> list[sympy.Expr]:
    if library is not None:
        if functions is not None:
            raise ValueError("give functions= or library=, not both: list the functions' terms")
        symbols = dict(problem.symbols)
        if sympy.Symbol(TIME) in problem.points:
            symbols.setdefault(TIME, sympy.Symbol(TIME))
        terms = usable(read(library, symbols), problem, strict=True)
    else:
        symbols = list(problem.symbols.values())
        terms = usable([*polynomials(symbols, degree), *calls(symbols, functions or ())], problem)
    if len(terms) > points:
        raise ValueError(
            f"data has {points} points but the library {len(terms)} terms: lower degree={degree}, "
            f"list fewer terms in library=, or measure more"
        )
    return terms
