"""finetune: go on from a model's weights on another equation or on measured data."""

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from physics import arguments
from physics.system import System
from zoo.model import Model, Unsupported, check_model

OWN = ("self", "target", "steps", "seed", "folder", "resume", "progress", "command")


def finetune(
    model: "Model | str",
    target: Any,
    *,
    steps: int | None = None,
    seed: int = 0,
    run: "Path | str | None" = None,
    resume: bool = False,
    progress: bool = True,
    command: str | None = None,
    **options: Any,
) -> Model:
    """A new model tuned to `target`; the given one is left as it is.

    model: a Model, or the name or folder of one.   target: a System (data are made from it) or an
    xarray.Dataset of measurements.   steps: updates, default that of the family.
    run: folder for config, metrics and snapshots; `resume=True` goes on exactly where it stopped.
    options: of the family (UPINN: `known=` the partly known System, `noise=`, `initial=`).
    Raises ValueError for data that do not fit, Interrupted after Ctrl-C.
    """
    import xarray

    if isinstance(model, str | Path):
        from zoo.loading import load

        model = load(model)
    check_options(model, options)
    if not isinstance(target, (System, xarray.Dataset, *getattr(model, "targets", ()))):
        raise ValueError(
            f"fine-tuning needs a System or an xarray.Dataset, not {type(target).__name__}; "
            f"physics.parse makes the first, physics.load the second"
        )
    return model.tune(
        target, steps=steps, seed=seed, folder=run, resume=resume, progress=progress,
        command=command, **options,
    )  # fmt: skip


def check_options(model: Model, given: Iterable[str]) -> None:
    """Raise ValueError for a name in `given` that fine-tuning this model's family does not take."""
    tune = getattr(check_model(model), "tune", None)
    if tune is None:
        raise Unsupported(f"family {model.family!r} cannot be fine-tuned; see zoo.list_models()")
    known = [name for name in inspect.signature(tune).parameters if name not in OWN]
    arguments.options(given, known, f"fine-tuning family {model.family!r}")
