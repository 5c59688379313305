"""The sentences for text that is no equation: what was found, what to write instead."""

from typing import TYPE_CHECKING

from physics.language.operators import dimensions
from physics.language.tokenizer import ParseError, Token
from physics.names import CONSTANTS, COORDINATES, FUNCTIONS, OPERATORS, TIME, nearest

if TYPE_CHECKING:
    from physics.language.grammar import Reader

_IMAGINARY = ("i", "j", "I", "J")


def unexpected(reader: "Reader", hint: str = "") -> ParseError:
    """A token that cannot stand where it stands."""
    token = reader.token
    what = "end of the equation" if token.kind == "end" else f'"{token.text}"'
    hints = {
        ",": '; separate equations with ";"',
        "[": "; only maps have brackets: x[n+1] = 2*x[n]",
    }
    return reader.error(f"unexpected {what}{hint or hints.get(token.text, '')}", token)


def missing_product(reader: "Reader", start: Token) -> ParseError:
    """Two factors side by side."""
    token, before = reader.token, reader.tokens[reader.at - 1]
    if before.kind == "number" and token.text in _IMAGINARY:
        return reader.error("imaginary numbers are not supported", token)
    left = reader.text[start.position : before.stop]
    right = "(...)" if token.text == "(" else token.text
    example = f": write {left}*{right}" if len(left) < 20 and left.isascii() else ""
    return reader.error(f'a "*" is missing between two factors{example}', token)


def no_coordinate(reader: "Reader", token: Token) -> ParseError:
    """A coordinate that this system does not have."""
    if token.base == TIME:
        return reader.error('time "t" cannot stand in this expression', token)
    needed = COORDINATES.index(token.base) + 1
    lengths = ", ".join("L" + c for c in COORDINATES[:needed])
    return reader.error(
        f'"{token.base}" is a coordinate, but this system has {dimensions(reader.scope.dim)}; '
        f"give {needed} lengths: length=({lengths})",
        token,
    )


def undeclared(reader: "Reader", token: Token) -> ParseError:
    """A name that nothing declares."""
    name = token.base
    if name in FUNCTIONS + OPERATORS or name == "ln":
        return reader.error(f'"{name}" is a function: write {name}(...)', token)
    return reader.error(
        f'undeclared symbol "{name}"{nearest(name, reader.scope.known)}; '
        f'declare it with parameters={{"{name}": 1.0}}',
        token,
    )


def no_state(reader: "Reader", token: Token) -> ParseError:
    """A spatial derivative of something that is no state."""
    near = nearest(token.base, reader.scope.states)
    return reader.error(f'"{token.text}" needs a state "{token.base}"{near}', token)


def no_function(reader: "Reader", token: Token) -> ParseError:
    """A name before a bracket that is no function."""
    name, scope = token.base, reader.scope
    inside = [t.text for t in reader.tokens[reader.at + 1 : reader.at + 3]]
    if name in scope.states and inside[0] == TIME and inside[1] in ("+", "-"):
        return reader.error(f"{name}(t {inside[1]} ...) is a delay, which is not supported", token)
    if name in ("delay", "delayed", "lag"):
        return reader.error("delays are not supported", token)
    if name in scope.states and inside[0] in (TIME, *COORDINATES):
        return reader.error(f'write "{name}" without its arguments', token)
    if name in (*scope.states, *scope.plain, TIME, *COORDINATES, *CONSTANTS):
        sentence = f'a "*" is missing between two factors: write {token.text}*(...)'
        return reader.error(sentence, reader.token)
    near = nearest(name, (*FUNCTIONS, *OPERATORS, "ln"))
    return reader.error(f'unknown function "{name}"{near}; known are {", ".join(FUNCTIONS)}', token)
