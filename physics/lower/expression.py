"""A SymPy expression evaluated on arrays: one walk over the tree, shared subexpressions once.

No code is generated and none is executed; under `jax.jit` the walk happens at trace time.
The array namespace is an argument, so the same walk serves jax.numpy, numpy and plain floats.
"""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import sympy

from physics import jets

_UNARY = {
    sympy.sin: "sin", sympy.cos: "cos", sympy.tan: "tan",
    sympy.asin: "arcsin", sympy.acos: "arccos", sympy.atan: "arctan",
    sympy.sinh: "sinh", sympy.cosh: "cosh", sympy.tanh: "tanh",
    sympy.exp: "exp", sympy.log: "log", sympy.Abs: "abs", sympy.sign: "sign",
}  # fmt: skip
_FOLDS = {sympy.Min: "minimum", sympy.Max: "maximum"}


def evaluate(
    expressions: Sequence[sympy.Expr], environment: Mapping[sympy.Symbol, Any], np: ModuleType
) -> list[Any]:
    """Values of `expressions` where each symbol takes its array from `environment`.

    Arrays broadcast against each other. Raises ValueError for a symbol without a value and for
    nodes that are not pointwise (D, nonlocal operators).
    """
    memory: dict[sympy.Basic, Any] = dict(environment)
    return [_walk(expression, memory, np) for expression in expressions]


def _walk(node: sympy.Basic, memory: dict, np: ModuleType) -> Any:
    if node in memory:
        return memory[node]
    value = _value(node, memory, np)
    memory[node] = value
    return value


def _value(node: sympy.Basic, memory: dict, np: ModuleType) -> Any:
    if node.is_Symbol:
        raise ValueError(f"no value given for {node}")
    if node.is_Integer:
        return int(node) if abs(int(node)) < 2**31 else float(node)
    if node.is_number and not node.free_symbols:
        return float(node)
    if node.is_Add:
        return _sum(node, memory, np)
    if node.is_Mul:
        return _product(node, memory, np)
    if node.is_Pow:
        return _power(node.base, node.exp, memory, np)
    if node.func in _FOLDS:
        values = [_walk(a, memory, np) for a in node.args]
        folded = values[0]
        for value in values[1:]:
            folded = getattr(np, _FOLDS[node.func])(folded, value)
        return folded
    if node.func in _UNARY:
        return getattr(np, _UNARY[node.func])(_walk(node.args[0], memory, np))
    if isinstance(node, (jets.D, *jets.NONLOCAL)):
        raise ValueError(f"{node} is not pointwise: it needs a spatial grid")
    raise ValueError(f"cannot evaluate {node} ({node.func.__name__})")


def _sum(node: sympy.Add, memory: dict, np: ModuleType) -> Any:
    total = None
    for term in node.args:
        negative = term.is_Mul and term.args[0] is sympy.S.NegativeOne
        value = _walk(-term if negative else term, memory, np)
        if total is None:
            total = -value if negative else value
        else:
            total = total - value if negative else total + value
    return total


def _product(node: sympy.Mul, memory: dict, np: ModuleType) -> Any:
    numerator = denominator = None
    for factor in node.args:
        if factor.is_Pow and factor.exp.is_number and factor.exp.is_negative:
            value = _power(factor.base, -factor.exp, memory, np)
            denominator = value if denominator is None else denominator * value
        else:
            value = _walk(factor, memory, np)
            numerator = value if numerator is None else numerator * value
    if denominator is None:
        return numerator
    return (1.0 if numerator is None else numerator) / denominator


def _power(base: sympy.Expr, exponent: sympy.Expr, memory: dict, np: ModuleType) -> Any:
    if base is sympy.E:
        return np.exp(_walk(exponent, memory, np))
    value = _walk(base, memory, np)
    if exponent.is_Integer and exponent.is_negative:
        return 1.0 / _repeat(value, -int(exponent))
    if exponent.is_Integer:
        return _repeat(value, int(exponent))
    if exponent is sympy.S.Half:
        return np.sqrt(value)
    if exponent == -sympy.S.Half:
        return 1.0 / np.sqrt(value)
    return np.power(value, _walk(exponent, memory, np))


def _repeat(value: Any, exponent: int) -> Any:
    """value**exponent by squaring: exact derivatives at zero and cheaper than pow."""
    result = None
    while exponent:
        if exponent & 1:
            result = value if result is None else result * value
        exponent >>= 1
        if exponent:
            value = value * value
    return 1.0 if result is None else result
