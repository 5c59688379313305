"""Runs that were asked for correctly and failed all the same (exit code 1, not 2)."""

from collections.abc import Iterable


class FailedRun(RuntimeError):
    """A computation that could not be finished; the message says why and what to try."""


class BlowUp(FailedRun):
    """A solution that left the range of floating-point numbers.

    samples: which trajectories of the run did, counted from 0.
    """

    def __init__(self, message: str, samples: Iterable[int] = ()):
        super().__init__(message)
        self.samples = tuple(int(sample) for sample in samples)
