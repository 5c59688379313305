"""Functions of place that stand in an equation, such as a source, as candidates for its law."""

from typing import TYPE_CHECKING, Any

import numpy as np
import sympy
import xarray

from physics.names import COORDINATES

if TYPE_CHECKING:
    from physics.system import System

DEGREE = 3
FORM = "place"  # name of a function of place among the candidates, with a number


def functions_of_place(system: "System") -> dict[str, sympy.Expr]:
    """{name: expression of coordinates and parameters} that stand as factors in the equation.

    >>> import physics
    >>> functions_of_place(physics.get("burgers_source"))
    {'place1': exp(mu2*x)}
    """
    from physics.jets import expand_fluxes, jets_in

    space = {sympy.Symbol(c) for c in COORDINATES[: system.dim]}
    found: list[sympy.Expr] = []
    for equation in system.equations.values():
        for term in sympy.Add.make_args(sympy.expand(expand_fluxes(equation), power_exp=False)):
            own = [
                f for f in sympy.Mul.make_args(term) if f.free_symbols & space and not jets_in(f)
            ]
            if own and sympy.Mul(*own) not in found:
                found.append(sympy.Mul(*own))
    return {f"{FORM}{i}": e for i, e in enumerate(found, 1)}


def placed(places: dict[str, sympy.Expr], data: xarray.Dataset, system: "System") -> dict:
    """{name: (sample, time, *space)} of functions of place, with the parameters of each sample."""
    from physics.lower.expression import evaluate

    dim, shape = system.dim, data[system.state_names[0]].shape
    symbols: dict[sympy.Symbol, Any] = {sympy.Symbol(n): v for n, v in system.values.items()}
    for name in set(system.values) & set(data.data_vars):
        symbols[sympy.Symbol(name)] = data[name].values.reshape(-1, 1, *[1] * dim)
    for axis, name in enumerate(COORDINATES[:dim]):
        along = [1] * (dim + 2)
        along[axis + 2] = -1
        symbols[sympy.Symbol(name)] = data[name].values.reshape(along)
    values = evaluate(list(places.values()), symbols, np)
    return {n: np.broadcast_to(v, shape) + 0.0 for n, v in zip(places, values, strict=True)}


def inside_alone(name: str, places: dict[str, sympy.Expr], system: "System") -> bool:
    """Whether a parameter stands in functions of place alone, so that no other number differs."""
    from physics.jets import expand_fluxes

    rest = [expand_fluxes(e).subs({p: 1 for p in places.values()})
            for e in system.equations.values()]  # fmt: skip
    return all(sympy.Symbol(name) not in e.free_symbols for e in rest)


def library(system: "System", arrays: dict) -> list[Any]:
    """The simple terms of fields, functions of place, and these times states."""
    from physics.jets import Jet, expand_fluxes, jets_in
    from symbolic.spacetime.library import simple_terms

    states = list(system.state_names)
    every = [j for e in system.equations.values() for j in jets_in(expand_fluxes(e))]
    most = 1 + max((j.order for j in every), default=1)
    terms = [
        t for t in simple_terms(states, [], system.dim, DEGREE)
        if all(j.order <= most for j in jets_in(t))
    ]  # fmt: skip
    own = [Jet(n) for n in arrays]
    return [*terms, *own, *(p * Jet(s) for p in own for s in states)]
