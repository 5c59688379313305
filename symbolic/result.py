"""Discovery: what was found in data, with everything needed to doubt it."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

from physics.formula import Formula
from physics.system import System

FORMAT = 1
SIMULATED = "hidden"  # engine whose candidates are fitted through the ODE
Law = System | Formula


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One law of the front.

    law: the System or Formula, its numbers as parameters.   engine: who proposed it.
    complexity: leaves and operations of its (learnt) right-hand sides.   terms: {target: how many}.
    error: held-out error relative to the trivial law, root mean square over the targets [-].
    errors: {target: the same of one target}.
    resimulated: error of runs from the data, each half a decorrelation time ahead, relative to
    the spread of the states [-]; infinite if a run blew up, None if it was not run.
    inclusion: {target: {term: share of bootstraps that keep the term}}.
    hidden: the learnt part alone, where the law completes a partly known System.
    varying: {parameter: its value in every sample}, where samples have numbers of their own; the
    law's own value is their median. NaN: not fitted.
    """

    law: Law
    engine: str
    complexity: int
    terms: Mapping[str, int]
    error: float
    errors: Mapping[str, float] = field(default_factory=dict)
    resimulated: float | None = None
    inclusion: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    hidden: Formula | None = None
    varying: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """The law with its numbers to four digits, one line per equation."""
        return _lines(self.law)

    def to_json(self) -> dict:
        """Plain JSON; infinities as text."""
        return {
            "law": self.law.to_json(),
            "engine": self.engine,
            "complexity": self.complexity,
            "terms": dict(self.terms),
            "error": _plain(self.error),
            "errors": {k: _plain(v) for k, v in self.errors.items()},
            "resimulated": None if self.resimulated is None else _plain(self.resimulated),
            "inclusion": {k: dict(v) for k, v in self.inclusion.items()},
            "hidden": self.hidden.to_json() if self.hidden else None,
            "varying": {k: [_plain(v) for v in row] for k, row in self.varying.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping) -> "Candidate":
        """The candidate that `to_json` wrote."""
        again = data["resimulated"]
        return cls(
            **{k: data[k] for k in ("engine", "complexity", "terms", "inclusion")},
            law=_law(data["law"]),
            error=float(data["error"]),
            errors={k: float(v) for k, v in data["errors"].items()},
            resimulated=None if again is None else float(again),
            hidden=Formula.from_json(data["hidden"]) if data["hidden"] else None,
            varying={k: tuple(map(float, v)) for k, v in data.get("varying", {}).items()},
        )


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """The candidates by complexity and the one that was chosen.

    chosen: index of the best candidate, None if no law is good enough.   reason: why.
    null_directions: relations among the terms that hold on this data, so that laws which differ
    by a multiple of them cannot be told apart.
    noise: {state: standard deviation of the noise relative to that of the data} (estimated).
    method: how the data were turned into equations, in words.   versions: {package: version}.
    initial: {state: value or values per sample} that belong to the best law, where fitted.
    """

    candidates: Sequence[Candidate]
    chosen: int | None
    reason: str
    null_directions: Sequence[str] = ()
    noise: Mapping[str, float] = field(default_factory=dict)
    method: str = ""
    seed: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)
    initial: Any = None

    @property
    def best(self) -> Law | None:
        """The chosen System or Formula; None if nothing is good enough (see `reason`)."""
        return None if self.chosen is None else self.candidates[self.chosen].law

    @property
    def varying(self) -> Mapping[str, Sequence[float]]:
        """{parameter of the best law: its value in every sample}; empty for one law for all."""
        return {} if self.chosen is None else self.candidates[self.chosen].varying

    def inside(self, known: System) -> "Discovery":
        """The same candidates with their formulas put into the partly known System `known`."""

        def completed(candidate: Candidate) -> Candidate:
            if not isinstance(candidate.law, Formula):
                raise ValueError("these laws are Systems already; inside() completes Formulas")
            law = known.complete(hidden=candidate.law)
            return replace(candidate, law=law, hidden=candidate.law)

        return replace(self, candidates=tuple(map(completed, self.candidates)))

    def table(self) -> str:
        """The front as text, one row per candidate, the best marked, and the caveats."""
        head = f"  {'terms':>5} {'complexity':>10} {self._columns()}  {'engine':{self._width}}law"
        rows = [head, *(self._row(i, c) for i, c in enumerate(self.candidates))]
        rows += self._footnotes()
        if self.noise:
            levels = ", ".join(f"{n} {level:.2g}" for n, level in self.noise.items())
            rows.append(f"noise (relative to the data): {levels}")
        rows += [self.method] if self.method else []
        for name, values in self.varying.items():
            rows.append(f"{name} per sample: {', '.join(f'{v:.4g}' for v in values)}")
        rows += [f"cannot be told: {relation}" for relation in self.null_directions]
        return "\n".join([*rows, self._verdict()])

    def _row(self, index: int, candidate: Candidate) -> str:
        mark = "*" if index == self.chosen else " "
        again = "-" if candidate.resimulated is None else f"{candidate.resimulated:.3g}"
        error = "-" if math.isnan(candidate.error) else f"{candidate.error:.3g}"
        errors = f"{error:>9}" + ("" if self._simulated else f" {again:>9}")
        row = (
            f"{mark} {sum(candidate.terms.values()):5d} {candidate.complexity:10d} "
            f"{errors}  {candidate.engine:{self._width}}"
        )
        return row + ("\n" + " " * len(row)).join(candidate.lines())

    @property
    def _simulated(self) -> bool:
        """Whether the candidates were judged by simulation alone, so that there is one error."""
        return bool(self.candidates) and all(c.engine == SIMULATED for c in self.candidates)

    @property
    def _width(self) -> int:
        return max(6, *(len(c.engine) for c in self.candidates), 6) + 2

    def _columns(self) -> str:
        return f"{'misfit':>9}" if self._simulated else f"{'held-out':>9} {'again':>9}"

    def _footnotes(self) -> list[str]:
        """What the columns of errors are."""
        if self._simulated:
            return ["misfit: of the law simulated over the data, relative to their size"]
        rows = ["held-out: error on data left out, relative to no law at all"]
        if any(c.resimulated is not None for c in self.candidates):
            rows.append(
                "again: error of runs from the data, half a decorrelation time ahead, relative to "
                "the spread of the states"
            )
        return rows

    def _verdict(self) -> str:
        if self.best is None:
            return f"no law found: {self.reason}"
        return f"best: {self.reason}"

    def __repr__(self) -> str:
        if self.chosen is None:
            return f"Discovery(no law found: {self.reason})"
        law = "; ".join(self.candidates[self.chosen].lines())
        return f"Discovery({law} | 1 of {len(self.candidates)} candidates: {self.reason})"

    def to_json(self) -> dict:
        """Plain JSON of everything, `json.dumps`-able."""
        return {
            "kind": "discovery",
            "format": FORMAT,
            "candidates": [c.to_json() for c in self.candidates],
            "chosen": self.chosen,
            "reason": self.reason,
            "null_directions": list(self.null_directions),
            "noise": {k: _plain(v) for k, v in self.noise.items()},
            "method": self.method,
            "seed": self.seed,
            "versions": dict(self.versions),
            "initial": _numbers(self.initial),
        }

    @classmethod
    def from_json(cls, data: Mapping | str) -> "Discovery":
        """The discovery that `to_json` wrote (a mapping or its text); ValueError otherwise."""
        try:
            data = json.loads(data) if isinstance(data, str) else data
            if data["kind"] != "discovery" or data["format"] > FORMAT:
                raise ValueError(f"not the JSON of a Discovery of format <= {FORMAT}")
            candidates = tuple(Candidate.from_json(c) for c in data["candidates"])
            chosen = data["chosen"]
            if chosen is not None and not 0 <= chosen < len(candidates):
                raise ValueError(f"the JSON of a Discovery names candidate {chosen}, which is none")
            return cls(
                candidates=candidates,
                chosen=chosen,
                noise={k: float(v) for k, v in data["noise"].items()},
                null_directions=tuple(data["null_directions"]),
                **{k: data[k] for k in ("reason", "method", "seed", "versions", "initial")},
            )
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise ValueError(f"not the JSON of a Discovery: {error!r}") from None


