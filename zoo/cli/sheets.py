"""A picture of fields: 1-D space against time beside curves, 2-D frames, 3-D middle slices.

One row per state, the first sample; colours are the same in all frames of a state.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from physics.names import COORDINATES
from zoo.cli.pictures import labelled, wrapped
from zoo.cli.writing import write

if TYPE_CHECKING:
    import xarray

FRAMES = 5
CURVES = 5


def is_field(variable: "xarray.DataArray") -> bool:
    """Whether a variable lives over (sample, time, space…)."""
    return {"sample", "time"} < set(variable.dims) and any(d in COORDINATES for d in variable.dims)


def fields(path: Path, data: "xarray.Dataset", title: str = "") -> Path:
    """Draw the fields of the first sample of `data`."""
    from matplotlib.figure import Figure

    names = [str(n) for n, v in data.data_vars.items() if is_field(v)]
    space = [c for c in COORDINATES if c in data[names[0]].dims]
    width = 9.0 if len(space) == 1 else 2.1 * FRAMES + 1
    height = 2.8 if len(space) == 1 else 2.2
    figure = Figure(figsize=(width, 0.8 + height * len(names)), layout="constrained")
    draw = _history if len(space) == 1 else _frames
    draw(figure, data, names, space)
    notes = [title] if title else []
    if data.sizes["sample"] > 1:
        notes.append(f"first of {data.sizes['sample']} samples")
    if len(space) == 3:
        notes.append(f"slice at z = {_middle(data['z']):.3g}")
    if notes:
        figure.suptitle("\n".join(map(wrapped, notes)), fontsize=9)
    kind = path.suffix.removeprefix(".")
    return write(path, lambda part: figure.savefig(part, dpi=120, format=kind))


def _history(figure, data: "xarray.Dataset", names: list[str], space: list[str]) -> None:
    """1-D: colours over space and time, and the curves at a few times."""
    from matplotlib import colormaps

    panels = figure.subplots(len(names), 2, squeeze=False, width_ratios=(1.15, 1))
    times, place = data["time"].values, data["x"].values
    for (image, curves), name in zip(panels, names, strict=True):
        values = data[name].transpose("sample", "time", "x").values[0]
        drawn = image.pcolormesh(place, times, values, shading="nearest", rasterized=True,
                                 **_colours(values))  # fmt: skip
        figure.colorbar(drawn, ax=image)
        image.set_title(labelled(data, name), fontsize=9)
        image.set_xlabel(labelled(data, "x"))
        image.set_ylabel(labelled(data, "time"))
        picked = _picked(len(times), CURVES)
        for order, i in enumerate(picked):
            shade = 0.9 * order / max(len(picked) - 1, 1)
            curves.plot(place, values[i], color=colormaps["viridis"](shade), lw=1.2,
                        label=f"t = {times[i]:.4g}")  # fmt: skip
        curves.set_xlabel(labelled(data, "x"))
        curves.set_ylabel(labelled(data, name))
        curves.margins(x=0.01)
        curves.legend(fontsize=7, frameon=False, handlelength=1.0)


def _frames(figure, data: "xarray.Dataset", names: list[str], space: list[str]) -> None:
    """2-D and 3-D: the field at a few times, x to the right and y upwards."""
    times = data["time"].values
    picked = _picked(len(times), FRAMES)
    panels = figure.subplots(len(names), len(picked), squeeze=False, sharex=True, sharey=True)
    for row, name in zip(panels, names, strict=True):
        values = data[name].transpose("sample", "time", *space).values[0, picked]
        values = values[..., values.shape[-1] // 2] if len(space) == 3 else values
        colours = _colours(values)
        for panel, frame, i in zip(row, values, picked, strict=True):
            drawn = panel.pcolormesh(data["x"].values, data["y"].values, frame.T,
                                     shading="nearest", rasterized=True, **colours)  # fmt: skip
            panel.set_aspect("equal")
            if name == names[0]:
                panel.set_title(f"t = {times[i]:.4g}", fontsize=8)
            if name == names[-1]:
                panel.set_xlabel(labelled(data, "x"), fontsize=8)
            panel.tick_params(labelsize=7)
        row[0].set_ylabel(labelled(data, "y"), fontsize=8)
        figure.colorbar(drawn, ax=row, label=labelled(data, name), shrink=0.9)


def _colours(values: np.ndarray) -> dict:
    """Colour map and limits: two-sided around zero where the field changes its sign."""
    low, high = float(values.min()), float(values.max())
    size = max(-low, high)
    if low < -0.1 * size and high > 0.1 * size:
        return {"cmap": "RdBu_r", "vmin": -size, "vmax": size}
    return {"cmap": "viridis", "vmin": low, "vmax": high}


def _picked(count: int, most: int) -> list[int]:
    """`most` indices spread from the first to the last of `count`."""
    return sorted({round(i * (count - 1) / max(most - 1, 1)) for i in range(most)})


def _middle(coordinate: "xarray.DataArray") -> float:
    return float(coordinate[coordinate.size // 2])
