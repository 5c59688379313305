"""solve for PDEs: fields in, an xarray.Dataset with space and time out."""

import dataclasses
import functools
import json
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from physics import arguments, pacing, request, schemes
from physics.boundary import sides_to_json
from physics.failures import BlowUp
from physics.grid import Grid
from physics.initial import Uniform
from physics.names import COORDINATES, TIME
from physics.starting_fields import read_fields, resolution_of
from physics.system import System

if TYPE_CHECKING:
    import xarray

RESOLUTIONS = {1: 256, 2: 128, 3: 32}
ORDERS = {"spectral": 4}
TAIL = 1e-3
PRECISIONS = ("float64", "float32")
LEAST_RTOL = {"float64": 1e-12, "float32": 1e-5}
INNER, MOST_HALVINGS = 64, 60  # inner steps of a step that is adapted
CLOCK = 1e-3  # rounding of late times relative to the interval of frames that is bearable


def evolve(
    system: System,
    *,
    samples: int | None,
    seed: int,
    times: Any,
    initial: Any,
    parameters: Mapping[str, Any] | None,
    vary: Sequence[str],
    resolution: int | Sequence[int] | None,
    scheme: str,
    order: int | None,
    dt: float | None,
    rtol: float | None,
    precision: str,
) -> "xarray.Dataset":
    """See physics.solve."""
    import jax

    if precision not in PRECISIONS:
        raise ValueError(f'precision is "float64" or "float32", not {precision!r}')
    if not isinstance(scheme, str) or scheme not in schemes.SCHEMES:
        schemes.refuse(scheme)
    order = None if order is None else arguments.whole(order, "order", 1)
    times = request.read_times(system, times)
    parameters = arguments.mapping(parameters, "parameters")
    if dt is not None and rtol is not None:
        raise ValueError("give dt= for equal steps or rtol= for chosen ones, not both")
    if rtol is not None and rtol < LEAST_RTOL[precision]:
        raise ValueError(
            f"rtol = {rtol:g} is below what {precision} holds: at least {LEAST_RTOL[precision]:g}"
        )
    _check_clock(system, times, precision)
    rng = np.random.default_rng(seed)
    grid, chosen = lay_out(system, initial, resolution, scheme)
    with jax.enable_x64(precision == "float64"):
        fields = read_fields(system, grid, initial, samples, parameters, seed, precision)
        values = request.read_parameters(system, parameters, vary, len(fields), rng)
        longest = pacing.longest_step(system, times)
        typical = system if chosen[0] == "spectral" else _typical(system, values, fields)
        told = json.dumps([typical.name, sides_to_json(typical.boundary)])
        if typical is not system:  # the inner steps depend on values and initial law
            told = json.dumps(typical.to_json())
        made = _affordable(typical, told, grid, chosen[0], order, dt, longest)
        run = pacing.Run(made, fields, times, values, precision)
        states, step = run.controlled(rtol) if dt is None else run.fixed(dt)
        _refuse_blow_up(made, states, times, values, run.reached, dt is not None)
    note = f"{made.scheme} ({made.reason}; {chosen[1]})"
    if len(times) > 1:
        note += f", steps {'of' if dt else 'down to'} {step:.3g}{_tail_note(made, states)}"
    return _dataset(system, grid, states, times, values, note, seed)


def _check_clock(system: System, times: np.ndarray, precision: str) -> None:
    """Raise ValueError where the times of an equation with t in it are lost in rounding."""
    if len(times) < 2 or not pacing.depends_on_time(system):
        return
    rounding = float(np.spacing(np.abs(times).max().astype(precision)))
    if rounding > CLOCK * float(np.diff(times).min()):
        raise ValueError(
            f"in {precision} times around {np.abs(times).max():g} are {rounding:.2g} apart, too "
            f'coarse for t in {system.name!r}; take precision="float64" or times nearer to 0'
        )


def lay_out(
    system: System, initial: Any, resolution: int | Sequence[int] | None, scheme: str
) -> tuple[Grid, tuple[str, str]]:
    """(grid, (scheme, why)) of a call of `solve`."""
    chosen = schemes.choose(system) if scheme == "auto" else (scheme, "asked for")
    points = resolution
    if points is None:
        points = resolution_of(initial, system) or RESOLUTIONS[system.dim]
    return Grid(system.domain, points, schemes.LAYOUTS.get(chosen[0], "nodes")), chosen


def _typical(system: System, values: Mapping, fields: Any) -> System:
    """`system` with the values of this run, the largest in magnitude where samples differ.

    Its initial law spans the fields given, rounded outwards so that like runs share a program.
    """
    each = {k: np.atleast_1d(np.asarray(v, float)) for k, v in values.items()}
    known = system.with_values(**{k: float(v[np.argmax(np.abs(v))]) for k, v in each.items()})
    flat = np.asarray(fields, float).reshape(-1, len(system.states))
    low = {n: _outwards(v) for n, v in zip(system.state_names, flat.min(0), strict=True)}
    high = {n: _outwards(v) for n, v in zip(system.state_names, flat.max(0), strict=True)}
    return dataclasses.replace(known, initial=Uniform(low=low, high=high))


