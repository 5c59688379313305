"""solve: a System, initial states and times in; an xarray.Dataset with units and provenance out."""

import functools
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from physics import evolution, request
from physics.failures import BlowUp
from physics.names import TIME, nearest
from physics.system import System

if TYPE_CHECKING:
    import xarray

EXPLICIT = {"float64": ("dopri8", 1e-9, 1e-11), "float32": ("tsit5", 1e-5, 1e-7)}
METHODS = ("auto", "tsit5", "dopri8", "kvaerno5")
EXPLICIT_STEPS = 32_768
STIFF_STEPS = 8_192
STIFF_RTOL = 1e-7


def solve(
    system: System,
    *,
    samples: int | None = None,
    seed: int = 0,
    times: Any = None,
    initial: Any = None,
    parameters: Mapping[str, Any] | None = None,
    vary: Sequence[str] = (),
    controls: Mapping[str, Any] | None = None,
    method: str = "auto",
    dt: float | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    precision: str = "float64",
    resolution: int | Sequence[int] | None = None,
    scheme: str = "auto",
    order: int | None = None,
) -> "xarray.Dataset":
    """Simulate `system` from one or many initial states.

    samples: number of trajectories (default: as many as `initial` has, else 1).
    times: (time,) increasing [T]; default 101 points up to the system's horizon. Maps: integers.
    initial: (sample, state), (state,) or {state: scalar or (sample,)}; default: drawn from the
    system's initial law with `seed`.
    parameters: {name: scalar or (sample,)}.   vary: names drawn per sample from their ranges.
    controls: {name: scalar, (time,) or (sample, time)}, linear between the times (maps: held).
    method: "auto" (explicit, Kvaerno5 where that needs too many steps), "tsit5", "dopri8",
    "kvaerno5".   dt: fixed steps of at most this size instead of adaptive ones.
    Float64 by default: discovery differentiates these data; `precision="float32"` is offered.

    For a PDE: resolution: points per coordinate (default: that of `initial`, else 256, 128 or 32
    in one, two or three dimensions).   scheme: "auto", "spectral", "finite-volume" or
    "finite-difference".   order: of the scheme.   initial: (sample, *space) for one state, else
    {state: array}.   rtol: bound on the accumulated relative error of the steps; dt: fixed steps.

    Returns a Dataset with dims (sample, time), one variable per state, the parameters per sample
    as variables, the System as JSON in `attrs["system"]` and the method with its reason.
    Raises ValueError for bad input, BlowUp and FailedRun (RuntimeError) for failed runs.
    """
    import jax

    samples, seed, vary, dt, rtol, atol = request.read_settings(
        system, samples, seed, vary, dt, rtol, atol
    )
    if system.domain is not None:
        for name, given in {"method": method != "auto", "controls": controls, "atol": atol}.items():
            if given:
                raise ValueError(
                    f"{system.name!r} is a PDE: leave {name} out; scheme, order, rtol and dt say "
                    f"how it is solved"
                )
        return evolution.evolve(
            system, samples=samples, seed=seed, times=times, initial=initial, vary=vary,
            parameters=parameters, resolution=resolution, scheme=scheme, order=order, dt=dt,
            rtol=rtol, precision=precision,
        )  # fmt: skip
    if resolution is not None or scheme != "auto" or order is not None:
        raise ValueError(
            f"{system.name!r} has no spatial dimensions: leave resolution, scheme and order out"
        )
    if system.noise:
        raise ValueError(f"{system.name!r} has noise; no lowering for SDEs is installed")
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}{nearest(method, METHODS)}; one of {METHODS}")
    if precision not in EXPLICIT:
        raise ValueError(f'precision is "float64" or "float32", not {precision!r}')
    times = request.read_times(system, times)
    rng = np.random.default_rng(seed)
    u0 = request.read_initial(system, initial, samples, parameters, rng)
    values = request.read_parameters(system, parameters, vary, len(u0), rng)
    inputs = request.read_controls(system, controls, len(u0), len(times))
    request.check_start(system, u0, times[0], values, inputs)
    with jax.enable_x64(precision == "float64"):
        cast = functools.partial(np.asarray, dtype=precision)
        arguments = (cast(u0), times, {k: cast(v) for k, v in (values | inputs).items()})
        if system.time == "discrete":
            states, reached, note = _iterate(system, *arguments), None, "iterated"
        else:
            states, reached, note = _integrate(
                system, *arguments, method, dt, rtol, atol, precision
            )
    _refuse_blow_up(system, states, times, reached)
    return _dataset(system, states, times, values, inputs, note, seed)


# -- the two ways in time ------------------------------------------------------------------


@functools.lru_cache(maxsize=128)
def _program(system: System, options: tuple) -> Any:
    """Jitted integration of one system; every parameter is an argument, so values do not enter."""
    import jax

    from physics.integrate.ode import integrate

    rhs = with_controls(system)
    keywords = dict(options)
    return jax.jit(lambda u0, times, params: integrate(rhs(times), u0, times, params, **keywords))


def with_controls(system: System):
    """times -> f(t, u, params), where params also holds each control's values at `times`."""
    import jax.numpy as jnp

    from physics.lower import rhs

    f, controls = rhs(system), [c.name for c in system.controls]

    def at(times):
        def g(t, u, params):
            params = dict(params)
            control = {}
            for name in controls:
                held = params.pop(name)
                control[name] = held if jnp.ndim(held) == 0 else jnp.interp(t, times, held)
            return f(t, u, params, control)

        return g

    return at


