"""A PDE in Julia: a `PDESystem` on its box, to be discretised by MethodOfLines.

Initial fields are drawn at random here, so that the file takes them as functions of the
coordinates.
"""

from physics.boundary import Condition, condition
from physics.domain import Box
from physics.names import COORDINATES, TIME
from physics.symbols import Control, Parameter
from physics.system import System
from symbolic.exporters._julia_limits import discretisable
from symbolic.exporters._julia_text import KEYWORDS, header, named, parameters
from symbolic.exporters._julia_writer import JuliaWriter
from symbolic.exporters._source import prefix
from symbolic.exporters._writer import PRODUCT

POINTS = 64
HORIZON = 1.0
HIGHEST = 9  # order of a derivative whose operator keeps its name from parameters
WRITTEN = ("Dt", "bcs", "domains", "eqs", "pdesystem", "prob", "sol", "stop", "sys")


def field_file(law: System, box: Box) -> str:
    """Source of a file with `pdesystem(initial fields…)`.

    Raises ValueError for what MethodOfLines cannot discretise.
    """
    equations = discretisable(law)
    names = COORDINATES[: law.dim]
    where = ", ".join([TIME, *names])
    symbols: list[Parameter | Control] = [*law.parameters, *law.controls]
    operators = [f"D{c * k}" for c in names for k in range(1, HIGHEST)]
    spelled = named([*law.state_names, *(s.name for s in symbols)], [*WRITTEN, *operators])
    fields = [spelled[s] for s in law.state_names]
    writer = JuliaWriter(spelled | {c: c for c in (TIME, *names)}, law.state_names, where)
    rows = [f"Dt({spelled[s]}({where})) ~ {writer.text(e)}" for s, e in equations.items()]
    starts = [f"{field}_initial" for field in fields]
    space = ", ".join(names)
    bounds = [f"{f}(0.0, {space}) ~ {g}({space})" for f, g in zip(fields, starts, strict=True)]
    bounds += _walls(law, box, writer)
    spans = [f"{TIME} ∈ Interval(0.0, stop)"]
    spans += [f"{c} ∈ Interval({low!r}, {high!r})" for c, low, high in _axes(box)]
    text = header(law, _usage(law, space))
    text += "using ModelingToolkit, MethodOfLines, DomainSets, OrdinaryDiffEq\n\n"
    text += f"@parameters {' '.join([TIME, *names])}\n" + parameters(spelled, symbols)
    text += f"@variables {' '.join(f'{field}(..)' for field in fields)}\n"
    text += f"Dt = Differential({TIME})\n"
    for operator, (along, times) in sorted(writer.operators.items()):
        text += f"{operator} = Differential({along}){f'^{times}' if times > 1 else ''}\n"
    text += f"\nfunction pdesystem({', '.join(starts)}; stop = {law.horizon or HORIZON!r})\n"
    text += _vector("eqs", rows) + _vector("bcs", bounds) + _vector("domains", spans)
    unknowns = ", ".join(f"{field}({where})" for field in fields)
    given = ", ".join(spelled[s.name] for s in symbols)
    text += f"    return PDESystem(eqs, bcs, domains, [{where}], [{unknowns}], [{given}];\n"
    name = prefix(law.name)
    name = f"{name}_" if name in KEYWORDS else name
    text += f"                     name = :{name})\nend\n\n"
    return text + _example(box, starts)


def _walls(law: System, box: Box, writer: JuliaWriter) -> list[str]:
    """Equations at the walls; a periodic coordinate gives one per state."""
    found = []
    for state in law.state_names:
        for along, low, high in _axes(box):
            ends = {}
            for sign, end in (("-", low), ("+", high)):
                at = [TIME, *(repr(end) if c == along else c for c, *_ in _axes(box))]
                ends[sign] = f"{writer.names[state]}({', '.join(at)})"
            if box.kinds[COORDINATES.index(along)] == "periodic":
                found.append(f"{ends['-']} ~ {ends['+']}")
                continue
            for sign, field in ends.items():
                held = condition(law, state, along + sign)
                if held is not None:
                    found.append(_wall(held, field, along, sign, writer))
    return found


def _wall(held: Condition, field: str, along: str, sign: str, writer: JuliaWriter) -> str:
    """u ~ value, or slope·u + ∂u/∂n ~ value with the outward normal n."""
    value = writer.text(held.value)
    if held.kind == "dirichlet":
        return f"{field} ~ {value}"
    slope = writer.differentiated(field, along, 1)
    if held.kind == "neumann":
        return f"{'-' if sign == '-' else ''}{slope} ~ {value}"
    return f"{writer.tight(held.slope, PRODUCT)}*{field} {sign} {slope} ~ {value}"


def _axes(box: Box) -> list[tuple[str, float, float]]:
    return list(zip(COORDINATES, box.low, box.high, strict=False))


def _vector(name: str, items: list[str]) -> str:
    return f"    {name} = [\n" + "".join(f"        {item},\n" for item in items) + "    ]\n"


def _usage(law: System, space: str) -> str:
    return (
        "Needs ModelingToolkit 10 or later, MethodOfLines 1, DomainSets and OrdinaryDiffEq.\n"
        f"`pdesystem` takes the initial fields of {', '.join(law.state_names)} as functions of "
        f"{space}."
    )


def _example(box: Box, starts: list[str]) -> str:
    """Lines that discretise and solve, as comments: the initial fields are the reader's."""
    steps = ", ".join(f"{c} => {(high - low) / POINTS!r}" for c, low, high in _axes(box))
    square = " + ".join(f"({c} - {(low + high) / 2:.6g})^2" for c, low, high in _axes(box))
    bump = f"({', '.join(c for c, *_ in _axes(box))}) -> exp(-({square}))"
    return (
        f"# sys = pdesystem({', '.join([bump] * len(starts))})  # put your own initial fields\n"
        f"# prob = discretize(sys, MOLFiniteDifference([{steps}], {TIME}))\n"
        "# sol = solve(prob)\n"
    )
