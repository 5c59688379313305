"""What a Φ-ROM says: latents of fields, fields of latents, forecasts at any point and time."""

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray

from physics import arguments
from physics.failures import BlowUp
from zoo.models.phi_rom import encoding, reading, rollout
from zoo.models.phi_rom.reading import Measured
from zoo.models.phi_rom.tendency import scaled

if TYPE_CHECKING:
    from zoo.models.phi_rom.model import PhiROM

WITHOUT_DATA = 51  # times of a forecast without data
REACH = 2.0  # training horizons that it covers


def encoded(
    model: "PhiROM", measured: Measured, starts: int | None = None, noise: Any = None
) -> encoding.Encoded:
    """latents (sample, time, latent) and misfit (sample, time) of every field.

    noise: deviation of the measurements, physical units, one for all states or one for each.
    """
    c, s = model.config, model.statistics()
    lead = measured.values.shape[:2]
    values, mask = normal(model, measured.values.reshape(-1, *measured.values.shape[2:]))
    found = encoding.encode(
        c, model.weights()["decoder"], s["anchors"], scaled(c, measured.places), values, mask,
        starts=encoding.STARTS if starts is None else starts,
        noise=c.prior or encoding.NOISE if noise is None else float(np.mean(noise / s["scale"])),
    )  # fmt: skip
    latents, misfit = np.asarray(found.latents), np.asarray(found.misfit)
    return encoding.Encoded(latents.reshape(*lead, -1), misfit.reshape(lead))


def normal(model: "PhiROM", values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(normalised values with zeros for gaps, mask), float32."""
    s, mask = model.statistics(), np.isfinite(values)
    scaled_values = np.where(mask, (values - s["center"]) / s["scale"], 0.0)
    return scaled_values.astype(np.float32), mask.astype(np.float32)


def encode(model: "PhiROM", data: xarray.Dataset) -> xarray.Dataset:
    """See PhiROM.encode."""
    measured = reading.read(model.config, data)
    found = encoded(model, measured)
    return xarray.Dataset(
        {"latent": (("sample", "time", "component"), found.latents),
         "misfit": (("sample", "time"), found.misfit)},
        coords={"time": measured.times, "sample": np.arange(len(found.latents))},
    )  # fmt: skip


def reconstruct(model: "PhiROM", data: xarray.Dataset, points: Any) -> xarray.Dataset:
    """See PhiROM.reconstruct."""
    measured = reading.read(model.config, data)
    places, axes = reading.targets(model.config, points, measured)
    latents = encoded(model, measured).latents
    return said(model, latents, measured.times, places, axes, measured.parameters)


def forecast(
    model: "PhiROM",
    data: xarray.Dataset | None,
    times: Any,
    points: Any,
    window: int | None = None,
    noise: float | None = None,
) -> xarray.Dataset:
    """See PhiROM.predict. Raises ValueError for a first field without any measurement."""
    c, s = model.config, model.statistics()
    if data is None:
        if window is not None:
            raise ValueError("window= speaks of data to assimilate; give a dataset")
        places, axes = reading.targets(c, points, None)
        span = np.linspace(0, REACH, WITHOUT_DATA) * s["horizon"][0]
        times = s["begin"][0] + span if times is None else arguments.increasing(times)
        values = s["start_values"]
        begin = float(s["begin"][0])
        _check_begin(times, begin)
        latents = followed(model, s["starts"], values, begin, times)
        own = values * s["value_scale"] + s["value_center"]
        return _bounded(said(model, latents, times, places, axes, own))
    measured = reading.read(c, data)
    places, axes = reading.targets(c, points, measured)
    times = measured.times if times is None else arguments.increasing(times)
    begin = float(measured.times[0])
    _check_begin(times, begin)
    if noise is not None:
        noise = arguments.real(noise, "noise", 0, strict=True)
    if window is None:
        first = measured._replace(times=measured.times[:1], values=measured.values[:, :1])
        found = encoded(model, first, noise=noise)
        _check_measured(found.misfit[:, 0])
        start = found.latents[:, 0]
    else:
        from zoo.models.phi_rom.assimilation import first_of_window

        start = first_of_window(model, measured, window, noise)
    latents = followed(model, start, model.standardised(measured.parameters), begin, times)
    return _bounded(said(model, latents, times, places, axes, measured.parameters))


def followed(model: "PhiROM", latents: Any, values: Any, begin: float, times: Any) -> np.ndarray:
    """Latents (sample, time, latent) at `times` from `latents` (sample, latent) at `begin`.

    Raises BlowUp where one is not finite.
    """
    c, times = model.config, np.asarray(times, np.float64)
    grid = times if times[0] == begin else np.concatenate([[begin], times])
    clock = model.statistics()["clock"][0]
    found = rollout.follow(c, model.weights()["dynamics"], clock, latents, values, grid)
    found = np.asarray(found)[:, len(grid) - len(times) :]
    _check_bounds(found, (1, 2))
    return found


def said(
    model: "PhiROM", latents: Any, times: np.ndarray, places: np.ndarray, axes: dict, values: Any
) -> xarray.Dataset:
    """Decoded fields as a Dataset, with `distance` (sample, time): how far a latent is from the
    mean training latent, 1 being the farthest seen in training."""
    c, s = model.config, model.statistics()
    fields = rollout.fields(c, model.weights()["decoder"], scaled(c, places), latents)
    fields = s["center"] + s["scale"] * fields.astype(np.float64)
    found = reading.dataset(c, fields, times, places, axes, np.asarray(values, np.float64))
    far = np.linalg.norm(np.asarray(latents) - s["anchors"][0], axis=-1) / s["radius"][0]
    found.attrs["farthest_latent"] = float(far.max())
    return found


def _check_begin(times: np.ndarray, begin: float) -> None:
    if times[0] < begin:
        raise ValueError(f"times begin at {times[0]:g}, before the first field at {begin:g}")


def _bounded(found: xarray.Dataset) -> xarray.Dataset:
    """The same; latents may be finite where what is decoded from them is not."""
    for field in found.data_vars.values():
        if "time" in field.dims:
            _check_bounds(field.values, tuple(range(1, field.ndim)))
    return found


def _check_bounds(found: np.ndarray, axes: tuple[int, ...]) -> None:
    if not np.isfinite(found).all():
        sample = int(np.argmin(np.isfinite(found).all(axes)))
        raise BlowUp(
            f"the latent of sample {sample} leaves all bounds: it left the fields of the training; "
            f"forecast less far, or fine-tune on more data"
        )


def _check_measured(misfit: np.ndarray) -> None:
    if np.isnan(misfit).any():
        raise ValueError(
            f"sample {int(np.argmax(np.isnan(misfit)))} has no measurement in its first field, so "
            f"there is nothing to start from; leave that time out, or give window="
        )
