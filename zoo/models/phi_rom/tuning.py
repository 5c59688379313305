"""A Φ-ROM for another equation, parameter range or data set, from weights that were learnt."""

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray

from physics import arguments
from physics.system import System
from zoo.models.phi_rom.same_place import housed

if TYPE_CHECKING:
    from zoo.models.phi_rom.model import PhiROM

STEPS, RATE, OPTIMISER = 1300, 1e-2, "soap"
FRAMES = 51
SAMPLES = {1: 8, 2: 24, 3: 24}


def adapt(model: "PhiROM", system: System | None, **roles: Any) -> tuple:
    """(new model, TransferReport); see PhiROM.adapt."""
    import checkpoints
    from zoo.models.phi_rom.model import PhiROM
    from zoo.models.phi_rom.scaling import homogeneous

    config = model.config
    system = config.equation if system is None else arguments.system(system)
    if system.dim != config.equation.dim or len(system.states) != len(config.equation.states):
        raise ValueError(
            f"{system.name!r} has {len(system.states)} states in {system.dim} dimensions, the "
            f"model {len(config.equation.states)} in {config.equation.dim}; a decoder carries over "
            f"between as many of both"
        )
    kept = {f.name: getattr(config, f.name) for f in dataclasses.fields(config)} | roles
    kept.pop("system")
    if "parameters" not in roles:
        own = {p.name for p in system.parameters}
        kept["parameters"] = tuple(n for n in config.parameters if n in own)
    if "sized" not in roles:
        kept["sized"] = kept["homogeneous"] and (config.sized or not homogeneous(system))
    fresh = PhiROM.create(system, **kept)
    state = model.state()
    if fresh.config.sized and not config.sized:
        state = blind_to_size(state)
    merged, report = checkpoints.transfer(state, fresh.state())
    return fresh.put(merged), report


def blind_to_size(state: dict) -> dict:
    """The same weights, with Ψ's input for the size cut off: it was never taught what that says."""
    dynamics = dict(state["dynamics"])
    first = np.array(dynamics["kernel_0"])
    first[0] = 0.0
    return {**state, "dynamics": {**dynamics, "kernel_0": first}}


def prepared(
    model: "PhiROM",
    target: System | xarray.Dataset,
    system: System | None,
    steps: int | None,
    seed: int,
    samples: int | None,
) -> tuple:
    """(model to train, data, schedule, rules) of fine-tuning `model` to `target`."""
    from zoo.models.phi_rom.tuning_rules import rules_for
    from zoo.training.schedule import Schedule

    steps = STEPS if steps is None else arguments.whole(steps, "steps", 1)
    if isinstance(target, System):
        target = housed(target, model.config.equation, model.config.parameters)
    equation = target if isinstance(target, System) else system
    if equation is not None:
        model, _ = adapt(model, equation)
    if samples is None:
        samples = SAMPLES[model.config.equation.dim]
    data = simulated(model, seed, samples) if isinstance(target, System) else target
    schedule = Schedule(
        steps=steps, rate=RATE, optimiser=OPTIMISER, warmup=min(100, steps // 10),
        chunk=min(100, steps), save=1000, seed=arguments.whole(seed, "seed", 0),
    )  # fmt: skip
    return model, data, schedule, rules_for(model, steps)


def simulated(model: "PhiROM", seed: int, samples: int) -> xarray.Dataset:
    """Trajectories of the model's equation over its training horizon, on its solver's grid."""
    from physics.solution import solve

    config, horizon = model.config, float(model.statistics()["horizon"][0])
    ranged = [n for n in config.parameters if config.equation.parameter(n).low is not None
              and config.equation.parameter(n).high is not None]  # fmt: skip
    return solve(
        config.equation, samples=arguments.whole(samples, "samples", 1), seed=seed, vary=ranged,
        times=np.linspace(0.0, horizon, FRAMES), resolution=config.grid, scheme=config.scheme,
        order=config.order or None,
    )  # fmt: skip
