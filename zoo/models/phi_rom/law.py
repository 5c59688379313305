"""The law of a Φ-ROM: regressed on its own rollouts from training starts, not on the data.

A model whose Ψ does not follow the equation it was trained on better than standing still has learnt
no dynamics and gets no law: that is what random weights are.

Rollouts are no more exact than the model, and what they err is smooth: noise of the size of that
error is added to them, which no law need explain, and twice that, again and again, until a law
comes that twice the noise gives as well. The error is taken against the solver from the same first
fields. Shocks are left out: terms are read off the largest part of space and time where the fields
are smooth. Candidates are the simple terms of fields, with derivatives up to one order more than
the model's equation, and the functions of place that stand in it, as a source does, with the
parameters of each sample inside.
"""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy
import xarray

from physics.names import COORDINATES
from zoo.models.phi_rom.functions_of_place import (
    functions_of_place,
    inside_alone,
    library,
    placed,
)
from zoo.models.phi_rom.smooth_part import smooth_part

if TYPE_CHECKING:
    from physics.system import System
    from symbolic import Discovery
    from zoo.models.phi_rom.model import PhiROM

TIMES, REACH = 101, 1.5  # of rollouts: how many, training horizons
SAMPLES = 16  # rollouts, with parameters spread over the range of the training
LOUD = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)  # noise added to rollouts, over their error
BETTER = 0.5  # ‖Ψ − α̇*‖/‖α̇*‖ below which something has been learnt; standing still has 1


def discover_law(
    model: "PhiROM", dataset: xarray.Dataset | None = None, engine: str = "auto", **options: Any
) -> "Discovery":
    """The Discovery on rollouts from the kept starts, or from the first fields of `dataset`.

    options: of symbolic.discover. `reason` says how far the law is from the model's equation.
    """
    import symbolic

    wrong = dynamics_error(model)
    if not wrong < BETTER:
        return _nothing(
            f"the model has learnt no dynamics: its latents move {wrong:.2g} of the solver's "
            f"projected rate away from it, standing still is 1 away"
        )
    rolled, system = rollouts(model, dataset), model.config.equation
    names = list(system.state_names)
    fields = np.stack([rolled[n].values for n in names], -1)
    part = smooth_part(fields, tuple(kind == "periodic" for kind in system.domain.kinds))
    if part is None:
        return _nothing("the rollouts are sharp everywhere, so that no term can be read off them")
    sides = zip(part[1:], fields.shape[2:-1], strict=True)
    everywhere = all(s in (slice(None), slice(0, n)) for s, n in sides)
    cut = dict(zip(("time", *COORDINATES[: system.dim]), part, strict=True))
    gap = (fields - solved(model, rolled))[(slice(None), *part)]
    level = np.sqrt((gap**2).mean(tuple(range(gap.ndim - 1))))
    some, rng = rolled.isel(cut), np.random.default_rng(options.get("seed", 0))
    noise = {n: a * rng.standard_normal(some[n].shape) for n, a in zip(names, level, strict=True)}
    places = functions_of_place(system)
    arrays = placed(places, some, system)
    some = some.drop_vars([n for n in model.config.parameters if inside_alone(n, places, system)])
    if not everywhere:
        some.attrs.pop("system", None)  # its walls are not those of a part
    options = {"library": library(system, arrays)} | options
    options |= {"auxiliary": arrays} if arrays else {}

    def found(loud: float) -> "Discovery":
        noisy = some.assign({n: some[n] + loud * noise[n] for n in names})
        return symbolic.discover(noisy, engine=engine, **options)

    return told(lasting(found), places, model, rolled)


def lasting(found: Callable[[float], "Discovery"]) -> "Discovery":
    """The first of `found(loud)`, louder and louder, whose law the next gives as well."""
    from symbolic import same_law

    before = found(LOUD[0])
    for loud in LOUD[1:]:
        now = found(loud)
        if before.best is not None and now.best is not None and same_law(now.best, before.best):
            return before
        before = now
    if before.best is None:
        return before
    return dataclasses.replace(before, chosen=None, reason="no law found: other noise, other law")


def rollouts(model: "PhiROM", dataset: xarray.Dataset | None = None) -> xarray.Dataset:
    """Autonomous rollouts on the solver's grid, over the training horizon and half as much again,
    from the first fields of `dataset`, else from kept starts with parameters of their range."""
    s, config = model.statistics(), model.config
    if dataset is None:
        begin, rng = float(s["begin"][0]), np.random.default_rng(0)
        first = model.predict(times=[begin], points=config.grid)
        rows = np.arange(SAMPLES) % len(s["starts"])
        dataset = first.isel(sample=rows).assign_coords(sample=np.arange(SAMPLES))
        for name in config.parameters:
            low, high = first[name].values.min(), first[name].values.max()
            spread = rng.permutation(np.linspace(low, high, SAMPLES))
            dataset[name] = ("sample", spread, first[name].attrs)
    times = float(dataset["time"].values.flat[0]) + np.linspace(0, REACH, TIMES) * s["horizon"][0]
    return model.predict(dataset, times=times, points=config.grid)


