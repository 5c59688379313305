"""How far a long fit is: one line on stderr, once it has taken longer than a moment."""

import sys
import time

PATIENT = 3.0  # seconds that need no explanation
EVERY = 5.0


class Stages:
    """Writes what it is told; on a terminal the line is overwritten and wiped at the end."""

    def __init__(self, title: str):
        self.title, self.width = title, 0
        self.begun = self.last = time.monotonic()

    def __enter__(self) -> "Stages":
        return self

    def __exit__(self, *_) -> None:
        if self.width:
            print("\r" + " " * self.width, end="\r", file=sys.stderr, flush=True)

    def show(self, note: str) -> None:
        """Write `note`, unless the last one has just been written."""
        now = time.monotonic()
        if now - self.begun < PATIENT or now - self.last < EVERY * (not sys.stderr.isatty()):
            return
        self.last = now
        line = f"{self.title}: {note}, {now - self.begun:.0f} s"
        if sys.stderr.isatty():
            print("\r" + line.ljust(self.width), end="", file=sys.stderr, flush=True)
            self.width = len(line)
        else:
            print(line, file=sys.stderr, flush=True)
