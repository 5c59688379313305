"""How far forecasts of a Φ-ROM are off, beside the floor: for cards and tables."""

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray

if TYPE_CHECKING:
    from zoo.models.phi_rom.model import PhiROM

TOLERANCE = 0.05  # relative, of errors that other machines compute


def errors(said: Any, truth: Any, training: int) -> dict[str, float]:
    """Relative L2 error per frame, inside and beyond the `training` first frames: mean over
    trajectories and frames, and that of the worst trajectory. Arrays (sample, time, *space)."""
    gap = np.asarray(said, np.float64) - np.asarray(truth, np.float64)
    shape = (*gap.shape[:2], -1)
    size = np.linalg.norm(np.asarray(truth).reshape(shape), axis=-1)
    each = np.linalg.norm(gap.reshape(shape), axis=-1) / size
    inside, beyond = each[:, :training].mean(1), each[:, training:].mean(1)
    return {
        "inside": float(inside.mean()), "beyond": float(beyond.mean()),
        "worst_inside": float(inside.max()), "worst_beyond": float(beyond.max()),
    }  # fmt: skip


def floor(model: "PhiROM", truth: xarray.Dataset, training: int, frames: slice) -> dict:
    """`errors` of the best latent of some frames of a Dataset of one state."""
    (name,) = model.config.equation.state_names
    some = truth.isel(time=frames)
    inside = len(range(truth.sizes["time"])[:training][frames])
    return errors(model.reconstruct(some)[name].values, some[name].values, inside)


def figures(
    model: "PhiROM", truth: xarray.Dataset, training: int, frames: slice = slice(0, None, 10),
    **baselines: dict,
) -> dict[str, dict]:  # fmt: skip
    """The figures of a card: errors of the forecasts of `truth` from its first fields, beside the
    floor over `frames` and other baselines, {"inside", "beyond"} each."""
    (name,) = model.config.equation.state_names
    found = errors(model.predict(truth)[name].values, truth[name].values, training)
    beside = {"floor": floor(model, truth, training, frames), **baselines}
    return {
        f"error_{part}": {
            "value": found[part], "tolerance": TOLERANCE * found[part],
            "baselines": {n: b[part] for n, b in beside.items()},
        }
        for part in ("inside", "beyond")
    }  # fmt: skip
