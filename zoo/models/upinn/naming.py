"""A learnt formula's constants renamed where the known part uses their names: k1 -> q1."""

from dataclasses import replace

import sympy

from physics.formula import Formula
from physics.system import System

LETTERS = "kqcabpgh"


def apart_from(known: System, formula: Formula) -> Formula:
    """`formula` with no parameter that is called like one of `known`, or like a state."""
    taken = {*known.values, *known.state_names, *(c.name for c in known.controls)}
    names = [p.name for p in formula.parameters]
    if not taken & set(names):
        return formula
    for letter in LETTERS:
        fresh = [f"{letter}{i + 1}" for i in range(len(names))]
        if not taken & set(fresh):
            break
    else:
        raise ValueError(f"{known.name!r} uses all names k1, q1, … for its parameters; rename some")
    swap = {sympy.Symbol(a): sympy.Symbol(b) for a, b in zip(names, fresh, strict=True)}
    return replace(
        formula,
        expressions={o: e.xreplace(swap) for o, e in formula.expressions.items()},
        parameters=[replace(p, name=n) for p, n in zip(formula.parameters, fresh, strict=True)],
    )
