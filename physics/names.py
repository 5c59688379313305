"""Names: what a state, parameter or control may be called, and the nearest one to a mistyped name.

Names flow into exported source code, so everything that holds one checks it here.
"""

import difflib
import re
from collections.abc import Iterable

IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[0-9]+)?")
COORDINATES = ("x", "y", "z")
TIME = "t"
FUNCTIONS = (
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh",
    "exp", "log", "sqrt", "abs", "sign", "min", "max",
)  # fmt: skip
OPERATORS = ("D", "laplacian", "grad", "div", "curl", "advect", "inverse_laplacian", "leray")
CONSTANTS = ("pi",)
RESERVED = frozenset(FUNCTIONS + OPERATORS + CONSTANTS)
MAX_LENGTH = 64


def check_name(name: object, what: str) -> str:
    """Return `name` if it may name a `what`; raise ValueError with the rule otherwise."""
    if not isinstance(name, str) or not IDENTIFIER.fullmatch(name) or len(name) > MAX_LENGTH:
        raise ValueError(
            f"{name!r} cannot name a {what}: use letters and digits, starting with a letter, "
            f"optionally ending in _ and a number (like u, u1, u_1)"
        )
    if name in RESERVED:
        raise ValueError(f"{name!r} cannot name a {what}: it is a function or constant; rename it")
    return name


def nearest(name: object, known: Iterable[str]) -> str:
    """`'; nearest: "lorenz63"'` for a mistyped name, or an empty string if nothing is near."""
    typed, options = str(name).lower(), [str(option) for option in known]
    lowered = {option.lower(): option for option in options}
    close = difflib.get_close_matches(typed, lowered, n=1, cutoff=0.5)
    if close:
        return f'; nearest: "{lowered[close[0]]}"'
    inside = [option for option in options if len(typed) > 2 and typed in option.lower()]
    return f'; nearest: "{inside[0]}"' if inside else ""
