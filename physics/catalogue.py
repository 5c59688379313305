"""The catalogue of equations: `physics.list_systems()` and `physics.get(name)`.

The folder is the registry: `physics/systems/NAME.py` holds a function `system(...) -> System`.
Others add theirs through entry points of the group "zoo.systems" (a module or its `system`), or
in a folder `F/systems/` where F is named in the environment variable ZOO_PATH. Listing imports
none of the files.
"""

import fnmatch
import functools
import importlib
import importlib.util
import inspect
import os
import re
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from physics.names import nearest

if TYPE_CHECKING:
    from physics.system import System

GROUP = "zoo.systems"
FOLDERS = "ZOO_PATH"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def list_systems(pattern: str = "*") -> list[str]:
    """Names in the catalogue that match `pattern` (`*` and `?` as in file names), sorted.

    >>> list_systems("l*")
    ['lambda_omega', 'logistic_map', 'lorenz63', 'lotka_volterra']
    """
    return sorted(fnmatch.filter(_sources(), pattern))


def get(name: str, /, **keywords) -> "System":
    """The system called `name` ("lotka-volterra" is lotka_volterra).

    Keywords that its `system(...)` function takes go there; all others are parameter values,
    checked against their ranges. Raises ValueError for an unknown name, keyword or value.

    >>> get("lorenz63", rho=20).values["rho"]
    20.0
    """
    sources = _sources()
    name = name.replace("-", "_") if isinstance(name, str) and name not in sources else name
    if not isinstance(name, str) or name not in sources:
        near = nearest(str(name)[:80], sources)
        raise ValueError(f"unknown system {str(name)[:80]!r}{near}; see physics.list_systems()")
    build = sources[name]()
    if isinstance(build, ModuleType):
        build = _described(name, build)
    taken = inspect.signature(build).parameters
    options = {k: keywords.pop(k) for k in list(keywords) if k in taken}
    system = build(**options)
    known = [p.name for p in system.parameters]
    for unknown in [k for k in keywords if k not in known]:
        raise ValueError(
            f"system {name!r} has no parameter {unknown!r}{nearest(unknown, [*known, *taken])}; "
            f"it has: {', '.join([*taken, *known]) or 'none'}"
        )
    return system.with_values(**keywords)


def _sources() -> dict[str, Callable[[], ModuleType | Callable]]:
    """{name: function that imports it}; our own names cannot be replaced from outside."""
    found: dict[str, Callable] = {}
    for folder in os.environ.get(FOLDERS, "").split(os.pathsep):
        if folder:
            found |= {p.stem: _reader(p) for p in _files(Path(folder) / "systems")}
    found |= {entry.name: entry.load for entry in entry_points(group=GROUP)}
    for path in _files(Path(__file__).parent / "systems"):
        found[path.stem] = _importer(f"physics.systems.{path.stem}")
    return found


def _files(folder: Path) -> list[Path]:
    return [p for p in sorted(folder.glob("*.py")) if _NAME.fullmatch(p.stem)]


def _importer(module: str) -> Callable[[], ModuleType]:
    return lambda: importlib.import_module(module)


def _reader(path: Path) -> Callable[[], ModuleType]:
    def read() -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"zoo_path_systems.{path.stem}", path)
        if spec is None or spec.loader is None:
            raise ValueError(f"the file of system {path.stem!r} cannot be read")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return read


def _described(name: str, module: ModuleType) -> Callable[..., "System"]:
    """The module's `system`, whose description and source are taken from the module's docstring."""
    build = getattr(module, "system", None)
    if not callable(build):
        raise ValueError(f"the file of system {name!r} has no function system()")
    text = inspect.cleandoc(module.__doc__ or "")
    source = re.search(r"^Source: (.+?)(?:\n\n|\Z)", text, flags=re.MULTILINE | re.DOTALL)

    @functools.wraps(build)
    def described(*arguments, **keywords) -> "System":
        system = build(*arguments, **keywords)
        return replace(
            system,
            description=system.description or text.partition("\n\n")[0],
            source=system.source or (" ".join(source[1].split()) if source else ""),
        )

    return described
