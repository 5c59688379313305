"""How names are set in LaTeX: Greek letters, subscripts, upright words."""

import re
from collections.abc import Iterable

_LOWER = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega"
)
_UPPER = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
GREEK = frozenset(f"{_LOWER} {_UPPER}".split())
_PARTS = re.compile(r"([A-Za-z]+)([0-9]*)(?:_([0-9]+))?")


def latex_names(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """{name: (letter, subscript)}; two names never share both.

    >>> latex_names(["beta", "x1", "x_1", "prey"])["x1"]
    ('x', '1')
    """
    chosen: dict[str, tuple[str, str]] = {}
    for name in names:
        parts = _parts(name)
        if parts in chosen.values():
            parts = rf"\mathrm{{{name.replace('_', chr(92) + '_')}}}", ""
        chosen[name] = parts
    return chosen


def _parts(name: str) -> tuple[str, str]:
    match = _PARTS.fullmatch(name)
    if match is None:
        stem, _, number = name.partition("_")
        return rf"\mathrm{{{stem}}}", number
    letters, digits, number = match.groups()
    subscript = ",".join(part for part in (digits, number) if part)
    if letters in GREEK:
        return f"\\{letters}", subscript
    return (letters if len(letters) == 1 else rf"\mathrm{{{letters}}}"), subscript


def subscripted(parts: tuple[str, str], more: str = "") -> str:
    """`x_{1}` from ("x", "1"); `more` joins the subscript."""
    letter, subscript = parts
    inside = ",".join(part for part in (subscript, more) if part)
    return f"{letter}_{{{inside}}}" if inside else letter


def dotted(parts: tuple[str, str]) -> str:
    """`\\dot{x}_{1}`: the time derivative."""
    return subscripted((rf"\dot{{{parts[0]}}}", parts[1]))