def solved(model: "PhiROM", rolled: xarray.Dataset) -> np.ndarray:
    """(sample, time, *space, state): the solver from the first fields of `rolled`."""
    from physics.solution import solve

    c = model.config
    names, times = c.equation.state_names, rolled["time"].values
    found = solve(
        c.equation, initial={n: rolled[n].values[:, 0] for n in names}, times=times - times[0],
        parameters={n: rolled[n].values for n in c.parameters}, resolution=c.grid,
        scheme=c.scheme, order=c.order or None,
    )  # fmt: skip
    return np.stack([found[n].values for n in names], -1)


def told(
    found: "Discovery", places: dict[str, sympy.Expr], model: "PhiROM", rolled: xarray.Dataset
) -> "Discovery":
    """The Discovery with functions of place written out, in the model's own box, and with the
    distance of the law from the model's equation."""
    import symbolic

    system = model.config.equation
    middle = {n: float(f"{np.median(rolled[n].values):.4g}") for n in model.config.parameters}
    reference = system.with_values(**middle)
    candidates = tuple(_written_out(c, places, reference) for c in found.candidates)
    found = dataclasses.replace(found, candidates=candidates)
    if found.best is None:
        return found
    against = symbolic.same_law(found.best, reference)
    return dataclasses.replace(found, reason=f"{found.reason}. Against the equation that the model "
                               f"was trained on: {against}")  # fmt: skip


def _written_out(candidate: Any, places: dict[str, sympy.Expr], system: "System") -> Any:
    from physics.tree import number

    law = candidate.law
    swap = {sympy.Symbol(n): e for n, e in places.items()}
    equations = {n: e.xreplace(swap) for n, e in law.equations.items()}
    held = {s.name for e in equations.values() for s in e.free_symbols}
    taken = {p.name for p in law.parameters}
    values = {sympy.Symbol(n): number(v) for n, v in system.values.items()}
    law = dataclasses.replace(
        law, equations=equations,
        parameters=[*law.parameters,
                    *(p for p in system.parameters if p.name in held and p.name not in taken)],
        controls=[c for c in law.controls if c.name not in places], domain=system.domain,
        boundary={s: c.xreplace(values) for s, c in system.boundary.items()},
        initial=system.initial, horizon=system.horizon,
    )  # fmt: skip

    def written(text: str) -> str:
        for name, expression in places.items():
            text = text.replace(name, str(expression))
        return text

    inclusion = {t: {written(k): v for k, v in row.items()} for t, row in
                 candidate.inclusion.items()}  # fmt: skip
    return dataclasses.replace(candidate, law=law, inclusion=inclusion)


# -- whether anything was learnt ---------------------------------------------------------------


def dynamics_error(model: "PhiROM") -> float:
    """Median of ‖Ψ − α̇*‖/‖α̇*‖ over the kept training latents with their parameters."""
    import jax
    import jax.numpy as jnp

    from zoo.models.phi_rom.decoders import features
    from zoo.models.phi_rom.dynamics import pace
    from zoo.models.phi_rom.losses import Physics, slopes_of
    from zoo.models.phi_rom.tendency import grid_places, scaled

    c, s, weights = model.config, model.statistics(), model.weights()
    physics = Physics(
        scaled(c, grid_places(c)), s["center"], s["scale"], s["clock"][0], s["value_center"],
        s["value_scale"],
    )  # fmt: skip
    latents, values = jnp.asarray(s["starts"]), jnp.asarray(s["start_values"])

    def one(latent, own):
        shared = features(c, weights["decoder"], physics.places)
        goal = slopes_of(c, weights["decoder"], latent, own, physics, shared).rate
        gap = pace(c, weights["dynamics"], latent, own) - goal
        return jnp.linalg.norm(gap) / (jnp.linalg.norm(goal) + 1e-12)

    errors = np.asarray(jax.jit(jax.vmap(one))(latents, values))
    return float(np.median(np.where(np.isfinite(errors), errors, np.inf)))


def _nothing(reason: str) -> "Discovery":
    from symbolic.provenance import versions
    from symbolic.result import Discovery

    return Discovery(
        candidates=(), chosen=None, reason=reason, null_directions=(), noise={},
        method="no search", seed=0, versions=versions(),
    )  # fmt: skip
