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
        """The jet of `field`; the order of `index` does not matter."""
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
        """Zero for what does not depend on the coordinate, u_x for a jet; else unevaluated."""
        if not flux.has(Jet, coordinate):
            return sympy.Integer(0)
        if isinstance(flux, Jet):
            return flux.along(coordinate.name)


class inverse_laplacian(sympy.Function):
    """Δ⁻¹ f with zero mean on a periodic box; linear and nonlocal, so it stays a node."""

    nargs = 1

    @classmethod
    def eval(cls, source):
        """Zero for a number, which has no part of zero mean; otherwise unevaluated."""
        if source.is_number:
            return sympy.Integer(0)


class leray(sympy.Function):
    """leray(k, f₁, …, f_d): component `k` of (f₁, …, f_d) projected onto divergence-free fields."""


NONLOCAL = (inverse_laplacian, leray)
_KINKS = (sympy.Abs, sympy.sign, sympy.Min, sympy.Max)


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

    Linear nonlocal operators commute with it: ∂ₓ Δ⁻¹ f = Δ⁻¹ ∂ₓ f. Kinks are differentiated to
    either side: ∂ₓ |f| = sign(f) ∂ₓ f (SymPy takes symbols for complex, where it has no answer).

    >>> total_derivative(Jet("u") ** 2 / 2, "x")
    u*u_x
    """
    expression = expand_fluxes(expression)
    nodes = {node: sympy.Dummy() for node in _outermost(expression, NONLOCAL + _KINKS)}
    flat = expression.xreplace(nodes)
    slopes = {jet: jet.along(along) for jet in jets_in(flat)}
    slopes |= {stand_in: _slope(node, along) for node, stand_in in nodes.items()}
    terms = [sympy.diff(flat, symbol) * slope for symbol, slope in slopes.items()]
    total = sympy.Add(sympy.diff(flat, coordinate(along)), *terms)
    return total.xreplace({stand_in: node for node, stand_in in nodes.items()})


def _outermost(expression: sympy.Basic, kinds: tuple[type, ...]) -> set[sympy.Basic]:
    """Nodes of `kinds` that are in no other such node."""
    if isinstance(expression, kinds):
        return {expression}
    return set().union(*(_outermost(a, kinds) for a in expression.args))


def _slope(node: sympy.Expr, along: str) -> sympy.Expr:
    """The total derivative of a nonlocal operator, abs, sign, min or max."""
    if isinstance(node, NONLOCAL):
        component = node.args[:1] if isinstance(node, leray) else ()
        sources = node.args[len(component) :]
        return node.func(*component, *(total_derivative(f, along) for f in sources))
    if isinstance(node, sympy.sign):
        return sympy.Integer(0)
    first, *others = node.args
    if isinstance(node, sympy.Abs):
        return sympy.sign(first) * total_derivative(first, along)
    rest = node.func(*others)
    ahead = sympy.sign(first - rest) if isinstance(node, sympy.Max) else sympy.sign(rest - first)
    changes = total_derivative(first, along), total_derivative(rest, along)
    return (1 + ahead) / 2 * changes[0] + (1 - ahead) / 2 * changes[1]


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
    """u_x for a jet, zero for a constant, D(f, x) (unevaluated) for anything else."""
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
