"""The environments by name; the folder is the registry."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from physics.names import nearest

if TYPE_CHECKING:
    from physics.control.environment import Environment


def list_environments() -> list[str]:
    """Names of the environments, sorted."""
    folder = Path(__file__).parent / "environments"
    return sorted(p.stem for p in folder.glob("*.py") if not p.stem.startswith("_"))


def get(name: str, /, **options: Any) -> "Environment":
    """The environment called `name`; options go to its `environment(...)`.

    Raises ValueError for an unknown name, naming the nearest.
    """
    found = name.replace("-", "_") if isinstance(name, str) else name
    if found not in list_environments():
        near = nearest(str(name)[:80], list_environments())
        raise ValueError(
            f"unknown environment {str(name)[:80]!r}{near}; see physics.control.list_environments()"
        )
    return importlib.import_module(f"physics.control.environments.{found}").environment(**options)
