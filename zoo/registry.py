"""The folder is the registry: families are files in zoo/models, recipes files in zoo/recipes.

Listing reads file names, literals and cards; it imports neither JAX nor any model.
Third parties add families through entry points (`zoo.models`) or a folder in ZOO_PATH
(`models/*.py`, `recipes/*.py`, `weights/*/`).
"""

import ast
import fnmatch
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import checkpoints
from physics.names import nearest

HERE = Path(__file__).parent
ABILITIES = ("forecast", "reconstruct", "encode", "generate", "control", "describe", "law")


def families() -> dict[str, Path | str]:
    """{family: its file, folder or entry point}, sorted."""
    return dict(sorted(_found("models", "zoo.models")))


def list_recipes(pattern: str = "*") -> list[str]:
    """Names of the recipes: one per released checkpoint."""
    return [
        n for n in sorted(dict(_found("recipes", "zoo.recipes"))) if fnmatch.fnmatch(n, pattern)
    ]


def list_models(
    pattern: str = "*",
    *,
    pretrained: bool | None = None,
    ability: str | None = None,
    dim: int | None = None,
) -> list[str]:
    """Names of checkpoints (`family.weights`) and families, filtered.

    pattern: shell pattern such as "upinn*".   pretrained: True checkpoints only, False families
    only.   ability: one of forecast, reconstruct, encode, generate, control, describe, law.
    dim: number of spatial dimensions of the systems a checkpoint was trained on.
    """
    names = []
    if pretrained is not False:
        names += [n for n in checkpoints.names() if _fits(n, dim)]
    if pretrained is not True and dim is None:
        names += list(families())
    if ability is not None:
        if ability not in ABILITIES:
            raise ValueError(
                f"unknown ability {ability!r}{nearest(ability, ABILITIES)}; "
                f"one of {', '.join(ABILITIES)}"
            )
        names = [n for n in names if ability in literal(n.split(".")[0], "ABILITIES")]
    return [n for n in sorted(names) if fnmatch.fnmatch(n, pattern)]


def family(name: str) -> ModuleType:
    """The module of a family; ValueError names the nearest one."""
    return _module(name, families(), "family", "zoo.list_models(pretrained=False)")


def part(name: str, module: str) -> ModuleType:
    """A module of a family that is a folder."""
    return importlib.import_module(f"{family(name).__name__}.{module}")


def recipe(name: str) -> ModuleType:
    """The module of a recipe; ValueError names the nearest one."""
    found = dict(_found("recipes", "zoo.recipes"))
    return _module(name, found, "recipe", "zoo.list_recipes()")


def literal(name: str, variable: str) -> tuple[str, ...]:
    """A module-level tuple of strings of a family, read without importing it."""
    place = families().get(name)
    if not isinstance(place, Path):
        return tuple(getattr(family(name), variable, ())) if place else ()
    file = place / "__init__.py" if place.is_dir() else place
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == variable:
            return tuple(ast.literal_eval(node.value))
    return ()


def families_with(ability: str) -> list[str]:
    """Families that have `ability`."""
    return [n for n in families() if ability in literal(n, "ABILITIES")]


# -- where they are ------------------------------------------------------------------------


def _found(kind: str, group: str) -> Iterator[tuple[str, Path | str]]:
    for entry in entry_points(group=group):
        yield entry.name.replace("_", "-"), entry.value
    outside = [f for f in os.environ.get("ZOO_PATH", "").split(os.pathsep) if f]
    for folder in (*(Path(f) / kind for f in outside), HERE / kind):  # ours last: ours wins
        for path in folder.glob("*") if folder.is_dir() else ():
            if path.name.startswith(("_", ".")):
                continue
            if path.suffix == ".py" or (path / "__init__.py").is_file():
                yield path.stem.replace("_", "-"), path


def _module(name: str, found: dict[str, Path | str], what: str, see: str) -> ModuleType:
    if not isinstance(name, str) or name not in found:
        raise ValueError(f'unknown {what} "{name}"{nearest(name, found)}; see {see}')
    place = found[name]
    if not isinstance(place, Path):
        return importlib.import_module(place.split(":")[0])
    if HERE in place.parents:
        inside = place.relative_to(HERE.parent).with_suffix("").parts
        return importlib.import_module(".".join(inside))
    return _outside(name, place)


def _outside(name: str, place: Path) -> ModuleType:
    """Import a family or recipe from a ZOO_PATH folder."""
    alias = f"zoo_path_{name.replace('-', '_').replace('.', '_')}"
    if alias in sys.modules:
        return sys.modules[alias]
    file = place / "__init__.py" if place.is_dir() else place
    search = [str(place)] if place.is_dir() else None
    spec = importlib.util.spec_from_file_location(alias, file, submodule_search_locations=search)
    module = importlib.util.module_from_spec(spec)
    sys.modules[alias] = module
    spec.loader.exec_module(module)
    return module


def _fits(name: str, dim: int | None) -> bool:
    if dim is None:
        return True
    systems = checkpoints.read_card(name).systems
    return any(len(((s.get("domain") or {}).get("low")) or ()) == dim for s in systems)
