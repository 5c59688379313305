"""Expressions of jets evaluated on a periodic box by NumPy's FFT: no code of ours but Grid.

An implementation apart from the lowering, to judge catalogue entries (and the lowering) by.
"""

import numpy as np
import sympy

from physics import jets
from physics.grid import Grid


class Fields:
    """`values` {state: (*space)} on `grid`; evaluates expressions of them at the parameters."""

    def __init__(self, grid: Grid, values: dict, parameters: dict | None = None):
        self.grid, self.values = grid, {k: np.asarray(v, float) for k, v in values.items()}
        self.parameters = parameters or {}
        self.mesh = dict(zip("xyz", grid.mesh, strict=False))
        self.k = dict(zip("xyz", np.meshgrid(*map(grid.wavenumbers, range(grid.dim)),
                                             indexing="ij"), strict=False))  # fmt: skip

    def along(self, field, index):
        """∂ field by FFT; Nyquist modes are assumed empty."""
        spectrum = np.fft.fftn(np.broadcast_to(field, self.grid.points))
        for c in index:
            spectrum = 1j * self.k[c] * spectrum
        return np.fft.ifftn(spectrum).real

    def inverse_laplacian(self, field):
        square = sum(k**2 for k in self.k.values())
        safe = np.where(square > 0, square, 1.0)
        return np.fft.ifftn(np.where(square > 0, -np.fft.fftn(field) / safe, 0.0)).real

    def __call__(self, node: sympy.Expr):
        if isinstance(node, jets.Jet):
            return self.along(self.values[node.field], node.index)
        if node.is_Symbol:
            return self.parameters.get(node.name, self.mesh.get(node.name))
        if node.is_number:
            return float(node)
        if isinstance(node, jets.D):
            return self.along(self(node.args[0]), node.args[1].name)
        if isinstance(node, jets.inverse_laplacian):
            return self.inverse_laplacian(self(node.args[0]))
        if isinstance(node, jets.leray):
            parts = [np.broadcast_to(self(a), self.grid.points) for a in node.args[1:]]
            divergence = sum(self.along(f, c) for f, c in zip(parts, "xyz", strict=False))
            which = int(node.args[0])
            return parts[which] - self.along(self.inverse_laplacian(divergence), "xyz"[which])
        arguments = [self(a) for a in node.args]
        if node.is_Add:
            return sum(arguments)
        if node.is_Mul:
            return np.prod(np.broadcast_arrays(*arguments), axis=0)
        if node.is_Pow:
            return arguments[0] ** arguments[1]
        return getattr(np, node.func.__name__)(*arguments)


def rates(system, fields: Fields) -> dict:
    """{state: ∂ₜ state} with the system's own parameter values."""
    fields.parameters = system.values
    full = fields.grid.points
    return {s: np.broadcast_to(fields(e), full) for s, e in system.equations.items()}


def rate_of(system, density: sympy.Expr, fields: Fields, step: float = 1e-4) -> float:
    """d/dt of the average of `density` along the flow, by a central difference."""
    change = rates(system, fields)
    means = []
    for sign in (1, -1):
        moved = {s: v + sign * step * change[s] for s, v in fields.values.items()}
        at = Fields(fields.grid, moved, system.values)
        means.append(np.mean(np.broadcast_to(at(density), at.grid.points)))
    return (means[0] - means[1]) / (2 * step)
