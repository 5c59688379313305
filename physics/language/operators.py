"""Spatial operators in equations: D, laplacian, div, advect, curl, ∂ₓ, Δ and the nonlocal ones.

Each function takes the Reader that met the operator; refusals are ValueErrors, which the Reader
marks in the text.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sympy

from physics import arithmetic, jets
from physics.language.notation import AMBIGUOUS
from physics.language.tokenizer import Token
from physics.names import COORDINATES

if TYPE_CHECKING:
    from physics.language.grammar import Reader

MAX_ORDER = 12


def dimensions(dim: int) -> str:
    """ "1 spatial dimension", "2 spatial dimensions"."""
    return f"{dim} spatial dimension{'' if dim == 1 else 's'}"


def check_coordinates(reader: "Reader", token: Token) -> None:
    """Raise ParseError if `token` is a derivative along a coordinate that there is not."""
    for along in sorted(set(token.index) - set(reader.scope.space)):
        raise reader.error(
            f'"{token.text}" needs the coordinate "{along}", '
            f"but this system has {dimensions(reader.scope.dim)}",
            token,
        )


def call(reader: "Reader", token: Token, arguments: list[sympy.Expr]) -> sympy.Expr:
    """An operator that is written as a function."""
    name, dim = token.base, reader.scope.dim
    if not dim:
        raise ValueError(f"{name} needs a PDE: give length=... (or coordinates)")
    if name == "grad" or (name == "curl" and dim == 3):
        raise ValueError(f"{name} is a vector; write its components, like u_x")
    if name == "curl" and dim == 1:
        raise ValueError("curl needs two dimensions: give length=(Lx, Ly)")
    counts = {"D": 2, "div": dim, "advect": dim + 1, "leray": dim + 1, "curl": 2}
    reader.count(token, arguments, counts.get(name, 1))
    if name == "D":
        return _flux(reader, *arguments)
    if name == "laplacian":
        return _laplacian(reader, arguments[0])
    if name == "div":
        return arithmetic.add(
            [_differentiated(f, c) for f, c in zip(arguments, COORDINATES, strict=False)]
        )
    if name == "advect":
        *velocity, carried = arguments
        pairs = zip(velocity, reader.scope.space, strict=True)
        return arithmetic.add([v * _differentiated(carried, c) for v, c in pairs])
    if name == "curl":
        return _differentiated(arguments[1], "x") - _differentiated(arguments[0], "y")
    return arithmetic.apply(name, arguments)


def partial(reader: "Reader", token: Token) -> sympy.Expr:
    """∂ₓ(…)"""
    if "t" in token.index:
        raise ValueError("a time derivative stands on a state: ∂ₜu or u_t")
    check_coordinates(reader, token)
    return _differentiated(_operand(reader, token), token.index)


def nabla(reader: "Reader", token: Token) -> sympy.Expr:
    """Δ, Δ², ∇² or ∇⁴ of what follows."""
    power = reader.take().text if reader.token.kind == "power" else ""
    times = {"Δ": 1, "Δ2": 2, "∇2": 1, "∇4": 2}.get(token.text + power)
    if times is None:
        raise ValueError("write Δu, ∇²u or laplacian(u)")
    if not reader.scope.dim:
        raise ValueError("Δ needs a PDE: give length=...")
    value = _operand(reader, token)
    for _ in range(times):
        value = _laplacian(reader, value)
    return value


def _operand(reader: "Reader", token: Token) -> sympy.Expr:
    """What ∂ₓ or Δ acts on: a name, a call or brackets, without a power after it."""
    reader.calls += 1
    with reader.deeper(token):
        value = reader.atom()
    reader.calls -= 1
    if reader.token.kind == "power" or reader.token.text == "^":
        raise reader.error(AMBIGUOUS.format("∂ₓ" if token.kind == "partial" else "Δ"), reader.token)
    return value


def _flux(reader: "Reader", flux: sympy.Expr, along: sympy.Expr) -> sympy.Expr:
    if along not in [jets.coordinate(c) for c in reader.scope.space]:
        raise ValueError("the second argument of D is a coordinate of space: D(u^2/2, x)")
    return _differentiated(flux, along.name)


def _differentiated(value: sympy.Expr, index: Sequence[str]) -> sympy.Expr:
    for coordinate in index:
        value = jets.derivative(value, coordinate)
        if isinstance(value, jets.Jet) and value.order > MAX_ORDER:
            raise ValueError(f"derivatives have at most order {MAX_ORDER}")
    return value


def _laplacian(reader: "Reader", value: sympy.Expr) -> sympy.Expr:
    return arithmetic.add([_differentiated(value, (c, c)) for c in reader.scope.space])
