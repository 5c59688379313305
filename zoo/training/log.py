"""What a run writes while it trains: metrics as JSON lines, a rich bar or plain lines."""

import json
import sys
import time
from pathlib import Path


class MetricsLog:
    """One JSON object per line in `folder/metrics.jsonl`; a resumed run continues it exactly."""

    def __init__(self, folder: Path | None, step: int):
        self.path = folder / "metrics.jsonl" if folder else None
        if self.path and self.path.exists():
            kept = [r for r in _lines(self.path) if r["step"] <= step]
            self.path.write_text("".join(json.dumps(r) + "\n" for r in kept))

    def write(self, step: int, metrics: dict[str, float]) -> None:
        """Append one line."""
        if self.path:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps({"step": step, **metrics}) + "\n")


def _lines(path: Path) -> list[dict]:
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return rows


class Progress:
    """A rich bar on a terminal, a plain line every few seconds elsewhere; on stderr."""

    def __init__(self, title: str, total: int, show: bool, every: float = 10.0):
        self.title, self.total, self.show, self.every = title, total, show, every
        self.bar = self.task = None
        self.last = time.monotonic()

    def __enter__(self):
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

    def __exit__(self, *_):
        if self.bar:
            self.bar.stop()

    def update(self, step: int, metrics: dict[str, float]) -> None:
        """Show where the run is."""
        note = "  ".join(f"{k} {v:.3g}" for k, v in list(metrics.items())[:3])
        if self.bar:
            self.bar.update(self.task, completed=step, note=note)
        elif self.show and (time.monotonic() - self.last > self.every or step >= self.total):
            self.last = time.monotonic()
            print(f"{self.title}: step {step}/{self.total}  {note}", file=sys.stderr, flush=True)
