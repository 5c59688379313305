"""Jet symbols u, u_x, u_xx: a field and its spatial derivatives as flat SymPy symbols.

A jet carries its field and multi-index, hashes and compares like a symbol and prints as typed.
A state of an ODE is the jet of order zero, so ODEs and PDEs share one representation.
Two kinds of node stay unevaluated: fluxes `D(u**2/2, x)`, whose expansion would destroy the
conservation form, and linear nonlocal operators (`inverse_laplacian`, `leray`).

Source: Olver (1993), Applications of Lie Groups to Differential Equations, ch. 2 (jets and
total derivatives), doi:10.1007/978-1-4612-4350-2.
"""

from collections.abc import Sequence

import sympy

from physics.names import COORDINATES


class Jet(sympy.Symbol):
    """The field `field` differentiated once along each coordinate of `index`.

    >>> Jet("u", "xx"), Jet("u"), Jet("u", "yx") == Jet("u", "xy")
    (u_xx, u, True)
    """

    __slots__ = ("field", "index")

    def __new__(cls, field: str, index: Sequence[str] = ()):
        index = tuple(sorted(index))
        suffix = "_" + "".join(index) if index else ""
        jet = sympy.Symbol.__xnew__(cls, field + suffix)
        jet.field, jet.index = field, index
        return jet

    def _hashable_content(self):
        return (self.field, self.index)

    def __getnewargs_ex__(self):
        return (self.field, self.index), {}

    @property
    def order(self) -> int:
        """Number of spatial derivatives; 0 for the field itself."""
        return len(self.index)

    def along(self, coordinate: str) -> "Jet":
        """This jet differentiated once more along `coordinate`."""
        return Jet(self.field, (*self.index, coordinate))


class D(sympy.Function):
    """The unevaluated total derivative ∂ₓ(flux): `D(u**2/2, x)`. Coordinate: a plain symbol."""

    nargs = 2

    @classmethod
    def eval(cls, flux, coordinate):
        if flux.is_number:
            return sympy.Integer(0)


class inverse_laplacian(sympy.Function):
    """Δ⁻¹ f with zero mean on a periodic box; linear and nonlocal, so it stays a node."""

    nargs = 1


class leray(sympy.Function):
    """Component `k` of the projection of (f₁, …, f_d) onto divergence-free fields."""


NONLOCAL = (inverse_laplacian, leray)


def coordinate(name: str) -> sympy.Symbol:
    """The plain symbol of a coordinate (t, x, y, z)."""
    return sympy.Symbol(name)


def fields(names: str, dim: int | None = None) -> list[Jet]:
    """Jets of order zero for space-separated `names`, the first `dim` of them if given."""
    return [Jet(name) for name in names.split()[:dim]]


def symbol(name: str) -> sympy.Symbol:
    """The plain symbol of a parameter or control."""
    return sympy.Symbol(name)


def jets_in(expression: sympy.Basic) -> set[Jet]:
    """All jets that occur in `expression`, those under D(…) and nonlocal operators included."""
    return {s for s in expression.free_symbols if isinstance(s, Jet)}


def total_derivative(expression: sympy.Expr, along: str) -> sympy.Expr:
    """∂f/∂x + Σ ∂f/∂u_I · u_Ix, for expressions of jets and explicit coordinates.

    >>> total_derivative(Jet("u") ** 2 / 2, "x")
    u*u_x
    """
    expression = expand_fluxes(expression)
    if expression.has(*NONLOCAL):
        raise ValueError(f"cannot differentiate {expression}: it holds a nonlocal operator")
    explicit = sympy.diff(expression, coordinate(along))
    chain = [sympy.diff(expression, jet) * jet.along(along) for jet in jets_in(expression)]
    return sympy.Add(explicit, *chain)


def expand_fluxes(expression: sympy.Expr) -> sympy.Expr:
    """Replace every D(f, x) by its total derivative, innermost first."""
    if not expression.has(D):
        return expression
    arguments = [expand_fluxes(a) for a in expression.args]
    if isinstance(expression, D):
        return total_derivative(arguments[0], arguments[1].name)
    return expression.func(*arguments)


def _coordinates(dim: int) -> tuple[str, ...]:
    return COORDINATES[:dim]


def derivative(expression: sympy.Expr, along: str) -> sympy.Expr:
    """u_x for a jet, D(f, x) (unevaluated) for anything else; sums and constants pass through."""
    if isinstance(expression, Jet):
        return expression.along(along)
    return D(expression, coordinate(along))


def grad(expression: sympy.Expr, dim: int) -> list[sympy.Expr]:
    """∇f, `dim` components."""
    return [derivative(expression, c) for c in _coordinates(dim)]


def div(components: Sequence[sympy.Expr]) -> sympy.Expr:
    """∇·f of `dim` components."""
    return sympy.Add(*(derivative(f, c) for f, c in zip(components, COORDINATES, strict=False)))


def laplacian(field: sympy.Expr, dim: int) -> sympy.Expr:
    """Δf in `dim` dimensions."""
    return sympy.Add(*(derivative(derivative(field, c), c) for c in _coordinates(dim)))


def advect(velocity: Sequence[sympy.Expr], field: Jet) -> sympy.Expr:
    """(u·∇) f for a velocity of `dim` components."""
    return sympy.Add(
        *(v * derivative(field, c) for v, c in zip(velocity, COORDINATES, strict=False))
    )


def curl(components: Sequence[sympy.Expr]) -> list[sympy.Expr]:
    """∇×f: one component (v_x − u_y) in two dimensions, three in three."""
    if len(components) == 2:
        u, v = components
        return [derivative(v, "x") - derivative(u, "y")]
    u, v, w = components
    return [
        derivative(w, "y") - derivative(v, "z"),
        derivative(u, "z") - derivative(w, "x"),
        derivative(v, "x") - derivative(u, "y"),
    ]
