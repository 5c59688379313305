"""C99 that needs <math.h> alone: `NAME_rhs(t, u, p, du)` for an ODE, as solvers in C take it.

u, du: (state,); p: (parameter,), with nominal values in NAME_default_params; the places in all
of them are enumerators NAME_state_…, NAME_param_…. A map gives `NAME_step(n, u, p, next)`, noise
`NAME_diffusion(t, u, p, amplitude)`, a Formula one function of its inputs per output. All numbers
are doubles, so nothing is divided as integers. NAME is made of the law's name.
"""

from collections.abc import Sequence

import sympy

from physics.formula import Formula
from physics.names import TIME
from physics.symbols import State
from physics.system import System
from symbolic.exporters import _source
from symbolic.exporters._c_layout import comment, parameters, table, unused
from symbolic.exporters._c_names import CLASHES, RESERVED
from symbolic.exporters._c_writer import CWriter

SUFFIX = ".c"
ARRAYS = ("u", "p", "c", "du", "next", "amplitude")


def export(law: System | Formula) -> str:
    """Source of one C file; ValueError for a PDE.

    >>> from physics.parser import parse
    >>> print(export(parse("x' = -x/2", name="decay")).partition("void ")[2])
    decay_rhs(double t, const double *u, const double *p, double *du)
    {
        const double x = u[decay_state_x];
        (void)t;
        (void)p;
        du[decay_state_x] = -0.5*x;
    }
    <BLANKLINE>
    """
    name = _source.prefix(law.name)
    name = f"law_{name}" if name in CLASHES else name
    return _formula(law, name) if isinstance(law, Formula) else _system(law, name)


def _system(law: System, name: str) -> str:
    if law.domain is not None:
        raise ValueError(
            f"{law.name!r} is a PDE, for which C would need a grid: export it to latex, sympy, "
            f"julia or markdown, or solve it with physics.solve"
        )
    discrete = law.time == "discrete"
    clock, function, result = ("n", "step", "next") if discrete else (TIME, "rhs", "du")
    controls = [c.name for c in law.controls]
    held = {"u": ("state", law.state_names), "p": ("param", [*law.values])}
    held |= {"c": ("control", controls)} if controls else {}
    named = _identifiers([*law.state_names, *law.values, *controls], clock) | {TIME: clock}
    helpers: dict[str, str] = {}

    def define(function: str, result: str, rows: dict[str, sympy.Expr]) -> str:
        used = {s.name for e in rows.values() for s in e.free_symbols}
        idle = [] if TIME in used else [clock]
        loaded = ""
        for array, (kind, names) in held.items():
            here = [n for n in names if n in used]
            loaded += "".join(
                f"    const double {named[n]} = {array}[{name}_{kind}_{n}];\n" for n in here
            )
            idle += [] if here else [array]
        writer = CWriter(dict(named), name, law.state_names, helpers)
        arguments = [f"double {clock}", *(f"const double *{a}" for a in held), f"double *{result}"]
        head = f"void {name}_{function}({', '.join(arguments)})\n{{\n"
        return head + loaded + unused(idle) + writer.block(rows) + "}\n"

    rows = {f"{result}[{name}_state_{s}]": e for s, e in law.equations.items()}
    functions = [define(function, result, rows)]
    tables = [table(name, "state", law.states), parameters(name, law.parameters)]
    tables += [table(name, "control", law.controls)] if controls else []
    if law.noise:
        wieners = list(dict.fromkeys(w for _, w in law.noise))
        tables.append(table(name, "noise", [State(name=w) for w in wieners]))
        rows = {
            f"amplitude[{name}_state_{s}*{name}_n_noises + {name}_noise_{w}]": e
            for s in law.state_names
            for w in wieners
            for e in [law.noise.get((s, w), sympy.Integer(0))]
        }
        functions.append(define("diffusion", "amplitude", rows))
    text = comment(_source.description(law, _usage(law, name, function)))
    return "\n".join([text, "#include <math.h>\n", *tables, *helpers.values(), *functions])


def _formula(law: Formula, name: str) -> str:
    law = _source.pointwise(law)
    named = _identifiers([*law.inputs, *law.values], "")
    helpers: dict[str, str] = {}
    writer = CWriter(named, name, law.inputs, helpers)
    arguments = [f"double {named[i]}" for i in law.inputs]
    arguments += ["const double *p"] if law.parameters else []
    functions = []
    for output, expression in law.expressions.items():
        used = {s.name for s in expression.free_symbols}
        here = [n for n in law.values if n in used]
        idle = [named[i] for i in law.inputs if i not in used]
        idle += ["p"] if law.parameters and not here else []
        text = f"double {name}_{output}({', '.join(arguments) or 'void'})\n{{\n" + unused(idle)
        text += "".join(f"    const double {named[n]} = p[{name}_param_{n}];\n" for n in here)
        functions.append(f"{text}    return {writer.text(expression)};\n}}\n")
    text = comment(_source.description(law, "One function of the inputs for each output."))
    head = [text, "#include <math.h>\n", parameters(name, law.parameters)]
    return "\n".join([*head, *helpers.values(), *functions])


def _identifiers(names: Sequence[str], clock: str) -> dict[str, str]:
    return _source.identifiers(names, {*RESERVED, *ARRAYS, clock}, keywords=())


def _usage(law: System, name: str, function: str) -> str:
    meaning = "the next state" if function == "step" else "du/dt"
    lines = [f"{name}_{function} writes {meaning} of the states u with the parameters p."]
    if law.controls:
        lines.append("c: the controls.")
    if law.noise:
        lines.append(f"{name}_diffusion writes the amplitudes of the noise, one row per state.")
    return "\n".join(lines)
