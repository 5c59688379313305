"""Verbs on known equations: `zoo solve`, `zoo calibrate`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zoo.cli import archives, spatial, words, writing
from zoo.cli.stages import Stages
from zoo.cli.tables import short, table

if TYPE_CHECKING:
    import xarray

    from physics import System

HEAD = 8
LARGEST = 10**9


def solve(
    system: words.SystemWord,
    parameters: words.ParameterWords = None,
    initial: Annotated[
        list[str] | None,
        typer.Option(
            "--initial",
            "-i",
            metavar="STATE=VALUE",
            help='Initial value, of a field also "u=sin(x)"; repeat it.',
        ),
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
    settings: words.OptionWords = None,
    method: Annotated[str, typer.Option(help="ODEs: auto, tsit5, dopri8 or kvaerno5.")] = "auto",
    dt: Annotated[float | None, typer.Option(help="Fixed steps of at most this size.")] = None,
    resolution: Annotated[
        str | None, typer.Option("--resolution", "-r", help='PDEs: points, "128" or "64,32".')
    ] = None,
    scheme: Annotated[
        str, typer.Option(help="PDEs: auto, spectral, finite-volume or finite-difference.")
    ] = "auto",
    order: Annotated[int | None, typer.Option(help="PDEs: order of the scheme.")] = None,
    length: words.LengthWord = None,
    boundary: words.BoundaryWords = None,
    seed: words.SeedWord = 0,
    output: writing.OutputWords = None,
) -> None:
    """Simulate a system; -o takes .nc and .csv for the data, .png, .svg and .pdf for a picture,
    .zarr for many samples: written by and by, the same command goes on after an interruption.

    Example: zoo solve "x' = a*x - x*y; y' = x*y - y" -p a=0.8 -i x=1 -i y=0.5 -t 20 -o lv.png;
    zoo solve "u_t = -u*u_x + nu*u_xx" -p nu=0.02 --length 6.28 -i "u=sin(x)" -t 2 -o burgers.png
    """
    files = writing.check_files(output, (*writing.DATA, *writing.STORES, *writing.PICTURES))
    values = words.numbers(parameters, "-p")
    rows = {name: value for name, value in values.items() if isinstance(value, list)}
    first = {name: value[0] if name in rows else value for name, value in values.items()}
    inputs = words.numbers(control, "--control")
    options = words.overrides(settings)
    found = words.system(
        system, first, tuple(inputs), options, spatial.sides(length), spatial.walls(boundary)
    )
    request = {
        "samples": samples,
        "seed": seed,
        "times": words.times(times),
        "parameters": rows or None,
        "vary": tuple(vary or ()),
        "dt": dt,
    }
    if found.domain is None:
        if resolution is not None or scheme != "auto" or order is not None:
            raise ValueError(
                f"{found.name!r} has no spatial dimensions: leave --resolution, --scheme and "
                f"--order out"
            )
        start = words.numbers(initial, "--initial")
        return _solve_ode(found, files, start, request | {"controls": inputs, "method": method})
    spatial.check(found, files, method, inputs)
    words.one_of(scheme, schemes(), "scheme")
    request |= {"resolution": spatial.resolution(resolution), "scheme": scheme, "order": order}
    return _solve_pde(found, files, words.pairs(initial, "--initial"), request)


def _solve_ode(system: "System", files: list[Path], start: dict, request: dict) -> None:
    if not start and system.initial is None:
        each = " ".join(f"-i {state}=VALUE" for state in system.state_names)
        raise ValueError(f"where shall {system.name!r} start? give {each}")
    if request["times"] is None and system.horizon is None:
        raise ValueError(f"for how long shall {system.name!r} run? give --times 10")
    if not archives.store(files):
        _check_size(system, request, 1)
    rows = request["parameters"]
    if rows and start:
        count = max(len(row) for row in rows.values())
        start = {state: value if isinstance(value, list) else [value] * count
                 for state, value in start.items()}  # fmt: skip
    elif rows and request["samples"] is None:
        request["samples"] = max(len(row) for row in rows.values())
    request["controls"] = request["controls"] or None
    data = archives.simulated(system, files, initial=start or None, **request)
    _summary(system, data, drawn=None if start else request["seed"])
    discrete = system.time == "discrete"
    drawn = any(path.suffix in writing.PICTURES for path in files)
    smooth = drawn and not discrete and request["dt"] is None
    lines = smoothly(system, data, request["method"]) if smooth else data
    writing.write_dataset(files, data, title="; ".join(system.lines()), lines=lines, steps=discrete)


def _solve_pde(system: "System", files: list[Path], start: dict, request: dict) -> None:
    if not archives.store(files):
        _check_size(system, request, spatial.points(system, request["resolution"]))
    initial = spatial.fields(system, start, request["resolution"], request["scheme"])
    timed = request["times"] is not None
    system, notes = spatial.completed(system, bool(initial), timed, request["seed"])
    rows = request["parameters"]
    if rows and request["samples"] is None:
        request["samples"] = max(len(row) for row in rows.values())
    data = archives.simulated(system, files, initial=initial, **request)
    spatial.summary(system, data)
    print(*notes, sep="\n", end="\n" if notes else "")
    writing.write_dataset(files, data, title="; ".join(system.lines()))


def schemes() -> tuple[str, ...]:
    """Names that --scheme takes."""
    from physics.schemes import SCHEMES

    return SCHEMES


def _check_size(system: "System", request: dict, points: int) -> None:
    times = 101 if request["times"] is None else len(request["times"])
    count = (request["samples"] or 1) * len(system.states) * times * points
    if count > LARGEST:
        raise ValueError(
            f"this asks for {count:.1e} numbers; take fewer --samples or --times"
            + (" or a coarser --resolution" if points > 1 else "")
        )


def smoothly(system: "System", data: "xarray.Dataset", method: str = "auto") -> "xarray.Dataset":
    """The first samples of `data` solved again with times in between, for a smooth picture.

    `data` itself where that fails.
    """
    import numpy as np

    import physics
    from zoo.cli.pictures import MAX_SAMPLES, between

    few = data.isel(sample=slice(MAX_SAMPLES))
    coarse = few["time"].values
    times = between(coarse)
    held = {
        c.name: np.stack([np.interp(times, coarse, row) for row in few[c.name].values])
        for c in system.controls
    }
    try:
        return physics.solve(
            system,
            initial={s: few[s].values[:, 0] for s in system.state_names},
            times=times,
            parameters={p.name: few[p.name].values for p in system.parameters if p.name in few},
            controls=held or None,
            method=method,
        ).assign_coords(time=("time", times, data["time"].attrs))
    except (ValueError, physics.FailedRun):
        return data


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
    measured = words.data(data)
    chosen = words.names(free) or None
    with Stages("calibrate") as stages:
        fit = physics.calibrate(found, measured, free=chosen, noise=noise, watch=stages.show)
    print(fit)
    begun = starting(fit.system, fit.initial, measured)
    for path in [p for p in files if p.suffix == ".json"]:
        print(f"wrote {writing.write_text(path, json.dumps(begun.to_json(), indent=1))}")
    rest = [p for p in files if p.suffix != ".json"]
    writing.write_dataset(
        rest, fit.simulated, dots=measured, title="; ".join(fit.system.lines()),
        lines=fitted(fit, measured), names=("fitted", "measured"),
        steps=fit.system.time == "discrete",
    )  # fmt: skip


def starting(system: "System", initial, measured: "xarray.Dataset") -> "System":
    """`system` with fitted initial states as its initial law and the record's end as its horizon.

    Of several samples the law is uniform over their initial states.
    """
    from dataclasses import replace

    import numpy as np

    from physics.initial import Uniform

    states = np.atleast_2d(np.asarray(initial, float))
    low, high = (dict(zip(system.state_names, map(float, row), strict=True))
                 for row in (states.min(0), states.max(0)))  # fmt: skip
    span = float(measured["time"].values[-1] - measured["time"].values[0])
    return replace(system, initial=Uniform(low=low, high=high), horizon=span)


def fitted(fit, measured: "xarray.Dataset") -> "xarray.Dataset":
    """A fit at more times than were measured, for its picture; the fit itself where that fails."""
    import numpy as np

    import physics
    from zoo.cli.pictures import between

    system, coarse = fit.system, measured["time"].values
    if system.time == "discrete":
        return fit.simulated
    times = between(coarse)
    held = {
        c.name: np.stack([np.interp(times, coarse, row) for row in measured[c.name].values])
        for c in system.controls
    }
    own = {
        p.name: measured[p.name].values
        for p in system.parameters
        if p.name not in fit.free and p.name in measured and measured[p.name].dims == ("sample",)
    }
    try:
        fine = physics.solve(
            system, initial=fit.initial, times=times, parameters=own or None, controls=held or None
        )
    except (ValueError, physics.FailedRun):
        return fit.simulated
    return fine.assign_coords(time=("time", times, measured["time"].attrs))


def _summary(system: "System", data: "xarray.Dataset", drawn: int | None) -> None:
    """How it was solved, and the first trajectory at a few times; drawn: seed of its start."""
    count, steps = data.sizes["sample"], data.sizes["time"]
    print(f"{system.name}: {count} x {steps} times, {data.attrs['method']}")
    if drawn is not None:
        first = " ".join(f"-i {s}={float(data[s][0, 0]):.6g}" for s in system.state_names)
        which = "starts" if count == 1 else "the first sample starts"
        law = system.initial
        fixed = getattr(law, "low", None) == getattr(law, "high", "")
        print(f"{which} from {'' if fixed else f'a random state (--seed {drawn}): '}{first}")
    picked = sorted({round(i * (steps - 1) / (HEAD - 1)) for i in range(HEAD)})
    rows = [
        [short(float(data["time"][i])), *(short(float(data[s][0, i])) for s in system.state_names)]
        for i in picked
    ]
    table(("time", *system.state_names), rows)
