"""Conservation form: a right-hand side as −∇·F + S, found by exact integration.

Fluxes written as `D(f, x)` are kept as they stand; what is left is integrated term by term from the
highest derivative down: a·u_Ix = ∂ₓ(∫ a du_I) − …, so −u uₓ gives the flux u²/2.

Source: Olver (1993), Applications of Lie Groups to Differential Equations, ch. 4.1 and 5.4
(divergences and their inversion), doi:10.1007/978-1-4612-4350-2.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import sympy
from sympy.integrals.manualintegrate import manualintegrate

from physics import jets
from physics.jets import D, Jet, jets_in, total_derivative
from physics.names import COORDINATES
from physics.system import System
from physics.tree import canonical

MAX_ROUNDS = 200


@dataclass(frozen=True)
class FluxForm:
    """∂ₜu = −Σ ∂F/∂x + S for every state.

    fluxes: {state: {coordinate: F}}, F may hold derivatives (−ν uₓ of diffusion).
    source: {state: S}, free of derivatives.
    """

    fluxes: Mapping[str, Mapping[str, sympy.Expr]]
    source: Mapping[str, sympy.Expr]

    def rhs(self, state: str) -> sympy.Expr:
        """The right-hand side again, its fluxes as D nodes."""
        terms = [-D(f, jets.coordinate(c)) for c, f in self.fluxes[state].items()]
        return sympy.Add(self.source[state], *terms)


def flux_form(system: System) -> FluxForm:
    """The fluxes F and source S of `system`: rhs = −div F + S, S free of derivatives.

    Raises ValueError with the term that is no divergence if there is no such form.

    >>> from physics.parser import parse
    >>> flux_form(parse("u_t = -u*u_x + nu*u_xx - u", {"nu": 0.1})).fluxes
    {'u': {'x': u**2/2 - u_x*nu}}
    """
    if system.domain is None:
        raise ValueError(f"{system.name!r} has no space, so it has no flux form")
    coordinates = COORDINATES[: system.dim]
    fluxes, sources = {}, {}
    for state, expression in system.equations.items():
        flux = dict.fromkeys(coordinates, sympy.Integer(0))
        rest = _integrated(system, state, _written(expression, flux), flux)
        fluxes[state] = {c: sympy.expand(-f) for c, f in flux.items()}
        sources[state] = rest
    return FluxForm(fluxes, sources)


def _written(expression: sympy.Expr, flux: dict[str, sympy.Expr]) -> sympy.Expr:
    """Move the D(f, x) that stand with a constant factor to `flux`; the rest."""
    rest = []
    for term in sympy.Add.make_args(sympy.expand(expression, deep=False)):
        nodes = [f for f in sympy.Mul.make_args(term) if isinstance(f, D)]
        factor = term / nodes[0] if nodes else term
        varies = {jets.coordinate(c) for c in COORDINATES} & factor.free_symbols
        if len(nodes) != 1 or jets_in(factor) or varies:
            rest.append(term)
            continue
        inside, along = nodes[0].args
        flux[along.name] += factor * _lowered(inside)
    return sympy.Add(*rest)


def _lowered(inside: sympy.Expr) -> sympy.Expr:
    """A flux with its own inner D nodes worked out."""
    return jets.expand_fluxes(inside)


def _integrated(system: System, state: str, rest: sympy.Expr, flux: dict) -> sympy.Expr:
    """Move all derivatives of `rest` into `flux`, highest first; what remains is the source."""
    rest = canonical(rest)
    last = None
    for _ in range(MAX_ROUNDS):
        found = [j for j in jets_in(rest) if j.order]
        if not found:
            return rest
        top = max(found, key=_rank)
        if last is not None and _rank(top) >= last:
            break
        factor = sympy.diff(rest, top)
        if factor.has(top) or factor.has(*jets.NONLOCAL):
            break
        along = top.index[0]
        piece = _antiderivative(factor, Jet(top.field, top.index[1:]))
        if piece is None:
            break
        flux[along] += piece
        rest, last = _cancelled(rest - total_derivative(piece, along), top), _rank(top)
    raise ValueError(
        f"{system.name!r} has no flux form: in the equation of {state!r}, {rest} is no divergence"
    )


def _rank(jet: Jet) -> tuple:
    return jet.order, jet.field, jet.index


def _antiderivative(factor: sympy.Expr, variable: Jet) -> sympy.Expr | None:
    """∫ factor d(variable), or None where it has no closed form."""
    stand_in = sympy.Dummy("s", real=True)
    pieces = []
    for term in sympy.Add.make_args(sympy.expand(factor)):
        piece = manualintegrate(term.xreplace({variable: stand_in}), stand_in)
        if piece.has(sympy.Integral, sympy.Piecewise):
            return None
        pieces.append(piece.xreplace({stand_in: variable}))
    return sympy.Add(*pieces)


def _cancelled(rest: sympy.Expr, top: Jet) -> sympy.Expr:
    """`rest` multiplied out, without the jet that was just integrated."""
    rest = canonical(rest)
    if rest.has(top) and sympy.simplify(sympy.diff(rest, top)) == 0:
        rest = canonical(rest.xreplace({top: sympy.Integer(0)}))
    return rest
