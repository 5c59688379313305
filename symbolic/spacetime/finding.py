"""The search for laws of fields: rows from a form, sharpened twice by what was found so far."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sympy

from physics.jets import Jet
from symbolic.engines import Options
from symbolic.formulation import Target
from symbolic.library import calls, read, usable
from symbolic.problem import Problem
from symbolic.search import Search, refitted, staged
from symbolic.spacetime.again import Again
from symbolic.spacetime.form import FieldForm
from symbolic.spacetime.library import field_terms, needed, simple_terms
from symbolic.spacetime.reading import Fields

FUNCTIONS = ("sin", "cos")


def find(
    fields: Fields, library: Sequence[Any] | None, degree: int, options: Options
) -> tuple[Search, Problem, FieldForm, Again]:
    """(all fits, the last problem, form, where laws are run from).

    library: the user's terms; by default the simple ones, then all products, then sines of the
    states, each for what the ones before leave unexplained.
    """
    names = [*fields.names, *fields.auxiliary]
    targets = [Target(n, i, sympy.S.Zero, 1.0) for i, n in enumerate(fields.names)]
    if library is None:
        terms = field_terms(fields.names, list(fields.auxiliary), fields.dim, degree)
        simple = set(simple_terms(fields.names, list(fields.auxiliary), fields.dim, degree))
        stages = [[t for t in terms if t in simple], terms]
        bent = calls([Jet(n) for n in fields.names], FUNCTIONS)
        stages.append([*stages[0], *bent])
    else:
        symbols = FieldForm.symbols(names, fields.dim, library)
        stages = [read(library, symbols)]
    every = list(dict.fromkeys(t for stage in stages for t in stage))
    form = FieldForm(fields, targets, options.seed, needed(every, names), degree)
    problem = form.problem()
    good = set(usable(every, problem, strict=library is not None))
    stages = [[t for t in stage if t in good] for stage in stages]
    pilot = staged(problem, stages, replace(options, keep=1))
    problem = form.problem(pilot.law)
    found = staged(problem, stages, options)
    problem = form.problem(found.law)
    return refitted(found, problem, options), problem, form, Again(form)
