"""Training of a Φ-ROM on a Dataset: statistics, first latents, the loop, what the model keeps."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray

from physics import arguments
from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.known_latents import known_latents
from zoo.models.phi_rom.lessons import taught
from zoo.models.phi_rom.losses import Physics, Seen
from zoo.models.phi_rom.moments import moments, size_of
from zoo.models.phi_rom.motions import motions
from zoo.models.phi_rom.optimiser import OPTIMISERS
from zoo.models.phi_rom.reading import Measured, read
from zoo.models.phi_rom.rules import Rules
from zoo.models.phi_rom.same_fields import alike
from zoo.models.phi_rom.starting_latents import principal
from zoo.models.phi_rom.strata import along_curve
from zoo.models.phi_rom.tendency import grid_places, scaled
from zoo.models.phi_rom.training import first_state, make_update
from zoo.training.schedule import Schedule

if TYPE_CHECKING:
    from zoo.models.phi_rom.model import PhiROM

LATER = 16  # times of the second horizon at which latents are kept as starts for encoding
FAR = 5.0  # radii of the training latents, beyond which they are not


def fit(
    model: "PhiROM",
    data: xarray.Dataset,
    schedule: Schedule,
    rules: Rules,
    *,
    scales: str = "data",
    folder: Path | str | None = None,
    resume: bool = False,
    progress: bool = True,
    command: str | None = None,
    watch: Any = None,
) -> "PhiROM":
    """A new model trained on the fields of `data`; see PhiROM.fit."""
    import dataclasses

    from zoo.training import loop
    from zoo.training.fixed import FullBatch

    config, measured = model.config, read(model.config, data)
    if schedule.optimiser not in OPTIMISERS:
        raise ValueError(
            f"a Φ-ROM is trained by one of {', '.join(OPTIMISERS)}, not {schedule.optimiser!r}"
        )
    if len(measured.times) < 2:
        raise ValueError("training needs fields at two times at least")
    if scales == "data":
        model = model.put(statistics=statistics_of(config, measured))
    batch = batch_of(model, measured)
    if rules.same:
        batch["same"] = alike(batch["seen"])
    rng = np.random.default_rng(schedule.seed)
    latents = first_latents(model, measured, batch, scales, rng, rules.first)
    params = {**model.weights(), "latents": latents}
    update = make_update(config, rules, schedule, len(latents))
    settings = {"model": model.config_json(), "rules": dataclasses.asdict(rules)}
    state = loop.run(
        first_state(config, params, rules, schedule.optimiser), update, FullBatch(batch), schedule,
        title=model.family, config=settings, folder=folder, resume=resume, progress=progress,
        command=command, watch=watch,
    )  # fmt: skip
    params = state["params"]
    if rules.rounds and rules.physics == "solver":
        params = {**params, "dynamics": taught(config, rules, params, batch, schedule.seed)}
    return trained(model, params, measured, rules)


def statistics_of(config: Config, measured: Measured) -> dict[str, np.ndarray]:
    """Center, scale, clock, parameter ranges of the data.

    Raises ValueError for a state that is never measured or never differs.
    """
    flat = measured.values.reshape(-1, measured.values.shape[-1])
    for i, name in enumerate(config.equation.state_names):
        if not np.isfinite(flat[:, i]).any():
            raise ValueError(f"the state {name!r} is never measured; measure it")
    center, scale = np.nanmean(flat, 0), np.nanstd(flat, 0)
    if config.walls or config.homogeneous:  # nought stays nought
        center, scale = np.zeros_like(center), np.sqrt(np.nanmean(flat**2, 0))
    held = measured.parameters
    spread = held.std(0) if held.size else np.zeros(0)
    span = measured.times[-1] - measured.times[0]
    return {
        "center": center, "scale": np.where(scale > 1e-12 * (1 + abs(center)), scale, 1.0),
        "clock": np.array([span / 2]), "begin": measured.times[:1], "horizon": np.array([span]),
        "value_center": _padded(held.mean(0)), "value_scale": _padded(np.where(spread > 0, spread,
                                                                              1.0), 1.0),
    }  # fmt: skip


def batch_of(model: "PhiROM", measured: Measured) -> dict[str, Any]:
    """What every update sees; see `make_update`."""
    config, s = model.config, model.statistics()
    samples, frames = measured.values.shape[:2]
    flat = measured.values.reshape(samples * frames, *measured.values.shape[2:])
    mask = np.isfinite(flat)
    sizes = np.where(mask, flat, 0.0) ** 2
    counted = mask.any(1)  # (snapshot, channel)
    typical = np.nanmean(flat**2, axis=(0, 1)) * np.maximum(mask.sum(1), 1)
    weight = counted * s["scale"] ** 2 / np.maximum(sizes.sum(1), 1e-4 * typical)
    normal = np.where(mask, (flat - s["center"]) / s["scale"], 0.0)
    values = model.standardised(measured.parameters)
    cast = lambda a: np.asarray(a, np.float32)  # noqa: E731
    physics = Physics(
        scaled(config, grid_places(config)), s["center"], s["scale"], s["clock"][0],
        s["value_center"], s["value_scale"],
    )  # fmt: skip
    seen = Seen(
        scaled(config, measured.places), cast(normal), None if mask.all() else cast(mask),
        cast(weight),
    )  # fmt: skip
    return {
        "seen": seen, "physics": Physics(*map(cast, physics)),
        "values": cast(np.repeat(values, frames, 0)),
        "starts": np.arange(samples, dtype=np.int32) * frames, "curve": along_curve(seen.places),
        "box": cast(np.stack([values.min(0), values.max(0)])),
        "span": np.float32(s["horizon"][0] / s["clock"][0]),
    }  # fmt: skip


def first_latents(
    model: "PhiROM", measured: Measured, batch: dict, scales: str, rng: Any, first: str
) -> np.ndarray:
    """Principal components or moments, or of a trained model what it encodes the snapshots as."""
    seen = batch["seen"]
    if scales == "model":
        return known_latents(model, measured, seen)
    if first == "moments":
        return moments(model.config, seen.places, seen.values, rng)
    found = principal(seen.values.reshape(len(seen.values), -1), model.config.latent, rng)
    if model.config.homogeneous:
        size = size_of(seen.values)[:, None]
        found = np.concatenate([size, found[:, :-1] / np.maximum(size, 1e-12)], 1)
    return found


def trained(model: "PhiROM", params: dict, measured: Measured, rules: Rules) -> "PhiROM":
    """The model with these weights, and with the latents that it keeps."""
    c, frames = model.config, len(measured.times)
    table = np.asarray(params["latents"])
    rows = np.arange(c.kept) % len(measured.values)
    values = model.standardised(measured.parameters)
    weights = {k: params[k] for k in ("decoder", "dynamics")}
    ahead = later(model, weights["dynamics"], table, values)
    kept = {
        "anchors": anchors_of(c, table, ahead, motions(c).latents if rules.symmetric else None),
        "starts": table[rows * frames],
        "start_values": values[rows],
        "radius": np.linalg.norm(table - table.mean(0), axis=1).max()[None],
    }  # fmt: skip
    return model.put(weights, kept)


def later(model: "PhiROM", dynamics: dict, table: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Latents (any, latent) of rollouts over the second training horizon, without those that ran
    away: one far off would be the whole prior of encoding."""
    from zoo.models.phi_rom.rollout import follow

    s = model.statistics()
    span = float(s["horizon"][0])
    times = np.concatenate([[0.0], np.linspace(span, 2 * span, LATER)])
    starts = table[:: len(table) // len(values)]
    found = np.asarray(follow(model.config, dynamics, s["clock"][0], starts, values, times))[:, 1:]
    flat = found.reshape(-1, found.shape[-1])
    center = table.mean(0)
    radius = np.linalg.norm(table - center, axis=1).max()
    return flat[np.linalg.norm(flat - center, axis=1) <= FAR * radius]


def anchors_of(config: Config, table: np.ndarray, ahead: np.ndarray, turns: Any) -> np.ndarray:
    """(anchor, latent): the mean training latent, training latents and, for a third, later ones.

    turns: (motion, latent, latent) under which they are seen in training, or None.
    """
    most = config.anchors - 1
    second = min(len(ahead), most // 3)
    mean = table.mean(0)
    parts = [mean[None] if turns is None else (turns.mean(0) @ mean)[None]]
    for rows, count in ((table, most - second), (ahead, second)):
        if count:
            some = rows[np.linspace(0, len(rows) - 1, count).astype(int)]
            if turns is not None:
                some = np.einsum("pij,pj->pi", turns[np.arange(count) % len(turns)], some)
            parts.append(some)
    return np.concatenate(parts)


def _padded(values: np.ndarray, fill: float = 0.0) -> np.ndarray:
    """At least one number: arrays without entries cannot be saved."""
    return values if values.size else np.full(1, fill)


def check_rules(given: Any) -> Rules:
    """`given` as Rules: None for the default, a mapping for some of them."""
    import dataclasses

    if isinstance(given, Rules):
        return given
    known = {f.name for f in dataclasses.fields(Rules)}
    values = arguments.mapping(given, "rules", "value")
    arguments.options(values, known, "the training of a Φ-ROM")
    return Rules(**values)
