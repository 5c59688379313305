"""Every notation of a derivative as one kind of token, a name with an index.

`x'`, `dx/dt`, `∂x/∂t`, `∂ₜx` and `x_t` are (x, "t"); `∂²u/∂x²`, `∂ₓₓu` and `u_xx` are (u, "xx");
the next state of a map, `x[n+1]`, is (x, "+"), and `x[n]` is plain x.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from physics.language.tokenizer import SECOND_ORDER, ParseError, Token
from physics.names import COORDINATES, IDENTIFIER, TIME

NEXT = "+"
AMBIGUOUS = "a power after {0} can be read in two ways; write ({0}u)^2 or {0}(u^2)"
_STEPS = ("n", "k", "t")
_TIMES = tuple("123456789")


def read_derivatives(
    text: str, tokens: Sequence[Token], declared: frozenset[str] = frozenset()
) -> list[Token]:
    """The tokens of one equation with derivatives joined into names.

    declared: names of parameters and controls, which `dx/dt` must not be mistaken for.
    Raises ParseError for derivatives written in no known way.
    """
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
    token = tokens[i]
    while token.kind == "name" and _spell(tokens, i + 1 + count) == "'":
        count += 1
    if count:
        stop = tokens[i + count].stop
        return replace(token, index=token.index + "t" * count, stop=stop), 1 + count


def _indexed(text, tokens, i, declared):
    """x[n], x[n+1]"""
    if _spell(tokens, i, 2) != "name [":
        return None
    name, inside = tokens[i], tokens[i + 2 : i + 6]
    letters = {b.text for a, b in pairwise(tokens) if a.text == "["}
    plain = _spell(tokens, i + 2, 2) == "name ]" and inside[0].text in _STEPS
    moved = _spell(tokens, i + 2, 4) in ("name + number ]", "name - number ]")
    if plain and letters == {inside[0].text}:
        return replace(name, stop=inside[1].stop), 4
    if not moved or inside[0].text not in _STEPS or len(letters) > 1:
        sentence = f"a map is written like {name.base}[n+1] = r*{name.base}[n]"
        raise ParseError(sentence, text, tokens[i + 1].position)
    if inside[1].text == "-":
        delay = f"{name.base}[{inside[0].text}-{inside[2].text}] is a delay, which is not supported"
        raise ParseError(f"{delay}; add a state for it: y[n+1] = x[n]", text, name.position)
    if inside[2].text != "1" or name.index:
        sentence = f"write maps with one step, {name.base}[n+1] = ..., and add states for more"
        raise ParseError(sentence, text, name.position)
    return replace(name, index=NEXT, stop=inside[3].stop), 6


def _quotient(text, tokens, i, declared):
    """dx/dt"""
    above, below = tokens[i], tokens[i + 2] if i + 2 < len(tokens) else tokens[i]
    if _spell(tokens, i, 3) == "name / name" and not {above.base, below.base} & declared:
        inner = re.fullmatch(r"d(2?)([A-Za-z].*)", above.base)
        if inner and below.text in ("dt", "dt2") and IDENTIFIER.fullmatch(inner[2]):
            index = "tt" if inner[1] or below.text == "dt2" else "t"
            return replace(above, base=inner[2], index=index, stop=below.stop), 3
    second = re.match(r"name (power|\^ number) name", _spell(tokens, i, 4))
    if second and above.base == "d" and "d" not in declared:
        raise ParseError(SECOND_ORDER.format("x"), text, above.position)


def _leibniz(text, tokens, i, declared):
    """∂u/∂t, ∂²u/∂x²"""
    found = re.match(r"partial (power )?name / partial name( power)?", _spell(tokens, i, 7) + " ")
    if not found or tokens[i].index:
        return None
    field = i + 1 + bool(found[1])
    count = 4 + bool(found[2])
    along, following = tokens[field + 3], tokens[field + count]
    above = tokens[i + 1].text if found[1] else "1"
    below = tokens[field + 4].text if found[2] else "1"
    readable = along.text in (TIME, *COORDINATES) and following.text != "^"
    if above != below or above not in _TIMES or not readable:
        raise ParseError("write a derivative like ∂u/∂t, ∂²u/∂x² or u_xx", text, tokens[i].position)
    index = tokens[field].index + along.text * int(above)
    stop = tokens[field + count - 1].stop
    joined = replace(tokens[field], index=index, position=tokens[i].position, stop=stop)
    return joined, field + count - i


def _subscript(text, tokens, i, declared):
    """∂ₓu, ∂ₓ²u; before a bracket the operator stays a token of its own."""
    token = tokens[i]
    if token.kind != "partial":
        return None
    if not token.index:
        raise ParseError("write a derivative like ∂ₓu, ∂u/∂x or u_x", text, token.position)
    count = 1
    if tokens[i + 1].kind == "power":
        if tokens[i + 1].text not in _TIMES:
            raise ParseError("write repeated derivatives like ∂ₓ²u", text, tokens[i + 1].position)
        token = replace(token, index=token.index * int(tokens[i + 1].text))
        count = 2
    following = tokens[i + count]
    if following.kind != "name" or tokens[i + count + 1].text == "(":
        return token, count
    if tokens[i + count + 1].kind == "power" or tokens[i + count + 1].text == "^":
        place = tokens[i + count + 1].position
        raise ParseError(AMBIGUOUS.format("∂ₓ"), text, place)
    joined = replace(following, index=token.index + following.index, position=token.position)
    return joined, count + 1
