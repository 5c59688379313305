"""A picture of trajectories: measurements as dots, simulations as lines, one panel per state."""

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.cli.writing import write

if TYPE_CHECKING:
    import numpy
    import xarray

MAX_SAMPLES = 8
LEGEND = 4  # panels are too narrow for more entries beside the lines
WIDEST = 110  # characters of a title's line
DOTS = "#333333"
YEARS = ("yr", "year", "years")
FAR = 100.0  # times beyond which ticks stand at whole numbers


def trajectories(
    path: Path,
    lines: "xarray.Dataset",
    dots: "xarray.Dataset | None" = None,
    title: str = "",
    names: tuple[str, str] = ("simulated", "measured"),
    steps: bool = False,
) -> Path:
    """Draw the variables over (sample, time) of `lines`: those measured in `dots`, else all.

    names: what lines and dots are, for the legend.   steps: a map, whose values are joined only
    faintly.
    """
    from matplotlib.figure import Figure

    shown = [str(n) for n, v in lines.data_vars.items() if set(v.dims) == {"sample", "time"}]
    if dots is not None and any(name in dots for name in shown):
        shown = [name for name in shown if name in dots]
    else:
        dots = None
    figure = Figure(figsize=(8, 0.9 + 1.9 * len(shown)), layout="constrained")
    panels = figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
    count = min(lines.sizes["sample"], MAX_SAMPLES)
    for panel, name in zip(panels, shown, strict=True):
        for sample in range(count):
            line = lines[name].transpose("sample", "time").values[sample]
            style = {"lw": 0.4, "marker": "o", "ms": 3} if steps else {"lw": 1.3}
            panel.plot(lines["time"].values, line, color=f"C{sample}", zorder=3, **style)
            if dots is not None and sample < dots.sizes["sample"]:
                _measured(panel, dots, name, sample, DOTS if count == 1 else f"C{sample}")
        panel.set_ylabel(labelled(lines, name))
        panel.margins(x=0.02)
    panels[-1].set_xlabel(labelled(lines, "time"))
    _whole_ticks(panels[-1], lines["time"])
    _legend(figure, count, lines.sizes["sample"], names, dots is not None)
    if title:
        figure.suptitle(wrapped(title), fontsize=9)
    kind = path.suffix.removeprefix(".")
    return write(path, lambda part: figure.savefig(part, dpi=120, format=kind))


def _measured(panel, dots: "xarray.Dataset", name: str, sample: int, colour: str) -> None:
    values = dots[name].transpose("sample", "time").values[sample]
    edge = {"mec": "black", "mew": 0.4, "ls": "none"}
    panel.plot(dots["time"].values, values, "o", color=colour, ms=3.5, zorder=2, **edge)


def _legend(figure, count: int, samples: int, names: tuple[str, str], dotted: bool) -> None:
    """Above the panels: what lines and dots are, and the colours of the samples."""
    from matplotlib.lines import Line2D

    handles = []
    if dotted:
        handles.append(Line2D([], [], color="C0" if count == 1 else "grey", label=names[0]))
        handles.append(Line2D([], [], color=DOTS, ls="none", marker="o", ms=3.5, label=names[1]))
    if count > 1:
        handles += [Line2D([], [], color=f"C{i}", label=f"sample {i}") for i in range(count)]
    if count < samples:
        handles.append(Line2D([], [], ls="none", label=f"first {count} of {samples} samples"))
    if handles:
        figure.legend(
            handles=handles, loc="outside lower center", ncols=min(len(handles), 2 * LEGEND + 1),
            fontsize=8, frameon=False, handlelength=1.2, columnspacing=1.0,
        )  # fmt: skip


def _whole_ticks(panel, time: "xarray.DataArray") -> None:
    """Ticks at whole numbers where the times are years or the like."""
    far = float(abs(time).max()) > FAR and float(time.max() - time.min()) >= LEGEND
    if far or str(time.attrs.get("units", "")).lower() in YEARS:
        panel.xaxis.get_major_locator().set_params(integer=True)


def labelled(dataset: "xarray.Dataset", name: str) -> str:
    """Name and unit, as on an axis."""
    unit = dataset[name].attrs.get("units")
    return f"{name} [{unit}]" if unit and unit != "-" else name


def wrapped(title: str, widest: int = WIDEST) -> str:
    """A title that fits above a picture: at most three lines of `widest` characters."""
    rows = textwrap.wrap(title, widest)
    return "\n".join(rows if len(rows) <= 3 else [*rows[:2], f"{rows[2][: widest - 2]} …"])


def between(times: "numpy.ndarray", least: int = 1000) -> "numpy.ndarray":
    """`times` with as many in between as make a smooth curve; nothing is left out.

    >>> between([0.0, 1.0, 3.0], least=4).tolist()
    [0.0, 0.5, 1.0, 2.0, 3.0]
    """
    import numpy as np

    times = np.asarray(times, float)
    if len(times) < 2:
        return times
    parts = -(-least // len(times))
    steps = [np.linspace(a, b, parts, endpoint=False) for a, b in zip(times, times[1:])]  # noqa: B905
    return np.concatenate([*steps, times[-1:]])
