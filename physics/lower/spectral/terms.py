"""A System taken apart: linear operators, forcing, and nonlinear terms as operators on products.

rhs_i = Σ_s L_is(∂) s + Σ_terms θ · O(∂)[ row ], where a row is a pointwise expression of fields, a
field is a linear combination of derivatives of the states, and θ depends on parameters alone.
"""

from dataclasses import dataclass, field

import sympy

from physics import jets
from physics.lower.spectral import operators as ops
from physics.system import System

Field = tuple[tuple[str, tuple[tuple[ops.Exponents, sympy.Expr], ...]], ...]


@dataclass(frozen=True)
class Term:
    """factor · ∂^exponents[row] in the equation of `target`; θ = `weight`, free of states."""

    target: str
    exponents: ops.Exponents
    weight: sympy.Expr
    factor: sympy.Rational
    row: sympy.Expr


@dataclass
class Terms:
    """The parts of a system. fields: {symbol that stands in the rows: Field}."""

    linear: dict[str, dict[str, ops.Operator]] = field(default_factory=dict)
    nonlinear: list[Term] = field(default_factory=list)
    fields: dict[sympy.Symbol, Field] = field(default_factory=dict)

    def symbol(self, combination: Field) -> sympy.Symbol:
        """The symbol that stands for a field in rows; the same field gives the same symbol."""
        for known, existing in self.fields.items():
            if existing == combination:
                return known
        symbol = sympy.Dummy(f"f{len(self.fields)}", commutative=True)
        self.fields[symbol] = combination
        return symbol


def take_apart(system: System, expand: bool = False) -> Terms:
    """The terms of every equation; `expand` multiplies products and fluxes out first.

    Raises ValueError where a nonlocal operator of a product stands inside another product.
    """
    terms = Terms()
    for target, equation in system.equations.items():
        terms.linear[target] = {}
        if expand:
            equation = sympy.expand(jets.expand_fluxes(equation), **_HINTS)
        for part, operator, factor in ops.pieces(equation):
            _file(terms, system, target, part, operator, factor)
    return terms


_HINTS = dict(power_exp=False, power_base=False, log=False, trig=False)


def _file(terms: Terms, system: System, target: str, part, operator, factor) -> None:
    if isinstance(part, jets.Jet):
        whole = ops.times(operator, {ops.exponents_of(part.index): factor})
        row = terms.linear[target]
        row[part.field] = ops.plus(row.get(part.field, {}), whole)
        return
    row = _pointwise(terms, system, part)
    for piece in sympy.Add.make_args(sympy.expand(row, **_HINTS)):
        number, rest = piece.as_coeff_Mul()
        outer, inner = [], []
        for a in sympy.Mul.make_args(rest):
            constant = not (a.free_symbols & set(terms.fields)) and not ops.varies(a)
            (outer if constant else inner).append(a)
        product = sympy.Mul(*inner)
        if product in terms.fields:  # a bracket multiplied out left a linear term
            _file_linear(terms, target, product, operator, factor * number * sympy.Mul(*outer))
            continue
        for exponents, weight in operator.items():
            value = sympy.expand(factor * weight * sympy.Mul(*outer))
            for share in sympy.Add.make_args(value):
                amount, theta = share.as_coeff_Mul()
                terms.nonlinear.append(Term(target, exponents, theta, amount * number, product))


def _file_linear(terms: Terms, target: str, symbol, operator, factor) -> None:
    row = terms.linear[target]
    for state, form in terms.fields[symbol]:
        whole = ops.times(operator, ops.scaled(dict(form), factor))
        row[state] = ops.plus(row.get(state, {}), whole)


def _pointwise(terms: Terms, system: System, node: sympy.Expr) -> sympy.Expr:
    """`node` with its linear parts replaced by field symbols."""
    if isinstance(node, jets.Jet):
        return terms.symbol(((node.field, ((ops.exponents_of(node.index), sympy.S.One),)),))
    if not node.has(jets.Jet):
        return node
    if isinstance(node, (jets.D, *jets.NONLOCAL)) or node.is_Add:
        combination = _combination(node)
        if combination is not None:
            return terms.symbol(combination)
    if isinstance(node, jets.D):
        flux, coordinate = node.args
        return _pointwise(terms, system, jets.total_derivative(flux, coordinate.name))
    if isinstance(node, jets.NONLOCAL):
        raise ValueError(
            f"{node} in system {system.name!r} is nonlocal and not linear inside a product; give "
            f"it a state of its own"
        )
    return node.func(*(_pointwise(terms, system, a) for a in node.args))


def _combination(node: sympy.Expr) -> Field | None:
    """A field with numeric coefficients, or None; sums must be more than a state and a number."""
    form = ops.linear_form(node)
    if form is None:
        return None
    if any(c.free_symbols for operator in form.values() for c in operator.values()):
        return None
    return canonical_field(form)


def canonical_field(form: dict[str, ops.Operator]) -> Field:
    """A hashable field from {state: operator}."""
    return tuple(
        (state, tuple(sorted(operator.items(), key=lambda item: item[0])))
        for state, operator in sorted(form.items())
        if operator
    )
