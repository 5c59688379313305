"""Verbs that use models: `zoo predict`, `zoo verify`, `zoo doctor`, `zoo demo`."""

from pathlib import Path
from typing import Annotated

import typer

from zoo.cli import words, writing
from zoo.cli.entry import FAILED
from zoo.cli.tables import short, table


def predict(
    model: words.ModelWord,
    data: Annotated[
        str | None, typer.Argument(metavar="[DATA]", help="What to start from, if it needs any.")
    ] = None,
    times: words.TimesWord = None,
    output: writing.OutputWords = None,
) -> None:
    """What a model says, in physical units; -o takes .nc, .csv, .png, .svg and .pdf.

    Example: zoo predict upinn.lotka-volterra -t 0:3:31 -o forecast.csv
    """
    import zoo

    files = writing.check_files(output, (*writing.DATA, *writing.PICTURES))
    grid = words.times(times)
    measured = words.data(data) if data else None
    loaded = zoo.load(model)
    said = loaded.predict(measured, times=grid)
    size = " x ".join(f"{count} {dim}" for dim, count in said.sizes.items())
    print(f"{model}: {size}")
    rows = [
        (str(name), short(float(v.min())), short(float(v.mean())), short(float(v.max())))
        for name, v in said.data_vars.items()
    ]
    table(("variable", "least", "mean", "most"), rows)
    drawn = any(path.suffix in writing.PICTURES for path in files)
    writing.write_dataset(
        files, said, dots=measured, title=model, names=("predicted", "measured"),
        lines=_finer(loaded, measured, said) if drawn else None,
    )  # fmt: skip


def _finer(model, measured, said):
    """What the model says at times in between too, for a smooth picture; `said` where it cannot."""
    import physics
    from zoo.cli.pictures import between

    if "time" not in said.coords:
        return said
    times = between(said["time"].values)
    try:
        fine = model.predict(measured, times=times)
    except (ValueError, physics.FailedRun):
        return said
    return fine.assign_coords(time=("time", times, said["time"].attrs))


def verify(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[MODEL]...", help="Default: all shipped ones.")
    ] = None,
) -> None:
    """Make the numbers on a checkpoint's card anew from its weights; exit 1 if one is off.

    Example: zoo verify upinn.lotka-volterra
    """
    import zoo

    results = []
    for name in names or zoo.list_models(pretrained=True):
        results.append(zoo.verify(name))
        print(results[-1])
    if not all(result.passed for result in results):
        raise typer.Exit(FAILED)


def doctor() -> None:
    """Look at this installation: versions, devices, engines, weights, a known compiler fault.

    Example: zoo doctor
    """
    import zoo

    diagnosis = zoo.doctor()
    print(diagnosis)
    if not diagnosis.healthy:
        raise typer.Exit(FAILED)


def demo(
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FOLDER", parser=writing.place, help="Where to write."
        ),
    ] = Path("runs/demo"),
    seed: words.SeedWord = 0,
) -> None:
    """From the lynx-hare record to its law: fine-tune, discover, simulate again, report.

    Exit 1 if the law is not the one that was promised.

    Example: zoo demo -o runs/demo
    """
    import zoo

    report = zoo.demo(writing.check_folder(output), seed=seed)
    print(report)
    if not report.passed:
        raise typer.Exit(FAILED)
