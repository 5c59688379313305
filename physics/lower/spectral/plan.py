"""Which fields a step brings to physical space and which products it brings back.

A plan costs one inverse transform per field and one forward transform per product. Every form of
the equation that `forms` proposes gives a plan; the one with the fewest transforms is taken.
"""

import functools
from dataclasses import dataclass

import numpy as np
import sympy

from physics.lower.spectral.terms import Field, Term, Terms

NONPOLYNOMIAL = 3


@dataclass(frozen=True)
class Plan:
    """How the nonlinear part is computed.

    form: which form of the equation.   linear: {target: {state: operator}}.
    fields: {symbol: Field}, transformed to physical space, in order.
    products: expressions of those symbols, parameters, coordinates and t, transformed back.
    outputs: (target, exponents, θ, factor, index of the product).
    forcing: terms without states and t.   degree: of the products, for dealiasing.
    """

    form: str
    linear: dict
    fields: dict[sympy.Symbol, Field]
    products: tuple[sympy.Expr, ...]
    outputs: tuple[tuple, ...]
    forcing: tuple[Term, ...]
    degree: int

    @property
    def transforms(self) -> tuple[int, int]:
        """(inverse, forward) transforms per evaluation."""
        return len(self.fields), len(self.products)

    @property
    def cost(self) -> int:
        """Transforms per evaluation."""
        return sum(self.transforms)


def plan_of(terms: Terms, form: str) -> Plan:
    """The cheapest plan for these terms: products shared between equations, or weights inside."""
    steady = tuple(t for t in terms.nonlinear if not _moving(t, terms))
    moving = [t for t in terms.nonlinear if _moving(t, terms)]
    products, outputs = min((_ranked(moving), _weighted(moving)), key=lambda p: len(p[0]))
    used = set().union(*(p.free_symbols for p in products)) if products else set()
    return Plan(
        form=form,
        linear=terms.linear,
        fields={s: f for s, f in terms.fields.items() if s in used},
        products=tuple(products),
        outputs=tuple(outputs),
        forcing=steady,
        degree=max((_degree(t.row, terms) for t in moving), default=1),
    )


def _moving(term: Term, terms: Terms) -> bool:
    """Whether a term changes from step to step: it holds a state or the time."""
    return bool(term.row.free_symbols & (set(terms.fields) | {sympy.Symbol("t")}))


def _degree(row: sympy.Expr, terms: Terms) -> int:
    """Polynomial degree in the states; a factor that varies in space counts as one."""
    symbols = [s for s in row.free_symbols if s in terms.fields]
    varying = bool(row.free_symbols & {sympy.Symbol(c) for c in "xyz"})
    if not symbols:
        return 1
    polynomial = row.as_poly(*symbols)
    return (NONPOLYNOMIAL if polynomial is None else polynomial.total_degree()) + varying


def _weighted(terms: list[Term]) -> tuple[list, list]:
    """One product per target and outer operator, parameters inside; proportional ones shared."""
    columns: dict[tuple, sympy.Expr] = {}
    for t in terms:
        key = (t.target, t.exponents)
        columns[key] = columns.get(key, 0) + t.factor * t.weight * t.row
    products: list[sympy.Expr] = []
    outputs = []
    for (target, exponents), expression in columns.items():
        if expression == 0:
            continue
        for index, known in enumerate(products):
            ratio = _ratio(expression, known)
            if ratio is not None:
                outputs.append((target, exponents, sympy.S.One, ratio, index))
                break
        else:
            products.append(expression)
            outputs.append((target, exponents, sympy.S.One, 1.0, len(products) - 1))
    return products, outputs


def _ratio(a: sympy.Expr, b: sympy.Expr) -> float | None:
    """The number a/b, None if they are not proportional."""
    first, second = (dict(map(_split, sympy.Add.make_args(e))) for e in (a, b))
    if set(first) != set(second):
        return None
    ratios = {first[k] / second[k] for k in first}
    return float(ratios.pop()) if len(ratios) == 1 else None


def _split(term: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    number, rest = term.as_coeff_Mul()
    return rest, number


def _ranked(terms: list[Term]) -> tuple[list, list]:
    """As many products as the matrix (rows × columns) has rank; column: target, operator, θ."""
    rows = list(dict.fromkeys(t.row for t in terms))
    columns = list(dict.fromkeys((t.target, t.exponents, t.weight) for t in terms))
    matrix = np.zeros((len(rows), len(columns)))
    for t in terms:
        column = columns.index((t.target, t.exponents, t.weight))
        matrix[rows.index(t.row), column] += float(t.factor)
    if not matrix.any():
        return [], []
    basis = _basis(matrix)
    shares = np.linalg.lstsq(matrix[:, basis], matrix, rcond=None)[0]
    tidy = np.round(24 * shares) / 24
    shares = np.where(np.abs(shares - tidy) < 1e-9, tidy, shares)
    products = [_combined(matrix[:, j], rows) for j in basis]
    outputs = [
        (*columns[j], float(shares[i, j]), i)
        for j in range(len(columns))
        for i in range(len(basis))
        if shares[i, j]
    ]
    return products, outputs


def _basis(matrix: np.ndarray) -> list[int]:
    """Independent columns, those with the fewest entries first."""
    order = np.argsort((matrix != 0).sum(axis=0), kind="stable")
    chosen: list[int] = []
    rank = 0
    for j in order:
        trial = np.linalg.matrix_rank(matrix[:, [*chosen, j]], tol=1e-9)
        if trial > rank:
            chosen, rank = [*chosen, int(j)], trial
    return chosen


def _combined(column: np.ndarray, rows: list[sympy.Expr]) -> sympy.Expr:
    entries = [(_exact(c), row) for c, row in zip(column, rows, strict=True) if c]
    return sympy.Add(*(c * row for c, row in entries))


def _exact(value: float) -> sympy.Expr:
    return sympy.nsimplify(value, rational=True) if value != round(value) else sympy.Integer(value)


@functools.lru_cache(maxsize=256)
def best_plan(system) -> Plan:
    """The plan with the fewest transforms among all forms of the equations of `system`."""
    from physics.lower.spectral.forms import forms

    plans = [plan_of(terms, form) for form, terms in forms(system)]
    return min(plans, key=lambda p: p.cost)
