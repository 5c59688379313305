"""A picture of trajectories: measurements as dots, simulations as lines, one panel per state."""

from pathlib import Path
from typing import TYPE_CHECKING

from zoo.cli.writing import write

if TYPE_CHECKING:
    import xarray

MAX_SAMPLES = 8


def trajectories(
    path: Path,
    lines: "xarray.Dataset",
    dots: "xarray.Dataset | None" = None,
    title: str = "",
) -> Path:
    """Draw the variables over (sample, time) of `lines`: those measured in `dots`, else all."""
    from matplotlib.figure import Figure

    names = [str(n) for n, v in lines.data_vars.items() if set(v.dims) == {"sample", "time"}]
    if dots is not None and any(name in dots for name in names):
        names = [name for name in names if name in dots]
    figure = Figure(figsize=(8, 0.6 + 1.9 * len(names)), layout="constrained")
    panels = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    for panel, name in zip(panels, names, strict=True):
        for sample in range(min(lines.sizes["sample"], MAX_SAMPLES)):
            colour = f"C{sample}"
            line = lines[name].transpose("sample", "time").values[sample]
            panel.plot(lines["time"].values, line, color=colour, lw=1.2)
            if dots is not None and name in dots and sample < dots.sizes["sample"]:
                measured = dots[name].transpose("sample", "time").values[sample]
                panel.plot(dots["time"].values, measured, "o", color=colour, ms=3)
        panel.set_ylabel(_labelled(lines, name))
    panels[-1].set_xlabel(_labelled(lines, "time"))
    if title:
        figure.suptitle(title, fontsize=9)
    kind = path.suffix.removeprefix(".")
    return write(path, lambda part: figure.savefig(part, dpi=120, format=kind))


def _labelled(dataset: "xarray.Dataset", name: str) -> str:
    unit = dataset[name].attrs.get("units")
    return f"{name} [{unit}]" if unit else name
