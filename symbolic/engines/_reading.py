"""What engines that write expressions as text share: text to proposals.

The text is read by our own parser, multiplied out, and taken apart into terms with free
coefficients; numbers inside terms (the 0.1 of x/(0.1 + x)) stay free constants. Every expression
is also proposed without its least terms and with inner numbers that are nearly whole put to whole
ones, so that held-out error decides on offsets and decorations.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import sympy

from physics.parser import parse_expression
from symbolic.constants import Proposal
from symbolic.problem import Problem, table

POINTS = 500
MOST_TERMS = 6
MOST_INNER = 4
WHOLE = 0.05  # distance from a whole number up to which an inner constant is tried as one
LARGEST = 10


def samples(problem: Problem) -> Iterator[tuple[str, list[str], dict, np.ndarray, np.ndarray]]:
    """(target, names, {name: symbol}, inputs (n, k), goal (n,)) of every target, finite.

    names: v1, v2, …, which no engine refuses as those of variables.
    """
    symbols = list(problem.symbols.values())
    names = [f"v{i + 1}" for i in range(len(symbols))]
    columns = np.stack([problem.places[s] for s in symbols], axis=-1)
    for target, goal in problem.estimates.items():
        if target not in problem.equations:
            continue
        kept = np.flatnonzero(np.isfinite(goal) & np.isfinite(columns).all(1))
        kept = kept[np.linspace(0, len(kept) - 1, min(len(kept), POINTS)).astype(int)]
        known = dict(zip(names, symbols, strict=True))
        yield target, names, known, columns[kept], goal[kept]


def read(
    texts: Sequence[str],
    target: str,
    symbols: Mapping[str, sympy.Symbol],
    inputs: np.ndarray,
    engine: str,
) -> list[Proposal]:
    """Proposals of `engine` for `target` from expressions in the names of `symbols`.

    inputs: (n, k), where terms are compared by size, columns in the order of `symbols`. Text that
    our parser refuses, and functions inside functions, are left out.
    """
    points = {s: inputs[:, i] for i, s in enumerate(symbols.values())}
    found: dict[tuple, Proposal] = {}
    for text in texts:
        try:
            raw = parse_expression(text, states=symbols, coordinates=())
        except ValueError:
            continue  # longer or more deeply nested than a law may be
        swap = {s: symbols[s.name] for s in raw.free_symbols}
        swap |= {n: sympy.Float(n) for n in raw.atoms(sympy.Rational) if not n.is_Integer}
        expression = raw.xreplace(swap)  # floats: exact fractions grow without bound
        if _nested(expression):
            continue
        for terms in _shorter(normal(expression), points):
            for variant in (terms, _merged(terms)):
                for proposal in _variants(target, variant, engine):
                    key = (proposal.terms, tuple(proposal.constants))
                    found.setdefault(key, proposal)
    return list(found.values())


def normal(expression: sympy.Expr) -> list[tuple[float, sympy.Expr]]:
    """[(coefficient, term)] of the expression multiplied out, every denominator starting with 1.

    >>> x = sympy.Symbol("x")
    >>> normal(3 * x / (2 + 4 * x) + x * (1 + x))
    [(1.0, x), (1.0, x**2), (0.75, x/(x + 1/2))]
    """
    found: dict[sympy.Expr, float] = {}
    for part in sympy.Add.make_args(sympy.expand(expression)):
        value, term = _leading(part).as_coeff_Mul()
        found[term] = found.get(term, 0.0) + float(value)
    pairs = [(v, t) for t, v in found.items() if v and np.isfinite(v)]
    return sorted(pairs, key=lambda p: (p[1].count_ops(), str(p[1])))


def _leading(expression: sympy.Expr) -> sympy.Expr:
    """Sums under a power with the leading coefficient pulled out: 1/(2 + 4x) = (1/4)/(x + 1/2)."""
    if not expression.args:
        return expression
    arguments = [_leading(a) for a in expression.args]
    if expression.is_Pow and arguments[0].is_Add and arguments[1].is_Integer:
        parts = [p.as_coeff_Mul() for p in sympy.Add.make_args(sympy.expand(arguments[0]))]
        parts.sort(key=lambda p: (p[1].is_number, p[1].count_ops(), str(p[1])))
        lead = parts[0][0]
        base = sympy.Add(parts[0][1], *(c / lead * t for c, t in parts[1:]))
        return lead ** arguments[1] * base ** arguments[1]
    return expression.func(*arguments)


def _nested(node: sympy.Basic, inside: bool = False) -> bool:
    """Whether a function stands inside a function: exp(-exp(x)) imitates anything."""
    function = isinstance(node, sympy.Function)
    if function and inside and node.free_symbols:
        return True
    return any(_nested(a, inside or function) for a in node.args)


def _shorter(terms: list[tuple[float, sympy.Expr]], points: dict) -> Iterator[list[sympy.Expr]]:
    """The terms, then without the one that contributes least, and so on."""
    values = table([t for _, t in terms], points) if terms else np.zeros((0, 0))
    sizes = [abs(v) * float(np.sqrt(np.mean(values[:, i] ** 2))) for i, (v, _) in enumerate(terms)]
    order = [i for i in np.argsort(sizes)[::-1] if np.isfinite(sizes[i])]
    for count in range(min(len(order), MOST_TERMS), 0, -1):
        yield [terms[i][1] for i in order[:count]]


def _merged(terms: Sequence[sympy.Expr]) -> list[sympy.Expr]:
    """h and h/(g + c) as the one term h·g/(g + c): 1 - 2/(x + 2) is x/(x + 2)."""
    kept = list(terms)
    for term in terms:
        for power in term.atoms(sympy.Pow):
            if power.exp != -1 or not power.base.is_Add:
                continue
            constant, rest = power.base.as_independent(*power.base.free_symbols)
            plain = term / power
            if constant != 0 and plain in kept and term in kept:
                kept = [t for t in kept if t not in (plain, term)] + [plain * rest * power]
    return kept


def _variants(target: str, terms: Sequence[sympy.Expr], engine: str) -> Iterator[Proposal]:
    """Inner numbers as free constants; and nearly whole ones as whole numbers."""
    counter = iter(range(1000))
    start: dict[sympy.Symbol, float] = {}
    freed = tuple(_freed(t, start, counter) for t in terms)
    whole = {s: sympy.Integer(round(v)) for s, v in start.items() if _whole(v)}
    if whole:
        rest = {s: v for s, v in start.items() if s not in whole}
        fixed = tuple(t.xreplace(whole) for t in freed)
        if len(rest) <= MOST_INNER:
            yield Proposal(target=target, terms=fixed, constants=rest, engine=engine)
    if len(start) <= MOST_INNER:
        yield Proposal(target=target, terms=freed, constants=start, engine=engine)


def _whole(value: float) -> bool:
    return 0 < abs(round(value)) <= LARGEST and abs(value - round(value)) <= WHOLE * abs(value)


def _freed(node: sympy.Expr, start: dict, counter: Iterator[int]) -> sympy.Expr:
    """The term with every inner number, exponents and ±1 aside, as a constant to be fitted."""
    if node.is_number:
        if node in (1, -1, 0):
            return node
        symbol = sympy.Symbol(f"_c{next(counter)}")
        start[symbol] = float(node)
        return symbol
    if not node.args:
        return node
    if node.is_Pow and node.exp.is_Integer:
        return _freed(node.base, start, counter) ** node.exp
    return node.func(*(_freed(a, start, counter) for a in node.args))
