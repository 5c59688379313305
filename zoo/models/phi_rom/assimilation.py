"""Sensors over time: a latent fitted to a window of frames through Ψ, forecast, and fitted again.

In a window the latent α₀ at its first frame is sought, the others follow by Ψ:

    minimise Σⱼ ‖(D(x, α(tⱼ)) − yⱼ)/σ‖² + (α₀ − α_b)ᵀ P⁻¹ (α₀ − α_b).

α_b and P are the forecast of the window before and its covariance, P ← M H⁻¹ Mᵀ + Q with H the
Gauss-Newton Hessian there, M the derivative of the flow and Q the error of Ψ; the first window has
neither and is begun from the encoding of its first measured frame.

Source: Courtier, Thépaut & Hollingsworth (1994), doi:10.1002/qj.49712051912 (incremental 4D-Var).
"""

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray

from physics import arguments
from zoo.models.phi_rom import forecasting, reading
from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.decoders import decode, features
from zoo.models.phi_rom.dynamics import rate
from zoo.models.phi_rom.reading import Measured
from zoo.models.phi_rom.tendency import scaled

if TYPE_CHECKING:
    from zoo.models.phi_rom.model import PhiROM

WINDOW, ITERATIONS, SUBSTEPS = 5, 20, 4
NOISE = 0.02  # of the scale of a state, where the deviation of the sensors is not given
VAGUE = 10.0  # deviation of the first window's background, in radii of the training latents


class Analysis(NamedTuple):
    """latents: (sample, time, latent).   deviation: (sample, time), root of the mean posterior
    variance of a latent's entries at the first frame of its window."""

    latents: np.ndarray
    deviation: np.ndarray


def assimilate(
    model: "PhiROM",
    data: xarray.Dataset,
    *,
    window: int = WINDOW,
    noise: float | None = None,
    error: float = 0.02,
    points: Any = None,
) -> xarray.Dataset:
    """Fields estimated from the sensors of `data`, window after window, on the solver's grid or at
    `points` (as in `predict`); `latent` and `deviation` stand beside them.

    window: frames that are fitted together.   noise: deviation of the sensors, physical units.
    error: deviation of Ψ over a training horizon, in radii of the training latents.
    Raises ValueError where the first window of a sample holds no measurement.
    """
    measured = reading.read(model.config, data)
    places, axes = reading.targets(model.config, points, None)
    found = analysed(model, measured, window, noise, error)
    fields = forecasting.said(
        model, found.latents, measured.times, places, axes, measured.parameters
    )
    return fields.assign(
        latent=(("sample", "time", "component"), found.latents),
        deviation=(("sample", "time"), found.deviation),
    )


def first_of_window(
    model: "PhiROM", measured: Measured, window: int, noise: float | None
) -> np.ndarray:
    """Latents (sample, latent) at the first time, fitted to the first `window` frames."""
    window = arguments.whole(window, "window", 1)
    part = measured._replace(times=measured.times[:window], values=measured.values[:, :window])
    return analysed(model, part, len(part.times), noise, 0.0).latents[:, 0]


