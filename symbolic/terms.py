"""A right-hand side as a sum of terms, each split into its shape and its numbers.

`0.9*x/(1 + 2*x)` has the shape `x*(1 + x)^-1` and the numbers 0.9 | 1, 2. Two laws have the same
terms when the shapes agree; how far apart they are is read from the numbers. Sums under a power
are known up to a common factor only: (2 + 2x)⁻¹ is ½ (1 + x)⁻¹, so each is compared in the unit
that brings the two closest.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import sympy

from physics.text import expression_text

MAX_TERMS = 3000  # beyond, products of sums are left as they stand
MAX_UNITS = 256
LONG = 10**6  # denominators above are written as decimals
LOST = 1e-25  # a sum this small relative to its parts is zero
SAME = 1e-15  # 8/3 and 2.6666666666666665 are one number
_HINTS = {"power_exp": False, "power_base": False, "log": False}


@dataclass(frozen=True)
class Scale:
    """A sum under a power: numbers at `members` may be divided by one of them, to the power
    `exponent`, if the number at `owner` is multiplied by it."""

    owner: int
    members: tuple[int, ...]
    exponent: sympy.Expr

    def moved(self, by: int, owner: int | None = None, power: sympy.Expr = sympy.S.One) -> "Scale":
        """The same scale in a longer list of numbers; `owner` and `power` where it is outermost."""
        members = tuple(m + by for m in self.members)
        if self.owner < 0:
            return Scale(0 if owner is None else owner, members, self.exponent * power)
        return Scale(self.owner + by, members, self.exponent)


@dataclass(frozen=True)
class Term:
    """shape: the term without its numbers.   numbers: coefficient first, then those inside.

    factor: the term without its coefficient.   scales: see `Scale`.
    """

    shape: str
    numbers: tuple[sympy.Expr, ...]
    factor: sympy.Expr
    scales: tuple[Scale, ...] = ()

    @property
    def coefficient(self) -> sympy.Expr:
        """The number in front."""
        return self.numbers[0]

    @property
    def name(self) -> str:
        """The term without its coefficient as text; "1" for a constant."""
        return readable(self.factor)


@dataclass(frozen=True)
class _Atom:
    """A factor that is no symbol: a function, or a power that cannot be multiplied out."""

    shape: str
    numbers: tuple[sympy.Expr, ...]
    node: sympy.Expr
    scales: tuple[Scale, ...] = ()


def terms(expression: sympy.Expr) -> list[Term]:
    """The terms of `expression` (see `pointwise.plain`), products multiplied out, sorted by shape.

    >>> x, y = sympy.symbols("x y")
    >>> [(t.name, t.coefficient) for t in terms(3 * x * (y - x / 2))]
    [('x*y', 3), ('x^2', -3/2)]
    """
    atoms: dict[sympy.Dummy, _Atom] = {}
    flat = _flat(expression, atoms, {}, multiply=size(expression) <= MAX_TERMS)
    collected: dict[sympy.Expr, list[sympy.Expr]] = {}
    for product in sympy.Add.make_args(sympy.expand(flat, **_HINTS)):
        factors = sympy.Mul.make_args(product)
        rest = sympy.Mul(*(f for f in factors if not f.is_number))
        number = sympy.Mul(*(f for f in factors if f.is_number))
        collected.setdefault(rest, []).append(number)
    found = [
        _term(sympy.Add(*numbers), rest, atoms)
        for rest, numbers in collected.items()
        if abs(sympy.Add(*numbers)) > LOST * sum(map(abs, numbers))
    ]
    return sorted(found, key=_order)


def readable(expression: sympy.Expr) -> str:
    """`expression` as text with its numbers to float64."""
    long = [n for n in expression.atoms(sympy.Rational) if n.q > LONG]
    return expression_text(expression.xreplace({n: sympy.Rational(repr(float(n))) for n in long}))


def relative_error(value: sympy.Expr, reference: sympy.Expr) -> float:
    """|value − reference| / |reference|; 0 if float64 cannot tell the two apart.

    >>> relative_error(sympy.Rational(11, 10), sympy.Integer(1))
    0.1
    """
    if value == reference:
        return 0.0
    if reference.is_zero:
        return math.inf
    error = float(abs((value - reference) / reference))
    return error if error > SAME else 0.0


def term_error(one: Term, reference: Term) -> float:
    """Largest relative error of the numbers of `one` against `reference`, of equal shape."""
    best = math.inf
    choices = itertools.product(*(range(len(s.members)) for s in reference.scales))
    for units in itertools.islice(choices, MAX_UNITS):
        ours, theirs = _in_units(one, units), _in_units(reference, units)
        if ours is not None and theirs is not None:
            best = min(best, max(map(relative_error, ours, theirs)))
    return best


# -- reading -------------------------------------------------------------------------------


def _flat(node: sympy.Expr, atoms: dict, known: dict, multiply: bool) -> sympy.Expr:
    """`node` as a polynomial in symbols and in dummies that stand for atoms."""
    if node.is_number or node.is_Symbol:
        return node
    if node.is_Mul and not multiply:
        parts = [
            _power(a, sympy.S.One, atoms, known, multiply) if a.is_Add else a for a in node.args
        ]
        return sympy.Mul(*(_flat(p, atoms, known, multiply) for p in parts))
    if node.is_Add or node.is_Mul:
        return node.func(*(_flat(a, atoms, known, multiply) for a in node.args))
    if node.is_Pow and node.exp.is_number:
        if node.exp.is_Integer and node.exp > 0 and (multiply or not node.base.is_Add):
            return _flat(node.base, atoms, known, multiply) ** node.exp
        return _power(node.base, node.exp, atoms, known, multiply)
    arguments = [terms(a) for a in node.args]
    if node.func in (sympy.Min, sympy.Max):
        arguments.sort(key=lambda a: [_order(t) for t in a])
    pieces = [_joined(a) for a in arguments]
    shape = f"{node.func.__name__}({', '.join(shape for shape, _, _ in pieces)})"
    numbers: list[sympy.Expr] = []
    scales: list[Scale] = []
    for _, inner, inner_scales in pieces:
        scales += [s.moved(len(numbers)) for s in inner_scales]
        numbers += inner
    return _dummy(_Atom(shape, tuple(numbers), node, tuple(scales)), atoms, known)


def _power(base: sympy.Expr, exponent: sympy.Expr, atoms, known, multiply) -> sympy.Expr:
    """base**exponent with an atom for a base that is a sum, divided by its first coefficient."""
    if base.is_Symbol or base.is_number:
        return base**exponent
    inner = terms(base)
    if len(inner) == 1 and exponent.is_Integer:
        flat = _flat(base, atoms, known, multiply)
        if not flat.is_Add:
            return flat**exponent
    if not inner:
        raise ValueError(f"division by zero in ({base})^({exponent})")
    unit = inner[0].coefficient
    if not exponent.is_Integer:
        unit = abs(unit)
    inner = [
        Term(t.shape, (t.coefficient / unit, *t.numbers[1:]), t.factor, t.scales) for t in inner
    ]
    shape, numbers, scales = _joined(inner)
    starts = itertools.accumulate((len(t.numbers) for t in inner[:-1]), initial=0)
    scales = [*scales, Scale(-1, tuple(starts), exponent)]
    node = sympy.Add(*(t.coefficient * t.factor for t in inner))
    if exponent.is_Integer:
        atom = _Atom(f"({shape})^{exponent}", tuple(numbers), node**exponent, tuple(scales))
    else:
        atom = _Atom(f"({shape})^#", (*numbers, exponent), node**exponent, tuple(scales))
    return unit**exponent * _dummy(atom, atoms, known)


def _joined(parts: Sequence[Term]) -> tuple[str, list[sympy.Expr], list[Scale]]:
    """A sum of terms as (shape, numbers, scales)."""
    numbers: list[sympy.Expr] = []
    scales: list[Scale] = []
    for part in parts:
        scales += [s.moved(len(numbers)) for s in part.scales]
        numbers += part.numbers
    return " + ".join(p.shape for p in parts), numbers, scales


def _dummy(atom: _Atom, atoms: dict, known: dict) -> sympy.Dummy:
    key = atom.shape, atom.numbers
    if key not in known:
        known[key] = sympy.Dummy()
        atoms[known[key]] = atom
    return known[key]


def _term(number: sympy.Expr, rest: sympy.Expr, atoms: dict) -> Term:
    pieces = []
    for factor in sympy.Mul.make_args(rest):
        base, exponent = (factor.base, factor.exp) if factor.is_Pow else (factor, sympy.S.One)
        if base is sympy.S.One:
            continue
        atom = atoms.get(base) or _Atom(base.name, (), base)
        shape, numbers = atom.shape, atom.numbers
        if not exponent.is_Integer:
            shape, numbers = f"{shape}^#", (*numbers, exponent)
        elif exponent != 1:
            shape = f"{shape}^{exponent}"
        pieces.append((shape, numbers, atom.node**exponent, atom.scales, exponent))
    pieces.sort(key=lambda p: (p[0], _floats(p[1])))
    collected, scales = [number], []
    for _, numbers, _, inner, exponent in pieces:
        scales += [s.moved(len(collected), 0, exponent) for s in inner]
        collected += numbers
    shape = "*".join(p[0] for p in pieces) or "1"
    return Term(shape, tuple(collected), sympy.Mul(*(p[2] for p in pieces)), tuple(scales))


def _in_units(term: Term, units: Sequence[int]) -> list[sympy.Expr] | None:
    """The numbers of `term` with each scale measured in one of its members."""
    numbers = list(term.numbers)
    for scale, which in zip(term.scales, units, strict=True):
        unit = numbers[scale.members[which]]
        if unit.is_zero or (unit.is_negative and not scale.exponent.is_Integer):
            return None
        for member in scale.members:
            numbers[member] = numbers[member] / unit
        numbers[scale.owner] = numbers[scale.owner] * unit**scale.exponent
    return numbers


def _order(term: Term) -> tuple:
    return term.shape, _floats(term.numbers)


def _floats(numbers: Sequence[sympy.Expr]) -> list[float]:
    try:
        return [float(n) for n in numbers]
    except TypeError:
        raise ValueError(f"{numbers[0]} is no real number: laws are real") from None
    except OverflowError:
        return [math.inf]


def size(node: sympy.Expr) -> float:
    """An upper bound on how many terms `node` has when multiplied out."""
    if node.is_Add:
        return sum(size(a) for a in node.args)
    if node.is_Mul:
        return math.prod(size(a) for a in node.args)
    if node.is_Pow and node.exp.is_Integer and node.exp > 0:
        inner, power = size(node.base), int(node.exp)
        return math.inf if inner > MAX_TERMS else math.comb(int(inner) + power - 1, power)
    return 1
