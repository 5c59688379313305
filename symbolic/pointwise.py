"""Right-hand sides as expressions of real symbols, jets and nonlocal operators included.

Fluxes are expanded, u_xx becomes the symbol u_xx, and Δ⁻¹f, which is linear, becomes a sum of
symbols, one per term of f. Numbers like √2 become rational to forty digits, because deciding
whether two exact constants are equal may take for ever.
"""

from collections.abc import Mapping
from types import MappingProxyType

import sympy

from physics.jets import NONLOCAL, D, Jet, expand_fluxes, inverse_laplacian
from symbolic.terms import terms

NOISE = "noise of "
DIGITS = 40  # of numbers that are not rational


def real(name: str) -> sympy.Symbol:
    """The real symbol of that name: SymPy decides much faster about real functions."""
    return sympy.Symbol(name, real=True)


def plain(
    expression: sympy.Expr, values: Mapping[str, sympy.Rational] = MappingProxyType({})
) -> sympy.Expr:
    """`expression` without jets, fluxes and nonlocal operators, `values` put in for symbols.

    >>> plain(D(Jet("u") ** 2 / 2, sympy.Symbol("x")))
    u*u_x
    """
    if isinstance(expression, Jet):
        return real(expression.name)
    if expression.is_Symbol:
        return values.get(expression.name, real(expression.name))
    if isinstance(expression, D):
        flux, along = expression.args
        try:
            return plain(expand_fluxes(expression), values)
        except ValueError:  # it holds a nonlocal operator
            return _linear(plain(flux, values), f"D({{}}, {along})")
    arguments = [plain(a, values) for a in expression.args]
    if isinstance(expression, inverse_laplacian):
        return _linear(arguments[0], "inverse_laplacian({})")
    if isinstance(expression, NONLOCAL):
        return real(f"{expression.func.__name__}({', '.join(map(_text, arguments))})")
    built = expression.func(*arguments) if arguments else expression
    return _rational(built) if built.is_number else built


def ito_drift(
    drift: Mapping[str, sympy.Expr], noise: Mapping[tuple[str, str], sympy.Expr]
) -> dict[str, sympy.Expr]:
    """The drift of the Itô equation that a Stratonovich one is the same as.

    Both of real symbols. Source: Øksendal (2003), Stochastic Differential Equations, ch. 6.
    """
    converted = dict(drift)
    for (state, wiener), amplitude in noise.items():
        for (other, same), theirs in noise.items():
            if same == wiener:
                slope = sympy.diff(amplitude, real(other))
                converted[state] += theirs * slope / 2
    return converted


def covariances(
    states: tuple[str, ...], noise: Mapping[tuple[str, str], sympy.Expr]
) -> dict[str, sympy.Expr]:
    """Σ_w g_iw g_jw per pair of states: what the noise is, whatever its processes are called."""
    wieners = {w for _, w in noise}
    found = {}
    for i, one in enumerate(states):
        for other in states[i:]:
            total = sympy.Add(
                *(noise.get((one, w), 0) * noise.get((other, w), 0) for w in sorted(wieners))
            )
            found[NOISE + (one if one == other else f"{one}, {other}")] = total
    return found


def _linear(argument: sympy.Expr, operator: str) -> sympy.Expr:
    parts = [t.coefficient * real(operator.format(t.name)) for t in terms(argument)]
    return sympy.Add(*parts)


def _rational(number: sympy.Expr) -> sympy.Rational:
    if number.is_Rational:
        return number
    value = number.evalf(DIGITS)
    if not (value.is_Float or value.is_Rational) or not value.is_finite:
        raise ValueError(f"{number} is no finite real number")
    return sympy.Rational(value)


def _text(argument: sympy.Expr) -> str:
    found = [t.name if t.coefficient == 1 else f"{t.coefficient}*{t.name}" for t in terms(argument)]
    return " + ".join(found) or "0"
