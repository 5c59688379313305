"""load, save and create: between checkpoint folders and models."""

import dataclasses
import inspect
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import checkpoints
from physics import arguments
from zoo import registry
from zoo.model import Model, check_model
from zoo.training.loop import PACKAGES


def create(family: str, *args: Any, **options: Any) -> Model:
    """An untrained model of a family, e.g. `zoo.create("upinn", known, trajectories=3)`.

    Raises ValueError for an unknown family, and for options that it does not take.
    """
    make = registry.family(family).MODEL.create
    try:
        inspect.signature(make).bind(*args, **options)
    except TypeError as error:
        raise ValueError(
            f"an untrained {family} cannot be made: {error}; see help(zoo.create)"
        ) from None
    return make(*args, **options)


def load(source: "str | os.PathLike") -> Model:
    """The model of a shipped checkpoint ("upinn.lotka-volterra") or of a folder.

    Raises CheckpointError (a ValueError) if there is none, or if it is damaged or foreign.
    """
    state, card = checkpoints.load(source)
    try:
        module = registry.family(card.architecture)
    except ValueError as error:
        raise checkpoints.CheckpointError(f"{str(source)!r}: {error}") from None
    return module.MODEL.restore(card.config, state)


def save(path: "str | os.PathLike", model: Model, *, overwrite: bool = False, **card: Any) -> Path:
    """Write a model as a checkpoint folder; `card` fields (metrics, law, seeds, …) go on its card.

    Raises CheckpointError if the folder exists (unless `overwrite`) or cannot be written.
    """
    path = arguments.path(path, "a checkpoint")
    check_model(model)
    known = [f.name for f in dataclasses.fields(checkpoints.Card)]
    arguments.options(card, known, "a card")
    fields = {
        "name": path.name,
        "architecture": model.family,
        "config": model.config_json(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "hardware": hardware(),
    }
    checkpoints.save(path, model.state(), checkpoints.Card(**fields | card), overwrite=overwrite)
    return path


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that a result depends on."""
    found = {"python": platform.python_version()}
    for package in (*PACKAGES, "dynamics-zoo"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def hardware() -> str:
    """Device kind and core count, e.g. "cpu, 2 cores"."""
    import jax

    device = jax.devices()[0]
    kind = "cpu" if device.platform == "cpu" else f"{len(jax.devices())} x {device.device_kind}"
    return f"{kind}, {os.cpu_count()} cores"
