"""Latents that tuning begins with: what the trained model encodes the new snapshots as, smoothed.

Fields that a decoder does not know are encoded here and there, wherever one of its own is least
far off; neither decoder nor Ψ can be led from such latents quickly. The smoothest latents that fit
nearly as well are taken: linear in as few principal components of the snapshots as leave a misfit
of at most `NEARLY` times that of the encoded ones; these themselves where no number of `TRIED`
does, or where they are smoother in time.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.models.phi_rom.reading import Measured
from zoo.models.phi_rom.starting_latents import components

if TYPE_CHECKING:
    from zoo.models.phi_rom.model import PhiROM

NEARLY = 1.5
TRIED = (8, 16, 32)
ROUNDING = 1e-4  # of the deviation of the first component: what float32 makes up


def known_latents(model: "PhiROM", measured: Measured, seen: Any) -> np.ndarray:
    """(snapshot, latent), float32; seen: the snapshots as training sees them, `losses.Seen`."""
    found = np.asarray(model.encoded(measured).latents).reshape(-1, model.config.latent)
    flat = np.asarray(seen.values).reshape(len(found), -1)
    most = NEARLY * misfit(model, found, seen)
    parts = components(flat, max(TRIED))
    spread = parts.std(0)
    parts = parts[:, spread > ROUNDING * spread.max()]
    for count in TRIED:
        rows = np.concatenate([np.ones((len(parts), 1)), parts[:, :count]], 1)
        smooth = (rows @ np.linalg.lstsq(rows, found, rcond=None)[0]).astype(np.float32)
        if misfit(model, smooth, seen) <= most:
            shape = (*measured.values.shape[:2], -1)
            return min(smooth, found, key=lambda z: roughness(z.reshape(shape)))
    return found


def roughness(latents: np.ndarray) -> float:
    """Mean second difference in time of latents (sample, time, latent); 0 of fewer than 3 times."""
    return float(np.abs(np.diff(latents, 2, axis=1)).mean()) if latents.shape[1] > 2 else 0.0


def misfit(model: "PhiROM", latents: np.ndarray, seen: Any) -> float:
    """√(Σ gap²/Σ u²) of what the latents are decoded to, normalised, at the measured points."""
    from zoo.models.phi_rom.rollout import fields

    gap = fields(model.config, model.weights()["decoder"], seen.places, latents) - seen.values
    if seen.mask is not None:
        gap = gap * seen.mask
    return float(np.sqrt((gap**2).sum() / np.maximum((np.asarray(seen.values) ** 2).sum(), 1e-30)))
