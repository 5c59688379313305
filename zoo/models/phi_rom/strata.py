"""Points of a step, one drawn from every stratum of space instead of anywhere.

A sum over points errs by how much a field varies within a stratum, not over the whole box; a step
that sees few points knows each part of it. Strata are runs of neighbours along a curve through the
points: along x in one dimension, along a Z-order curve in more.

Source: Morton (1966), A computer oriented geodetic data base; Cochran (1977), Sampling Techniques,
ch. 5.
"""

from typing import Any

import numpy as np

BITS = 10  # of a coordinate along the curve


def along_curve(places: np.ndarray) -> np.ndarray:
    """(point,) the points in the order of the curve; places: (point, dim), scaled to −1 … 1."""
    places = np.asarray(places, np.float64)
    if places.shape[1] == 1:
        return np.argsort(places[:, 0], kind="stable").astype(np.int32)
    cells = np.clip((places + 1) / 2 * 2**BITS, 0, 2**BITS - 1).astype(np.int64)
    code = np.zeros(len(places), np.int64)
    for bit in range(BITS):
        for axis in range(places.shape[1]):
            code |= ((cells[:, axis] >> bit) & 1) << (bit * places.shape[1] + axis)
    return np.argsort(code, kind="stable").astype(np.int32)


def one_of_each(curve: Any, uniform: Any, count: int) -> Any:
    """`count` points, one of every stratum; None for all, where there are no more.

    curve: (point,) their order, see `along_curve`.   uniform: (point,) numbers in [0, 1).
    """
    import jax.numpy as jnp

    points = curve.shape[0]
    if not count or count >= points:
        return None
    inside = (jnp.arange(count) + uniform[:count]) * (points / count)
    return curve[jnp.clip(inside.astype(jnp.int32), 0, points - 1)]