def analysed(
    model: "PhiROM", measured: Measured, window: int, noise: float | None, error: float
) -> Analysis:
    """The cycle over all windows; see `assimilate`."""
    c, s = model.config, model.statistics()
    window = min(arguments.whole(window, "window", 1), len(measured.times))
    error = arguments.real(error, "error", 0)
    sigma = NOISE * np.ones_like(s["scale"])
    if noise is not None:
        sigma = arguments.real(noise, "noise", 0, strict=True) / s["scale"]
    frames = len(measured.times)
    count = -(-frames // window)
    pad = count * window - frames
    values, mask = forecasting.normal(model, measured.values)
    values, mask = (np.pad(a, ((0, 0), (0, pad), (0, 0), (0, 0))) for a in (values, mask))
    if not mask[:, :window].any((1, 2, 3)).all():
        empty = int(np.argmin(mask[:, :window].any((1, 2, 3))))
        raise ValueError(
            f"sample {empty} has no measurement in its first window; give a longer window="
        )
    step = np.diff(measured.times)[-1] if frames > 1 else 1.0
    times = np.concatenate([measured.times, measured.times[-1] + step * np.arange(1, pad + 1)])
    clock = ((times - times[0]) / s["clock"][0]).reshape(count, window)
    ends = np.append(clock[1:, 0], clock[-1, -1])
    radius = float(s["radius"][0])
    drift = (error * radius) ** 2 * (ends - clock[:, 0]) * s["clock"][0] / s["horizon"][0]
    split = lambda a: a.reshape(len(a), count, window, *a.shape[2:]).swapaxes(0, 1)  # noqa: E731
    begin, run = _begin(model, measured, window, sigma * s["scale"]), _cycle(c, window)
    latents, deviation = run(
        model.weights(), np.asarray(scaled(c, measured.places)), split(values), split(mask),
        model.standardised(measured.parameters), begin,
        clock.astype(np.float32), ends.astype(np.float32), drift.astype(np.float32),
        sigma.astype(np.float32), np.float32(VAGUE * radius),
    )  # fmt: skip
    joined = np.asarray(latents).swapaxes(0, 1).reshape(len(values), count * window, -1)
    spread = np.repeat(np.asarray(deviation).T, window, axis=1)
    return Analysis(joined[:, :frames], spread[:, :frames])


def _begin(model: "PhiROM", measured: Measured, window: int, noise: np.ndarray) -> np.ndarray:
    """Latents at the first time: of the first measured frame, taken back to it by Ψ."""
    misfits, latents = [], []
    for frame in range(window):
        one = measured._replace(
            times=measured.times[frame : frame + 1], values=measured.values[:, frame : frame + 1]
        )
        found = forecasting.encoded(model, one, noise=noise)
        misfits.append(found.misfit[:, 0])
        latents.append(found.latents[:, 0])
        if np.isfinite(np.stack(misfits)).any(0).all():
            break
    first = np.argmax(np.isfinite(np.stack(misfits)), axis=0)
    return np.stack(latents)[first, np.arange(len(first))]


@functools.lru_cache(maxsize=16)
def _cycle(config: Config, window: int) -> Any:
    import jax
    import jax.numpy as jnp

    k = config.latent

    def flow(weights, latent, own, span):
        """The latent `span` clocks later, by classical Runge-Kutta."""
        h = span / SUBSTEPS

        def step(a, _):
            r1 = rate(config, weights, a, own)
            r2 = rate(config, weights, a + h / 2 * r1, own)
            r3 = rate(config, weights, a + h / 2 * r2, own)
            r4 = rate(config, weights, a + h * r3, own)
            return a + h / 6 * (r1 + 2 * r2 + 2 * r3 + r4), None

        return jax.lax.scan(step, latent, None, length=SUBSTEPS)[0]

    def path(weights, latent, own, clock):
        def step(a, span):
            a = flow(weights, a, own, span)
            return a, a

        spans = jnp.diff(clock, prepend=clock[:1])
        return jax.lax.scan(step, latent, spans)[1]

    def fitted(weights, shared, values, mask, own, clock, start, background, precision, sigma):
        def gap(a):
            along = path(weights["dynamics"], a, own, clock)
            said = jax.vmap(lambda b: decode(config, weights["decoder"], shared, b))(along)
            return ((said - values) * mask / sigma).reshape(-1)

        def cost(a):
            return (gap(a) ** 2).sum() + (a - background) @ precision @ (a - background)

        def hessian(a):
            slopes = jax.jacfwd(gap)(a)
            return slopes, slopes.T @ slopes + precision

        def step(carry, _):
            a, here, damping = carry
            slopes, system = hessian(a)
            slope = gap(a) @ slopes + precision @ (a - background)
            scale = jnp.trace(system) / k
            damped = system + damping * (jnp.diag(jnp.diag(system)) + 1e-3 * scale * jnp.eye(k))
            there = a - jax.scipy.linalg.solve(damped, slope, assume_a="pos")
            after = cost(there)
            better = after < here
            damping = jnp.clip(jnp.where(better, damping / 5, damping * 4), 1e-7, 1e7)
            return (jnp.where(better, there, a), jnp.where(better, after, here), damping), None

        first = (start, cost(start), jnp.asarray(1e-2, start.dtype))
        (latent, _, _), _ = jax.lax.scan(step, first, None, length=ITERATIONS)
        return latent, hessian(latent)[1]

    def run(weights, places, values, mask, own, begin, clock, ends, drift, sigma, vague):
        shared = features(config, weights["decoder"], places)
        identity = jnp.eye(k, dtype=begin.dtype)

        def one(latent, background, precision, values, mask, own, clock, end, drift):
            latent, system = fitted(
                weights, shared, values, mask, own, clock, latent, background, precision, sigma
            )
            along = path(weights["dynamics"], latent, own, clock)
            ahead = functools.partial(flow, weights["dynamics"], own=own, span=end - clock[-1])
            # float32: a floor keeps the inverse of a nearly singular Hessian positive
            covariance = jnp.linalg.inv(system + 1e-6 * jnp.trace(system) / k * identity)
            whole = jax.jacfwd(lambda a: ahead(path(weights["dynamics"], a, own, clock)[-1]))
            moved = whole(latent)
            spread = moved @ covariance @ moved.T + (drift + 1e-8) * identity
            after = ahead(along[-1])
            deviation = jnp.sqrt(jnp.trace(covariance) / k)
            return after, jnp.linalg.inv(spread), along, deviation

        def cycle(carry, inputs):
            background, precision = carry
            values, mask, clock, end, drift = inputs
            after, tighter, along, deviation = jax.vmap(one, (0, 0, 0, 0, 0, 0, None, None, None))(
                background, background, precision, values, mask, own, clock, end, drift
            )
            return (after, tighter), (along, deviation)

        loose = jnp.broadcast_to(identity / vague**2, (len(begin), k, k))
        return jax.lax.scan(cycle, (begin, loose), (values, mask, clock, ends, drift))[1]

    return jax.jit(run)
