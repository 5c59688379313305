"""solve for PDEs: fields in, an xarray.Dataset with space and time out."""

import functools
import json
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from physics import request, schemes
from physics.boundary import sides_to_json
from physics.failures import BlowUp
from physics.grid import Grid
from physics.names import COORDINATES, TIME
from physics.pacing import TOLERANCE, Run
from physics.starting_fields import read_fields, resolution_of
from physics.system import System

if TYPE_CHECKING:
    import xarray

RESOLUTIONS = {1: 256, 2: 128, 3: 32}
ORDERS = {"spectral": 4}
TAIL = 1e-3


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

    if precision not in TOLERANCE:
        raise ValueError(f'precision is "float64" or "float32", not {precision!r}')
    times = request.read_times(system, times)
    rng = np.random.default_rng(seed)
    grid, chosen = lay_out(system, initial, resolution, scheme)
    with jax.enable_x64(precision == "float64"):
        fields = read_fields(system, grid, initial, samples, parameters, seed, precision)
        values = request.read_parameters(system, parameters, vary, len(fields), rng)
        if dt is not None and not float(dt) > 0:
            raise ValueError(f"dt must be positive, not {dt}")
        gap = float(np.diff(times).max(initial=0.0)) or 1.0
        typical = system if chosen[0] == "spectral" else _typical(system, values)
        told = json.dumps([typical.name, sides_to_json(typical.boundary)])
        if typical is not system:  # the inner steps depend on values and initial law
            told = json.dumps(typical.to_json())
        made = _made(typical, told, grid, chosen[0], order, min(float(dt), gap) if dt else gap)
        run = Run(made, fields, times, values, precision)
        if dt is not None:
            states, substeps = run.fixed(float(dt))
        elif made.scheme == "spectral":
            states, substeps = run.controlled(rtol)
        else:
            states, substeps = run.stable()
        _refuse_blow_up(made, states, times, values)
    note = f"{made.scheme} ({made.reason}; {chosen[1]})"
    if len(times) > 1:
        note += f", steps of at most {gap / substeps:.3g}{_tail_note(made, states)}"
    return _dataset(system, grid, states, times, values, note, seed)


def lay_out(
    system: System, initial: Any, resolution: int | Sequence[int] | None, scheme: str
) -> tuple[Grid, tuple[str, str]]:
    """(grid, (scheme, why)) of a call of `solve`."""
    chosen = schemes.choose(system) if scheme == "auto" else (scheme, "asked for")
    points = resolution or resolution_of(initial, system) or RESOLUTIONS[system.dim]
    return Grid(system.domain, points, schemes.LAYOUTS.get(chosen[0], "nodes")), chosen


def _typical(system: System, values: Mapping) -> System:
    """`system` with the values of this run, the largest in magnitude where samples differ."""
    each = {k: np.atleast_1d(np.asarray(v, float)) for k, v in values.items()}
    return system.with_values(**{k: float(v[np.argmax(np.abs(v))]) for k, v in each.items()})


@functools.lru_cache(maxsize=64)
def _made(system: System, told: str, grid: Grid, scheme: str, order: int | None, dt: float) -> Any:
    """The stepper; equal calls share it and with it the compiled programs.

    told: what a stepper depends on besides the equations, which alone make two systems equal.
    """
    order = order or ORDERS.get(scheme)
    return schemes.stepper(system, grid, dt, scheme=scheme, order=order)


# -- what comes out ------------------------------------------------------------------------


def _refuse_blow_up(stepper, states: np.ndarray, times: np.ndarray, values: Mapping) -> None:
    finite = np.isfinite(states).all(axis=tuple(range(2, states.ndim)))
    if finite.all():
        return
    sample = int(np.argmin(finite.all(axis=1)))
    frame = int(np.argmin(finite[sample]))
    advice = "try a smaller dt, smaller initial values, a finer resolution or another scheme"
    if frame and hasattr(stepper, "check"):
        own = {k: v[sample] if np.ndim(v) else v for k, v in values.items()}
        last = stepper.encode(states[sample, frame - 1], times[frame - 1])
        try:
            stepper.check(stepper.step(last, stepper.prepare(own)))
        except ValueError as error:
            advice = str(error)
    raise BlowUp(
        f"sample {sample} of {stepper.system.name!r} is not finite any more at {TIME} = "
        f"{times[frame]:.6g}: it blows up, or the step is too large for it; {advice}",
        np.flatnonzero(~finite.all(axis=1)),
    )


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
