"""Sparse sums fitted to labels of which some are only known to lie beyond a bound.

Where a teacher's action is beyond the range of its control, any value beyond the bound acts alike:
such a label is the interval from the bound to infinity, and the fit is the least squares distance
to all intervals, a convex problem, solved by turns (labels on the near side are moved to the value
that is said, then least squares). Terms go one by one, each time the one that is missed least.

Source: Tobin (1958), doi:10.2307/1907382 (censored labels); Dempster, Laird & Rubin (1977),
doi:10.1111/j.2517-6161.1977.tb01600.x (by turns); backward elimination is textbook.
"""

from collections.abc import Sequence

import numpy as np

TURNS = 30  # of the first fit; those after a term went begin where the last ones ended
FEW = 3
RIDGE = 1e-8  # on unit columns


def eliminated(
    terms: np.ndarray, labels: np.ndarray, low: np.ndarray, high: np.ndarray, sizes: Sequence[int]
) -> list[np.ndarray]:
    """Coefficients (output, term) with as many of them not zero as each of `sizes`, largest first.

    terms: (row, term).   labels: (row, output).   low, high: (output,) beyond which a label stands
    for all values beyond.
    """
    columns = np.sqrt((terms**2).mean(0)) + 1e-12
    x = terms / columns
    gram = x.T @ x / len(x) + RIDGE * np.eye(x.shape[1])
    aimed = np.clip(labels, low, high)
    weight = 1 / (aimed.var(0) + 1e-12)
    kept = np.ones((labels.shape[1], x.shape[1]), bool)
    found, values = [], np.zeros(kept.shape)
    loss = np.empty(kept.shape)
    for k in range(len(kept)):
        values[k], aimed[:, k], loss[k] = _fit(
            x, gram, aimed[:, k], labels[:, k], low[k], high[k], kept[k], TURNS
        )
    for count in range(kept.sum(), 0, -1):
        if count in sizes:
            found.append(values / columns)
        k, j = np.unravel_index((loss * weight[:, None]).argmin(), kept.shape)
        kept[k, j] = False
        values[k], aimed[:, k], loss[k] = _fit(
            x, gram, aimed[:, k], labels[:, k], low[k], high[k], kept[k], FEW
        )
    return found


def _fit(x, gram, aimed, labels, low, high, kept, turns):
    """(values (term,), labels aimed at, loss of each term) of one output with the terms kept."""
    values, loss = np.zeros(len(kept)), np.full(len(kept), np.inf)
    if not kept.any():
        return values, aimed, loss
    inverse = np.linalg.inv(gram[np.ix_(kept, kept)])
    part = x[:, kept]
    for _ in range(turns):
        value = inverse @ (part.T @ aimed) / len(x)
        said = part @ value
        below = np.where(labels <= low, np.minimum(said, low), labels)
        aimed = np.where(labels >= high, np.maximum(said, high), below)
    values[kept] = value
    loss[kept] = value**2 / inverse.diagonal()
    return values, aimed, loss
