"""LaTeX: aligned equations, ready for `$$…$$`, with the parameters' values in a last line.

ODEs are set with dots, PDEs with ∂, maps with the indices n and n + 1, noise as dW.
"""

from collections.abc import Mapping

from physics.formula import Formula
from physics.names import COORDINATES, IDENTIFIER, TIME
from physics.system import System
from physics.tree import number
from symbolic.exporters._latex_names import dotted, latex_names, subscripted
from symbolic.exporters._latex_writer import LatexWriter, derivative

SUFFIX = ".tex"
DIGITS = 6  # of a number that is read, not computed with
PER_LINE = 6  # parameter values in one line
MAX_DIGITS = 17


def export(law: System | Formula, *, digits: int | None = DIGITS) -> str:
    """`law` as an aligned block.

    digits: significant digits of decimal numbers, None for all that float64 holds; simple
    fractions stay exact. Raises ValueError for digits outside 1 … 17.
    """
    return block(law, digits, law.values)


def block(law: System | Formula, digits: int | None, values: Mapping[str, float]) -> str:
    """The equations, and below them lines with the `values` of some parameters."""
    if digits is not None and (type(digits) is not int or not 1 <= digits <= MAX_DIGITS):
        raise ValueError(f"digits is a whole number from 1 to {MAX_DIGITS}, not {digits!r}")
    if isinstance(law, Formula):
        lines, writer = _formula(law, digits)
    else:
        lines, writer = _system(law, digits)
    pairs = [f"{writer.spelled[p]} = {writer.text(number(v))}" for p, v in values.items()]
    for start in range(0, len(pairs), PER_LINE):
        lines.append(r"& " + r", \quad ".join(pairs[start : start + PER_LINE]))
    body = " \\\\\n".join(lines)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def _system(law: System, digits: int | None) -> tuple[list[str], LatexWriter]:
    plain = [p.name for p in law.parameters] + [c.name for c in law.controls]
    parts = latex_names([TIME, *COORDINATES[: law.dim], *law.state_names, *plain])
    discrete = law.time == "discrete"
    index = next(letter for letter in "nkmjilpq" if letter not in parts) if discrete else ""
    spelled = {n: subscripted(p, index if n in law.state_names else "") for n, p in parts.items()}
    if discrete:
        spelled[TIME] = index
    writer = LatexWriter(spelled, digits)
    lines = []
    for state, expression in law.equations.items():
        terms = {w: e for (s, w), e in law.noise.items() if s == state}
        if discrete:
            left = subscripted(parts[state], f"{index}+1")
        elif law.noise:
            left = rf"\mathrm{{d}}{spelled[state]}"
        else:
            left = derivative(spelled[state], TIME) if law.domain else dotted(parts[state])
        right = writer.text(expression)
        if law.noise and not discrete:
            right = rf"{writer.brackets(right)} \mathrm{{d}}t"
        for wiener, amplitude in terms.items():
            right += f" + {writer.tight(amplitude, 1)} {_noise(wiener, law)}"
        lines.append(f"{left} &= {right}")
    return lines, writer


def _noise(wiener: str, law: System) -> str:
    name = subscripted(latex_names([wiener])[wiener])
    if law.time == "discrete":
        return rf"\, {name}"
    circle = r"\circ " if law.calculus == "stratonovich" else r"\, "
    return rf"{circle}\mathrm{{d}}{name}"


def _formula(law: Formula, digits: int | None) -> tuple[list[str], LatexWriter]:
    fields = {name: _jet(name) for name in [*law.inputs, *law.outputs]}
    plain = [p.name for p in law.parameters]
    parts = latex_names(dict.fromkeys([*(field for field, _ in fields.values()), *plain]))
    spelled = {n: derivative(subscripted(parts[f]), index) for n, (f, index) in fields.items()}
    spelled |= {name: subscripted(parts[name]) for name in plain}
    writer = LatexWriter(spelled, digits, law.inputs)
    return [f"{spelled[o]} &= {writer.text(e)}" for o, e in law.expressions.items()], writer


def _jet(name: str) -> tuple[str, str]:
    """("u", "xx") from the name of a jet u_xx; ("u", "") from any other name."""
    field, _, index = name.rpartition("_")
    if field and index and set(index) <= set(COORDINATES):
        name, suffix = field, index
    else:
        suffix = ""
    if not IDENTIFIER.fullmatch(name):
        raise ValueError(f"{name!r} cannot be exported as a name: use letters and digits")
    return name, suffix
