"""What the symbols of an expression mean on a grid: parameters, controls, time and coordinates."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sympy

from physics.lower.expression import evaluate
from physics.names import COORDINATES, TIME, nearest
from physics.system import System


class Coefficients(NamedTuple):
    """values: {parameter or control: array}.   dt: the step [T]."""

    values: dict[str, Any]
    dt: Any


def coefficients(system: System, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """{name: array} of all parameters and controls; missing parameters take nominal values.

    params: {name: scalar}; controls stand among them and hold over the step. Raises ValueError for
    unknown names and missing controls.
    """
    import jax.numpy as jnp

    controls = [c.name for c in system.controls]
    given = dict(params or {})
    for name in given:
        if name not in system.values and name not in controls:
            known = [*system.values, *controls]
            raise ValueError(
                f"system {system.name!r} has no parameter {name!r}{nearest(name, known)}; "
                f"it has: {', '.join(known) or 'none'}"
            )
    for name in controls:
        if name not in given:
            raise ValueError(f"no value given for control {name!r}; it stands in params")
    return {name: jnp.asarray(value) for name, value in (system.values | given).items()}


def surroundings(
    t: Any, values: Mapping[str, Any], coordinates: Sequence[Any], dtype: Any, np: Any
) -> dict[sympy.Symbol, Any]:
    """{symbol: array of `dtype`} for time, parameters and coordinates shaped to broadcast."""
    named = {TIME: t, **dict(zip(COORDINATES, coordinates, strict=False)), **values}
    return {sympy.Symbol(name): np.asarray(value, dtype) for name, value in named.items()}


def on_grid(expressions: Sequence[sympy.Expr], symbols: Mapping, shape: tuple, np: Any) -> list:
    """Values of pointwise `expressions` as full arrays of `shape`."""
    dtype = next(iter(symbols.values())).dtype
    return [
        np.broadcast_to(np.asarray(value, dtype), shape)
        for value in evaluate(expressions, symbols, np)
    ]
