"""The nonlinear part on the grid: fields there, products, and back, as the plan says."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as numpy
import sympy

from physics.lower.expression import evaluate
from physics.lower.spectral.modes import Modes, Multiplier
from physics.lower.spectral.plan import Plan
from physics.names import COORDINATES, TIME


class Nonlinear:
    """N(t, states) of one plan on one set of modes."""

    def __init__(self, plan: Plan, names: tuple[str, ...], modes: Modes):
        self.plan, self.names, self.modes = plan, names, modes
        self.fields = [
            [(names.index(state), self._numeric(form)) for state, form in field]
            for field in plan.fields.values()
        ]

    def _numeric(self, form) -> Multiplier:
        total = Multiplier()
        for exponents, factor in form:
            total = total + self.modes.derivative(exponents) * float(factor)
        return total

    def outputs(self, values: Mapping, np: ModuleType) -> list[list]:
        """[target][product] multipliers (None where a product does not enter)."""
        size = len(self.plan.products)
        table: list[list] = [[None] * size for _ in self.names]
        for target, exponents, weight, factor, index in self.plan.outputs:
            (number,) = evaluate([weight], values, np)
            share = self.modes.derivative(exponents) * (number * factor)
            row = table[self.names.index(target)]
            row[index] = share if row[index] is None else row[index] + share
        return [[None if m is None else m.parts for m in row] for row in table]

    def forcing(self, values: Mapping, dtype: Any) -> list:
        """What does not depend on states and time, per target in Fourier space (or None)."""
        import jax.numpy as jnp

        found: list[Any] = [None] * len(self.names)
        for term in self.plan.forcing:
            environment = dict(values) | self._coordinates(dtype)
            expression = term.factor * term.weight * term.row
            (value,) = evaluate([expression], environment, jnp)
            field = jnp.broadcast_to(jnp.asarray(value, dtype), self.modes.grid.points)
            multiplier = cast(self.modes.derivative(term.exponents).parts, dtype)
            share = Multiplier(*multiplier).apply(self.modes.to_modes(field[None])[0])
            index = self.names.index(term.target)
            found[index] = share if found[index] is None else found[index] + share
        return found

    def _coordinates(self, dtype: Any) -> dict:
        names = map(sympy.Symbol, COORDINATES)
        return dict(zip(names, (m.astype(dtype) for m in self.modes.grid.mesh), strict=False))

    def on_grid(self, states: tuple) -> dict:
        """{symbol of a field: its values on the grid}."""
        import jax.numpy as jnp

        if not self.fields:
            return {}
        dtype = states[0].real.dtype
        stacked = []
        for parts in self.fields:
            total = None
            for index, multiplier in parts:
                share = Multiplier(*cast(multiplier.parts, dtype)).apply(states[index])
                total = share if total is None else total + share
            stacked.append(jnp.broadcast_to(total, self.modes.shape))
        values = self.modes.to_grid(jnp.stack(stacked))
        return dict(zip(self.plan.fields, values, strict=True))

    def __call__(self, t: Any, states: tuple, outputs: list, forcing: list, values: Mapping):
        """The nonlinear part per target in Fourier space; None where there is none."""
        import jax.numpy as jnp

        found = list(forcing)
        if self.plan.products:
            dtype = states[0].real.dtype
            environment = dict(values) | self._coordinates(dtype) | self.on_grid(states)
            environment[sympy.Symbol(TIME)] = t
            products = evaluate(list(self.plan.products), environment, jnp)
            points = self.modes.grid.points
            back = self.modes.to_modes(
                jnp.stack([jnp.broadcast_to(jnp.asarray(p, dtype), points) for p in products])
            )
            for i, row in enumerate(outputs):
                for j, parts in enumerate(row):
                    if parts is not None:
                        share = Multiplier(*parts).apply(back[j])
                        found[i] = share if found[i] is None else found[i] + share
        return tuple(found)


def cast(tree: Any, dtype: Any) -> Any:
    """Arrays of a nested tuple or list in the precision of `dtype`; None stays None."""
    if tree is None:
        return None
    if isinstance(tree, list | tuple):
        return type(tree)(cast(part, dtype) for part in tree)
    complex_kind = numpy.result_type(dtype, numpy.complex64)
    wanted = complex_kind if numpy.iscomplexobj(tree) else numpy.dtype(dtype)
    return tree if tree.dtype == wanted else tree.astype(wanted)
