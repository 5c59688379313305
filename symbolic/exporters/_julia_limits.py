"""What MethodOfLines can discretise of a PDE; everything else is refused in a sentence.

Source: MethodOfLines.jl, "Known limitations", docs.sciml.ai/MethodOfLines.
"""

import sympy

from physics.boundary import condition, sides
from physics.jets import NONLOCAL, D, Jet, expand_fluxes, jets_in
from physics.system import System

WALLS = ("dirichlet", "neumann", "robin")
_ELSE = "export it to latex, sympy or markdown, or solve it with physics.solve"


def discretisable(law: System) -> dict[str, sympy.Expr]:
    """{state: right-hand side} as MethodOfLines takes it.

    Fluxes D(f, x) stay where f is a sum of g·u_x, and are multiplied out otherwise.
    Raises ValueError for noise, maps, nonlocal operators, products of odd derivatives, walls
    that flow passes, and walls with too few conditions.
    """
    if law.noise or law.time == "discrete":
        what = "noise" if law.noise else "discrete time"
        raise ValueError(f"{law.name!r} is a PDE with {what}, which MethodOfLines lacks; {_ELSE}")
    equations = {s: _unfolded(law, s, e) for s, e in law.equations.items()}
    for state, expression in equations.items():
        _check_products(law, state, expression)
    _check_walls(law, equations)
    return equations


def _unfolded(law: System, state: str, node: sympy.Expr) -> sympy.Expr:
    if isinstance(node, NONLOCAL):
        raise ValueError(
            f"the equation of {state!r} of {law.name!r} holds {node.func.__name__}, which "
            f"MethodOfLines lacks; {_ELSE}"
        )
    if not node.args:
        return node
    if not isinstance(node, D):
        return node.func(*(_unfolded(law, state, a) for a in node.args))
    _unfolded(law, state, node.args[0])
    flux, slope = sympy.expand(expand_fluxes(node.args[0])), node.args[1].name
    for term in sympy.Add.make_args(flux):
        held = [j for j in jets_in(term) if j.order]
        if [j.index for j in held] != [(slope,)] or sympy.diff(term, held[0], 2) != 0:
            return expand_fluxes(node)
    return D(flux, node.args[1])


def _check_products(law: System, state: str, expression: sympy.Expr) -> None:
    for term in sympy.Add.make_args(sympy.expand(expression)):
        odd = 0
        for factor in sympy.Mul.make_args(term):
            base, exponent = factor.as_base_exp()
            if isinstance(base, Jet) and base.order % 2:
                odd += 1 if exponent == 1 else 2
        if odd > 1:
            raise ValueError(
                f"the term {term} in the equation of {state!r} of {law.name!r} multiplies odd "
                f"derivatives, which MethodOfLines cannot discretise; {_ELSE}"
            )


def _check_walls(law: System, equations: dict[str, sympy.Expr]) -> None:
    jets = set().union(*(jets_in(expand_fluxes(e)) for e in equations.values()))
    for state in law.state_names:
        for side in sides(law.dim):
            held = condition(law, state, side)
            if held is None:
                continue
            if held.kind not in WALLS:
                raise ValueError(
                    f"{law.name!r} has {held.kind} at {side}, which MethodOfLines lacks; {_ELSE}"
                )
            order = max((j.index.count(side[0]) for j in jets), default=0)
            if order > 2:
                raise ValueError(
                    f"{law.name!r} has derivatives of order {order} along {side[0]}, for which one "
                    f"condition per wall is too few in MethodOfLines; {_ELSE}"
                )
