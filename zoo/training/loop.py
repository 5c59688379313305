"""The training loop: chunks of jitted updates, a log, snapshots, Ctrl-C, exact resume.

A run folder holds config.json, metrics.jsonl and snapshots; `run(..., resume=True)` continues
bit for bit, because keys derive from (seed, step) and the state is saved whole.
"""

import functools
import json
import platform
import signal
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from physics.failures import FailedRun
from zoo.training.log import MetricsLog, Progress
from zoo.training.schedule import Schedule
from zoo.training.updates import Update

CONFIG = "config.json"
FREE = {"steps", "chunk", "save"}  # of the schedule: may change when a run is resumed
PACKAGES = ("jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "diffrax", "sympy", "xarray")


class Interrupted(RuntimeError):
    """Training was stopped by Ctrl-C; the state is saved if the run has a folder.

    command: what to type to go on, or None.
    """

    def __init__(self, message: str, command: str | None = None):
        super().__init__(message)
        self.command = command


def run(
    first: Any,
    update: Update,
    stream: Any,
    schedule: Schedule,
    *,
    folder: Path | str | None = None,
    resume: bool = False,
    title: str = "train",
    config: dict | None = None,
    progress: bool = True,
    command: str | None = None,
    watch: Callable[[int, Any], None] | None = None,
) -> Any:
    """Apply `update` `schedule.steps` times and return the last state.

    first: the state a new run starts from (a resumed one is loaded over it).   stream: has
    `init(key)` and a pure `next(state) -> (state, batch)`.   folder: where the run is kept.
    watch: called with (step, state) after every chunk.
    Raises Interrupted after Ctrl-C, FailedRun if the loss is not finite at the end of a chunk.
    """
    import jax

    import checkpoints

    folder = Path(folder) if folder else None
    key = jax.random.key(schedule.seed)
    state = {"model": first, "stream": stream.init(jax.random.fold_in(key, 0))}
    step = 0
    if folder:
        _open(folder, schedule, config, resume)
        if resume:
            step, state, _ = checkpoints.load_run(folder, state)
            if hasattr(stream, "check"):
                stream.check(state["stream"])
    log = MetricsLog(folder, step)
    advance = _chunk(update, stream.next)
    saved = step

    def save():
        if folder and saved != step:
            checkpoints.save_run(folder, step, state, {"schedule": schedule.to_json()})
        return step

    with _CtrlC() as stop, Progress(title, schedule.steps, progress) as bar:
        while step < schedule.steps:
            count = min(schedule.chunk, schedule.steps - step)
            started = time.perf_counter()
            state, metrics = advance(state, key, step, count)
            metrics = {
                k: float(metrics[k]) for k in sorted(metrics, key=lambda k: (k != "loss", k))
            }
            step += count
            seconds = (time.perf_counter() - started) / count
            log.write(step, metrics | {"seconds_per_step": round(seconds, 6)})
            bar.update(step, metrics)
            if watch:
                watch(step, state["model"])
            if not _finite(metrics):
                saved = step
                raise FailedRun(
                    f"{title}: the loss is not finite at step {step}; lower the learning rate "
                    f"or look for outliers in the data"
                )
            if stop.asked or step - saved >= schedule.save:
                saved = save()
            if stop.asked:
                raise _interrupted(title, step, folder, command)
    save()
    return state["model"]


@functools.lru_cache(maxsize=16)
def _chunk(update: Update, draw: Callable) -> Callable:
    """Jitted (state, key, step, count) -> (state, last metrics); compiled once per update."""
    import jax
    import jax.numpy as jnp

    def advance(state, key, step, count):
        def body(state, step):
            moved, batch = draw(state["stream"])
            model, metrics = update(state["model"], batch, jax.random.fold_in(key, step + 1))
            return {"model": model, "stream": moved}, metrics

        state, metrics = jax.lax.scan(body, state, step + jnp.arange(count))
        return state, {k: v[-1] for k, v in metrics.items()}

    return jax.jit(advance, static_argnums=3, donate_argnums=0)


def _finite(metrics: dict[str, float]) -> bool:
    value = metrics.get("loss", 0.0)
    return value == value and abs(value) != float("inf")


def _open(folder: Path, schedule: Schedule, config: dict | None, resume: bool) -> None:
    import checkpoints

    done = checkpoints.latest(folder)
    begun = done is not None
    if begun and not resume and done >= schedule.steps:
        raise ValueError(
            f"{str(folder)!r} holds a finished run of {done} steps; choose another folder, or "
            f"resume it with more steps"
        )
    if begun and not resume:
        raise ValueError(f"{str(folder)!r} holds a run; resume it, or choose another folder")
    if resume and not begun:
        raise ValueError(
            f"{str(folder)!r} holds no saved step to resume; begin the run there without resume"
        )
    record = {
        "schedule": schedule.to_json(),
        "config": config or {},
        "versions": {p: version(p) for p in PACKAGES} | {"python": platform.python_version()},
    }
    if begun:
        return _check_same(folder, json.loads(json.dumps(record)))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CONFIG).write_text(json.dumps(record, indent=1))
        (folder / "metrics.jsonl").unlink(missing_ok=True)
    except OSError as error:
        raise ValueError(
            f"cannot write to {str(folder)!r}: {error.strerror}; choose another folder"
        ) from None


def _check_same(folder: Path, wanted: dict) -> None:
    """ValueError unless the run in `folder` was begun with this schedule and this config."""
    try:
        found = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        pairs = [(part, found[part], wanted[part]) for part in ("schedule", "config")]
        pairs = [(part, dict(old), new) for part, old, new in pairs]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise ValueError(
            f"{str(folder / CONFIG)!r} is missing or damaged, so what the run is cannot be told; "
            f"copy it back, or begin another run in another folder"
        ) from None
    for part, old, new in pairs:
        for name in sorted({*old, *new} - (FREE if part == "schedule" else set())):
            if old.get(name) != new.get(name):
                raise ValueError(
                    f"the run in {str(folder)!r} was begun with another {name} ({part}): "
                    f"{_brief(old.get(name))} instead of {_brief(new.get(name))}; resume it as it "
                    f"was begun, or begin another run in another folder"
                )


def _brief(value: Any) -> str:
    if isinstance(value, dict) and isinstance(value.get("parameters"), list):  # a System's JSON
        value = {p.get("name"): p.get("value") for p in value["parameters"] if isinstance(p, dict)}
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _interrupted(title: str, step: int, folder: Path | None, command: str | None) -> Interrupted:
    if folder is None:
        return Interrupted(f"{title} stopped at step {step}; give a run folder to keep the state")
    hint = f"; go on with: {command}" if command else f"; resume from {str(folder)!r}"
    return Interrupted(f"{title} stopped at step {step}, state saved{hint}", command)


class _CtrlC:
    """Turns the first Ctrl-C into a flag that is read between chunks; the second one kills."""

    def __init__(self):
        self.asked = False
        self._before = None

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def _ask(self, *_):
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def __exit__(self, *_):
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