def _law(data: Mapping) -> Law:
    return System.from_json(data) if data["kind"] == "system" else Formula.from_json(data)


def _lines(law: Law) -> list[str]:
    """Equations with their parameters' values, rounded for reading."""
    import sympy

    from physics.text import equation_lines, expression_text, number_text
    from physics.tree import number

    def rounded_number(value: float) -> sympy.Expr:
        found = number(float(f"{value:.4g}"))
        if "/" in number_text(abs(found)):  # 3/80000: as a name it is written as the decimal it is
            decimal = sympy.Symbol(f"{abs(value):.4g}".replace("e-0", "e-"))
            return decimal if value > 0 else -decimal
        return found

    values = {sympy.Symbol(p.name): rounded_number(p.value) for p in law.parameters}
    if isinstance(law, System):
        rounded = {s: e.xreplace(values) for s, e in law.equations.items()}
        return equation_lines(SimpleNamespace(time=law.time, domain=law.domain, equations=rounded))
    pairs = law.expressions.items()
    return [f"{o} = {expression_text(e.xreplace(values))}" for o, e in pairs]


def _plain(value: float) -> float | str:
    value = float(value)
    return value if math.isfinite(value) else str(value)


def _numbers(value: Any) -> Any:
    """Arrays in the initial states as lists."""
    if isinstance(value, Mapping):
        return {k: _numbers(v) for k, v in value.items()}
    return value.tolist() if hasattr(value, "tolist") else value
