"""Verbs that train: `zoo finetune`, `zoo train`."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

import checkpoints
from zoo.cli import browsing, words, writing
from zoo.cli.tables import short, table

KnownWord = Annotated[
    str | None,
    typer.Option("--known", metavar="SYSTEM", help="The known part: a name or an equation."),
]
POOR = 0.3  # misfit relative to the spread of the data that is worth a note
ResumeWord = Annotated[bool, typer.Option("--resume", help="Go on where a run stopped.")]


def finetune(
    context: typer.Context,
    model: words.ModelWord,
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="Data, or a SYSTEM that data are made from.")
    ],
    known: KnownWord = None,
    parameters: words.ParameterWords = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Default: the family's own.")] = None,
    seed: words.SeedWord = 0,
    resume: ResumeWord = False,
    settings: words.SetWords = None,
    output: writing.FolderWord = None,
) -> None:
    """Go on training a checkpoint on your data or equation; -o keeps run and tuned checkpoint.

    Example: zoo finetune upinn.lotka-volterra hudson-bay
    --known "hare' = a*hare; lynx' = -c*lynx" -p a=0.55 -p c=0.8 -o runs/hares
    """
    import zoo
    from zoo.finetuning import check_options

    values = words.numbers(parameters, "-p")
    options = words.overrides(settings)
    if "known" in options:
        raise ValueError("the known part is an equation; give it with --known instead of --set")
    if known is not None:
        options["known"] = words.system(known, values)
    elif values and words.is_data(target):
        raise ValueError("-p gives a parameter of the known part; name that part with --known")
    goal = words.data_or_system(target, None if known else values)
    start = zoo.load(model)
    check_options(start, options)
    folder = _run_folder(output, resume)
    if folder is None:
        print("nothing is kept: give -o FOLDER to write the tuned model", file=sys.stderr)
    options |= {"run": folder, "resume": resume, "command": resume_command(context)}
    tuned = zoo.finetune(start, goal, steps=steps, seed=seed, **options)
    data = goal if words.is_data(target) else None
    said = _summary(tuned, data)
    if folder:
        if said is not None:
            _picture(folder / "fit.png", tuned, said, data, f"{model}, tuned")
        place = zoo.save(folder / "checkpoint", tuned, overwrite=True)
        print(f"wrote {place}; go on with: zoo explain {shlex.quote(str(place))} {target}")


def train(
    context: typer.Context,
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help="A recipe's name, or its checkpoint's.")
    ],
    resume: ResumeWord = False,
    settings: words.SetWords = None,
    output: writing.FolderWord = None,
) -> None:
    """Make a checkpoint's weights anew, from its recipe; default folder runs/RECIPE.

    Example: zoo train upinn.lotka-volterra -o runs/lv --set steps=100
    """
    import zoo
    from zoo import registry

    options = words.overrides(settings)
    name = recipe.replace(".", "-").replace("_", "-")
    registry.recipe(name)
    folder = _run_folder(output or Path("runs") / name, resume)
    command = resume_command(context)
    place = zoo.train(name, run=folder, resume=resume, overrides=options, command=command)
    print(browsing.card_text(checkpoints.read_card(place)))
    print(f"wrote {place}")


def resume_command(context: typer.Context) -> str:
    """What to type to go on with the command that is running."""
    typed = [word for word in context.obj or [] if word != "--resume"]
    return shlex.join(["zoo", *typed, "--resume"])


def _summary(tuned, data):
    """Print the distance of a tuned model from the data; returns what the model says, or None."""
    import numpy as np

    from physics.failures import FailedRun

    print(f"tuned {tuned.family}, {sum(leaf.size for leaf in _leaves(tuned.state())):,} numbers")
    try:
        said = tuned.predict(times=None if data is None else data["time"].values)
    except (ValueError, FailedRun):
        return None  # a family that only speaks about data it is given
    rows = []
    for name in [n for n in said.data_vars if data is not None and n in data]:
        gap = (said[name] - data[name].transpose(*said[name].dims)).values
        rms, spread = np.sqrt(np.nanmean(gap**2)), np.nanstd(data[name].values)
        rows.append((str(name), short(float(rms)), short(float(rms / spread)) if spread else "-"))
    poor = [row for row in rows if row[2] != "-" and float(row[2]) > POOR]
    if rows:
        table(("state", "root mean square misfit", "of the spread of the data"), rows)
    if poor:
        print(
            f"note: the fit of {poor[0][0]} misses {float(poor[0][2]):.0%} of its spread; train "
            f"longer (--steps), or look whether the known part is right"
        )
    return said


def _picture(path: Path, tuned, said, data, title: str) -> None:
    """The tuned model as smooth curves, beside the data."""
    from zoo.cli.pictures import between

    fine = said
    if data is not None:
        times = between(data["time"].values)
        fine = tuned.predict(times=times).assign_coords(time=("time", times, data["time"].attrs))
    writing.write_dataset([path], fine, dots=data, title=title, names=("tuned", "measured"))


def _leaves(tree):
    """The arrays of a nested dict."""
    for value in tree.values():
        yield from _leaves(value) if isinstance(value, dict) else (value,)


def _run_folder(folder: Path | None, resume: bool) -> Path | None:
    """The folder of a run; ValueError if it cannot be written or there is nothing to resume."""
    if resume and folder is None:
        raise ValueError("--resume goes on with the run in a folder; name it with -o")
    if resume and not folder.is_dir():
        raise ValueError(f"there is no run in {str(folder)!r} to resume; leave --resume out")
    return writing.check_folder(folder) if folder else None
