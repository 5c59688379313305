"""A System or Formula as a document: equations, tables of what they hold, domain and walls."""

from collections.abc import Iterable, Sequence

from physics.boundary import condition, sides
from physics.domain import Box
from physics.formula import Formula
from physics.initial import Simplex, Uniform
from physics.names import COORDINATES, TIME
from physics.symbols import Control, Parameter, State
from physics.system import System
from physics.text import expression_text
from symbolic.exporters import latex
from symbolic.exporters._source import printable

_CALCULUS = {"ito": "Itô", "stratonovich": "Stratonovich"}


def law_text(law: System | Formula, digits: int | None) -> str:
    """The whole document."""
    sections = [f"# {plain(law.name)}", *_head(law), *law_sections(law, digits)]
    return "\n\n".join(sections) + "\n"


def law_sections(law: System | Formula, digits: int | None) -> list[str]:
    """Equations, tables and domain, without the title."""
    sections = ["## Equations", f"$$\n{latex.block(law, digits, {})}\n$$"]
    sections.append("```text\n" + "\n".join(lines(law)) + "\n```")
    if isinstance(law, Formula):
        sections.append("Inputs: " + ", ".join(f"`{i}`" for i in law.inputs) + ".")
    else:
        sections += ["## States", _states(law)]
    if law.parameters:
        sections += ["## Parameters", _parameters(law.parameters)]
    if isinstance(law, System):
        if law.controls:
            sections += ["## Controls", _symbols("control", law.controls)]
        sections += _where(law)
    return sections


def lines(law: System | Formula) -> list[str]:
    """The equations as plain text, noise included."""
    if isinstance(law, Formula):
        return [f"{o} = {expression_text(e)}" for o, e in law.expressions.items()]
    noise = [f"noise of {s}: {expression_text(e)} dW({w})" for (s, w), e in law.noise.items()]
    return [*law.lines(), *noise]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; bars in cells are escaped."""
    body = [[cell.replace("|", r"\|") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [[*head], ["---"] * len(head), *body])


def plain(text: object) -> str:
    """`text` in one line that Markdown and HTML leave as it is."""
    text = " ".join(printable(str(text)).split())
    for sign in "\\`*_[]#$":
        text = text.replace(sign, "\\" + sign)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# -- pieces ---------------------------------------------------------------------------------


def _head(law: System | Formula) -> list[str]:
    if isinstance(law, Formula):
        return []
    source = [f"Source: {plain(law.source)}"] if law.source else []
    return [*([plain(law.description)] if law.description else []), *source]


def _states(law: System) -> str:
    states = [s for s in law.states if isinstance(s, State)]
    if not isinstance(law.initial, Uniform | Simplex):
        return _symbols("state", states)
    low, high = law.initial.low, law.initial.high
    rows = [[*row, _range(low.get(s.name), high.get(s.name))]
            for row, s in zip(_rows(states), states, strict=True)]  # fmt: skip
    return table(["state", "unit", "range", "meaning", "starts in"], rows)


def _symbols(kind: str, symbols: Iterable[State | Control]) -> str:
    return table([kind, "unit", "range", "meaning"], _rows(symbols))


def _rows(symbols: Iterable[State | Control]) -> list[list[str]]:
    return [
        [f"`{s.name}`", plain(s.unit or ""), _range(s.low, s.high), plain(s.description)]
        for s in symbols
    ]


def _parameters(parameters: Iterable[Parameter]) -> str:
    rows = [
        [f"`{p.name}`", f"{p.value:.10g}", plain(p.unit or ""),
         _range(p.low, p.high) + (" (log)" if p.log else ""), plain(p.description)]
        for p in parameters
    ]  # fmt: skip
    return table(["parameter", "value", "unit", "range", "meaning"], rows)


def _range(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    if high is None:
        return f"≥ {low:g}"
    return f"≤ {high:g}" if low is None else f"{low:g} … {high:g}"


def _where(law: System) -> list[str]:
    """Time, noise, domain, walls and initial law, in sentences."""
    unit = f" [{plain(law.units[TIME])}]" if TIME in law.units else ""
    says = ["- Time is discrete: a map." if law.time == "discrete" else f"- Time `t`{unit}."]
    if law.horizon:
        says.append(f"- Runs last {law.horizon:g} by default.")
    if law.noise:
        says.append(f"- Noise is read in the sense of {_CALCULUS[law.calculus]}.")
    title = "## Time"
    if law.domain is not None:
        title = "## Time and space"
        says += [*_box(law, law.domain), *_walls(law)]
    if law.initial is not None and not isinstance(law.initial, Uniform | Simplex):
        says.append(f"- Initial states are drawn from `{type(law.initial).__name__}`.")
    return [title, "\n".join(says)]


def _box(law: System, box: Box) -> list[str]:
    units = {c: f" [{plain(law.units[c])}]" for c in COORDINATES if c in law.units}
    return [
        f"- `{c}` from {low:.6g} to {high:.6g}{units.get(c, '')}, {kind}."
        for c, low, high, kind in zip(COORDINATES, box.low, box.high, box.kinds, strict=False)
    ]


def _walls(law: System) -> list[str]:
    """One line per state and wall that is not periodic."""
    found = []
    for state in law.state_names:
        for side in sides(law.dim):
            held = condition(law, state, side)
            if held is None:
                continue
            left = {"dirichlet": state, "neumann": f"d{state}/dn", "inflow": state}.get(held.kind)
            if held.kind == "robin":
                left = f"({expression_text(held.slope)})*{state} + d{state}/dn"
            says = f": `{left} = {expression_text(held.value)}`" if left else ""
            found.append(f"- At {side}, {held.kind} for `{state}`{says}.")
    return found
