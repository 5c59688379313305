"""Auxiliary fields that follow from the states: computed on the data, put back into the law."""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy

from physics.domain import Box
from physics.grid import Grid
from physics.jets import Jet, jets_in
from physics.names import COORDINATES
from physics.symbols import State
from physics.system import System


def read_closures(given: Mapping[str, Any], states: list[str], box: Box) -> dict[str, sympy.Expr]:
    """{auxiliary name: expression} of the entries of `given` that are text or SymPy expressions.

    Raises ParseError (a ValueError) for text that is no expression of the states.
    """
    from physics.parser import parse_expression

    found = {}
    for name, what in given.items():
        if isinstance(what, str):
            found[name] = parse_expression(what, states, (), list(COORDINATES[: box.dim]))
        elif isinstance(what, sympy.Expr):
            found[name] = what
    return found


def computed(expression: sympy.Expr, states: list[str], values: np.ndarray, box: Box) -> np.ndarray:
    """(sample, time, *space) of an expression of periodic fields `values` (…, state)."""
    import jax
    import jax.numpy as jnp

    from physics.lower.spectral.spectral_stepper import SpectralStepper

    if set(box.kinds) != {"periodic"}:
        raise ValueError(
            "auxiliary expressions need a periodic box; give the fields as arrays instead"
        )
    carrier = System(
        name="auxiliary",
        states=[State(name=n) for n in states],
        equations={n: expression if n == states[0] else sympy.S.Zero for n in states},
        domain=box,
    )
    with jax.enable_x64(True):
        stepper = SpectralStepper(carrier, Grid(box, values.shape[2:-1]), 1.0)
        rate = jax.jit(jax.vmap(functools.partial(stepper.rhs, 0.0)))
        flat = jnp.asarray(values.reshape(-1, *values.shape[2:]))
        found = np.concatenate([np.asarray(rate(part))[..., 0] for part in np.array_split(
            flat, max(1, len(flat) // 64))])  # fmt: skip
    return found.reshape(values.shape[:-1])


def closed(law: sympy.Expr, closures: Mapping[str, sympy.Expr]) -> sympy.Expr:
    """`law` with every auxiliary field replaced by its expression; others become controls."""
    swap = {}
    for jet in jets_in(law):
        if jet.field in closures:
            if jet.index:
                raise ValueError(f"the law holds {jet}: derivatives of auxiliary fields are inside")
            swap[jet] = closures[jet.field]
    return law.xreplace(swap)


def as_controls(law: sympy.Expr, names: set[str]) -> sympy.Expr:
    """`law` with auxiliary fields as plain symbols."""
    return law.xreplace({Jet(n): sympy.Symbol(n) for n in names})
