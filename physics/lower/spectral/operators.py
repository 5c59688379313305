"""Linear constant-coefficient operators as polynomials in ∂x, ∂y, ∂z and Δ⁻¹.

An operator is a mapping {(a, b, c, q): factor} that stands for Σ factor · ∂xᵃ ∂yᵇ ∂zᶜ Δ⁻q; it
commutes with every other, so products add exponents. leray is one of them:
leray(k, f)= f_k − ∂_k Δ⁻¹ ∇·f.
"""

from collections.abc import Mapping
from typing import Any

import sympy

from physics import jets
from physics.names import COORDINATES

Exponents = tuple[int, int, int, int]
Operator = dict[Exponents, sympy.Expr]

IDENTITY: Operator = {(0, 0, 0, 0): sympy.Integer(1)}


def along(coordinate: str) -> Operator:
    """∂ of one coordinate."""
    return {exponents_of((coordinate,)): sympy.Integer(1)}


def exponents_of(index: tuple[str, ...], inverse: int = 0) -> Exponents:
    """The exponents of a jet's multi-index."""
    a, b, c = (index.count(name) for name in COORDINATES)
    return (a, b, c, inverse)


def times(first: Mapping[Exponents, Any], second: Mapping[Exponents, Any]) -> dict:
    """The product of two operators."""
    product: dict = {}
    for p, x in first.items():
        for q, y in second.items():
            key = tuple(i + j for i, j in zip(p, q, strict=True))
            product[key] = product.get(key, 0) + x * y
    return {k: v for k, v in product.items() if v != 0}


def plus(first: Mapping[Exponents, Any], second: Mapping[Exponents, Any]) -> dict:
    """The sum of two operators."""
    total = dict(first)
    for key, value in second.items():
        total[key] = total.get(key, 0) + value
    return {k: v for k, v in total.items() if v != 0}


def scaled(operator: Mapping[Exponents, Any], factor: Any) -> dict:
    """factor · operator."""
    return {k: v * factor for k, v in operator.items()}


def linear_form(expression: sympy.Expr) -> dict[str, Operator] | None:
    """{state: operator} of an expression that is linear in the states with constant coefficients.

    None for anything else: products of states, functions, coefficients that vary in space or time.
    """
    form: dict[str, Operator] = {}
    for part, operator, factor in pieces(expression):
        if not isinstance(part, jets.Jet) or varies(factor):
            return None
        whole = times(operator, {exponents_of(part.index): factor})
        form[part.field] = plus(form.get(part.field, {}), whole)
    return form


def varies(factor: sympy.Expr) -> bool:
    """Whether an expression depends on t or a spatial coordinate."""
    return any(s.name in ("t", *COORDINATES) for s in plain_symbols(factor))


def plain_symbols(expression: sympy.Expr) -> set[sympy.Symbol]:
    """Parameters, controls and coordinates, without jets."""
    return {s for s in expression.free_symbols if not isinstance(s, jets.Jet)}


def pieces(
    expression: sympy.Expr, operator: Operator = IDENTITY, factor: sympy.Expr = sympy.S.One
) -> list[tuple[sympy.Expr, Operator, sympy.Expr]]:
    """expression = Σ operator(factor · part), `part` pointwise or a jet, `factor` free of states.

    Opens sums, derivatives D, Δ⁻¹ and leray. The factor of an operator other than the identity
    never varies in space: where it does, it stays inside `part`.
    """
    if expression.is_Add:
        return [p for term in expression.args for p in pieces(term, operator, factor)]
    if expression.is_Mul:
        constants = [a for a in expression.args if not a.has(jets.Jet) and not varies(a)]
        rest = [a for a in expression.args if a not in constants]
        if constants and rest:
            return pieces(sympy.Mul(*rest), operator, factor * sympy.Mul(*constants))
        if len(rest) == 2 and any(a.is_Add for a in rest) and _opens(expression):
            return pieces(sympy.expand_mul(expression), operator, factor)
    if isinstance(expression, jets.D):
        flux, coordinate = expression.args
        return pieces(flux, times(operator, along(coordinate.name)), factor)
    if isinstance(expression, jets.inverse_laplacian):
        return pieces(expression.args[0], times(operator, {(0, 0, 0, 1): 1}), factor)
    if isinstance(expression, jets.leray):
        return _projected(expression, operator, factor)
    return [(expression, operator, factor)]


def _opens(expression: sympy.Expr) -> bool:
    """Whether a product has a nonlocal or derivative node under a sum, to be multiplied out."""
    return any(a.is_Add and a.has(jets.D, *jets.NONLOCAL) for a in expression.args)


def _projected(node: sympy.Expr, operator: Operator, factor: sympy.Expr) -> list:
    component, *fluxes = node.args
    k = int(component)
    found = pieces(fluxes[k], operator, factor)
    for name, flux in zip(COORDINATES, fluxes, strict=False):
        gradient = times(along(COORDINATES[k]), along(name))
        outer = times(operator, times(gradient, {(0, 0, 0, 1): sympy.Integer(-1)}))
        found += pieces(flux, outer, factor)
    return found
