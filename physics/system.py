"""System: a differential equation (or map), written down once.

Solver, training data, tokens, text, the truth that discovery is scored against and exported code
are all derived from it; a discovered law is again a System. Imports without JAX.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import cast

import sympy

from physics import initial as initial_laws
from physics import tree
from physics.boundary import Condition, kinds, sides_to_json
from physics.declared import check
from physics.domain import Box
from physics.formula import Formula
from physics.names import TIME, nearest
from physics.symbols import Control, Parameter, State

FORMAT = 1


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class System:
    """d(state)/dt = equation (time="continuous") or next state = equation (time="discrete").

    equations: {state: SymPy expression of jets, parameters, controls and coordinates}.
    states: State objects or names, in order (default: the order of `equations`).
    parameters, controls: Parameter and Control objects.
    noise: {(state, wiener): expression}, read in `calculus` "ito" or "stratonovich".
    domain: a Box for a PDE, None for an ODE or map.
    boundary: {"x-", or "u:x-" for one state: Condition}; other sides take the kind of the Box.
    initial: the law initial states are drawn from.   horizon: default end time [T].
    diagnostics: {name: expression of the state}.   units: {coordinate: unit}, "t" included.
    Raises ValueError for undeclared or clashing names, missing equations, unknown kinds.
    """

    name: str
    equations: Mapping[str, sympy.Expr]
    states: Sequence[State | str] = ()
    parameters: Sequence[Parameter] = ()
    controls: Sequence[Control] = ()
    time: str = "continuous"
    noise: Mapping[tuple[str, str], sympy.Expr] = field(default_factory=dict)
    calculus: str = "ito"
    domain: Box | None = None
    boundary: Mapping[str, Condition] = field(default_factory=dict)
    initial: object | None = None
    horizon: float | None = None
    diagnostics: Mapping[str, sympy.Expr] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    description: str = ""

    def __post_init__(self):
        def put(name, value):
            object.__setattr__(self, name, value)

        exact = {s: _expression(s, e) for s, e in self.equations.items()}
        states = tuple(s if isinstance(s, State) else State(name=s) for s in self.states or exact)
        put("states", states)
        names = [s.name for s in states]
        for missing in [n for n in names if n not in exact]:
            raise ValueError(f"state {missing!r} of system {self.name!r} has no equation")
        for extra in [n for n in exact if n not in names]:
            raise ValueError(f"equation for {extra!r}, which is no state of {self.name!r}")
        put("equations", MappingProxyType({n: exact[n] for n in names}))
        put("parameters", tuple(self.parameters))
        put("controls", tuple(self.controls))
        put("noise", MappingProxyType({k: _expression(k[0], e) for k, e in self.noise.items()}))
        diagnostics = {k: _expression(k, e) for k, e in self.diagnostics.items()}
        put("diagnostics", MappingProxyType(diagnostics))
        put("units", MappingProxyType(dict(self.units)))
        put("boundary", MappingProxyType(dict(self.boundary)))
        check(self)

    # -- reading ---------------------------------------------------------------------------

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the states, in order."""
        return tuple(self.equations)

    @property
    def dim(self) -> int:
        """Number of spatial dimensions; 0 for an ODE or map."""
        return self.domain.dim if self.domain else 0

    @property
    def values(self) -> dict[str, float]:
        """{parameter: nominal value}."""
        return {p.name: p.value for p in self.parameters}

    @property
    def autonomous(self) -> bool:
        """Whether time does not occur explicitly."""
        time = sympy.Symbol(TIME)
        return not any(e.has(time) for e in (*self.equations.values(), *self.noise.values()))

    def parameter(self, name: str) -> Parameter:
        """The parameter of that name; ValueError names the nearest one."""
        for candidate in self.parameters:
            if candidate.name == name:
                return candidate
        known = [p.name for p in self.parameters]
        raise ValueError(
            f"system {self.name!r} has no parameter {name!r}{nearest(name, known)}; "
            f"it has: {', '.join(known) or 'none'}"
        )

    # -- deriving --------------------------------------------------------------------------

    def with_values(self, **values: float) -> "System":
        """The same system with other nominal parameter values, each checked against its range."""
        for name in values:
            self.parameter(name)
        changed = [
            replace(p, value=p.check(values[p.name])) if p.name in values else p
            for p in self.parameters
        ]
        return replace(self, parameters=changed)

    def without(self, *names: str) -> "System":
        """The same system with these parameters zero and declared no more: their terms are gone.

        The partly known system of a hidden-term problem: `lotka_volterra.without("beta")`.
        """
        zero = {sympy.Symbol(self.parameter(name).name): sympy.Integer(0) for name in names}

        def put(expressions):
            return {k: e.xreplace(zero) for k, e in expressions.items()}

        return replace(
            self,
            equations=put(self.equations),
            noise=put(self.noise),
            boundary={k: c.xreplace(zero) for k, c in self.boundary.items()},
            diagnostics={},
            parameters=[p for p in self.parameters if p.name not in names],
        )

    def numeric(self) -> "System":
        """The same system with the parameters' values put into the equations."""
        values = {sympy.Symbol(p.name): tree.number(p.value) for p in self.parameters}

        def put(expressions):
            return {k: e.xreplace(values) for k, e in expressions.items()}

        return replace(
            self,
            equations=put(self.equations),
            noise=put(self.noise),
            boundary={k: c.xreplace(values) for k, c in self.boundary.items()},
            diagnostics=put(self.diagnostics),
            parameters=(),
        )

    def complete(self, hidden: Formula, name: str | None = None) -> "System":
        """This (partly known) system with a learnt `hidden` formula put in.

        An output named like a state is added to that state's equation; one named like a control
        replaces it. The formula's parameters become parameters of the result.
        """
        equations = dict(self.equations)
        controls = {c.name: c for c in self.controls}
        for output, expression in hidden.expressions.items():
            if output in equations:
                equations[output] = equations[output] + expression
            elif output in controls:
                substitution = {sympy.Symbol(output): expression}
                equations = {s: e.xreplace(substitution) for s, e in equations.items()}
                del controls[output]
            else:
                known = [*equations, *controls]
                raise ValueError(
                    f"hidden output {output!r} is neither a state nor a control of "
                    f"{self.name!r}{nearest(output, known)}; it has: {', '.join(known)}"
                )
        clash = {p.name for p in hidden.parameters} & {p.name for p in self.parameters}
        if clash:
            raise ValueError(f"parameter {sorted(clash)[0]!r} stands in the system and the formula")
        return replace(
            self,
            name=name or self.name,
            equations=equations,
            controls=tuple(controls.values()),
            parameters=(*self.parameters, *hidden.parameters),
        )

    # -- identity --------------------------------------------------------------------------

    @property
    def key(self) -> str:
        """sha256 of the canonical form: states in order, equations, noise, time, boundary kinds.

        Names of the system, values, ranges and units do not enter.
        """
        form = {
            "states": list(self.state_names),
            "time": self.time,
            "equations": [tree.to_tree(tree.canonical(e)) for e in self.equations.values()],
            "noise": sorted([*k, tree.to_tree(tree.canonical(e))] for k, e in self.noise.items()),
            "calculus": self.calculus if self.noise else None,
            "boundary": kinds(self),
        }
        return hashlib.sha256(json.dumps(form).encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return self.key == other.key if isinstance(other, System) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.key)

    def __reduce__(self):
        return System.from_json, (self.to_json(),)

    def __repr__(self) -> str:
        return f"System({self.name!r}: {'; '.join(self.lines())})"

    def lines(self) -> list[str]:
        """The equations as text that `physics.parse` reads back, one line per state."""
        from physics.text import equation_lines

        return equation_lines(self)

    def to_json(self) -> dict:
        """Plain JSON of the whole system, for cards, attrs and other processes."""
        return {
            "kind": "system",
            "format": FORMAT,
            "name": self.name,
            "states": [asdict(cast(State, s)) for s in self.states],
            "equations": {s: tree.to_tree(e) for s, e in self.equations.items()},
            "parameters": [asdict(p) for p in self.parameters],
            "controls": [asdict(c) for c in self.controls],
            "time": self.time,
            "noise": [[*k, tree.to_tree(e)] for k, e in self.noise.items()],
            "calculus": self.calculus,
            "domain": self.domain.to_json() if self.domain else None,
            "initial": initial_laws.to_json(self.initial) if self.initial else None,
            "horizon": self.horizon,
            "diagnostics": {k: tree.to_tree(e) for k, e in self.diagnostics.items()},
            "units": dict(self.units),
            "source": self.source,
            "description": self.description,
        } | ({"boundary": boundary} if (boundary := sides_to_json(self.boundary)) else {})

    @classmethod
    def from_json(cls, data: Mapping | str) -> "System":
        """The system that `to_json` wrote (a mapping or its text); ValueError for anything else."""
        try:
            data = json.loads(data) if isinstance(data, str) else data
            if data["kind"] != "system" or data["format"] > FORMAT:
                raise ValueError(f"not the JSON of a System of format <= {FORMAT}")
            return cls(
                **{k: data[k] for k in ("name", "time", "calculus", "horizon", "units")},
                **{k: data[k] for k in ("source", "description")},
                states=[State(**s) for s in data["states"]],
                equations={s: tree.from_tree(e) for s, e in data["equations"].items()},
                parameters=[Parameter(**p) for p in data["parameters"]],
                controls=[Control(**c) for c in data["controls"]],
                noise={(s, w): tree.from_tree(e) for s, w, e in data["noise"]},
                domain=Box.from_json(data["domain"]) if data["domain"] else None,
                boundary={k: Condition.from_json(c) for k, c in data.get("boundary", {}).items()},
                initial=initial_laws.from_json(data["initial"]) if data["initial"] else None,
                diagnostics={k: tree.from_tree(e) for k, e in data["diagnostics"].items()},
            )
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise ValueError(f"not the JSON of a System: {error!r}") from None


def _expression(owner: str, expression: object) -> sympy.Expr:
    if isinstance(expression, int | float):
        return tree.number(expression)
    if not isinstance(expression, sympy.Expr):
        raise ValueError(
            f"equation of {owner!r} is a {type(expression).__name__}, not a SymPy expression; "
            f"use physics.parse for text"
        )
    return tree.rationalise(expression)
