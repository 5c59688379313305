"""Equation text cut into tokens with positions, and the error that points at them.

Nothing here evaluates anything.
"""

import re
from dataclasses import dataclass

from physics.names import MAX_LENGTH

MAX_TEXT = 2000
_WINDOW = 72
_SPACE = " \t\u00a0\u2009\u202f"
_GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
    "finalsigma sigma tau upsilon phi chi psi omega"
).split()
GREEK = {chr(0x3B1 + i): name for i, name in enumerate(_GREEK_NAMES)}
GREEK |= {chr(0x391 + i): name.capitalize() for i, name in enumerate(_GREEK_NAMES) if i != 17}
GREEK |= {"ς": "sigma", "µ": "mu", "ϵ": "epsilon", "ϑ": "theta", "ϕ": "phi", "ϱ": "rho"}
GREEK |= {"ϖ": "pi", "ϰ": "kappa", "\u2126": "Omega"}
LAPLACE = "Δ∆"
for _letter in LAPLACE:
    GREEK.pop(_letter, None)
_DOWN = {ord("₀") + i: str(i) for i in range(10)}
_UP = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True))
_ALONG = {"ₓ": "x", "ᵧ": "y", "ₜ": "t"}
_SAME = {"−": "-", "·": "*", "⋅": "*", "∗": "*", "×": "*", "∕": "/", "′": "'", "’": "'"}
_KNOWN = {*GREEK, *LAPLACE, *_UP, *map(chr, _DOWN), *_ALONG, *_SAME, *"″∂∇"}
_GREEK_CLASS = "[" + "".join(GREEK) + "]"
_NAME = re.compile(
    rf"(?P<base>inverse_laplacian|(?:[A-Za-z][A-Za-z0-9]*|(?P<letter>{_GREEK_CLASS})[0-9]*)(?:_[0-9]+|[₀-₉]+)?)"
    r"(?:_(?P<index>[txyz]+))?(?(letter)(?![0-9_₀-₉])|(?![A-Za-z0-9_₀-₉]))"
)
_WORD = re.compile(rf"(?:[A-Za-z]|{_GREEK_CLASS})[A-Za-z0-9_]*")
_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+(?![A-Za-z0-9_]))?")
_PARTIAL = re.compile(r"∂(?:_(?P<plain>[txyz]+)|(?P<low>[ₓᵧₜ]+))?")
_POWERS = re.compile(r"⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
SECOND_ORDER = (
    "time derivatives of second order are not supported; "
    "write it as first order: {0}' = v; v' = ..."
)
_REFUSED = {
    "<": "comparisons and events are not supported",
    ">": "comparisons and events are not supported",
    "!": "factorials and comparisons are not supported",
    "&": "logic and events are not supported",
    "|": "write abs(...) for an absolute value",
    "{": "curly brackets are not supported; write (...)",
    "}": "curly brackets are not supported; write (...)",
    '"': "quotes are not part of an equation",
    "`": "quotes are not part of an equation",
    "″": SECOND_ORDER.format("x"),
    ".": "attribute access is not supported; numbers are written like 0.5",
    "%": "remainders and percentages are not supported",
    "_": 'names do not start with "_"; use letters and digits, starting with a letter',
}


class ParseError(ValueError):
    """Text that is no equation: one sentence, then the line and a caret under the place.

    text: what was read.   position: index into `text` (from 0), also named in the sentence.
    """

    def __init__(self, sentence: str, text: str, position: int):
        self.sentence, self.text, self.position = sentence, text, position
        super().__init__(f"{sentence} (at position {position})\n{_marked(text, position)}")

    def __reduce__(self):
        return ParseError, (self.sentence, self.text, self.position)


def _marked(text: str, position: int) -> str:
    """The line of `text` that holds `position`, cut to a window, with a caret line under it."""
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    left = max(start, position - _WINDOW // 2)
    right = min(len(text) if end < 0 else end, left + _WINDOW)
    shown = "".join(c if " " <= c <= "~" or c in _KNOWN else "\ufffd" for c in text[left:right])
    before, after = (
        "…" if left > start else "",
        "…" if right < (end if end >= 0 else len(text)) else "",
    )
    return f"  {before}{shown}{after}\n  {' ' * (len(before) + position - left)}^"


@dataclass(frozen=True)
class Token:
    """kind: "name", "number", "operator", "power" (superscript), "partial", "split" or "end".

    text: as typed, or its ASCII spelling for operators and powers.   base, index: of names and
    partial derivatives.   position, stop: where it stands in the text.
    """

    kind: str
    text: str
    position: int
    stop: int
    base: str = ""
    index: str = ""


def ascii_name(name: str) -> str:
    """A name as it is called inside: `ν` is nu, `k₁` is k_1; other text comes back unchanged.

    >>> ascii_name("ν"), ascii_name("k₁"), ascii_name("u_x")
    ('nu', 'k_1', 'u_x')
    """
    found = _NAME.fullmatch(name)
    return _ascii(found["base"]) + name[found.end("base") :] if found else name


def _ascii(base: str) -> str:
    base = GREEK.get(base[0], base[0]) + base[1:]
    plain = base.translate(_DOWN)
    first = next((i for i, c in enumerate(base) if ord(c) in _DOWN), None)
    return plain if first is None else f"{plain[:first]}_{plain[first:]}"


def tokenize(text: str) -> list[list[Token]]:
    """The equations in `text` (separated by ; or new lines), each ending in an "end" token.

    Raises ParseError for text that is empty, too long or holds a character of no equation.
    """
    if not isinstance(text, str):
        raise ValueError(f"an equation is a string, not {type(text).__name__}")
    if len(text) > MAX_TEXT:
        raise ParseError(
            f"an equation has at most {MAX_TEXT} characters, this one has {len(text)}; "
            f"give several equations as a list",
            text,
            MAX_TEXT,
        )
    lines: list[list[Token]] = [[]]
    position = 0
    while position < len(text):
        if text[position] in _SPACE:
            position += 1
            continue
        token = _next(text, position)
        if token.kind == "split":
            lines.append([])
        else:
            lines[-1].append(token)
        position = token.stop
    equations = []
    for tokens in filter(None, lines):
        stop = tokens[-1].stop
        equations.append([*tokens, Token("end", "", stop, stop)])
    if not equations:
        raise ParseError("there is no equation in this text; write one like x' = -x", text, 0)
    return equations


def _next(text: str, position: int) -> Token:
    character = text[position]

    def token(kind: str, length: int, spelling: str | None = None, **fields: str) -> Token:
        stop = position + length
        return Token(kind, spelling or text[position:stop], position, stop, **fields)

    if character in ";\n\r":
        return token("split", 1)
    if text.startswith("**", position):
        return token("operator", 2, "^")
    if character in "+-*/^(),='[]":
        return token("operator", 1)
    if character in _SAME:
        return token("operator", 1, _SAME[character])
    if character in LAPLACE + "∇":
        return token("operator", 1, "Δ" if character in LAPLACE else "∇")
    if found := _NUMBER.match(text, position):
        return token("number", len(found[0]))
    if found := _POWERS.match(text, position):
        return token("power", len(found[0]), "".join(_UP[c] for c in found[0]))
    if found := _PARTIAL.match(text, position):
        index = found["plain"] or "".join(_ALONG[c] for c in found["low"] or "")
        return token("partial", len(found[0]), index=index)
    if found := _NAME.match(text, position):
        base = _ascii(found["base"])
        if len(base) > MAX_LENGTH:
            raise ParseError(f"names have at most {MAX_LENGTH} characters", text, position)
        return token("name", len(found[0]), base=base, index=found["index"] or "")
    raise ParseError(_stray(text, position), text, position)


def _stray(text: str, position: int) -> str:
    character = text[position]
    if found := _WORD.match(text, position):
        word = _ascii(found[0])[:MAX_LENGTH]
        joined = word.replace("_", "")
        return (
            f'"{word}" is not a name: use letters and digits, optionally ending in _ and a number '
            f"(like {joined} or {joined}_1); only derivatives end in _ and letters (u_x, u_t)"
        )
    if character in _REFUSED:
        return f'"{character}" cannot stand here: {_REFUSED[character]}'
    shown = f'"{character}"' if " " <= character <= "~" or character in _KNOWN else "this character"
    return f"{shown} (U+{ord(character):04X}) is not part of an equation"
