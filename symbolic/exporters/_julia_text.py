"""Names, comments and declarations of exported Julia."""

from collections.abc import Iterable, Mapping

from physics.formula import Formula
from physics.symbols import Control, Parameter
from physics.system import System
from symbolic.exporters._source import description, identifiers, printable

KEYWORDS = tuple(
    """
abstract baremodule begin break catch const continue do else elseif end export false finally for
function global if import in isa let local macro module mutable outer primitive public quote return
struct true try type using where while
""".split()
)
_CALLED = """
abs acos asin atan cos cosh exp log max min sign sin sinh sqrt tan tanh
ODEProblem SDEProblem PDESystem System Differential Interval MOLFiniteDifference Tsit5 EM EulerHeun
solve discretize Base Core Main NamedTuple
""".split()


def named(names: Iterable[str], written: Iterable[str]) -> dict[str, str]:
    """{name: identifier}; keywords, what the file calls and what it has `written` are avoided."""
    return identifiers(names, [*KEYWORDS, *_CALLED, *written], keywords=())


def header(law: System | Formula, closing: str) -> str:
    """What a file says of its law, as comments."""
    lines = description(law, closing).split("\n")
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)


def parameters(names: Mapping[str, str], symbols: Iterable[Parameter | Control]) -> str:
    """The block of parameters, controls among them with the value 0."""
    lines = ""
    for symbol in symbols:
        kind = "control " if isinstance(symbol, Control) else ""
        unit = f" [{symbol.unit}]" if symbol.unit else ""
        meaning = printable(f"{kind}{symbol.description}{unit}").replace("\n", " ").strip()
        lines += f"    {names[symbol.name]} = {value(symbol)!r}{f'  # {meaning}' * bool(meaning)}\n"
    return f"@parameters begin\n{lines}end\n" if lines else ""


def value(symbol: Parameter | Control) -> float:
    """The value of a parameter, 0 for a control."""
    return symbol.value if isinstance(symbol, Parameter) else 0.0
