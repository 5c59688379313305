"""What stands around the functions of exported C: comments, and tables of names and values."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from physics.symbols import Control, Parameter, State
from symbolic.exporters._source import WIDTH, printable

_SIGNS = {"\\": " ", "??": "? ?", "*/": "* /", "/*": "/ *"}


def comment(text: str) -> str:
    """`text` as a comment of several lines."""
    lines = [f" * {line}".rstrip() for line in _plain(text).split("\n")]
    return "/*\n" + "\n".join(lines) + "\n */"


def table(name: str, kind: str, symbols: Iterable[Any]) -> str:
    """Enumerators of the places of states, parameters … in their array, and their names as text."""
    symbols = list(symbols)
    lines = [f"    {name}_{kind}_{s.name},{_meaning(s)}\n" for s in symbols]
    text = f"enum {{\n{''.join(lines)}    {name}_n_{kind}s\n}};\n"
    if symbols:
        names = [f'"{s.name}"' for s in symbols]
        text += _array(f"const char *const {name}_{kind}_names[]", names)
    return text


def parameters(name: str, declared: Sequence[Parameter]) -> str:
    """The table of the parameters, and their nominal values."""
    text = table(name, "param", declared)
    if declared:
        values = [repr(p.value) for p in declared]
        text += _array(f"const double {name}_default_params[]", values)
    return text


def unused(names: Iterable[str]) -> str:
    """Statements that keep compilers from warning of arguments a law has no use for."""
    return "".join(f"    (void){name};\n" for name in names)


def _array(declaration: str, items: Sequence[str]) -> str:
    line = f"{declaration} = {{{', '.join(items)}}};\n"
    if len(line) <= WIDTH:
        return line
    inside = textwrap.fill(", ".join(items), WIDTH, break_long_words=False, break_on_hyphens=False)
    return f"{declaration} = {{\n{textwrap.indent(inside, '    ')}\n}};\n"


def _meaning(symbol: State | Parameter | Control) -> str:
    unit = f" [{symbol.unit}]" if symbol.unit else ""
    text = printable(f"{symbol.description}{unit}".strip()).replace("\n", " ")
    return f"  /* {_plain(text)} */" if text else ""


def _plain(text: str) -> str:
    """`text` that neither ends a comment nor hides a line end (trigraphs included)."""
    for sign, instead in _SIGNS.items():
        text = text.replace(sign, instead)
    return text
