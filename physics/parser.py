"""Text to System: `physics.parse("u_t + u*u_x = nu*u_xx", parameters={"nu": 0.02})`.

Reads `x' = …`, `dx/dt = …`, `u_t = …` (solved for the time derivatives where they stand linearly
with constant factors) and maps `x[n+1] = …`. What names mean: in a PDE (there are spatial
derivatives, or a length or domain is given) t, x, y, z are coordinates; otherwise t is time and
x, y, z are free names. User text never reaches eval or sympify; see physics.language.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import sympy

from physics import arguments
from physics.boundary import Condition, walled
from physics.domain import Box
from physics.initial import Uniform
from physics.language import rates
from physics.language.grammar import Reader, Scope
from physics.language.notation import NEXT, read_derivatives
from physics.language.rates import Line
from physics.language.tokenizer import ParseError, Token, ascii_name, tokenize
from physics.language.walls import read_boundary, symbols
from physics.names import COORDINATES, OPERATORS, TIME, check_name, nearest
from physics.symbols import Control, Parameter, State
from physics.system import System

MAX_EQUATIONS = 64
DEFAULT_LENGTH = 2 * math.pi


def parse(
    equations: str | Sequence[str],
    parameters: Mapping[str, float | Parameter] | Sequence[Parameter] | None = None,
    *,
    name: str = "custom",
    states: Sequence[str | State] | None = None,
    controls: Sequence[str | Control] = (),
    length: float | Sequence[float] | None = None,
    domain: Box | None = None,
    boundary: Mapping[str, float | str | Condition] | None = None,
    time: str | None = None,
    initial: object | Mapping[str, float | tuple[float, float]] | None = None,
    units: Mapping[str, str] | None = None,
) -> System:
    """The System that `equations` describe.

    equations: one string (equations separated by ; or new lines) or several.
    parameters: {name: value or Parameter}; each must occur.   controls: inputs from outside.
    states: order (and bounds) of the states; default: the order of their equations.
    length: box lengths [L] from 0, a number for all dimensions alike; makes the system a PDE.
    domain: a Box instead of lengths. A PDE without either lives on [0, 2π) in as many
    dimensions as its derivatives name, periodic.
    boundary: {"x-", or "u:x-" for one state: a Condition, a kind like "neumann", or the value of
    a Dirichlet condition, a number or text like "a*sin(t)"}; makes the coordinate non-periodic.
    time: "continuous" or "discrete", normally seen from the equations.
    initial: an initial law, or {state: value or (low, high)}.
    units: {name of a state, parameter, control or coordinate: unit}.
    Raises ParseError (a ValueError) with the place in the text; ValueError for the arguments.

    >>> parse("u_t + u*u_x = nu*u_xx", parameters={"nu": 0.02})
    System('custom': u_t = nu*u_xx - u*u_x)
    >>> parse(["x' = a*x - b*x*y", "y' = -c*y + d*x*y"], dict(a=1, b=0.5, c=1, d=0.3)).state_names
    ('x', 'y')
    """
    declared = _parameters(parameters)
    controls = arguments.listed(controls, "controls", Control)
    inputs = [c if isinstance(c, Control) else Control(name=ascii_name(c)) for c in controls]
    plain = [*declared, *(c.name for c in inputs)]
    lines = _lines(equations, frozenset(plain))
    discrete = _discrete(lines, time)
    found = _states(lines)
    box = _box(lines, plain, length, domain)
    walls = read_boundary(boundary, tuple(declared), box)
    box = walled(box, walls) if walls else box
    for token, line in found.values():
        _check_state(token, line, box)
    for clash in [p for p in plain if p == TIME or (box and p in COORDINATES)]:
        raise ValueError(f"{clash!r} is a coordinate here and no parameter or control; rename it")
    scope = Scope(tuple(found), tuple(plain), dim=box.dim if box else 0, rates=True)
    sides = [Reader(line.text, line.tokens, scope).equation() for line in lines]
    solved = rates.solve(lines, sides, tuple(found), declared)
    scope.used.update(symbols(walls))
    for unused in [p for p in declared if p not in scope.used]:
        raise ValueError(
            f"parameter {unused!r} does not occur in the equations"
            f"{nearest(unused, scope.used - set(declared))}; leave it out or use it"
        )
    measure = dict(units or {})
    system = System(
        name=name,
        states=_with_units(_ordered(states, tuple(found)), measure),
        equations=solved,
        parameters=_with_units(declared.values(), measure),
        controls=_with_units(inputs, measure),
        time="discrete" if discrete else "continuous",
        domain=box,
        boundary=walls,
        initial=_initial(initial, tuple(found)),
        units={c: measure.pop(c) for c in (TIME, *COORDINATES) if c in measure},
    )
    for unknown in measure:
        known = [*found, *plain, TIME, *COORDINATES[: system.dim]]
        raise ValueError(
            f"unit for {unknown!r}, which does not occur{nearest(unknown, known)}; "
            f"there are: {', '.join(known)}"
        )
    return system


def parse_expression(
    text: str,
    states: Iterable[str] = (),
    parameters: Iterable[str] = (),
    coordinates: Iterable[str] = (TIME,),
    controls: Iterable[str] = (),
) -> sympy.Expr:
    """One expression as SymPy, for formulas, hidden terms and diagnostics.

    coordinates: those that may occur; spatial ones allow derivatives of the states.
    Raises ParseError with the place in the text.

    >>> parse_expression("-0.9*x*y", states=["x", "y"])
    -9*x*y/10
    >>> parse_expression("a*u*u_x", states=["u"], parameters=["a"], coordinates=["x"])
    u*u_x*a
    """
    coordinates = list(coordinates)
    for unknown in [c for c in coordinates if c not in (TIME, *COORDINATES)]:
        raise ValueError(f"{unknown!r} is not a coordinate; coordinates are t, x, y, z")
    dim = max((COORDINATES.index(c) + 1 for c in coordinates if c != TIME), default=0)
    plain = tuple(ascii_name(n) for n in [*parameters, *controls])
    fields = tuple(ascii_name(s) for s in states)
    for symbol in (*fields, *plain):
        check_name(symbol, "symbol")
        if symbol in coordinates:
            raise ValueError(f"{symbol!r} is a coordinate here; rename the symbol")
    first, *more = _lines(text, frozenset(plain))
    if more:
        raise more[0].error("this is a second expression; give one")
    scope = Scope(fields, plain, dim=dim, time=TIME in coordinates)
    expression = Reader(text, first.tokens, scope).expression()
    first.check(expression)
    return expression


# What is declared


def _parameters(parameters) -> dict[str, Parameter]:
    if parameters is None:
        return {}
    if not isinstance(parameters, Mapping):
        given = arguments.listed(parameters, "parameters", Parameter, bare=False)
        parameters = {p.name: p for p in given}
    declared = {}
    for name, value in parameters.items():
        name = ascii_name(name) if isinstance(name, str) else name
        check_name(name, "parameter")
        if isinstance(value, Parameter) and value.name != name:
            raise ValueError(f"parameter {name!r} was given a Parameter called {value.name!r}")
        declared[name] = value if isinstance(value, Parameter) else Parameter(name, value)
    return declared


def _with_units(symbols: Iterable, units: dict[str, str]) -> list:
    """The symbols with the units of their names, which are taken out of `units`."""
    return [replace(s, unit=units.pop(s.name)) if s.name in units else s for s in symbols]


def _ordered(states, found: tuple[str, ...]) -> list[State]:
    given = [s if isinstance(s, State) else State(name=ascii_name(s)) for s in states or found]
    for missing in set(found) - {s.name for s in given}:
        raise ValueError(f"states={[s.name for s in given]} lacks {missing!r}")
    return given


def _initial(initial, states: tuple[str, ...]):
    if not isinstance(initial, Mapping):
        return initial
    if set(initial) != set(states):
        raise ValueError(f"initial must give one value or range for each of {', '.join(states)}")
    ranges = {s: v if isinstance(v, tuple | list) else (v, v) for s, v in initial.items()}
    return Uniform(
        low={s: float(r[0]) for s, r in ranges.items()},
        high={s: float(r[1]) for s, r in ranges.items()},
    )


# What the equations are about


def _lines(equations: str | Sequence[str], declared: frozenset[str]) -> list[Line]:
    single = isinstance(equations, str) or not isinstance(equations, Iterable)
    texts: list = [equations] if single else list(equations)
    if not texts:
        raise ParseError("there is no equation; write one like x' = -x", "", 0)
    lines = [
        Line(text, read_derivatives(text, tokens, declared))
        for text in texts
        for tokens in tokenize(text)
    ]
    if len(lines) > MAX_EQUATIONS:
        raise ValueError(f"a system has at most {MAX_EQUATIONS} equations, not {len(lines)}")
    return lines


def _discrete(lines: Sequence[Line], time: str | None) -> bool:
    kinds = [(t.index == NEXT, t, line) for line in lines for t in line.rates()]
    for line in lines:
        if not line.rates():
            raise line.error(
                "there is no time derivative in this equation, and algebraic equations are not "
                "supported; write x' = ..., u_t = ... or x[n+1] = ..."
            )
        for token in line.tokens:
            if token.kind == "name" and token.index != NEXT:
                kinds += [(True, token, line)] * line.text[: token.stop].endswith("]")
    discrete = kinds[0][0]
    for kind, token, line in kinds:
        if kind != discrete:
            raise line.error("maps (x[n+1]) and time derivatives cannot be mixed", token)
    if time is not None and time != ("discrete" if discrete else "continuous"):
        if time not in ("discrete", "continuous"):
            raise ValueError(f'time is "continuous" or "discrete", not {time!r}')
        raise ValueError(
            f"time={time!r}, but the equations are written for "
            f"{'discrete' if discrete else 'continuous'} time"
        )
    return discrete


def _states(lines: Sequence[Line]) -> dict[str, tuple[Token, Line]]:
    """{state: where its time derivative stands first}, in the order of the text."""
    found: dict[str, tuple[Token, Line]] = {}
    for line in lines:
        for token in line.rates():
            found.setdefault(token.base, (token, line))
    return found


def _check_state(token: Token, line: Line, box: Box | None) -> None:
    name = token.base
    if name == TIME or (box and name in COORDINATES):
        what = "time" if name == TIME else "a coordinate of a PDE"
        raise line.error(f'"{name}" is {what} and cannot be a state; rename it', token)
    try:
        check_name(name, "state")
    except ValueError as error:
        raise line.error(str(error), token) from None


def _box(lines, plain, length, domain) -> Box | None:
    """The domain: given, or made from lengths, or from the derivatives that occur."""
    spatial, dim = _spatial(lines, plain)
    if domain is not None:
        if length is not None:
            raise ValueError("give length or domain, not both")
        if not isinstance(domain, Box):
            raise ValueError(f"domain is a physics.Box, not a {type(domain).__name__}")
        return domain
    if length is None:
        return Box(low=(0.0,) * dim, high=(DEFAULT_LENGTH,) * dim) if spatial else None
    try:
        high = tuple(map(float, length if isinstance(length, Iterable) else (length,) * dim))
    except (TypeError, ValueError):
        raise ValueError(f"length is a number or a tuple of numbers, not {length!r}") from None
    if not high or len(high) > 3 or not all(math.isfinite(edge) and edge > 0 for edge in high):
        raise ValueError(f"length is one to three positive numbers, not {length!r}")
    return Box(low=(0.0,) * len(high), high=high)


def _spatial(lines: Sequence[Line], plain: Sequence[str]) -> tuple[bool, int]:
    """Whether spatial derivatives or operators occur, and how many coordinates they need."""
    spatial, dim = False, 1
    for line in lines:
        calls: list[str] = []
        for before, token, after in zip(
            [line.tokens[-1], *line.tokens], line.tokens, [*line.tokens[1:], None], strict=False
        ):
            along = set(token.index) & set(COORDINATES)
            if token.text == "(":
                calls.append(before.text)
            elif token.text == ")" and calls:
                calls.pop()
            elif token.text in COORDINATES and before.text == "," and calls[-1:] == ["D"]:
                along = {token.text}
            operator = token.text in OPERATORS and after and after.text == "("
            if along or token.text in ("Δ", "∇") or (operator and token.base not in plain):
                spatial = True
            dim = max(dim, *(COORDINATES.index(c) + 1 for c in along), 1)
    return spatial, dim
