"""same_law: whether two laws say the same, and by how much their numbers differ.

Polynomial right-hand sides are compared by monomials, rational ones also as cancelled fractions,
all others term by term and, where the terms are written differently, as functions at random
points.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import sympy

from physics.formula import Formula
from physics.names import nearest
from physics.system import System
from physics.tree import number
from symbolic.matching import compare
from symbolic.pointwise import NOISE, covariances, ito_drift, plain

Key = tuple[str, str]  # (state, term)
SHOWN, WIDTH = 20, 70  # lines and letters per term in the text of a comparison


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How a law differs from a reference; true if it is the same within `rtol`.

    missing: (state, term) that only the reference has.   extra: those that only the law has.
    coefficient_errors: {(state, term): relative error} of the terms of both, against the
    reference (for noise: of its amplitude).
    """

    missing: tuple[Key, ...]
    extra: tuple[Key, ...]
    coefficient_errors: Mapping[Key, float]
    rtol: float

    @property
    def same_terms(self) -> bool:
        """Whether both laws have the same terms, whatever their coefficients."""
        return not self.missing and not self.extra

    @property
    def worst(self) -> float:
        """The largest relative error of a coefficient; 0 if there is none to compare."""
        return max(self.coefficient_errors.values(), default=0.0)

    def __bool__(self) -> bool:
        return self.same_terms and self.worst <= self.rtol

    def __str__(self) -> str:
        head = "the same law" if self else "not the same law"
        if self.coefficient_errors:
            state, term = max(self.coefficient_errors, key=self.coefficient_errors.__getitem__)
            head += (
                f": largest coefficient error {self.worst:.2g} in {_short(term)} of {state} "
                f"(allowed {self.rtol:g})"
            )
        lines = [f"  missing in {state}: {_short(term)}" for state, term in self.missing]
        lines += [f"  extra in {state}: {_short(term)}" for state, term in self.extra]
        for (state, term), error in self.coefficient_errors.items():
            if error > self.rtol:
                lines.append(f"  off in {state}: {_short(term)} by {error:.2g}")
        more = [f"  and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
        return "\n".join([head, *lines[:SHOWN], *more])


def _short(term: str) -> str:
    return term if len(term) <= WIDTH else f"{term[: WIDTH - 1]}…"


def same_law(law: System | Formula, reference: System | Formula, rtol: float = 0.05) -> Comparison:
    """Whether `law` has the terms of `reference` and every coefficient within `rtol`.

    Parameter values are put in, fluxes expanded and states matched by name, in any order.
    rtol: allowed relative error of each coefficient, 0 <= rtol < 1; 0 asks for exactly the same
    law. Noise is compared by its covariance, in the Itô sense.
    Raises ValueError for laws that cannot be compared: of different kinds, states or dimensions.

    >>> from physics.jets import fields
    >>> x, y = fields("x y")
    >>> one = System(name="one", equations={"x": -0.98 * x * y, "y": x})
    >>> two = System(name="two", equations={"x": -x * y, "y": x})
    >>> bool(same_law(one, two)), bool(same_law(one, two, rtol=0))
    (True, False)
    """
    if not isinstance(rtol, int | float) or not 0 <= rtol < 1:
        raise ValueError(f"rtol is a number from 0 to below 1, not {rtol!r}")
    _check_comparable(law, reference)
    ours, theirs = _sides(law), _sides(reference)
    missing, extra, errors = [], [], {}
    for state in {**theirs, **ours}:
        match = compare(ours.get(state, sympy.S.Zero), theirs.get(state, sympy.S.Zero), rtol)
        missing += [(state, term) for term in match.missing]
        extra += [(state, term) for term in match.extra]
        for term, error in match.errors.items():
            amplitude = state.startswith(NOISE)
            errors[state, term] = math.sqrt(1 + error) - 1 if amplitude else error
    return Comparison(
        missing=tuple(missing), extra=tuple(extra), coefficient_errors=errors, rtol=float(rtol)
    )


def _check_comparable(law: System | Formula, reference: System | Formula) -> None:
    for given in (law, reference):
        if not isinstance(given, System | Formula):
            hint = "no law was found" if given is None else "pass a discovery's .best"
            raise ValueError(
                f"same_law compares Systems or Formulas, not {type(given).__name__}: {hint}"
            )
    if isinstance(law, Formula) != isinstance(reference, Formula):
        raise ValueError("a Formula cannot be compared with a System; complete the system first")
    names = [set(_expressions(given)) for given in (law, reference)]
    for name in sorted(names[0] ^ names[1]):
        other = names[1] if name in names[0] else names[0]
        raise ValueError(
            f"{name!r} stands in one law only{nearest(name, other)}; the laws are of "
            f"{', '.join(_expressions(law))} and of {', '.join(_expressions(reference))}"
        )
    if isinstance(law, System):
        for what in ("time", "dim"):
            one, other = getattr(law, what), getattr(reference, what)
            if one != other:
                raise ValueError(f"the laws differ in {what}: {one} and {other}")


def _expressions(law: System | Formula) -> Mapping[str, sympy.Expr]:
    return law.expressions if isinstance(law, Formula) else law.equations


def _sides(law: System | Formula) -> dict[str, sympy.Expr]:
    """{state or noise: expression of real symbols}, parameters' values put in."""
    values = {name: number(value) for name, value in law.values.items()}
    sides = {name: plain(e, values) for name, e in _expressions(law).items()}
    if isinstance(law, Formula) or not law.noise:
        return sides
    noise = {key: plain(e, values) for key, e in law.noise.items()}
    if law.calculus == "stratonovich" and law.time == "continuous":
        if law.domain is not None:
            raise ValueError(f"{law.name!r} is a PDE with Stratonovich noise: give it in Ito form")
        sides = ito_drift(sides, noise)
    return sides | covariances(law.state_names, noise)
