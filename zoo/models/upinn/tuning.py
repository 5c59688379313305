"""A UPINN for another equation or other data, with the hidden term that was learnt.

Of an ODE on the "time" clock surrogates are made anew and the hidden term acts between normalised
inputs and rates, so it carries over to other units. Otherwise (PDEs, the "log" clock) it keeps its
physical units, and the surrogates begin as those that were learnt.
"""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray

from physics import arguments
from physics.system import System
from zoo.models.upinn.config import Config

if TYPE_CHECKING:
    from zoo.models.upinn.model import UPINN


def adapt(model: "UPINN", known: System, *, trajectories: int, seed: int, **options: Any) -> tuple:
    """(new model, TransferReport); states take over their roles in order.

    Raises ValueError for a known part of another dimension or with another number of states.
    """
    import checkpoints
    from zoo.models.upinn.fitting import HIDDEN_SCALES
    from zoo.models.upinn.model import UPINN

    arguments.system(known, "known")
    config = model.config
    if known.dim != config.system.dim:
        kinds = [f"a PDE in {dim}-D" if dim else "an ODE" for dim in (known.dim, config.system.dim)]
        raise ValueError(
            f"{known.name!r} is {kinds[0]}, the model is of {kinds[1]}; a hidden term carries over "
            f"between equations of the same kind"
        )
    names, old = known.state_names, config.system.state_names
    if len(names) != len(old):
        raise ValueError(
            f"{known.name!r} has {len(names)} states, the model {len(old)} "
            f"({', '.join(old)}); they take over roles in order"
        )
    roles = dict(zip(old, names, strict=True))
    kept = dataclasses.asdict(config)
    kept["inputs"] = tuple(_renamed(n, roles, config) for n in config.inputs)
    kept["outputs"] = tuple(roles[n] for n in config.outputs)
    kept |= {"trajectories": trajectories} | options
    fresh = UPINN.create(known, seed=seed, **{k: v for k, v in kept.items() if k != "known"})
    held = HIDDEN_SCALES if model.scaled else ()
    skip = ("surrogate", *(n for n in model.statistics() if n not in held))
    merged, report = checkpoints.transfer(model.state(), fresh.state(), skip=skip)
    if model.scaled:
        merged["surrogate"] = _repeated(model.state()["surrogate"], merged["surrogate"])
    return fresh.with_state(merged), report


def prepared(
    model: "UPINN",
    target: System | xarray.Dataset,
    known: System | None,
    steps: int | None,
    seed: int,
    noise: str | None,
) -> tuple:
    """(model to train, data, schedule, options of `fit`) of fine-tuning `model` to `target`."""
    from physics.solution import solve
    from zoo.models.upinn.evidence import tuning_rules
    from zoo.models.upinn.model import DEFAULT

    known = model.config.system if known is None else arguments.system(known, "known")
    steps = DEFAULT.steps if steps is None else arguments.whole(steps, "steps", 1)
    seed = arguments.whole(seed, "seed", 0)
    data = solve(target, samples=3, seed=seed) if isinstance(target, System) else target
    options = {"noise": noise} if noise else {}
    samples = data.sizes.get("sample", 1)
    fresh, _ = model.adapt(known, trajectories=samples, seed=seed, **options)
    schedule = dataclasses.replace(DEFAULT, steps=steps, seed=seed)
    if not model.scaled:
        return fresh, data, schedule, {}
    rules = tuning_rules(model.config, steps, model.statistics())
    return fresh, data, schedule, {"scales": "model", "rules": rules}


def _repeated(old: Any, new: Any) -> Any:
    """The surrogates `old`, repeated in turn to as many as `new`, where their shapes agree."""
    if isinstance(new, dict):
        return {k: _repeated(old[k], v) for k, v in new.items()}
    fits = old.shape[1:] == new.shape[1:]
    return old[np.arange(len(new)) % len(old)] if fits else new


def _renamed(name: str, states: Mapping[str, str], config: Config) -> str:
    """A hidden input with its state renamed: u_x -> h_x."""
    symbol = config.symbols[name]
    if not hasattr(symbol, "index") or name in states:
        return states.get(name, name)
    return f"{states[symbol.field]}_{''.join(symbol.index)}"
