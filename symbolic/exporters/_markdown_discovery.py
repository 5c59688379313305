"""A Discovery as a document: the verdict, the best law, the front, and reasons for doubt."""

from symbolic.exporters._markdown_law import law_sections, plain, table
from symbolic.result import SIMULATED, Candidate, Discovery

_HELD_OUT = "held-out: error on data left out, relative to no law at all."
_AGAIN = (
    "again: error of runs from the data, half a decorrelation time ahead, relative to the spread "
    "of the states."
)
_MISFIT = "misfit: of the law simulated over the data, relative to their size."


def discovery(found: Discovery, digits: int | None) -> str:
    """The whole document."""
    sections = ["# Discovery", _verdict(found)]
    if found.best is not None:
        sections += law_sections(found.best, digits)
    sections += ["## Candidates", *_front(found)] if found.candidates else []
    sections += _doubts(found)
    return "\n\n".join(sections) + "\n"


def _verdict(found: Discovery) -> str:
    if found.best is None:
        return f"**No law found:** {plain(found.reason)}."
    return f"**Best law:** {plain(found.reason)}."


def _front(found: Discovery) -> list[str]:
    simulated = all(c.engine == SIMULATED for c in found.candidates)
    errors = ["misfit"] if simulated else ["held-out", "again"]
    rows = [
        ["**best**" if i == found.chosen else "", *_numbers(c, simulated), plain(c.engine),
         "<br>".join(f"`{line}`" for line in c.lines())]
        for i, c in enumerate(found.candidates)
    ]  # fmt: skip
    meaning = _MISFIT if simulated else f"{_HELD_OUT} {_AGAIN}"
    return [table(["", "terms", "complexity", *errors, "engine", "law"], rows), meaning]


def _numbers(candidate: Candidate, simulated: bool) -> list[str]:
    again = "" if candidate.resimulated is None else f"{candidate.resimulated:.3g}"
    errors = [f"{candidate.error:.3g}", *([] if simulated else [again])]
    return [str(sum(candidate.terms.values())), str(candidate.complexity), *errors]


def _doubts(found: Discovery) -> list[str]:
    """Inclusion of the terms, noise, what cannot be told, method, and what made it."""
    sections = []
    best = None if found.chosen is None else found.candidates[found.chosen]
    if best is not None and best.inclusion:
        rows = [
            [f"`{target}`", f"`{term}`", f"{share:.0%}"]
            for target, shares in best.inclusion.items()
            for term, share in shares.items()
        ]
        sections += ["## How sure the terms are", table(["of", "term", "kept in bootstraps"], rows)]
    if found.noise:
        rows = [[f"`{state}`", f"{level:.2g}"] for state, level in found.noise.items()]
        sections += ["## Noise", table(["state", "relative to the data"], rows)]
    if found.varying:
        rows = [[f"`{n}`", ", ".join(f"{v:.4g}" for v in own)] for n, own in found.varying.items()]
        sections += ["## Numbers of every sample", table(["parameter", "per sample"], rows)]
    if found.null_directions:
        told = "\n".join(f"- `{relation}`" for relation in found.null_directions)
        sections += [
            "## What cannot be told",
            f"These hold on the data whatever the law:\n\n{told}",
        ]
    made = [f"seed {found.seed}", *(f"{p} {v}" for p, v in found.versions.items())]
    method = [f"{plain(found.method)}."] if found.method else []
    return [*sections, "## Method", *method, f"Made with {plain(', '.join(made))}."]