def _outwards(value: float) -> float:
    """The next power of two beyond `value`; 0 for 0."""
    return float(np.sign(value) * 2.0 ** np.ceil(np.log2(abs(value)))) if value else 0.0


@functools.lru_cache(maxsize=64)
def _made(system: System, told: str, grid: Grid, scheme: str, order: int | None, dt: float) -> Any:
    """The stepper; equal calls share it and with it the compiled programs.

    told: what a stepper depends on besides the equations, which alone make two systems equal.
    """
    order = ORDERS.get(scheme) if order is None else order
    return schemes.stepper(system, grid, dt, scheme=scheme, order=order)


def _affordable(system, told, grid, scheme, order, dt: float | None, longest: float) -> Any:
    """The stepper for `dt`, or for steps that hold few inner ones, which `pacing` then adapts."""
    if dt is not None or scheme == "spectral":
        return _made(system, told, grid, scheme, order, min(dt or longest, longest))
    for halvings in range(0, MOST_HALVINGS, 3):
        try:
            made = _made(system, told, grid, scheme, order, longest / 2**halvings)
        except ValueError:
            if halvings + 3 >= MOST_HALVINGS:
                raise
            continue
        if made.substeps <= INNER:
            break
    return made


# -- what comes out ------------------------------------------------------------------------


def _refuse_blow_up(
    stepper, states: np.ndarray, times: np.ndarray, values: Mapping, reached: float, equal: bool
) -> None:
    import jax

    finite = np.isfinite(states).all(axis=tuple(range(2, states.ndim)))
    if finite.all():
        return
    sample = int(np.argmin(finite.all(axis=1)))
    frame = int(np.argmin(finite[sample]))
    own = {k: v[sample] if np.ndim(v) else v for k, v in values.items()}
    if frame == 1:
        begin = stepper.encode(states[sample, 0], times[0])
        tiny = stepper.step(begin, stepper.prepare(own, dt=1e-9 * (times[1] - times[0])))
        if not all(np.isfinite(np.asarray(a)).all() for a in jax.tree.leaves(tiny)):
            raise ValueError(
                f"the right-hand side of {stepper.system.name!r} is not finite at the start of "
                f"sample {sample}; start elsewhere or change the parameters"
            )
    advice = "start from smaller values, follow it for a shorter time, or take another scheme"
    if equal:
        advice = "try a smaller dt, or leave dt out and the steps are chosen"
        advice = _limit(stepper, states[sample], times, frame, own) or advice
    raise BlowUp(
        f"sample {sample} of {stepper.system.name!r} is not finite any more at {TIME} = "
        f"{min(reached, float(times[frame])):.6g}: it blows up, or the step is too large for it; "
        f"{advice}",
        np.flatnonzero(~finite.all(axis=1)),
    )


def _limit(stepper, states: np.ndarray, times: np.ndarray, frame: int, own: Mapping) -> str:
    """What the stepper says of a step from the last finite frame: the largest stable dt."""
    if not frame or not hasattr(stepper, "check"):
        return ""
    last = stepper.encode(states[frame - 1], times[frame - 1])
    try:
        stepper.check(stepper.step(last, stepper.prepare(own)))
    except ValueError as error:
        return str(error)
    return ""


def _tail_note(stepper, states: np.ndarray) -> str:
    """A warning where the highest kept wavenumbers still hold much; empty if they do not."""
    tail = getattr(stepper, "tail", None)
    if tail is None:
        return ""
    share, wavenumber, name = tail(states[:, -1])
    if share <= TAIL:
        return ""
    text = (
        f"spectrum not resolved: {name} still holds {share:.1%} of its largest mode at wavenumber "
        f"{wavenumber:.4g}; take a finer resolution or more diffusion"
    )
    warnings.warn(text, stacklevel=5)
    return f"; {text}"


def _dataset(system, grid, states, times, values, note, seed) -> "xarray.Dataset":
    import xarray

    space = COORDINATES[: grid.dim]
    variables: dict[str, Any] = {}
    for i, state in enumerate(system.states):
        attributes = {"units": state.unit} if state.unit else {}
        variables[state.name] = (("sample", "time", *space), states[..., i], attributes)
    for parameter in system.parameters:
        attributes = {"units": parameter.unit} if parameter.unit else {}
        column = np.broadcast_to(values[parameter.name], (len(states),)).copy()
        variables[parameter.name] = (("sample",), column, attributes | {"role": "parameter"})
    coordinates: dict[str, Any] = {"sample": np.arange(len(states))}
    for name, positions in ((TIME, times), *zip(space, grid.coordinates, strict=True)):
        attributes = {"units": system.units[name]} if name in system.units else {}
        dim = "time" if name == TIME else name
        coordinates[dim] = (dim, positions, attributes)
    return xarray.Dataset(
        variables,
        coords=coordinates,
        attrs={"system": json.dumps(system.to_json()), "method": note, "seed": seed},
    )
