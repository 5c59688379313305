"""Laws as Python functions on arrays: what the targets python (NumPy) and jax share.

The written module stands alone: `rhs(t, y)` for an ODE, `step(n, y)` for a map, `diffusion(t, y)`
beside them where there is noise, `formula(...)` for a Formula.
"""

from dataclasses import dataclass

import sympy

from physics.formula import Formula
from physics.names import TIME
from physics.system import System
from symbolic.exporters._source import (
    SourceWriter,
    called,
    docstring,
    float_text,
    identifiers,
    pointwise,
    tuple_text,
    unpacked,
)
from symbolic.exporters._writer import ATOM, POWER, SUM, Text

LOCAL = ("np", "jnp", "parameters", "dydt", "shape", "dtype", "out")
LARGEST_INTEGER = 10**6  # above, a float: array libraries have integers of fixed width
_FUNCTIONS = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "min": "minimum", "max": "maximum",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """An array library: its name in the source, imports, and how arrays are made.

    values: a list of the dict `values`.   argument: the array of one input `{0}`.
    prepare, finish: lines before the rows `dydt[…] = …` are assigned and the return; `{shape}` is
    their leading shape.
    """

    module: str
    imports: str
    values: str
    argument: str
    prepare: str
    finish: str


class ArrayWriter(SourceWriter):
    """Expressions on arrays; numbers are folded to float64."""

    def number(self, value) -> Text:
        if value.is_Integer and value < LARGEST_INTEGER:
            return str(value), ATOM
        return float_text(value), ATOM

    def constant(self, value) -> Text:
        if value is sympy.pi:
            return f"{self.module}.pi", ATOM
        text = float_text(value)
        return text, SUM if text.startswith("-") else ATOM

    def raised(self, base, exponent) -> Text:
        if exponent is sympy.S.Half:
            return f"{self.module}.sqrt({self.text(base)})", ATOM
        if exponent.is_Integer:
            return f"{self.tight(base, ATOM)}**{exponent}", POWER
        below = float_text(base) if base.is_number else self.text(base)
        return f"{self.module}.power({below}, {self.text(exponent)})", ATOM

    def call(self, name, arguments) -> Text:
        function = f"{self.module}.{_FUNCTIONS.get(name, name)}"
        texts = [self.text(a) for a in sorted(arguments, key=sympy.default_sort_key)]
        return called(function, texts, pairs=name in ("min", "max"))

    def block(self, targets: dict[str, sympy.Expr]) -> str:
        """Lines that assign each expression to its target, shared parts first."""
        shared, reduced = self.shared(list(targets.values()))
        lines = [self.assignment(name, e) for name, e in shared.items()]
        lines += [self.assignment(t, e) for t, e in zip(targets, reduced, strict=True)]
        return "".join(lines)


# -- systems -------------------------------------------------------------------------------


def system_module(law: System, dialect: Dialect) -> str:
    """Source of a module for an ODE or map; ValueError for a PDE."""
    if law.domain is not None:
        raise ValueError(
            f"{law.name!r} is a PDE; arrays in space need a grid: export it to latex or sympy"
        )
    states = list(law.state_names)
    others = [p.name for p in law.parameters] + [c.name for c in law.controls]
    named = identifiers([*states, *others], LOCAL)
    argument, function = ("n", "step") if law.time == "discrete" else (TIME, "rhs")
    for clash in {argument} & {*named} | {"y"} & {*others}:
        named[clash] = f"{clash}_"
    controls = [f"{named[c.name]}=0.0" for c in law.controls]
    signature = ", ".join(
        [argument, "y", "parameters=None", *(["*", *controls] if controls else [])]
    )
    wieners = list(dict.fromkeys(w for _, w in law.noise))
    head = docstring(law, _usage(law, f"{function}({signature})")) + f"\n{dialect.imports}\n"
    head += f"STATES = {_strings(states)}\n"
    head += f"NOISE = {_strings(wieners)}\n" if wieners else ""
    head += _parameters(law, dialect)

    def define(name: str, meaning: str, shape: str, rows: dict[str, sympy.Expr]) -> str:
        writer = ArrayWriter({**named, TIME: argument}, dialect.module, states)
        lines = f'\n\ndef {name}({signature}):\n    """{meaning}"""\n'
        lines += dialect.prepare.format(shape=shape)
        lines += f"    {unpacked([named[s] for s in states])} = y\n"
        lines += _unpack(named, law) + writer.block(rows)
        return lines + dialect.finish.format(shape=shape)

    meaning = "The next state" if law.time == "discrete" else "dy/dt"
    rows = {f"dydt[{i}]": e for i, e in enumerate(law.equations.values())}
    shape = f"{len(states)},"
    text = head + define(function, f"{meaning}; y, result: (state,) or (state, k).", shape, rows)
    if not wieners:
        return text
    rows = {
        f"dydt[{i}, {j}]": law.noise.get((s, w), sympy.Integer(0))
        for i, s in enumerate(states)
        for j, w in enumerate(wieners)
    }
    meaning = f"Amplitudes of the noise ({law.calculus}); result: (state, noise) or (…, k)."
    return text + define("diffusion", meaning, f"{len(states)}, {len(wieners)},", rows)


# -- formulas ------------------------------------------------------------------------------


def formula_module(law: Formula, dialect: Dialect) -> str:
    """Source of a module for a Formula."""
    law = pointwise(law)
    named = identifiers([*law.inputs, *(p.name for p in law.parameters)], LOCAL)
    arguments = [named[i] for i in law.inputs]
    signature = ", ".join([*arguments, "*", "parameters=None"])
    text = docstring(law, f"`formula({signature})` returns {{output: value}}; inputs broadcast.")
    text += f"\n{dialect.imports}\nINPUTS = {_strings(law.inputs)}\n{_parameters(law, dialect)}"
    text += f'\n\ndef formula({signature}):\n    """{{output: value}} of numbers or arrays."""\n'
    text += "".join(f"    {a} = {dialect.argument.format(a)}\n" for a in arguments)
    text += _unpack(named, law) + "    out = {}\n"
    rows = {f'out["{o}"]': e for o, e in law.expressions.items()}
    return text + ArrayWriter(named, dialect.module, law.inputs).block(rows) + "    return out\n"


# -- pieces --------------------------------------------------------------------------------


def _parameters(law: System | Formula, dialect: Dialect) -> str:
    pairs = ", ".join(f'"{name}": {value!r}' for name, value in law.values.items())
    return f'''PARAMETERS = {{{pairs}}}


def _values(parameters):
    """The values in the order of PARAMETERS, those in `parameters` replaced."""
    unknown = sorted(set(parameters or {{}}) - set(PARAMETERS))
    if unknown:
        raise ValueError(f"unknown parameter {{unknown[0]!r}}; known: {{', '.join(PARAMETERS)}}")
    values = {{**PARAMETERS, **(parameters or {{}})}}
    return {dialect.values}
'''


def _unpack(named: dict[str, str], law: System | Formula) -> str:
    left = [named[p.name] for p in law.parameters]
    return f"    {f'{unpacked(left)} = ' if left else ''}_values(parameters)\n"


def _strings(names) -> str:
    return tuple_text([f'"{n}"' for n in names])


def _usage(law: System, call: str) -> str:
    lines = [f"`{call}`; y in the order {', '.join(law.state_names)}."]
    if law.parameters:
        lines.append("parameters: {name: value}; those left out as in PARAMETERS.")
    if law.controls:
        lines.append("Controls are keyword arguments, 0 where not given.")
    return "\n".join(lines)
