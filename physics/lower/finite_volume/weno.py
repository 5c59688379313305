"""WENO5: the value of a function at a cell face from five neighbours, away from jumps.

Three parabolas are weighted by (1/10, 6/10, 3/10) where the data are smooth, which gives order 5;
a parabola that crosses a jump loses its weight.

Source: Jiang & Shu (1996), Efficient implementation of weighted ENO schemes,
doi:10.1006/jcph.1996.0130.
"""

from collections.abc import Sequence
from typing import Any

LINEAR = (0.1, 0.6, 0.3)
SENSITIVITY = 1e-6
SMALLEST = 1e-30


def weno5(values: Sequence[Any], scale: Any) -> Any:
    """Face value to the right of the middle one of five neighbouring `values` (upwind to the left).

    scale: typical value of the squared function; jumps far below it count as smooth.
    """
    a, b, c, d, e = values
    parabolas = (
        (2 * a - 7 * b + 11 * c) / 6,
        (-b + 5 * c + 2 * d) / 6,
        (2 * c + 5 * d - e) / 6,
    )
    roughness = (
        13 / 12 * (a - 2 * b + c) ** 2 + (a - 4 * b + 3 * c) ** 2 / 4,
        13 / 12 * (b - 2 * c + d) ** 2 + (b - d) ** 2 / 4,
        13 / 12 * (c - 2 * d + e) ** 2 + (3 * c - 4 * d + e) ** 2 / 4,
    )
    smooth = SENSITIVITY * scale + SMALLEST
    weights = [w / (1 + r / smooth) ** 2 for w, r in zip(LINEAR, roughness, strict=True)]
    total = weights[0] + weights[1] + weights[2]
    return sum(w * p for w, p in zip(weights, parabolas, strict=True)) / total


def constant(values: Sequence[Any], scale: Any) -> Any:
    """The middle value itself: the first-order upwind scheme."""
    return values[2]
