"""How large an expression can become when SymPy works on it: refused before, not waited for."""

from math import comb, prod
from typing import NamedTuple

import sympy

from physics import jets

MAX_TERMS = 1000
MAX_NODES = 5000
MAX_BITS = 8000
MAX_PHASES = 1000
_EXPONENT_CAP = 4
_ASKING = ("sinh", "cosh", "tanh", "abs", "sign", "min", "max")


class _Size(NamedTuple):
    """Of an expression multiplied out; growth: factors that one more derivative adds to a term."""

    terms: int = 1
    factors: int = 0
    growth: int = 0
    bits: int = 0
    nodes: int = 1


def check_phases(name: str, argument: sympy.Expr) -> None:
    """Raise ValueError for an argument of the function `name` that would stall SymPy.

    It asks whether sinh, cosh, tanh, abs, sign, min and max, and what stands around them, are real
    or positive, and finds out by multiplying out real and imaginary parts.
    """
    if name in _ASKING and _phases(argument) > MAX_PHASES:
        raise ValueError(f"the argument of {name} is too involved; take smaller powers in it")


def _phases(node: sympy.Expr) -> int:
    """About how many terms the real and imaginary parts of `node` have."""
    if node.is_number:
        return 1
    if not node.args:
        return 2
    parts = [min(_phases(a), MAX_PHASES + 1) for a in node.args]
    if node.is_Add:
        return sum(parts)
    if node.is_Mul:
        return prod(parts)
    if node.is_Pow and node.exp.is_number:
        times = int(sympy.ceiling(abs(node.exp)))
        return comb(parts[0] + times - 1, times) * (1 if node.exp.is_Integer else 2)
    return 2 * sum(parts)


def check_size(expression: sympy.Expr, patience: int = 1) -> None:
    """Raise ValueError if multiplying `expression` out could take more than `patience` seconds.

    That is: `patience` times MAX_TERMS terms, MAX_NODES operations or MAX_BITS of a number.
    """
    _count(expression, patience)


def _count(node: sympy.Expr, patience: int) -> _Size:
    """Upper bounds for `node` multiplied out."""
    if isinstance(node, sympy.Rational):
        return _Size(bits=node.p.bit_length() + node.q.bit_length())
    if not node.args:
        return _Size(factors=1)
    parts = [_count(a, patience) for a in node.args]
    size = _Size(*(max(column) for column in zip(*parts, strict=True)))
    if node.is_Add:
        size = size._replace(terms=sum(p.terms for p in parts))
    elif node.is_Mul:
        sums = {f: sum(getattr(p, f) for p in parts) for f in ("factors", "bits", "nodes")}
        size = size._replace(terms=prod(p.terms for p in parts), **sums)
    elif node.is_Pow and node.exp.is_number:
        times = int(sympy.ceiling(abs(node.exp)))
        smooth = node.exp.is_Integer and node.exp > 0
        size = size._replace(
            terms=comb(size.terms + times - 1, times),
            bits=parts[0].bits * times,
            factors=size.factors * min(times, _EXPONENT_CAP),
            growth=size.growth + (0 if smooth else size.factors),
        )
    elif isinstance(node, jets.D):
        (terms, factors, growth, bits, nodes), _ = parts
        size = _Size(terms * factors, factors + growth, growth, bits, nodes * (2 if growth else 1))
    else:
        factors = sum(p.terms * p.factors for p in parts)
        nodes = 1 + sum(p.terms * p.nodes for p in parts)
        size = _Size(1, factors, size.growth + factors, size.bits, nodes)
    if size.terms > patience * MAX_TERMS or size.terms * size.nodes > patience * MAX_NODES:
        raise ValueError(
            "multiplied out this has thousands of terms; write it with fewer brackets or "
            "smaller powers of them"
        )
    if size.bits > patience * MAX_BITS:
        raise ValueError("multiplied out this has numbers with thousands of digits")
    return size
