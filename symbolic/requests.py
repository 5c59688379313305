"""What `discover` was asked for, checked before anything is computed."""

from collections.abc import Mapping, Sequence
from typing import Any

from physics import arguments
from physics.jets import inverse_laplacian, leray
from physics.system import System
from symbolic.engines import engine_module
from symbolic.library import calls

LARGEST_DEGREE = 6
TIMES = ("continuous", "discrete")


def pointed(data: Any) -> bool:
    """Whether `data` are plain samples."""
    dims = getattr(data, "dims", ())
    return "point" in dims and "time" not in dims


def check(engine, degree, functions, known, time, varying, most_terms, seed, options) -> None:
    """Raise ValueError for arguments that are wrong whatever the data."""
    module = engine_module("sindy" if engine == "auto" else engine)
    allowed = set(getattr(module, "OPTIONS", ()))
    if engine == "auto":
        allowed |= set(engine_module("operon").OPTIONS)
    arguments.options(options, sorted(allowed), f"engine {engine!r}")
    for name, (low, high) in {"degree": (1, LARGEST_DEGREE), "most_terms": (1, 20)}.items():
        arguments.whole({"degree": degree, "most_terms": most_terms}[name], name, low, high)
    arguments.whole(seed, "seed", 0)
    for checked in (module, *((engine_module("operon"),) if engine == "auto" else ())):
        if hasattr(checked, "check_options"):
            checked.check_options(options)
    if known is not None and not isinstance(known, System):
        raise ValueError(f"known is a System (physics.parse makes one), not {type(known).__name__}")
    if varying not in (True, False, None):
        raise ValueError(f"varying is True, False or None, not {varying!r}")
    if time not in (None, *TIMES):
        raise ValueError(f'time is "continuous" or "discrete", not {time!r}')
    calls((), arguments.names(functions or (), "functions"))


def check_names(data: Any, targets: Any, inputs: Any) -> None:
    """Raise ValueError for names that are no text, named twice, or both input and target."""
    for name in getattr(data, "data_vars", ()):
        if not isinstance(name, str):
            raise ValueError(
                f"the data have a variable called {name!r}, which is no text; rename it: "
                f"data.rename({{{name!r}: 'u'}})"
            )
    lists = {
        what: arguments.names(given, what)
        for what, given in {"targets": targets, "inputs": inputs}.items()
        if given is not None and not isinstance(given, Mapping)
    }
    for what, names in lists.items():
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{what}= names {name!r} twice")
    if lists.get("targets") == ():
        raise ValueError("targets=[] names nothing: leave it out, or name what is to be explained")
    for name in lists.get("targets", ()):
        if name in lists.get("inputs", ()):
            raise ValueError(f"{name!r} is named as an input and as a target; leave it out of one")


def leave_out(what: str, **given: Any) -> None:
    """Raise ValueError for the first argument that is given (not None) and says nothing here."""
    for name, value in given.items():
        if value is not None:
            raise ValueError(f"{name}= does not apply to {what}: leave it out")


def check_known(known: System, space: Sequence[str]) -> None:
    """Raise ValueError unless the partly known system fits data over these coordinates."""
    dim = 0 if known.domain is None else known.domain.dim
    if dim != len(space):
        kinds = "a PDE in {} dimensions", "an ODE or map"
        raise ValueError(
            f"known, {known.name!r}, is {kinds[dim == 0].format(dim)}; the data have "
            f"{'the coordinates ' + ', '.join(space) if space else 'no spatial coordinate'}"
        )
    for state, side in known.equations.items():
        nodes = side.atoms(inverse_laplacian, leray)
        if nodes:
            raise ValueError(
                f"known holds {min(nodes, key=str)} in the equation of {state}: make it a field "
                f"of the data and name it a control of known"
            )
