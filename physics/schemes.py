"""How a PDE is advanced: the choice among spectral, finite-volume and finite-difference steppers.

A stepper has `prepare(params, dt) -> coefficients`, `encode(u, t) -> state`, `step(state,
coefficients)`, `decode(state) -> u` and is called as `stepper(u, params, t)`; u is (*space,
channel), every piece is pure, and batches go through vmap.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from physics import jets
from physics.grid import Grid
from physics.names import nearest
from physics.system import System

_STEPPERS = {
    "spectral": ("physics.lower.spectral.spectral_stepper", "SpectralStepper"),
    "finite-volume": ("physics.lower.flux", "FiniteVolumeStepper"),
    "finite-difference": ("physics.lower.difference", "FiniteDifferenceStepper"),
}
SCHEMES = ("auto", *_STEPPERS)
LAYOUTS = {"spectral": "nodes", "finite-volume": "cells", "finite-difference": "nodes"}


def stepper(
    system: System,
    grid: Grid | int | tuple[int, ...],
    dt: float,
    *,
    order: int | None = None,
    scheme: str = "auto",
) -> Any:
    """One time step of a PDE as a pure function, u (*space, channel) -> u.

    grid: a Grid, or points per coordinate.   dt: step [T].   order: of the scheme (spectral: in
    time, 2 or 4; finite differences: in space, 2 or 4).
    scheme: "spectral", "finite-volume", "finite-difference", or "auto"; `.reason` says why.
    Raises ValueError for an ODE, and for schemes that cannot serve the system or its boundary.
    """
    if not isinstance(system, System):
        raise ValueError(f"give a System, as from physics.get or physics.parse, not {system!r}")
    if system.domain is None:
        raise ValueError(f"{system.name!r} has no spatial dimensions; physics.solve steps it")
    if system.noise:
        raise ValueError(f"{system.name!r} has noise; there is no scheme for stochastic PDEs")
    if system.controls:
        raise ValueError(f"{system.name!r} has controls; there is no scheme for controlled PDEs")
    if not isinstance(scheme, str) or scheme not in SCHEMES:
        refuse(scheme)
    why = ""
    if scheme == "auto":
        scheme, why = choose(system)
    if not isinstance(grid, Grid):
        grid = Grid(system.domain, grid, LAYOUTS[scheme])
    elif grid.box != system.domain:
        raise ValueError(f"the grid is on another box than {system.name!r}")
    build = _stepper_class(scheme)
    made = build(system, grid, dt) if order is None else build(system, grid, dt, order=order)
    made.reason = f"{made.reason}; {why}" if why else made.reason
    return made


def refuse(scheme: Any) -> None:
    """Raise ValueError that names the schemes there are."""
    close = nearest(scheme, SCHEMES) if isinstance(scheme, str) else ""
    raise ValueError(f"unknown scheme {scheme!r}{close}; one of {', '.join(SCHEMES)}")


def choose(system: System) -> tuple[str, str]:
    """(scheme, why) for a system on its own box."""
    trial = Grid(system.domain, 16)
    spectral = _suits("spectral", system, trial)
    shocks = steepens(system)
    volume = _suits("finite-volume", system, Grid(system.domain, 16, "cells"))
    if shocks and not volume:
        return "finite-volume", f"chosen because {shocks} can form shocks: nothing diffuses it"
    if not spectral:
        return "spectral", "chosen because every boundary is periodic"
    difference = _suits("finite-difference", system, trial)
    if not difference:
        return "finite-difference", f"chosen because {spectral}"
    if not volume:
        return "finite-volume", f"chosen because {spectral}"
    raise ValueError(
        f"no scheme serves {system.name!r}: spectral: {spectral}; finite differences: "
        f"{difference}; finite volumes: {volume}"
    )


def _stepper_class(scheme: str) -> Callable:
    module, name = _STEPPERS[scheme]
    return getattr(import_module(module), name)


def _suits(scheme: str, system: System, grid: Grid) -> str:
    return import_module(_STEPPERS[scheme][0]).suits(system, grid)


def steepens(system: System) -> str:
    """The first state whose waves steepen with nothing to smooth them; empty if there is none.

    That is: a product of states under or with a first derivative, and no linear derivative of
    second or higher order in the same equation.
    """
    for state, equation in system.equations.items():
        if equation.has(*jets.NONLOCAL):
            continue
        expanded = jets.expand_fluxes(equation)
        smooth = steep = False
        for term in expanded.expand().args if expanded.expand().is_Add else [expanded.expand()]:
            orders = [j.order for j in jets.jets_in(term)]
            linear = len(orders) == 1 and term.diff(*jets.jets_in(term)).free_symbols.isdisjoint(
                jets.jets_in(term)
            )
            smooth |= max(orders, default=0) >= 2
            steep |= not linear and max(orders, default=0) == 1
        if steep and not smooth:
            return state
    return ""
