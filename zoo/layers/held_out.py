"""What a window forecaster keeps aside: data to choose on, and pieces to be judged with."""

import numpy as np

from zoo.layers.windows import Record, WindowConfig

SEGMENTS = 16  # pieces of held-out data that a model keeps, to speak and to be judged without data
FOLLOWING = 16  # states after the window in each of them


def divided(config: WindowConfig, record: Record) -> tuple[Record, Record]:
    """(training record, held-out record)."""
    samples, count = record.values.shape[:2]
    if samples >= 5:
        last = max(1, samples // 5)
        parts = (slice(None, -last), slice(-last, None))
        return tuple(Record(record.times, record.values[p], record.environment[p]) for p in parts)
    tail = max(config.window + 1, count // 5)
    if count - tail < config.window + 1:  # too short to divide: judged on what it is trained on
        return record, record
    return (
        Record(record.times[:-tail], record.values[:, :-tail], record.environment),
        Record(record.times[-tail:], record.values[:, -tail:], record.environment),
    )


def segments(config: WindowConfig, *records: Record) -> tuple[np.ndarray, np.ndarray]:
    """(pieces (SEGMENTS, N + FOLLOWING, state), their environments) of the first record that has
    complete ones; where all are too short, shortened ones with gaps at the end."""
    wanted = config.window + FOLLOWING
    for length in range(wanted, config.window, -1):
        for record in records:
            if record.values.shape[1] < length:
                continue
            pieces = np.lib.stride_tricks.sliding_window_view(record.values, length, axis=1)
            pieces = np.moveaxis(pieces, -1, 2)
            sample = np.repeat(np.arange(len(pieces)), pieces.shape[1])
            pieces = pieces.reshape(-1, *pieces.shape[2:])
            whole = np.flatnonzero(np.isfinite(pieces).all((1, 2)))
            if len(whole):
                pick = whole[np.linspace(0, len(whole) - 1, SEGMENTS).astype(int)]
                gap = np.full((SEGMENTS, wanted - length, pieces.shape[-1]), np.nan)
                environment = record.environment[sample[pick]].astype(np.float64)
                return np.concatenate([pieces[pick], gap], 1), environment
    raise ValueError("no complete window is left in the data")
