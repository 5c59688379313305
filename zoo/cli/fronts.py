"""A picture of a discovery: error against complexity of all candidates, the best one marked."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.cli.pictures import wrapped
from zoo.cli.writing import write

if TYPE_CHECKING:
    import symbolic

CHOSEN = "#c0392b"
WIDEST = 85  # characters of a title's line


def front(path: Path, found: "symbolic.Discovery") -> Path:
    """Held-out and re-simulated error of every candidate over its complexity."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.8), layout="constrained")
    panel = figure.subplots()
    for values, label, style in (
        ([c.error for c in found.candidates], "held-out", "o-"),
        ([c.resimulated for c in found.candidates], "runs from the data", "s--"),
    ):
        points = [
            (c.complexity, v)
            for c, v in zip(found.candidates, values, strict=True)
            if v is not None and math.isfinite(v) and v > 0
        ]
        if points:
            panel.plot(*zip(*sorted(points), strict=True), style, ms=5, lw=1, label=label)
    if found.chosen is not None:
        best = found.candidates[found.chosen]
        panel.axvline(best.complexity, color=CHOSEN, lw=1, ls=":", label="chosen")
    panel.set_yscale("log")
    panel.set_xlabel("complexity (leaves and operations)")
    panel.set_ylabel("relative error")
    panel.legend(fontsize=8, frameon=False)
    title = "no law found" if found.best is None else "; ".join(
        found.candidates[found.chosen].lines())  # fmt: skip
    figure.suptitle(wrapped(title, WIDEST), fontsize=9)
    return write(path, lambda part: figure.savefig(part, dpi=120, format=path.suffix[1:]))
