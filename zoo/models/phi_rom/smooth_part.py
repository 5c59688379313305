"""The part of fields, in space and time, that holds no shock: what pointwise terms can be read off.

A cell is sharp where the second difference of neighbours is a good part of the range of the field.
Space and time are cut into blocks, and the largest box of blocks that no sharp cell comes near is
taken, the same for all samples.
"""

import itertools

import numpy as np

BENT = 0.06  # second difference, relative to the range of the field, that is sharp
NEAR = 4  # cells around a sharp one that are left out too
BLOCKS = {1: 24, 2: 8, 3: 5}  # per axis, time among them
LEAST_TIMES, LEAST_POINTS = 16, 24


def smooth_part(fields: np.ndarray, periodic: tuple[bool, ...]) -> tuple[slice, ...] | None:
    """Slices of time and of every coordinate; all of each where nothing is sharp, None where
    nothing is smooth.   fields: (sample, time, *space, state).
    """
    sharp = sharp_cells(fields, periodic)
    if not sharp.any():
        return tuple(slice(None) for _ in sharp.shape)
    blocks = BLOCKS[len(periodic)]
    edges = [np.unique(np.linspace(0, n, blocks + 1).astype(int)) for n in sharp.shape]
    counts = sharp.astype(np.int64)
    for axis, edge in enumerate(edges):
        summed = np.insert(counts.cumsum(axis), 0, 0, axis)
        counts = summed.take(edge, axis)
    least = (LEAST_TIMES, *[LEAST_POINTS] * len(periodic))
    spans = []
    for edge, few in zip(edges, least, strict=True):
        low, high = np.triu_indices(len(edge), 1)
        long = edge[high] - edge[low] >= few
        spans.append((low[long], high[long]))
    inside: np.ndarray | int = 0
    for ends in itertools.product((0, 1), repeat=len(spans)):
        corner = np.ix_(*(span[end] for span, end in zip(spans, ends, strict=True)))
        inside = inside + (-1) ** (len(ends) - sum(ends)) * counts[corner]
    size = np.ones((), float)
    for edge, (low, high) in zip(edges, spans, strict=True):
        size = np.multiply.outer(size, (edge[high] - edge[low]) / edge[-1])
    size = np.where(inside == 0, size, 0.0)
    if not size.size or size.max() == 0:
        return None
    best = np.unravel_index(int(size.argmax()), size.shape)
    found = zip(edges, spans, best, strict=True)
    return tuple(slice(int(e[low[i]]), int(e[high[i]])) for e, (low, high), i in found)


def sharp_cells(fields: np.ndarray, periodic: tuple[bool, ...]) -> np.ndarray:
    """(time, *space): whether any state of any sample bends sharply near that cell."""
    from scipy.ndimage import maximum_filter

    spread = np.ptp(fields.reshape(-1, fields.shape[-1]), axis=0) + 1e-300
    found = np.zeros(fields.shape[1:-1], bool)
    for axis, around in enumerate(periodic):
        ends = [(0, 0)] * fields.ndim
        ends[axis + 2] = (1, 1)
        odd = {
            "mode": "reflect",
            "reflect_type": "odd",
        }  # straight on: beyond a wall nothing is known
        wide = np.pad(fields, ends, **({"mode": "wrap"} if around else odd))
        bent = np.abs(np.diff(wide, 2, axis=axis + 2)) / spread
        found |= (bent > BENT).any((0, -1))
    modes = ["nearest", *("wrap" if around else "nearest" for around in periodic)]
    width = [1, *[2 * NEAR + 1] * len(periodic)]
    return maximum_filter(found.astype(np.uint8), size=width, mode=modes) > 0
