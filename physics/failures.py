"""Runs that were asked for correctly and failed all the same (exit code 1, not 2)."""


class FailedRun(RuntimeError):
    """A computation that could not be finished; the message says why and what to try."""


class BlowUp(FailedRun):
    """A solution that left the range of floating-point numbers."""
