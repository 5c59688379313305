"""Export of laws as text. The folder is the registry: one file per target, file stem = name.

A target file defines `SUFFIX` (how its files end) and `export(law, **options) -> str`; with
`DISCOVERIES = True` its export also takes a Discovery as the law.
Files that start with an underscore are shared by targets. Third parties register a module of the
same shape under the entry-point group "zoo.exporters"; names of this folder go first.
"""

import inspect
import pkgutil
from importlib import import_module
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

from physics.formula import Formula
from physics.names import nearest
from physics.system import System
from symbolic.result import Discovery

GROUP = "zoo.exporters"


def list_targets() -> list[str]:
    """Names that `export` takes as `target`.

    >>> set(list_targets()) >= {"c", "jax", "julia", "latex", "markdown", "python", "sympy"}
    True
    """
    return sorted({*_own(), *(point.name for point in entry_points(group=GROUP))})


def target_module(name: str) -> ModuleType:
    """The module of a target (`SUFFIX`, `export`); ValueError with the nearest name otherwise."""
    if name in _own():
        return import_module(f"{__name__}.{name}")
    for point in entry_points(group=GROUP):
        if point.name == name:
            return _load(point)
    known = list_targets()
    raise ValueError(
        f"unknown export target {name!r}{nearest(name, known)}; one of: {', '.join(known)}"
    )


def export(
    law: System | Formula | Discovery,
    target: str = "latex",
    *,
    values: bool = False,
    **options: Any,
) -> str:
    """`law` as source text for `target`.

    law: a System or a Formula; the target markdown also takes a whole Discovery.
    values: put the parameters' values into the equations instead of keeping their names.
    options: those of the target (latex: `digits`).
    Raises ValueError for an unknown target or option, and for a law the target cannot write.

    >>> from physics.jets import Jet
    >>> x = Jet("x")
    >>> print(export(System(name="decay", equations={"x": -x / 2})))
    \\begin{aligned}
    \\dot{x} &= -\\frac{x}{2}
    \\end{aligned}
    """
    if not isinstance(values, bool):
        raise ValueError(f"values is True or False, not {values!r}")
    module = target_module(target)
    takes = (System, Formula, *([Discovery] if getattr(module, "DISCOVERIES", False) else []))
    if not isinstance(law, takes):
        hint = "no law was found" if law is None else "pass a discovery's .best"
        raise ValueError(f"can export a System or a Formula, not {type(law).__name__}: {hint}")
    known = list(inspect.signature(module.export).parameters.values())[1:]
    if all(p.kind is not inspect.Parameter.VAR_KEYWORD for p in known):
        names = [p.name for p in known]
        for name in options:
            if name not in names:
                raise ValueError(
                    f"target {target!r} has no option {name!r}{nearest(name, names)}; "
                    f"it has: {', '.join(['values', *names])}"
                )
    if not values:
        return module.export(law, **options)
    if isinstance(law, Discovery):
        raise ValueError("values=True is for one law, not for a Discovery: pass its .best")
    return module.export(law.numeric(), **options)


def _own() -> list[str]:
    return [m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")]


def _load(point) -> ModuleType:
    try:
        module = point.load()
    except Exception as error:  # a third party's import may fail in any way
        raise ValueError(f"export target {point.name!r} cannot be loaded: {error}") from error
    if not callable(getattr(module, "export", None)):
        raise ValueError(f"export target {point.name!r} ({point.value}) defines no export(law)")
    return module
