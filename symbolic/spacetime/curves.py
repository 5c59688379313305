"""Coefficients of fields along time as smooth curves with errors, all at once.

Every coefficient is a series of its own with the noise and roughness that its restricted
likelihood prefers, shared by all samples; those that are noise are dropped.

Source: Wahba (1985), doi:10.1214/aos/1176349743; see symbolic.derivatives for one series.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from symbolic.derivatives import ORDER
from symbolic.spacetime.demmler import WARPS, Demmler, demmler_reinsch

LAMBDAS = 80
LOOSEST = 4.0  # waves beyond a parabola that stay free: short transients are no parabolas
LONGEST = 100  # times per curve; longer records are cut
NOISE = 0.7  # share of the standard deviation beyond which a coefficient is noise
FLOOR = 1e-9  # coefficients below this share of the largest are rounding


@dataclass(frozen=True)
class Piece:
    """One stretch of one sample. mean: (node, coefficient) of the kept ones.

    forms: splines in several measures of time.   which: (coefficient,), the form of each.
    shrink: (3 + rough, coefficient), how much of each parabola (all) and wave is kept.
    noise: (coefficient,), standard deviation of their measurement.
    """

    sample: int
    nodes: np.ndarray
    mean: np.ndarray
    forms: Sequence[Demmler]
    which: np.ndarray
    shrink: np.ndarray
    noise: np.ndarray

    def freedom(self, column: int) -> float:
        """Degrees of freedom that the data hold."""
        return float(self.shrink[:, column].sum())


@dataclass(frozen=True)
class Curves:
    """pieces; kept: which coefficients.   level: noise relative to the field [-]."""

    pieces: list[Piece]
    kept: np.ndarray
    level: float


def smooth(times: np.ndarray, coefficients: np.ndarray) -> Curves:
    """Curves of `coefficients` (sample, time, coefficient)."""
    count = max(1, -(-len(times) // LONGEST))
    spans = np.array_split(np.arange(len(times)), count)
    spread = np.sqrt((coefficients**2).mean((0, 1)))
    fits = []
    for number, span in enumerate(spans):
        forms = [demmler_reinsch(times[span], w) for w in (WARPS if number == 0 else WARPS[:1])]
        fits.append((forms, *_chosen(forms, coefficients[:, span])))
    heard = [
        noise < NOISE * np.sqrt((coefficients[:, s] ** 2).mean((0, 1)))
        for (*_, noise), s in zip(fits, spans, strict=True)
    ]
    kept = np.flatnonzero(np.any(heard, axis=0) & (spread > FLOOR * spread.max()))
    pieces = []
    for (forms, which, lam, noise), span in zip(fits, spans, strict=True):
        which, lam = which[kept], lam[kept]
        nodes = [np.concatenate([f.parabolas, f.waves], axis=1) for f in forms]
        rough = np.stack([f.rough for f in forms], -1)[:, which]
        shrink = np.concatenate([np.ones((ORDER, len(kept))), 1 / (1 + lam * rough)])
        for i in range(len(coefficients)):
            series = coefficients[i, span][:, kept]
            mean = np.empty_like(series)
            for w, basis in enumerate(nodes):
                mine = which == w
                mean[:, mine] = basis @ (shrink[:, mine] * (basis.T @ series[:, mine]))
            pieces.append(Piece(i, times[span], mean, forms, which, shrink, noise[kept]))
    pieces.sort(key=lambda p: (p.sample, p.nodes[0]))
    squares = np.mean([noise**2 for *_, noise in fits], axis=0)
    return Curves(pieces, kept, float(np.sqrt(squares.sum() / max((spread**2).sum(), 1e-300))))


def _chosen(forms: Sequence[Demmler], coefficients: np.ndarray) -> tuple[np.ndarray, ...]:
    """(form, λ, noise) per coefficient of the largest restricted likelihood of all samples."""
    found = [_reml(form, coefficients) for form in forms]
    which = np.argmin([f[0] for f in found], axis=0)
    columns = np.arange(len(which))
    return which, *(np.stack([f[i] for f in found])[which, columns] for i in (1, 2))


def _reml(form: Demmler, coefficients: np.ndarray) -> tuple[np.ndarray, ...]:
    """(−2 log likelihood, λ, noise) per coefficient at the best λ."""
    wavy = np.einsum("tr,stk->rsk", form.waves, coefficients)
    power, samples = (wavy**2).sum(1), len(coefficients)
    lams = np.geomspace(1e-4 / form.rough.max(), 1e4 / form.rough[form.rough > 0].min(), LAMBDAS)
    lams = lams[(1 / (1 + lams[:, None] * form.rough)).sum(1) >= LOOSEST]
    share = lams[:, None] * form.rough
    share = share / (1 + share)
    total = (coefficients**2).sum((0, 1))
    squares = np.maximum(share @ power, 1e-26 * total + 1e-300)
    rows = samples * len(form.rough)
    likelihood = rows * np.log(squares) - samples * np.log(share).sum(1)[:, None]
    best, columns = likelihood.argmin(0), np.arange(power.shape[1])
    return likelihood[best, columns], lams[best], np.sqrt(squares[best, columns] / rows)
