"""Verbs on laws: `zoo explain` finds one, `zoo export` writes one out."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from zoo.cli import fronts, words, writing
from zoo.cli.advice import spelled
from zoo.cli.browsing import law_lines
from zoo.cli.entry import FAILED
from zoo.cli.simulating import starting
from zoo.cli.tables import short

SMOOTH = 1001
DRAWN = 40  # points of a network
WRITTEN = ("discovery.json", "discovery.md", "front.png", "law.json", "law.tex", "law.png")


def explain(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A model (zoo list), its folder, or data.")
    ],
    data: Annotated[
        str | None, typer.Argument(metavar="[DATA]", help="Data for a model to be held against.")
    ] = None,
    engine: Annotated[str, typer.Option(help="auto, sindy, operon, pysr …")] = "auto",
    targets: Annotated[
        list[str] | None,
        typer.Option("--targets", metavar="NAMES", help="The states, like x,y; default all."),
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--inputs", metavar="NAMES", help="Measured controls, like u."),
    ] = None,
    time: Annotated[
        str | None, typer.Option("--time", metavar="KIND", help="discrete (a map) or continuous.")
    ] = None,
    degree: Annotated[
        int | None, typer.Option("--degree", help="Largest degree of the terms (default 3).")
    ] = None,
    tune: Annotated[
        bool, typer.Option("--tune/--no-tune", help="Fit an ODE's constants through its solver.")
    ] = True,
    output: writing.FolderWord = None,
) -> None:
    """Find the law in data or in a model: the front of candidates and the best of them.

    Writes discovery.json, discovery.md and front.png (error against complexity) and, of the best
    law, law.json, law.tex and law.png into the folder -o (law.png: the law beside the data, or
    beside the network where there are none), in place of those of an earlier run there. Exit 1
    if no law is good enough.

    Example: zoo explain upinn.lotka-volterra -o runs/law
    """
    import zoo

    folder = writing.check_folder(output) if output else None
    curves = None
    asked = {"targets": words.names(targets), "inputs": words.names(inputs), "time": time}
    asked |= {"tune": None if tune else False}
    chosen = {name: given for name, given in asked.items() if given is not None}
    terms = {} if degree is None else {"degree": degree}
    if words.is_data(source, nearly=True):
        if data is not None:
            raise ValueError(f"{source!r} is data already; give a model before {data!r}")
        measured = words.data(source)
        found = zoo.explain(measured, engine=engine, **chosen, **terms)
    else:
        words.no_system(source)
        for name in chosen:
            option = "no-tune" if name == "tune" else name
            raise ValueError(f"--{option} is for data; {source!r} is a model: leave it out")
        measured = words.data(data) if data else None
        model = zoo.load(source)
        found = zoo.explain(model, measured, engine=engine, **terms)
        curves = _curves(model) if measured is None and folder else None
    print(spelled(found.table()))
    if found.best is not None:
        values = ", ".join(f"{name} = {short(value)}" for name, value in found.best.values.items())
        print("law:", *law_lines(found.best), *([values] if values else []), sep="\n  ")
    if folder:
        write_discovery(folder, found, measured, curves)
    if found.best is None:
        raise typer.Exit(FAILED)


def _curves(model):
    """What a model says at a few times, to hold a law against; None if it needs data for that."""
    import physics

    try:
        said = model.predict()
    except (ValueError, physics.FailedRun):
        return None
    return said.isel(time=slice(None, None, max(1, said.sizes["time"] // DRAWN)))


def write_discovery(folder: Path, found, measured=None, curves=None) -> None:
    """discovery.json and .md in `folder`, and of the best law law.json, law.tex and law.png.

    Those of an earlier run that this one has not are taken away.
    curves: of a network, to hold the law against where nothing was measured.
    """
    import symbolic

    _clear(folder)
    files = {"discovery.json": json.dumps(found.to_json(), indent=1)}
    files["discovery.md"] = symbolic.export(found, "markdown")
    if found.best is not None:
        law = found.best
        if found.initial is not None and measured is not None and hasattr(law, "states"):
            law = starting(law, _states(law, found.initial), measured)
        files["law.json"] = json.dumps(law.to_json(), indent=1)
        files["law.tex"] = symbolic.export(found.best, "latex")
    for name, text in files.items():
        print(f"wrote {writing.write_text(folder / name, text)}")
    if found.candidates:
        print(f"wrote {fronts.front(folder / 'front.png', found)}")
    held, what = (measured, "measured") if measured is not None else (curves, "network")
    if held is not None and hasattr(found.best, "states"):
        again = _again(found, held)
        if again is not None:
            writing.write_dataset(
                [folder / "law.png"], again, dots=None if found.best.domain else held,
                names=("law", what),
                title="; ".join(found.candidates[found.chosen].lines()),
                steps=found.best.time == "discrete",
            )  # fmt: skip


def _clear(folder: Path) -> None:
    """Take away what an earlier run wrote into `folder`, if one did."""
    if (folder / WRITTEN[0]).is_file():
        for name in WRITTEN:
            (folder / name).unlink(missing_ok=True)


def _states(law, initial):
    """Initial states as (sample, state), given so or as {state: values}."""
    import numpy as np

    if isinstance(initial, dict):
        return np.stack([np.atleast_1d(initial[s]) for s in law.state_names], -1)
    return np.asarray(initial, float)


def _again(found, measured):
    """The best law simulated from the first measured state of every sample; None if it fails."""
    import numpy as np

    import physics

    law, times = found.best, measured["time"].values
    if law.domain is not None:
        return _fields_again(law, measured)
    if law.time == "continuous":
        times = np.linspace(times[0], times[-1], max(len(times), SMOOTH))
    start = found.initial
    if start is None:
        names = [name for name in law.state_names if name in measured]
        start = {n: measured[n].transpose("sample", "time").values[:, 0] for n in names}
    try:
        again = physics.solve(law, initial=start, times=times)
        return again.assign_coords(time=("time", times, measured["time"].attrs))
    except (ValueError, physics.FailedRun) as error:
        print(f"no picture: {error}")
        return None


def _fields_again(law, measured):
    """Fields of the law from the first measured ones, beside them; None where it cannot be run."""
    import physics

    start = {n: measured[n].isel(time=0).values for n in law.state_names}
    try:
        again = physics.solve(law, initial=start, times=measured["time"].values)
    except (ValueError, physics.FailedRun) as error:
        print(f"no picture: {error}")
        return None
    beside = again.isel(sample=[0])
    for name in law.state_names:
        field = measured[name].isel(sample=0) if "sample" in measured[name].dims else measured[name]
        beside[f"{name}, measured"] = (beside[name].dims, field.values[None])
        beside[f"{name}, law - measured"] = beside[name] - beside[f"{name}, measured"]
    return beside.rename({n: f"{n}, law" for n in law.state_names})


def export(
    law: Annotated[
        str,
        typer.Argument(
            metavar="LAW",
            help="A checkpoint, a system, an equation in quotes, a law.json or discovery.json.",
        ),
    ],
    to: Annotated[
        str, typer.Option("--to", help="latex, markdown, python, jax, julia, c, sympy.")
    ] = "latex",
    parameters: words.ParameterWords = None,
    values: Annotated[
        bool, typer.Option("--values", help="Put the parameters' values into the equations.")
    ] = False,
    snap: Annotated[
        bool, typer.Option("--snap", help="Put constants to simple numbers within 1 % first.")
    ] = False,
    part: Annotated[
        str | None,
        typer.Option("--part", help="Of a controller: policy or reward, in place of its law."),
    ] = None,
    output: writing.FileWord = None,
) -> None:
    """Write a law as LaTeX, as a document, or as code that stands alone.

    What --snap did to every constant is said on standard error.

    Example: zoo export lorenz63 --to python -o lorenz.py
    """
    import symbolic

    words.one_of(to, symbolic.list_targets(), "target")
    path = writing.check_file(output) if output else None
    chosen = words.numbers(parameters, "-p")
    whole = not (chosen or values or snap or part) and to == "markdown"
    found = _discovery(law) if whole else None
    found = found or (_part(law, part) if part else _law(law, chosen))
    if snap:
        snapped = symbolic.snap(found)
        print(snapped, file=sys.stderr)
        found = snapped.law
    text = symbolic.export(found, to, values=values)
    if path is None:
        print(text.rstrip("\n"))
        return
    print(f"wrote {writing.write_text(path, text)}")


def _discovery(word: str):
    """The Discovery in a JSON file that zoo explain wrote; None for any other word."""
    import symbolic

    try:
        tree = json.loads(Path(word).read_text(encoding="utf-8")) if word.endswith(".json") else {}
    except (OSError, ValueError, RecursionError):
        return None  # words.law_file says what is wrong with it
    mine = isinstance(tree, dict) and tree.get("kind") == "discovery"
    return symbolic.Discovery.from_json(tree) if mine else None


def _part(word: str, part: str):
    """A Formula that a card holds beside its law."""
    import checkpoints

    kept = checkpoints.read_card(word).extra.get("formulas", {})
    if part not in kept:
        raise ValueError(
            f"the card of {word!r} holds {', '.join(sorted(kept)) or 'no parts'}, and no {part!r}"
        )
    return words.law_json(kept[part])


def _law(word: str, values: dict):
    """The System or Formula that a LAW word stands for."""
    import checkpoints
    import physics

    whole = _discovery(word)
    if whole is not None:
        if whole.best is None:
            raise ValueError(f"{word!r} found no law ({whole.reason}): there is nothing to export")
        return _set(whole.best, values)
    if word.endswith(".json") and not values and Path(word).name != "card.json":
        return words.law_file(word)
    named = word in physics.list_systems() or "=" in word or word.endswith(".json")
    if named and Path(word).name != "card.json":
        return words.system(word, values)
    if not ("." in word or "/" in word or Path(word).is_dir()):
        return words.system(word, values)  # its error names the nearest system
    card = checkpoints.read_card(word)
    if not card.law:
        raise ValueError(f"the card of {word!r} holds no law; find one with zoo explain {word}")
    return _set(words.law_json(card.law), values)


def _set(law, values: dict):
    """The law with other values of its parameters."""
    if values and not hasattr(law, "with_values"):
        raise ValueError("-p sets parameters of a system; this law is a formula: leave -p out")
    return law.with_values(**values) if values else law
