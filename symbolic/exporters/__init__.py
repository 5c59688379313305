"""Export of laws as text. The folder is the registry: one file per target, file stem = name.

A target file defines `SUFFIX` (how its files end) and `export(law, **options) -> str`.
Files that start with an underscore are shared by targets. Third parties register a module of the
same shape under the entry-point group "zoo.exporters"; names of this folder go first.
"""

import inspect
import pkgutil
from importlib import import_module
from importlib.metadata import entry_points
from types import ModuleType

from physics.formula import Formula
from physics.names import nearest
from physics.system import System

GROUP = "zoo.exporters"


def list_targets() -> list[str]:
    """Names that `export` takes as `target`.

    >>> set(list_targets()) >= {"jax", "latex", "python", "sympy"}
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


def export(law: System | Formula, target: str = "latex", *, values: bool = False, **options) -> str:
    """`law` as source text for `target`.

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
    module = target_module(target)
    if not isinstance(law, System | Formula):
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
    return module.export(law.numeric() if values else law, **options)


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
