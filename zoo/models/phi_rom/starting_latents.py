"""Where the latents of a training set begin: the leading principal components of its snapshots.

They vary smoothly in time and tell snapshots apart from the first step on. Equal latents (zeros)
give a Jacobian of rank one at first; random ones have no order in time.
"""

import numpy as np

JITTER = 1e-2  # of the components that the data do not have


def principal(snapshots: np.ndarray, latent: int, rng: np.random.Generator) -> np.ndarray:
    """snapshots: (snapshot, number), gaps as zeros -> (snapshot, latent), each column of unit
    deviation or smaller: a column's size falls with the square root of its singular value."""
    found = components(snapshots, latent)
    spread = found.std(0)
    size = (spread / max(spread.max(), 1e-300)) ** 0.5
    found = found / np.maximum(spread, 1e-300) * size
    found = np.concatenate([found, np.zeros((len(found), latent - found.shape[1]))], 1)
    return (found + JITTER * rng.standard_normal(found.shape)).astype(np.float32)


def components(snapshots: np.ndarray, count: int) -> np.ndarray:
    """snapshots: (snapshot, number) -> (snapshot, at most `count`) leading principal components."""
    centred = snapshots - snapshots.mean(0)
    rows = min(len(centred), 4000)
    some = centred[np.linspace(0, len(centred) - 1, rows).astype(int)]
    if some.shape[1] <= rows:
        energy, modes = np.linalg.eigh(some.T @ some)
    else:
        energy, left = np.linalg.eigh(some @ some.T)
        modes = some.T @ left / np.sqrt(np.maximum(energy, 1e-12 * energy.max() + 1e-300))
    return centred @ modes[:, np.argsort(energy)[::-1][:count]]