def _integrate(system, u0, times, params, method, dt, rtol, atol, precision):
    """(states, time reached per sample, what was done and why)."""
    explicit, default_rtol, default_atol = EXPLICIT[precision]
    rtol, atol = default_rtol if rtol is None else rtol, default_atol if atol is None else atol
    solver = explicit if method == "auto" else method
    times = np.asarray(times, precision)
    if dt is not None:
        substeps = _substeps(times, dt)
        options = (("solver", solver), ("substeps", substeps))
        result = _program(system, options)(u0, times, params)
        note = f"{solver}, fixed steps ({substeps} per interval)"
        return np.array(result.states), np.array(result.reached), note
    result = _adaptive(system, u0, times, params, solver, rtol, atol)
    states, finished, reached = (
        np.array(r) for r in (result.states, result.finished, result.reached)
    )
    note = f"{solver}, adaptive (rtol {rtol:g})"
    if method == "auto" and not finished.all():
        rest = ~finished
        own = {k: v[rest] if np.ndim(v) else v for k, v in params.items()}
        again = _adaptive(system, u0[rest], times, own, "kvaerno5", rtol, atol)
        states[rest], reached[rest] = np.array(again.states), np.array(again.reached)
        note += (
            f"; kvaerno5 for {int(rest.sum())} of {len(u0)} samples "
            f"(stiff: {solver} needed more than {EXPLICIT_STEPS} steps)"
        )
    return states, reached, note


def _adaptive(system, u0, times, params, solver, rtol, atol):
    steps = EXPLICIT_STEPS
    if solver == "kvaerno5":
        rtol, atol, steps = max(rtol, STIFF_RTOL), max(atol, STIFF_RTOL * 1e-2), STIFF_STEPS
    options = {"solver": solver, "rtol": rtol, "atol": atol, "max_steps": steps}
    return _program(system, tuple(options.items()))(u0, times, params)


@functools.lru_cache(maxsize=64)
def _map_program(system: System, count: int) -> Any:
    import jax

    from physics.integrate.maps import iterate
    from physics.lower import rhs

    f, controls = rhs(system), [c.name for c in system.controls]

    def run(u0, start, params):
        inputs = {name: params[name] for name in controls}
        constant = {k: v for k, v in params.items() if k not in inputs}

        def step(n, u, values):
            held = {k: v if v.ndim == 0 else v[:, n - start] for k, v in inputs.items()}
            return f(n, u, values, held)

        return iterate(step, u0, count, constant, start)

    return jax.jit(run)


def _iterate(system, u0, times, params):
    first, last = int(times[0]), int(times[-1])
    if (last - first + 1) * u0.size > request.MOST_NUMBERS:
        raise ValueError("a map keeps all its steps, here too many; take fewer samples or steps")
    states = _map_program(system, last - first + 1)(u0, first, params)
    return np.array(states)[:, np.asarray(times, int) - first]


# -- what comes out ------------------------------------------------------------------------


def _refuse_blow_up(system: System, states: np.ndarray, times: np.ndarray, reached) -> None:
    finite = np.isfinite(states).all(axis=-1)
    if finite.all():
        return
    sample = int(np.argmin(finite.all(axis=1)))
    lost = times[int(np.argmin(finite[sample]))]
    when = lost if reached is None else min(lost, reached[sample])
    raise BlowUp(
        f"sample {sample} of {system.name!r} could not be followed beyond {TIME} = {when:.6g} (of "
        f"{times[-1]:g}): it blows up there or is too stiff; try a shorter time span, smaller "
        f'initial values, a smaller dt, or method="kvaerno5"',
        np.flatnonzero(~finite.all(axis=1)),
    )


def _substeps(times: np.ndarray, dt: float) -> int:
    gaps = np.diff(times)
    wanted = float(gaps.max()) / float(dt) if len(gaps) else 1.0
    if not wanted * max(len(gaps), 1) <= request.MOST_STEPS:
        raise ValueError(f"dt = {dt:g} means more than ten million steps; take a larger dt")
    return max(int(np.ceil(wanted - 1e-9)), 1)


def _dataset(system, states, times, values, inputs, note, seed) -> "xarray.Dataset":
    import xarray

    units = {s.name: s.unit for s in system.states}
    variables: dict[str, Any] = {}
    for i, name in enumerate(system.state_names):
        attributes = {"units": units[name]} if units[name] else {}
        variables[name] = (("sample", "time"), states[..., i], attributes)
    for parameter in system.parameters:
        attributes = {"units": parameter.unit} if parameter.unit else {}
        column = np.broadcast_to(values[parameter.name], (len(states),)).copy()
        variables[parameter.name] = (("sample",), column, attributes | {"role": "parameter"})
    for name, array in inputs.items():
        full = np.broadcast_to(array, states.shape[:2]).copy()
        variables[name] = (("sample", "time"), full, {"role": "control"})
    attributes = {"units": system.units[TIME]} if TIME in system.units else {}
    return xarray.Dataset(
        variables,
        coords={"time": ("time", times, attributes), "sample": np.arange(len(states))},
        attrs={"system": json.dumps(system.to_json()), "method": note, "seed": seed},
    )
