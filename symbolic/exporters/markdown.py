"""Markdown: a law as a short document, in formulas, in plain text and in tables.

Equations stand in `$$` blocks and as text that `physics.parse` reads back; states, parameters and
controls in tables with units and ranges; then time, domain and walls. A Discovery is written with
its front, its verdict, the noise it met, how it was found and what cannot be told from the data.
"""

from physics.formula import Formula
from physics.system import System
from symbolic.exporters._markdown_discovery import discovery
from symbolic.exporters._markdown_law import law_text
from symbolic.exporters.latex import DIGITS
from symbolic.result import Discovery

SUFFIX = ".md"
DISCOVERIES = True


def export(law: System | Formula | Discovery, *, digits: int | None = DIGITS) -> str:
    """A document about a System, a Formula or a Discovery.

    digits: significant digits of decimal numbers in formulas, None for all.
    Raises ValueError for digits outside 1 … 17.

    >>> from physics.parser import parse
    >>> text = export(parse("x' = -k*x", dict(k=0.5), name="decay"))
    >>> print(text.split("\\n\\n")[7])
    | parameter | value | unit | range | meaning |
    | --- | --- | --- | --- | --- |
    | `k` | 0.5 |  |  |  |
    """
    if isinstance(law, Discovery):
        return discovery(law, digits)
    return law_text(law, digits)
