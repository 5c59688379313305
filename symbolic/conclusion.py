"""From everything that was fitted to a Discovery: the front, runs from the data, the verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from physics.system import System
from symbolic.ambiguity import null_directions
from symbolic.assembly import candidate, distinct, front
from symbolic.engines import Options
from symbolic.ensembles import with_inclusion
from symbolic.formulation import Target
from symbolic.measurements import Samples, Trajectories
from symbolic.problem import Problem
from symbolic.provenance import versions
from symbolic.result import Candidate, Discovery
from symbolic.shortlist import Search, shortlist
from symbolic.spacetime.reading import Fields
from symbolic.verdict import bounded, objections, simplest, vindicated


def concluded(
    found: Search,
    problem: Problem,
    data: Trajectories | Fields | Samples,
    targets: Sequence[Target],
    known: System | None,
    noise: Mapping[str, float],
    method: str,
    again: Any,
    options: Options,
    rough: Sequence[str] = (),
) -> Discovery:
    """The Discovery of what was found for `problem`.

    noise: {state: level}.   method: how the rows were made.   again: runs a law from the data,
    None where there is no room.   rough: states that no curve describes, in words.
    """
    found.chosen = simplest(found, problem)
    short = {
        t: with_inclusion(problem, fits, found.library, options.seed)
        for t, fits in shortlist(found, problem).items()
    }
    best = {t: next(f for f in short[t] if f.terms == c.terms) for t, c in found.chosen.items()}
    joints = front(short, best)
    candidates = [candidate(j, problem, data, targets, known) for j in joints]
    chosen = joints.index(best) if best in joints else None
    if chosen is not None and again is not None:
        _resimulate(candidates, chosen, again)
    reasons = [*rough, *objections(found, problem, short)]
    if reasons and chosen is not None and vindicated(candidates, chosen, noise):
        reasons = [*rough, *objections(found, problem, short, lenient=True)]
    reason = "; ".join(reasons)
    if chosen is None or reasons:
        chosen, reason = None, reason or "no candidate could be fitted"
    else:
        chosen, reason = bounded(candidates, joints, chosen, problem, found.fits)
    candidates, chosen = distinct(candidates, chosen)
    return Discovery(
        candidates=tuple(candidates),
        chosen=chosen,
        reason=". ".join([reason, *found.notes]),
        null_directions=tuple(map(str, null_directions(problem, found.library))),
        noise=noise,
        method=method,
        seed=options.seed,
        versions=versions(),
    )


def _resimulate(candidates: list[Candidate], chosen: int, again: Any) -> None:
    """Runs from the data. again: has `error(law)` and `most`, how many laws are run."""
    near = sorted(range(len(candidates)), key=lambda i: (abs(i - chosen), i))[: again.most]
    for i in near:
        error = again.error(candidates[i].law, candidates[i].varying)
        candidates[i] = replace(candidates[i], resimulated=error)
