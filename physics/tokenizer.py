"""Equation text cut into tokens with positions, and the errors that point at them.

All notations of a derivative become one kind of token, a name with an index: `x'`, `dx/dt`, `∂ₜx`
and `x_t` are (x, "t"); `∂²u/∂x²` and `u_xx` are (u, "xx"); `x[n+1]` is (x, "+").
Nothing here evaluates anything.
"""

import re
from dataclasses import dataclass, replace

from physics.names import IDENTIFIER, MAX_LENGTH

MAX_TEXT = 2000
NEXT = "+"
_WINDOW = 72
_SPACE = " \t\u00a0\u2009\u202f"
_GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
    "finalsigma sigma tau upsilon phi chi psi omega"
).split()
GREEK = {chr(0x3B1 + i): name for i, name in enumerate(_GREEK_NAMES)}
GREEK |= {chr(0x391 + i): name.capitalize() for i, name in enumerate(_GREEK_NAMES) if i != 17}
GREEK |= {"ς": "sigma", "µ": "mu", "ϵ": "epsilon", "ϑ": "theta", "ϕ": "phi", "ϱ": "rho"}
GREEK |= {"ϖ": "pi", "ϰ": "kappa", "Ω": "Omega"}
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
    rf"(?P<base>(?:[A-Za-z][A-Za-z0-9]*|{_GREEK_CLASS}[0-9]*)(?:_[0-9]+|[₀-₉]+)?)"
    r"(?:_(?P<index>[txyz]+))?(?![A-Za-z0-9_₀-₉])"
)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+(?![A-Za-z0-9_]))?")
_PARTIAL = re.compile(r"∂(?:_(?P<plain>[txyz]+)|(?P<low>[ₓᵧₜ]+))?")
_POWERS = re.compile(r"⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_REFUSED = {
    "<": "comparisons and events are not supported",
    ">": "comparisons and events are not supported",
    "!": "factorials and comparisons are not supported",
    "&": "logic and events are not supported",
    "|": "write abs(...) for an absolute value",
    "[": 'square brackets only stand in maps like "x[n+1] = r*x[n]"',
    "]": 'square brackets only stand in maps like "x[n+1] = r*x[n]"',
    "{": "curly brackets are not supported; write (...)",
    "}": "curly brackets are not supported; write (...)",
    '"': "quotes are not part of an equation",
    "`": "quotes are not part of an equation",
    "″": "second-order time derivatives are not supported; write it as first order: x' = v; v' = …",
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
    before, after = "…" if left > start else "", "…" if right < (end if end >= 0 else len(text)) else ""
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


def tokenize(text: str, declared: frozenset[str] = frozenset()) -> list[list[Token]]:
    """The equations in `text` (separated by ; or new lines), each ending in an "end" token.

    declared: names of parameters and controls, which `dx/dt` must not be mistaken for.
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
        equations.append(_derivatives(text, [*tokens, Token("end", "", stop, stop)], declared))
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
        word = found[0][:MAX_LENGTH]
        joined = word.replace("_", "")
        return (
            f'"{word}" is not a name: use letters and digits, optionally ending in _ and a number '
            f"(like {joined} or {joined}_1); only derivatives end in _ and letters (u_x, u_t)"
        )
    if character in _REFUSED:
        return f'"{character}" cannot stand here: {_REFUSED[character]}'
    shown = f'"{character}"' if " " <= character <= "~" or character in _KNOWN else "this character"
    return f"{shown} (U+{ord(character):04X}) is not part of an equation"


# Every notation of a derivative as a name with an index


def _derivatives(text: str, tokens: list[Token], declared: frozenset[str]) -> list[Token]:
    found: list[Token] = []
    i = 0
    while i < len(tokens):
        for notation in (_primed, _indexed, _quotient, _leibniz, _subscript):
            if read := notation(text, tokens, i, declared):
                found.append(read[0])
                i += read[1]
                break
        else:
            found.append(tokens[i])
            i += 1
    return found


def _spell(tokens: list[Token], start: int, count: int = 1) -> str:
    """Kinds of `count` tokens, operators by their own text: "name ' name"."""
    part = tokens[start : start + count]
    return " ".join(t.text if t.kind == "operator" else t.kind for t in part)


def _primed(text, tokens, i, declared):
    """x'"""
    count = 0
    while tokens[i].kind == "name" and _spell(tokens, i + 1 + count) == "'":
        count += 1
    if count:
        token = tokens[i]
        return replace(token, index=token.index + "t" * count, stop=tokens[i + count].stop), 1 + count


def _indexed(text, tokens, i, declared):
    """x[n], x[n+1]"""
    if _spell(tokens, i, 2) != "name [":
        return None
    name, inside = tokens[i], tokens[i + 2 : i + 6]
    plain = _spell(tokens, i + 2, 2) == "name ]" and inside[0].text in ("n", "k", "t")
    moved = _spell(tokens, i + 2, 4) in ("name + number ]", "name - number ]")
    if plain:
        return replace(name, stop=inside[1].stop), 4
    if not moved or inside[0].text not in ("n", "k", "t"):
        raise ParseError(
            f'a map is written like "{name.base}[n+1] = r*{name.base}[n]"', text, tokens[i + 1].position
        )
    if inside[1].text == "-":
        raise ParseError(
            f"{name.base}[n-{inside[2].text}] is a delay, which is not supported; "
            f"add a state for it: y[n+1] = {name.base}[n]",
            text,
            name.position,
        )
    if inside[2].text != "1" or name.index:
        raise ParseError(
            f"write maps with one step, {name.base}[n+1] = …, and add states for more",
            text,
            name.position,
        )
    return replace(name, index=NEXT, stop=inside[3].stop), 6


def _quotient(text, tokens, i, declared):
    """dx/dt"""
    above, below = tokens[i], tokens[i + 2] if i + 2 < len(tokens) else tokens[i]
    if _spell(tokens, i, 3) == "name / name" and not {above.base, below.base} & declared:
        inner = re.fullmatch(r"d(2?)([A-Za-z].*)", above.base)
        if inner and below.text in ("dt", "dt2") and IDENTIFIER.fullmatch(inner[2]):
            index = "tt" if inner[1] or below.text == "dt2" else "t"
            return replace(above, base=inner[2], index=index, stop=below.stop), 3
    second = _spell(tokens, i, 3) in ("name power name", "name ^ number")
    if second and above.base == "d" and not {"d"} & declared and tokens[i + 1].text in "2^":
        raise ParseError(_REFUSED["″"], text, above.position)


def _leibniz(text, tokens, i, declared):
    """∂u/∂t, ∂²u/∂x²"""
    found = re.match(
        r"partial (power )?name / partial name( power)?", _spell(tokens, i, 7) + " "
    )
    if not found or tokens[i].index:
        return None
    times = int(tokens[i + 1].text) if found[1] else 1
    field = i + 1 + bool(found[1])
    along = tokens[field + 3]
    last = along if times == 1 else tokens[field + 4]
    if along.text not in ("t", "x", "y", "z") or (times > 1) != bool(found[2]):
        raise ParseError("write a derivative like ∂u/∂t, ∂²u/∂x² or u_xx", text, tokens[i].position)
    if times > 1 and (last.text != str(times) or times > 9):
        raise ParseError("write a derivative like ∂u/∂t, ∂²u/∂x² or u_xx", text, last.position)
    field_token = tokens[field]
    index = field_token.index + along.text * times
    token = replace(field_token, index=index, position=tokens[i].position, stop=last.stop)
    return token, field + 4 + (times > 1) - i


def _subscript(text, tokens, i, declared):
    """∂ₓu, ∂ₓ²u; before a bracket the operator stays a token of its own."""
    token = tokens[i]
    if token.kind != "partial":
        return None
    if not token.index:
        raise ParseError("write a derivative like ∂ₓu, ∂u/∂x or u_x", text, token.position)
    count = 1
    if tokens[i + 1].kind == "power":
        if tokens[i + 1].text not in "23456789":
            raise ParseError("write repeated derivatives like ∂ₓ²u", text, tokens[i + 1].position)
        token = replace(token, index=token.index * int(tokens[i + 1].text))
        count = 2
    following = tokens[i + count]
    if following.kind != "name" or tokens[i + count + 1].text == "(":
        return token, count
    if tokens[i + count + 1].kind == "power" or tokens[i + count + 1].text == "^":
        raise ParseError(
            "a power after ∂ can be read in two ways; write (∂ₓu)^2 or ∂ₓ(u^2)",
            text,
            tokens[i + count + 1].position,
        )
    joined = replace(following, index=token.index + following.index, position=token.position)
    return joined, count + 1
