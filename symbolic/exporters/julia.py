"""Julia: a ModelingToolkit system for an ODE or SDE, a `PDESystem` for MethodOfLines, a plain
function for a map or a Formula.

Written for ModelingToolkit 10 and later and MethodOfLines 1. Numbers are Float64 literals that
read back as the same doubles. Controls become parameters with the value 0; states start in the
middle of the range that initial states are drawn from, where the law has one.

Source: Ma et al. (2021), ModelingToolkit, arXiv:2103.05244.
"""

from collections.abc import Mapping

from physics.formula import Formula
from physics.initial import Simplex, Uniform
from physics.names import TIME
from physics.symbols import Control, Parameter
from physics.system import System
from symbolic.exporters._julia_fields import field_file
from symbolic.exporters._julia_text import KEYWORDS, header, named, parameters, value
from symbolic.exporters._julia_writer import JuliaWriter
from symbolic.exporters._source import identifiers, pointwise, tuple_text, unpacked

SUFFIX = ".jl"
HORIZON = 10.0
_METHODS = {"ito": ("EM", "Itô"), "stratonovich": ("EulerHeun", "Stratonovich")}


def export(law: System | Formula) -> str:
    """Source of a Julia file; ValueError for a PDE that MethodOfLines cannot take.

    >>> from physics.parser import parse
    >>> print(export(parse("x' = -k*x/2", dict(k=3), name="decay")).partition("as D\\n\\n")[2])
    @parameters begin
        k = 3.0
    end
    @variables begin
        x(t)
    end
    <BLANKLINE>
    eqs = [
        D(x) ~ -0.5*k*x,
    ]
    <BLANKLINE>
    @mtkcompile sys = System(eqs, t)
    prob = ODEProblem(sys, [x => 1.0], (0.0, 10.0))  # put your own initial states
    # sol = solve(prob, Tsit5())
    <BLANKLINE>
    """
    if isinstance(law, Formula):
        return _formula(law)
    if law.domain is not None:
        return field_file(law, law.domain)
    return _map(law) if law.time == "discrete" else _flow(law)


def _flow(law: System) -> str:
    wieners = list(dict.fromkeys(w for _, w in law.noise))
    symbols = _constants(law)
    names = named([*law.state_names, *(s.name for s in symbols), *wieners],
                  [TIME, "D", "eqs", "prob", "sol", "sys"])  # fmt: skip
    writer = JuliaWriter(names | {TIME: TIME}, law.state_names)
    package = "StochasticDiffEq" if wieners else "OrdinaryDiffEq"
    text = header(law, f"Needs ModelingToolkit 10 or later, and {package}.")
    text += f"using ModelingToolkit, {package}\n"
    text += "using ModelingToolkit: t_nounits as t, D_nounits as D\n\n"
    text += parameters(names, symbols)
    start = _start(law)
    text += "@variables begin\n"
    for state in law.state_names:
        text += f"    {names[state]}(t){f' = {start[state]!r}' if start else ''}\n"
    text += "end\n"
    text += f"@brownians {' '.join(names[w] for w in wieners)}\n" if wieners else ""
    text += "\neqs = [\n"
    for state, expression in law.equations.items():
        line = f"D({names[state]}) ~ {writer.text(expression)}"
        for (owner, wiener), amplitude in law.noise.items():
            line += f" + ({writer.text(amplitude)})*{names[wiener]}" if owner == state else ""
        text += f"    {line},\n"
    given = "" if start else ", ".join(f"{names[s]} => 1.0" for s in law.state_names)
    problem = "SDEProblem" if wieners else "ODEProblem"
    text += "]\n\n@mtkcompile sys = System(eqs, t)\n"
    text += f"prob = {problem}(sys, [{given}], (0.0, {float(law.horizon or HORIZON)!r}))"
    text += "  # put your own initial states\n" if given else "\n"
    if not wieners:
        return text + "# sol = solve(prob, Tsit5())\n"
    method, sense = _METHODS[law.calculus]
    return text + f"# sol = solve(prob, {method}(), dt = 0.001)  # noise in the sense of {sense}\n"


def _map(law: System) -> str:
    symbols = _constants(law)
    names = named([*law.state_names, *(s.name for s in symbols)],
                  ["PARAMETERS", "advance", "n", "p", "u"])  # fmt: skip
    writer = JuliaWriter(names | {TIME: "n"}, law.state_names)
    text = header(law, "`advance(u, p, n)` is the next state; u in the order of the equations.")
    pairs = [f"{names[s.name]} = {value(s)!r}" for s in symbols]
    text += f"\nconst PARAMETERS = {tuple_text(pairs) if pairs else 'NamedTuple()'}\n"
    text += "\nfunction advance(u, p = PARAMETERS, n = 0)\n"
    text += f"    {unpacked([names[s] for s in law.state_names])} = u\n"
    if symbols:
        text += f"    (; {', '.join(names[s.name] for s in symbols)}) = p\n"
    rows = "".join(f"        {writer.text(e)},\n" for e in law.equations.values())
    return f"{text}    return [\n{rows}    ]\nend\n"


def _formula(law: Formula) -> str:
    law = pointwise(law)
    names = named([*law.inputs, *law.values], ["formula"])
    outputs = identifiers(law.outputs, KEYWORDS, keywords=())
    writer = JuliaWriter(names, law.inputs)
    values = ", ".join(f"{names[p.name]} = {p.value!r}" for p in law.parameters)
    signature = ", ".join(names[i] for i in law.inputs) + (f"; {values}" if values else "")
    text = header(law, "`formula(inputs…; parameters…)` returns a named tuple of the outputs.")
    text += f"\nfunction formula({signature})\n    return (\n"
    for output, expression in law.expressions.items():
        text += f"        {outputs[output]} = {writer.text(expression)},\n"
    return text + "    )\nend\n"


def _constants(law: System) -> list[Parameter | Control]:
    return [*law.parameters, *law.controls]


def _start(law: System) -> Mapping[str, float]:
    """{state: middle of the range it starts in}; empty where the law has none."""
    if not isinstance(law.initial, Uniform | Simplex):
        return {}
    low, high = law.initial.low, law.initial.high
    middle = {s: float(f"{(low[s] + high[s]) / 2:.9g}") for s in low}
    if isinstance(law.initial, Simplex):
        rest = law.initial.total - sum(middle.values())
        middle = {law.state_names[0]: float(f"{rest:.9g}"), **middle}
    return middle if set(middle) == set(law.state_names) else {}
