"""Training of a UPINN: data in, a new model with trained weights and the data's scales out."""

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray

from zoo.models.upinn import field_problem, problem
from zoo.models.upinn.evidence import default_rules, evidence_update, first_state
from zoo.models.upinn.field_evidence import field_update
from zoo.models.upinn.fields import all_field_residuals, field_functions
from zoo.models.upinn.residuals import all_residuals, pointwise
from zoo.models.upinn.start import fitted_to_data
from zoo.training.schedule import Schedule

if TYPE_CHECKING:
    from zoo.models.upinn.model import UPINN

HIDDEN_SCALES = ("input_center", "input_scale", "rate")  # a hidden term in physical units


def fit(
    model: "UPINN",
    data: xarray.Dataset,
    schedule: Schedule,
    *,
    initial: Any,
    rules: Any,
    scales: str,
    **run: Any,
) -> "UPINN":
    """See UPINN.fit; run: options of the training loop."""
    import jax

    from zoo.training import loop
    from zoo.training.fixed import FullBatch
    from zoo.training.updates import optax_update

    config = model.config
    if data.sizes.get("sample", 1) != config.trajectories:
        raise ValueError(
            f"the model has {config.trajectories} trajectories, the data "
            f"{data.sizes.get('sample', 1)}; use zoo.finetune, which makes new surrogates"
        )
    with jax.enable_x64(True):
        batch, s = read(model, data, initial, schedule.seed)
        if scales == "model":
            s = {k: v for k, v in s.items() if k not in HIDDEN_SCALES}
        own = np.stack([*batch["params"].values()] or [np.ones(len(batch["mask"]))], -1)
        model = model.put(statistics=s | {"known_values": own})
        fixed, weights = model.statistics(), model.weights()
        if scales == "model":
            weights |= {"surrogate": fitted_to_data(model, batch)}
        if schedule.optimiser == "levenberg-marquardt":
            rules = rules or default_rules(config, schedule.steps)
            make = field_update if model.field else evidence_update
            first, update = first_state(weights, rules), make(config, rules)
        elif schedule.optimiser == "adam":
            first, update = optax_update(lambda w, b, k: model.loss_of(w, b), weights, schedule)
        else:
            raise ValueError(
                f'unknown optimiser {schedule.optimiser!r}; one of "levenberg-marquardt", "adam"'
            )
        stream = FullBatch(batch | {"statistics": fixed})
        state = loop.run(
            first, update, stream, schedule, title="upinn", config=model.config_json(), **run
        )
        level = misfit(model, state["params"], batch, fixed)
    learnt = state.get("optimiser", {}) if isinstance(state["optimiser"], dict) else {}
    return model.put(
        weights=state.get("ema", state["params"]),
        statistics={
            "sigma": np.reshape(learnt.get("sigma", level), 1),
            "alpha": np.reshape(learnt.get("alpha", 1.0), 1),
        },
    )


def read(model: "UPINN", data: xarray.Dataset, initial: Any, seed: int) -> tuple[dict, dict]:
    """(batch, statistics) of the data."""
    config = model.config
    if not model.field:
        batch = problem.read(config, data, initial)
        return batch, problem.statistics(config, batch) | {"start": batch["start"]}
    if initial is not None:
        raise ValueError("initial= is for ODEs; the first field of a PDE stands in the data")
    batch = field_problem.read(config, data, seed)
    return batch, field_problem.statistics(config, batch)


def misfit(model: "UPINN", weights: dict, batch: dict, s: dict) -> float:
    """Root mean square of surrogate minus data, relative to the noise scale."""
    if model.field:
        parts = all_field_residuals(field_functions(model.config), weights, batch, s)
    else:
        parts = all_residuals(pointwise(model.config), weights, batch, s)
    return np.sqrt((np.asarray(parts[1]) ** 2).sum() / batch["mask"].sum())
