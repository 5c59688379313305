"""A candidate law run from the denoised fields again and again, with the solver of its System."""

import warnings
from collections.abc import Mapping

import numpy as np

from physics.failures import FailedRun
from physics.solution import solve
from physics.system import System
from symbolic.spacetime.form import FieldForm
from symbolic.spacetime.holding import frames_ahead

STARTS = 3
FRAMES = 8
RTOL = 1e-3


class Again:
    """Where runs start and what they are held against, from the denoised fields of `form`."""

    most = 2  # laws worth running: each is compiled

    def __init__(self, form: FieldForm):
        data = form.data
        self.names, self.periodic = data.names, all(data.periodic)
        self.values = np.stack([_denoised(form, n) for n in data.names], axis=-1)
        self.scale = np.std(data.values.reshape(-1, len(data.names)), axis=0)
        self.steps = max(2, frames_ahead(data))
        stride = max(1, self.steps // FRAMES)
        self.steps = self.steps // stride * stride
        self.stride, self.times = stride, data.times

    def error(self, law: System, varying: Mapping | None = None) -> float | None:
        """Mean over the restarts of the error relative to the spread; infinite for a blow-up.

        varying: {parameter: value in every sample}; samples without one are left out.
        None where the law cannot be run: walls whose conditions the data do not say, controls.
        """
        if not self.periodic or law.controls:
            return None
        starts = np.linspace(0, len(self.times) - 1 - self.steps, STARTS).astype(int)
        offsets = np.arange(0, self.steps + 1, self.stride)
        known = np.isfinite(list((varying or {}).values())).all(0)  # per sample, or just True
        values = self.values[known] if varying else self.values
        own = {n: np.repeat(np.asarray(v)[known], STARTS) for n, v in (varying or {}).items()}
        begin = values[:, starts].reshape(-1, *values.shape[2:])
        record = np.stack([values[:, s + offsets] for s in starts], axis=1)
        record = record.reshape(len(begin), *record.shape[2:])
        times = self.times[0] + (self.times[offsets] - self.times[0])
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                run = solve(
                    law, initial={n: begin[..., j] for j, n in enumerate(self.names)}, times=times,
                    rtol=RTOL, parameters=own,
                )  # fmt: skip
        except (FailedRun, ValueError):
            return float("inf")
        states = np.stack([run[n].values for n in self.names], axis=-1)
        apart = ((states - record) / self.scale) ** 2
        each = np.sqrt(apart.mean(axis=tuple(range(1, apart.ndim))))
        return float(each.mean())


def _denoised(form: FieldForm, name: str) -> np.ndarray:
    """(sample, time, *space) on the measured points, of the curves."""
    curves, layout = form.curves[name], form.layouts[name]
    shape = form.data.values.shape[:-1]
    full = np.zeros((*shape[:2], *(b.size for b in form.bases)))
    for piece in curves.pieces:
        at = np.searchsorted(form.data.times, piece.nodes)
        rows = np.zeros((len(at), *full.shape[2:]))
        rows[(slice(None), *layout.index.T)] = piece.mean
        full[piece.sample, at] = rows
    for axis, basis in enumerate(form.bases):
        full = np.moveaxis(np.tensordot(basis.measured, full, axes=(1, axis + 2)), 0, axis + 2)
    return full
