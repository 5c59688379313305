"""Formula: an expression that is learnt but is no dynamics (a hidden term, a reward, a policy)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import sympy

from physics import tree
from physics.names import check_name
from physics.symbols import Parameter


@dataclass(frozen=True, kw_only=True)
class Formula:
    """outputs = expressions(inputs; parameters).

    inputs: names of states, jets (u_x), coordinates or controls.   expressions: {output: SymPy}.
    parameters: constants that occur in the expressions.
    Raises ValueError for a symbol that is neither input nor parameter.

    >>> from physics.jets import fields
    >>> x, y = fields("x y")
    >>> Formula(inputs=["x", "y"], expressions={"x": -0.9 * x * y})
    x = -9*x*y/10
    """

    inputs: Sequence[str]
    expressions: Mapping[str, sympy.Expr]
    parameters: Sequence[Parameter] = field(default_factory=tuple)
    name: str = "formula"

    def __post_init__(self):
        expressions = {
            check_name(output, "formula output"): tree.rationalise(sympy.sympify(e, strict=True))
            for output, e in self.expressions.items()
        }
        object.__setattr__(self, "inputs", tuple(self.inputs))
        object.__setattr__(self, "expressions", MappingProxyType(expressions))
        object.__setattr__(self, "parameters", tuple(self.parameters))
        known = set(self.inputs) | {p.name for p in self.parameters}
        for output, expression in expressions.items():
            unknown = sorted(s.name for s in expression.free_symbols if s.name not in known)
            if unknown:
                raise ValueError(
                    f"formula output {output!r} holds {unknown[0]!r}, "
                    f"which is neither an input ({', '.join(self.inputs)}) nor a parameter"
                )

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs, in order."""
        return tuple(self.expressions)

    @property
    def values(self) -> dict[str, float]:
        """{parameter: value}."""
        return {p.name: p.value for p in self.parameters}

    def numeric(self) -> "Formula":
        """The same formula with its parameters' values put in."""
        values = {sympy.Symbol(p.name): tree.number(p.value) for p in self.parameters}
        numbers = {o: e.xreplace(values) for o, e in self.expressions.items()}
        return Formula(inputs=self.inputs, expressions=numbers, name=self.name)

    def __reduce__(self):
        return Formula.from_json, (self.to_json(),)

    def __repr__(self) -> str:
        return "; ".join(f"{o} = {e}" for o, e in self.expressions.items())

    def to_json(self) -> dict:
        """Plain JSON of everything in the formula."""
        from dataclasses import asdict

        return {
            "kind": "formula",
            "name": self.name,
            "inputs": list(self.inputs),
            "expressions": {o: tree.to_tree(e) for o, e in self.expressions.items()},
            "parameters": [asdict(p) for p in self.parameters],
        }

    @classmethod
    def from_json(cls, data: Mapping) -> "Formula":
        """The formula that `to_json` wrote; raises ValueError for anything else."""
        try:
            return cls(
                name=data["name"],
                inputs=data["inputs"],
                expressions={o: tree.from_tree(e) for o, e in data["expressions"].items()},
                parameters=[Parameter(**p) for p in data["parameters"]],
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not the JSON of a Formula: {error}") from None
