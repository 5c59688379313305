"""Verbs on known equations: `zoo solve`, `zoo calibrate`."""

import json
from typing import Annotated

import typer

from zoo.cli import words, writing
from zoo.cli.tables import short, table

HEAD = 8
LARGEST = 10**9


def solve(
    system: words.SystemWord,
    parameters: words.ParameterWords = None,
    initial: Annotated[
        list[str] | None,
        typer.Option("--initial", "-i", metavar="STATE=VALUE", help="Initial value; repeat it."),
    ] = None,
    control: Annotated[
        list[str] | None,
        typer.Option("--control", metavar="NAME=VALUE", help="A constant input; repeat it."),
    ] = None,
    times: words.TimesWord = None,
    samples: Annotated[int | None, typer.Option("--samples", "-n", min=1)] = None,
    vary: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Draw per sample from its range.")
    ] = None,
    method: Annotated[str, typer.Option(help="auto, tsit5, dopri8 or kvaerno5.")] = "auto",
    dt: Annotated[float | None, typer.Option(help="Fixed steps of at most this size.")] = None,
    seed: words.SeedWord = 0,
    output: writing.OutputWords = None,
) -> None:
    """Simulate a system; -o takes .nc and .csv for the data, .png, .svg and .pdf for a picture.

    Example: zoo solve "x' = a*x - x*y; y' = x*y - y" -p a=0.8 -i x=1 -i y=0.5 -t 20 -o lv.png
    """
    import physics

    files = writing.check_files(output, (*writing.DATA, *writing.PICTURES))
    values = words.numbers(parameters, "-p")
    rows = {name: value for name, value in values.items() if isinstance(value, list)}
    first = {name: value[0] if name in rows else value for name, value in values.items()}
    inputs = words.numbers(control, "--control")
    found = words.system(system, first, tuple(inputs))
    start = words.numbers(initial, "--initial") or None
    grid = words.times(times)
    if start is None and found.initial is None:
        each = " ".join(f"-i {state}=VALUE" for state in found.state_names)
        raise ValueError(f"where shall {found.name!r} start? give {each}")
    if grid is None and found.horizon is None:
        raise ValueError(f"for how long shall {found.name!r} run? give --times 10")
    count = (samples or 1) * len(found.states) * (101 if grid is None else len(grid))
    if count > LARGEST:
        raise ValueError(f"this asks for {count:.1e} numbers; take fewer --samples or --times")
    if rows and samples is None and start is None:
        samples = max(len(row) for row in rows.values())
    if rows and start is not None:
        count = max(len(row) for row in rows.values())
        start = {state: value if isinstance(value, list) else [value] * count
                 for state, value in start.items()}  # fmt: skip
    data = physics.solve(
        found,
        samples=samples,
        seed=seed,
        times=grid,
        initial=start,
        parameters=rows or None,
        vary=tuple(vary or ()),
        controls=inputs or None,
        method=method,
        dt=dt,
    )
    _summary(found, data)
    writing.write_dataset(files, data, title="; ".join(found.lines()))


def calibrate(
    system: words.SystemWord,
    data: words.DataWord,
    parameters: words.ParameterWords = None,
    free: Annotated[
        list[str] | None,
        typer.Option("--free", metavar="NAMES", help="What to fit, like a,b; default all."),
    ] = None,
    noise: Annotated[str, typer.Option(help="additive or multiplicative.")] = "additive",
    output: writing.OutputWords = None,
) -> None:
    """Fit a system's parameters and initial states to data, with intervals.

    -o takes .json for the fitted system, .nc and .csv for the fit, .png, .svg and .pdf for a
    picture.

    Example: zoo calibrate "hare' = a*hare - b*hare*lynx; lynx' = d*hare*lynx - c*lynx" hudson-bay
    -p a=0.5 -p b=0.03 -p c=0.8 -p d=0.03 --noise multiplicative -o fit.json -o fit.png
    """
    import physics

    files = writing.check_files(output, (".json", *writing.DATA, *writing.PICTURES))
    found = words.system(system, words.numbers(parameters, "-p"))
    names = [name.strip() for word in free or () for name in word.split(",") if name.strip()]
    measured = words.data(data)
    fit = physics.calibrate(found, measured, free=names or None, noise=noise)
    print(fit)
    for path in [p for p in files if p.suffix == ".json"]:
        print(f"wrote {writing.write_text(path, json.dumps(fit.system.to_json(), indent=1))}")
    rest = [p for p in files if p.suffix != ".json"]
    title = "; ".join(fit.system.lines())
    writing.write_dataset(rest, fit.simulated, dots=measured, title=title)


def _summary(system, data) -> None:
    """How it was solved, and the first trajectory at a few times."""
    count, steps = data.sizes["sample"], data.sizes["time"]
    print(f"{system.name}: {count} x {steps} times, {data.attrs['method']}")
    picked = sorted({round(i * (steps - 1) / (HEAD - 1)) for i in range(HEAD)})
    rows = [
        [short(float(data["time"][i])), *(short(float(data[s][0, i])) for s in system.state_names)]
        for i in picked
    ]
    table(("time", *system.state_names), rows)
