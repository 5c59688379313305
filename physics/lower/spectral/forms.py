"""Algebraically equal forms of the nonlinear terms: as written, expanded, and the quadratic ones.

Quadratic terms are rewritten with other fields: the states alone (conservative), derivatives of a
potential of one order (Basdevant), states and vorticities (rotational), states and Laplacians (by
parts). Whether a proposal can express the terms, and how, is answered by `bilinear`.
"""

import itertools
from collections.abc import Iterator

import sympy

from physics.lower.spectral import bilinear
from physics.lower.spectral.bilinear import Form
from physics.lower.spectral.terms import Field, Term, Terms, take_apart
from physics.system import System

MAX_FIELDS = 10
Choice = dict[str, int]  # {state: power of Δ⁻¹ in its potential}


def forms(system: System) -> Iterator[tuple[str, Terms]]:
    """(name, terms) of every form; the first is the equation as written."""
    written = take_apart(system)
    yield "as written", written
    expanded = take_apart(system, expand=True)
    yield "expanded", expanded
    if not any(True for _ in _quadratic_forms(system, expanded, probe=True)):
        expanded = written
    yield from _quadratic_forms(system, expanded)


def _quadratic_forms(system: System, start: Terms, probe: bool = False):
    """The forms of the quadratic terms of `start`; with `probe`, only whether there are any."""
    quadratic = [t for t in start.nonlinear if _factors(t.row, start)]
    if not quadratic:
        return
    potentials = _potentials(quadratic, start)
    inverse = max(t.exponents[3] for t in quadratic)
    if potentials is None or not _mean_free(quadratic, inverse):
        return
    if probe:
        yield "", start
        return
    targets = _targets(quadratic, start, potentials, inverse, system.dim)
    others = [t for t in start.nonlinear if not _factors(t.row, start)]
    for name, proposal in _proposals(quadratic, start, potentials, system.dim):
        terms = _rewritten(start, others, targets, proposal, potentials, inverse, system.dim)
        if terms is not None:
            yield name, terms


def _factors(row: sympy.Expr, terms: Terms) -> tuple[Field, Field] | None:
    """The two fields of a product; None if the row is anything else."""
    if row.is_Pow and row.exp == 2 and row.base in terms.fields:
        return terms.fields[row.base], terms.fields[row.base]
    if row.is_Mul and len(row.args) == 2 and all(a in terms.fields for a in row.args):
        return terms.fields[row.args[0]], terms.fields[row.args[1]]
    return None


def _potentials(quadratic: list[Term], terms: Terms) -> Choice | None:
    """The highest power of Δ⁻¹ per state; None where a potential would lose the mean of a state."""
    pieces = [
        (state, exponents)
        for t in quadratic
        for field in _factors(t.row, terms) or ()
        for state, form in field
        for exponents, _ in form
    ]
    powers: Choice = {}
    for state, exponents in pieces:
        powers[state] = max(powers.get(state, 0), exponents[3])
    lost = [e for s, e in pieces if e[3] < powers[s] and not any(e[:3])]
    return None if lost else powers


def _mean_free(quadratic: list[Term], inverse: int) -> bool:
    """Whether an outer Δ⁻¹ on all terms changes no mean."""
    return not inverse or all(any(t.exponents) for t in quadratic)


def _laplacian(power: int, dim: int) -> dict[bilinear.Powers, float]:
    """Δ^power as a polynomial."""
    total = {(0, 0, 0): 1.0}
    for _ in range(power):
        grown: dict[bilinear.Powers, float] = {}
        for (powers, value), axis in itertools.product(total.items(), range(dim)):
            key = tuple(p + 2 * (i == axis) for i, p in enumerate(powers))
            grown[key] = grown.get(key, 0.0) + value
        total = grown
    return total


def _form(field: Field, potentials: Choice, dim: int) -> Form:
    """A field as a polynomial on the potentials of its states."""
    form: Form = {}
    for state, parts in field:
        powers = form.setdefault(state, {})
        for (a, b, c, q), value in parts:
            for (i, j, k), share in _laplacian(potentials[state] - q, dim).items():
                key = (a + i, b + j, c + k)
                powers[key] = powers.get(key, 0.0) + float(value) * share
    return form


