"""Tables on stdout: drawn by rich on a terminal, aligned plain text elsewhere."""

import sys
from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print `rows` under `header`; cells may hold several lines."""
    if sys.stdout.isatty():
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        drawn = Table(box=SIMPLE_HEAD, pad_edge=False)
        for index, name in enumerate(header):
            drawn.add_column(name, no_wrap=index == 0)
        for row in rows:
            drawn.add_row(*(Text(cell) for cell in row))
        Console().print(drawn)
        return
    print(plain([header, *rows]))


def plain(rows: Sequence[Sequence[str]]) -> str:
    """Rows as aligned text.

    >>> print(plain([("a", "b"), ("long", "x\\ny")]))
    a     b
    long  x
          y
    """
    split = [[cell.split("\n") for cell in row] for row in rows]
    widths = [max(len(line) for row in split for line in row[c]) for c in range(len(rows[0]))]
    lines = []
    for row in split:
        for level in range(max(len(cell) for cell in row)):
            cells = [cell[level] if level < len(cell) else "" for cell in row]
            line = "  ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True))
            lines.append(line.rstrip())
    return "\n".join(lines)


def short(value: float) -> str:
    """A number for a table: four significant digits.

    >>> short(0.123456), short(12345678.0), short(3.0)
    ('0.1235', '1.235e+07', '3')
    """
    return f"{value:.4g}"
