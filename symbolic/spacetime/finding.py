"""The search for laws of fields: rows from a form, sharpened twice by what was found so far."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from physics.jets import Jet
from symbolic.engines import Options
from symbolic.formulation import Target
from symbolic.library import calls, check_count, read, usable
from symbolic.problem import Problem
from symbolic.search import POWERS, staged
from symbolic.shortlist import Search, refitted
from symbolic.spacetime.again import Again
from symbolic.spacetime.form import FieldForm
from symbolic.spacetime.library import field_count, field_terms, needed, simple_terms
from symbolic.spacetime.reading import Fields
from symbolic.varying import widened

FUNCTIONS = ("sin", "cos")


def find(
    fields: Fields,
    targets: list[Target],
    library: Sequence[Any] | None,
    degree: int,
    options: Options,
    vary: bool | None = False,
) -> tuple[Search, Problem, FieldForm, Again]:
    """(all fits, the last problem, form, where laws are run from).

    library: the user's terms; by default the simple ones, then all products, then sines of the
    states, each for what the ones before leave unexplained.
    """
    names = [*fields.names, *fields.auxiliary]
    if library is None:
        bends = len(FUNCTIONS) * len(fields.names)
        check_count(
            field_count(len(fields.names), len(fields.auxiliary), fields.dim, degree) + bends
        )
        terms = field_terms(fields.names, list(fields.auxiliary), fields.dim, degree)
        simple = set(simple_terms(fields.names, list(fields.auxiliary), fields.dim, degree))
        stages = [[t for t in terms if t in simple], terms]
        states = [Jet(n) for n in fields.names]
        steep = [s**p for s in states for p in POWERS if p > degree]
        stages.append([*stages[0], *steep, *calls(states, FUNCTIONS)])
    else:
        symbols = FieldForm.symbols(names, fields.dim, library)
        stages = [read(library, symbols)]
    every = list(dict.fromkeys(t for stage in stages for t in stage))
    known = [t.known for t in targets]
    form = FieldForm(fields, targets, options.seed, needed([*every, *known], names), degree)
    problem = form.problem()
    good = set(usable(every, problem, strict=library is not None))
    stages = [[t for t in stage if t in good] for stage in stages]
    pilot = staged(problem, stages, replace(options, keep=1))
    problem = form.problem(pilot.law)
    found = staged(problem, stages, options, vary=vary)
    problem = widened(form.problem(found.law), found.varying)
    return refitted(found, problem, options), problem, form, Again(form)
