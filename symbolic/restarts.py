"""Where and how far ahead a law is re-simulated: from the data again and again.

A law that is right to three digits still leaves a chaotic record after a while, so it is judged
half a decorrelation time ahead from many points of the record, beside one run over all of it.
"""

from dataclasses import dataclass

import numpy as np

MAX_STARTS = 256


@dataclass(frozen=True)
class Starts:
    """sample, index: (start,) rows and time entries from which to run.   steps: entries ahead."""

    sample: np.ndarray
    index: np.ndarray
    steps: int


def decorrelation_time(times: np.ndarray, values: np.ndarray) -> float:
    """Lag at which the autocorrelation vanishes first, averaged over samples and states [T].

    times: (time,).   values: (sample, time, state), NaN where not measured; gaps are bridged by
    straight lines. The length of the record if nothing in it changes.

    >>> t = np.linspace(0, 200, 2001)
    >>> round(4 * decorrelation_time(t, np.sin(t)[None, :, None]) / (2 * np.pi), 2)
    1.0
    """
    grid = np.linspace(times[0], times[-1], len(times))
    curves = []
    for series in np.moveaxis(values, 1, 2).reshape(-1, len(times)):
        known = np.isfinite(series)
        if known.sum() < 2:
            continue
        even = np.interp(grid, times[known], series[known])
        even = even - even.mean()
        scale = np.abs(even).max()
        if scale <= 1e-12 * np.abs(series[known]).max():
            continue
        spectrum = np.abs(np.fft.rfft(even / scale, 2 * len(grid))) ** 2
        curve = np.fft.irfft(spectrum)[: len(grid)]
        curves.append(curve / curve[0])
    if not curves:
        return float(times[-1] - times[0])
    mean = np.mean(curves, axis=0)
    k = int(np.argmax(mean < 0))  # there is one: without its mean, a series correlates to zero
    part = mean[k - 1] / (mean[k - 1] - mean[k])
    return float((k - 1 + part) * (grid[1] - grid[0]))


def windows(times: np.ndarray, values: np.ndarray, most: int) -> Starts:
    """Starts half a decorrelation time apart where all states are measured, `most` per sample."""
    ahead = decorrelation_time(times, values) / 2
    steps = int(np.clip(round(ahead / np.median(np.diff(times))), 1, len(times) - 1))
    most = max(1, min(most, MAX_STARTS // len(values)))
    complete = np.isfinite(values).all(axis=-1)
    measured = np.isfinite(values).any(axis=-1)
    samples, indices = [], []
    for sample, row in enumerate(complete):
        found = []
        for block in range(0, len(times) - steps, steps):
            inside = np.flatnonzero(row[block : min(block + steps, len(times) - steps)])
            if len(inside) and measured[sample, block + inside[0] + 1 :][:steps].any():
                found.append(block + inside[0])
        chosen = np.unique(np.linspace(0, len(found) - 1, min(most, len(found))).round())
        indices += [found[int(i)] for i in chosen]
        samples += [sample] * len(chosen)
    return Starts(np.array(samples, int), np.array(indices, int), steps)


def whole_record(values: np.ndarray) -> Starts:
    """One start per sample, the first entry with all states measured, to the end of the record."""
    complete = np.isfinite(values).all(axis=-1)
    samples = np.flatnonzero(complete[:, :-1].any(axis=1))
    first = complete[samples].argmax(axis=1)
    steps = values.shape[1] - 1 - int(first.min()) if len(first) else 1
    return Starts(samples, first, steps)


def ahead(values: np.ndarray, starts: Starts) -> np.ndarray:
    """The record from each start on, (start, steps + 1, state), NaN beyond its end."""
    entries = starts.index[:, None] + np.arange(starts.steps + 1)
    inside = entries < values.shape[1]
    found = values[starts.sample[:, None], np.minimum(entries, values.shape[1] - 1)]
    return np.where(inside[..., None], found, np.nan)
