"""A sheet of pictures of what a stream holds."""

from typing import Any

import numpy as np

COLUMNS = 6


def draw(stream: Any, state: Any, path: Any) -> None:
    """One row per system of the stream, `COLUMNS` frames of one member each, to a picture file.

    One dimension: a curve per frame. Three: the middle slice.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    owners = np.asarray(state.ring.owner)
    present = [i for i in range(len(stream.sources)) if (owners == i).any()]
    columns = np.unique(np.linspace(0, stream.frames - 1, COLUMNS).astype(int))
    figure = Figure(figsize=(1.6 * len(columns) + 1.4, 1.6 * len(present) + 0.4))
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(present), len(columns), squeeze=False)
    for row, index in enumerate(present):
        source = stream.sources[index]
        member = np.asarray(state.ring.members[int(np.argmax(owners == index))])[..., 0]
        low, high = float(member.min()), float(member.max())
        for column, frame in enumerate(columns):
            _one(axes[row, column], member[frame], low, high, stream.dim)
            if row == 0:
                axes[row, column].set_title(f"frame {frame}", fontsize=8)
        label = f"{source.system.name}\n{source.system.state_names[0]}"
        axes[row, 0].set_ylabel(label, fontsize=7, rotation=0, ha="right", va="center")
    figure.tight_layout(pad=0.4)
    figure.savefig(path, dpi=120)


def _one(axes: Any, field: np.ndarray, low: float, high: float, dim: int) -> None:
    margin = 0.05 * (high - low) or 1.0
    if dim == 1:
        axes.plot(field, linewidth=1)
        axes.set_ylim(low - margin, high + margin)
    else:
        plane = field if dim == 2 else field[..., field.shape[-1] // 2]
        axes.imshow(plane.T, origin="lower", vmin=low, vmax=high, cmap="RdBu_r")
    axes.set_xticks([])
    axes.set_yticks([])
