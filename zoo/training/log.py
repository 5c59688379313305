"""What a run writes while it trains: metrics as JSON lines, a rich bar or plain lines."""

import json
from pathlib import Path

from physics.data import progress


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


class Progress(progress.Progress):
    """The bar of a training run: its step and the first metrics."""

    def update(self, step: int, metrics: dict[str, float]) -> None:
        """Show where the run is."""
        super().update(step, "  ".join(f"{k} {v:.3g}" for k, v in list(metrics.items())[:3]))
