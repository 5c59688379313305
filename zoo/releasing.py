"""train and verify: make a released checkpoint by its recipe; re-make the numbers on its card."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import checkpoints
from physics import arguments
from physics.failures import FailedRun
from zoo import registry


@dataclass(frozen=True, kw_only=True)
class Verification:
    """rows: (metric, on the card, measured now, tolerance, whether they agree)."""

    name: str
    rows: tuple[tuple[str, float, float, float, bool], ...]

    @property
    def passed(self) -> bool:
        """Whether every metric lies within its tolerance."""
        return all(row[-1] for row in self.rows)

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        width = max(len(r[0]) for r in self.rows)
        lines = [f"{self.name}: {'verified' if self.passed else 'NOT verified'}"]
        for metric, card, now, tolerance, good in self.rows:
            mark = "ok" if good else "DIFFERS"
            lines.append(
                f"  {metric:<{width}}  card {card:.6g}  now {now:.6g}  ±{tolerance:.2g}  {mark}"
            )
        return "\n".join(lines)


def train(
    name: str,
    run: "Path | str | None" = None,
    *,
    resume: bool = False,
    overrides: Mapping[str, Any] | None = None,
    progress: bool = True,
    command: str | None = None,
) -> Path:
    """Make the weights of a recipe; returns the checkpoint folder `run`/checkpoint.

    name: see zoo.list_recipes().   run: default runs/<name>.   overrides: of the Schedule.
    """
    from zoo.loading import save

    recipe = registry.recipe(name)
    folder = arguments.path(run or Path("runs") / name, "run")
    schedule = recipe.SCHEDULE.with_overrides(arguments.mapping(overrides, "overrides", "value"))
    started = time.perf_counter()
    model = recipe.train(schedule, folder=folder, resume=resume, progress=progress, command=command)
    seconds = time.perf_counter() - started
    metrics = recipe.evaluate(model)
    fields = {
        "name": recipe.CHECKPOINT, "recipe": name, "metrics": metrics, "steps": schedule.steps,
        "seeds": [schedule.seed], "wall_time_s": round(seconds, 1), **recipe.card(model),
    }  # fmt: skip
    return save(folder / "checkpoint", model, overwrite=True, **fields)


def verify(name: str) -> Verification:
    """Load a checkpoint (name or folder) and measure again what its card says.

    Raises ValueError if it cannot be loaded or names no recipe.
    """
    from zoo.loading import load

    card = checkpoints.read_card(name)
    if not card.recipe or not card.metrics:
        raise ValueError(
            f"the card of {name!r} names no recipe or no metrics, so nothing to verify"
        )
    measured = registry.recipe(card.recipe).evaluate(load(name))
    rows = []
    for metric, entry in card.metrics.items():
        if metric not in measured:
            raise FailedRun(f"the recipe of {name!r} no longer measures {metric!r}")
        now, tolerance = float(measured[metric]["value"]), float(entry["tolerance"])
        good = math.isfinite(now) and abs(now - entry["value"]) <= tolerance
        rows.append((metric, float(entry["value"]), now, tolerance, good))
    return Verification(name=card.name, rows=tuple(rows))