def _targets(quadratic, terms, potentials, inverse, dim) -> dict:
    """{(target, θ): polynomial} of the quadratic terms, all times Δ^inverse."""
    targets: dict = {}
    for t in quadratic:
        first, second = (_form(f, potentials, dim) for f in _factors(t.row, terms))
        *powers, q = t.exponents
        outer = {
            tuple(p + s for p, s in zip(powers, shift, strict=True)): float(t.factor) * value
            for shift, value in _laplacian(inverse - q, dim).items()
        }
        total = targets.setdefault((t.target, t.weight), {})
        for key, value in bilinear.product(first, second, outer).items():
            total[key] = total.get(key, 0.0) + value
    return targets


def _proposals(quadratic, terms, potentials, dim) -> Iterator[tuple[str, list[Form]]]:
    """(name, fields) to try."""
    atoms = [_form(f, potentials, dim) for t in quadratic for f in _factors(t.row, terms)]
    atoms = _distinct(atoms)
    axes = [tuple(int(i == axis) for i in range(3)) for axis in range(dim)]
    states = list(potentials)
    plain: list[Form] = [{s: {(0, 0, 0): 1.0}} for s in states]
    highest = max(sum(p) for a in atoms for powers in a.values() for p in powers)
    yield "factored", atoms
    for order in range(highest + 1):
        jets = [{s: {m: 1.0}} for s in states for m in bilinear.monomials(order, dim)]
        yield ("conservative" if order == 0 else f"derivatives of order {order}"), jets
        if order:
            yield f"states and derivatives of order {order}", plain + jets
    yield "by parts", plain + [{s: _laplacian(1, dim)} for s in states]
    owner = _velocity(quadratic, terms, axes)
    if len(owner) > 1:
        curls = [
            {owner[i]: {axes[j]: 1.0}, owner[j]: {axes[i]: -1.0}}
            for i, j in itertools.combinations(sorted(owner), 2)
        ]
        yield "rotational", plain + curls


def _velocity(quadratic, terms, axes) -> dict[int, str]:
    """{axis: state} of a velocity: the states that multiply a derivative along that axis."""
    owner: dict[int, str] = {}
    for t in quadratic:
        first, second = _factors(t.row, terms)
        for a, b in ((first, second), (second, first)):
            carrier, carried = _single(a), _single(b)
            if carrier and carried and not any(carrier[1]) and carried[1][:3] in axes:
                owner.setdefault(axes.index(carried[1][:3]), carrier[0])
    return owner


def _single(field: Field):
    """(state, exponents) of a field that is one derivative of one state."""
    if len(field) == 1 and len(field[0][1]) == 1:
        return field[0][0], field[0][1][0][0]
    return None


def _distinct(found: list[Form]) -> list[Form]:
    unique: list[Form] = []
    for form in found:
        if form not in unique:
            unique.append(form)
    return unique


def _rewritten(expanded, others, targets, proposal, potentials, inverse, dim) -> Terms | None:
    """The terms with every quadratic target expressed by products of the proposed fields."""
    proposal = [f for f in proposal if bilinear.degree(f) is not None]
    if not proposal or len(proposal) > MAX_FIELDS:
        return None
    pairs = list(itertools.combinations_with_replacement(proposal, 2))
    terms = Terms(linear=expanded.linear, nonlinear=list(others), fields=dict(expanded.fields))
    for (target, weight), polynomial in targets.items():
        found = bilinear.operators_for(polynomial, pairs, dim)
        if found is None:
            return None
        for (a, b), operator in zip(pairs, found, strict=True):
            if operator:
                row = terms.symbol(_field(a, potentials)) * terms.symbol(_field(b, potentials))
                terms.nonlinear += [
                    Term(target, (*powers, inverse), weight, _rational(value), row)
                    for powers, value in operator.items()
                ]
    return terms


def _field(form: Form, potentials: Choice) -> Field:
    return tuple(
        (
            state,
            tuple(((*p, potentials[state]), _rational(v)) for p, v in sorted(powers.items())),
        )
        for state, powers in sorted(form.items())
    )


def _rational(value: float) -> sympy.Expr:
    return sympy.nsimplify(value, rational=True)
