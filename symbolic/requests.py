"""What `discover` was asked for, checked whatever the data are."""

from typing import Any

from physics import arguments
from physics.system import System
from symbolic.engines import engine_module

LARGEST_DEGREE = 6


def pointed(data: Any) -> bool:
    """Whether `data` are plain samples."""
    dims = getattr(data, "dims", ())
    return "point" in dims and "time" not in dims


def check(engine, degree, known, most_terms, seed, options) -> None:
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
    if known is not None and known.domain is not None:
        raise ValueError(f"known is the PDE {known.name!r}; discover takes ODEs and maps")
