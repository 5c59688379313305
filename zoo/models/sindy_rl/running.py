"""A training run as it is seen from outside: its folder, its log, its progress."""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from zoo.models.sindy_rl.config import Training
from zoo.training.log import MetricsLog, Progress


@contextlib.contextmanager
def watched(
    training: Training, folder: Path | str | None, resume: bool, progress: bool,
    say: Callable[[dict], None] | None = None,
) -> Iterator[Callable[[dict], None]]:  # fmt: skip
    """Yields what is to be called with a dict after every real episode.

    folder: for config.json and metrics.jsonl, one line per real episode.
    Raises ValueError for resume, and for a folder that holds a run or cannot be written.
    """
    if resume:
        raise ValueError(
            "family 'sindy-rl' spends its real steps in one go and resumes no run; begin it anew "
            "in another folder"
        )
    place = Path(folder) if folder else None
    if place:
        if (place / "metrics.jsonl").exists():
            raise ValueError(f"{str(place)!r} holds a run; choose another folder")
        try:
            place.mkdir(parents=True, exist_ok=True)
            (place / "config.json").write_text(json.dumps(training.to_json(), indent=1))
        except OSError as error:
            raise ValueError(
                f"cannot write to {str(place)!r}: {error.strerror}; choose another folder"
            ) from None
    log = MetricsLog(place, 0)
    with Progress("real steps", training.real_steps, progress) as bar:

        def tell(row: dict) -> None:
            numbers = {k: v for k, v in row.items() if k != "real_steps"}
            log.write(row["real_steps"], numbers)
            bar.update(row["real_steps"], numbers)
            if say:
                say(row)

        yield tell
