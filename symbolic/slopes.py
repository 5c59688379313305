"""The slope of a right-hand side along one of its symbols, kinks included."""

import sympy

from physics.jets import coordinate, total_derivative

_KINKS = (sympy.Abs, sympy.sign, sympy.Min, sympy.Max)


def slope(expression: sympy.Expr, symbol: sympy.Symbol) -> sympy.Expr:
    """∂f/∂symbol of a pointwise expression; kinks are differentiated to either side.

    SymPy takes symbols for complex and has no slope of |x| then; physics.jets has one.

    >>> x, y = sympy.symbols("x y")
    >>> slope(y * sympy.Abs(x) + sympy.sign(x), x)
    y*sign(x)
    """
    if not expression.has(*_KINKS):
        return sympy.diff(expression, symbol)
    others = {s: sympy.Dummy() for s in expression.free_symbols if s != symbol}
    moving = coordinate("x")
    found = total_derivative(expression.xreplace({**others, symbol: moving}), moving.name)
    return found.xreplace({**{d: s for s, d in others.items()}, moving: symbol})
