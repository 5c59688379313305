"""How far a long run is: a rich bar on a terminal, plain lines elsewhere, on stderr."""

import sys
import time


class Progress:
    """`with Progress("burgers.zarr", 100, True) as bar: bar.update(20, "2 failed")`."""

    def __init__(self, title: str, total: int, show: bool, every: float = 10.0):
        self.title, self.total, self.show, self.every = title, total, show, every
        self.bar = self.task = None
        self.last = time.monotonic()

    def __enter__(self) -> "Progress":
        if self.show and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self.bar = Progress(
                TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.0f}"
                "/{task.total:.0f}  {task.fields[note]}"), TimeRemainingColumn(),
                console=Console(stderr=True), transient=True,
            )  # fmt: skip
            self.bar.start()
            self.task = self.bar.add_task(self.title, total=self.total, note="")
        return self

    def __exit__(self, *_) -> None:
        if self.bar:
            self.bar.stop()

    def update(self, done: int, note: str = "") -> None:
        """Show that `done` of the total are there."""
        if self.bar:
            self.bar.update(self.task, completed=done, note=note)
        elif self.show and (time.monotonic() - self.last > self.every or done >= self.total):
            self.last = time.monotonic()
            print(
                f"{self.title}: {done}/{self.total}  {note}".rstrip(), file=sys.stderr, flush=True
            )

    def say(self, line: str) -> None:
        """Print one line, beside the bar where there is one."""
        if self.bar:
            self.bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        elif self.show:
            print(line, file=sys.stderr, flush=True)
