"""Snapshots of a training run, for resuming it exactly: the run goes on as if it had not stopped.

A run folder holds `step-0000000100/` and the like, each with `run.json` and `state/`. Leaves are
stored by their path in the pytree; the structure itself comes from the `target` given on loading,
so optimiser states (named tuples) need no pickle. For weights to publish, see `store`.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from checkpoints.errors import CheckpointError, brief
from checkpoints.fingerprint import fingerprints, inspect
from checkpoints.folder import (
    commit,
    discard,
    place,
    retire,
    settled,
    stage,
    uninterrupted,
)
from checkpoints.sealed import plain, seal, unseal

FORMAT = 1
RUN = "run.json"
WHOLE = "its files are whole, so keep it, and resume with the Orbax version that wrote it"
_STEP = re.compile(r"step-(\d{10,})")
_ASIDE = re.compile(r"\.(step-\d{10,})\.old")


def latest(folder: str | os.PathLike[str]) -> int | None:
    """The newest step saved in a run folder, or None if there is none (yet)."""
    steps = _steps(place(folder))
    return max(steps) if steps else None


def save_run(
    folder: str | os.PathLike[str],
    step: int,
    tree: Any,
    meta: Mapping[str, Any],
    keep: int = 2,
) -> None:
    """Add a snapshot to a run folder, then delete all but the newest `keep`.

    `tree` is any pytree of NumPy or JAX arrays, typed PRNG keys, and Python bools, ints and floats;
    `meta` is a dict for JSON. Saving the newest step again replaces it. All processes of a job call
    this. Raises CheckpointError, with the older snapshots untouched: a step below the newest one, a
    leaf that cannot be kept, read-only place, disk error.
    """
    from checkpoints import arrays, together
    from checkpoints.leaves import flatten

    if isinstance(step, bool) or not isinstance(step, int) or step < 0 or keep < 1:
        raise CheckpointError(
            f"step {step!r} must be an int of at least 0, and keep {keep} at least 1"
        )
    run = place(folder)
    last = latest(run)
    if last is not None and last > step:
        raise CheckpointError(
            f'"{folder}" already has step {last}, after {step}; resume it or use a new folder'
        )
    note = plain(dict(meta), "meta")
    leaves, kinds = flatten(tree)
    held = arrays.hosted(leaves)
    described = {path: {**entry, **kinds[path]} for path, entry in arrays.manifest(held).items()}
    target = _place(run, step)

    def write() -> str:
        staged = Path(together.lead(lambda: str(stage(target, RUN, overwrite=True)), folder))
        try:
            together.attempt(lambda: arrays.write(staged / "state", held), folder)
            return together.lead(lambda: finish(staged), folder)
        finally:
            discard(staged)

    def finish(staged: Path) -> str:
        document = {
            "format": FORMAT,
            "step": step,
            "meta": note,
            "sha256": arrays.digest(held),
            "arrays": described,
            "files": fingerprints(staged),
        }
        (staged / RUN).write_text(seal(document), encoding="utf-8")
        commit(staged, target, overwrite=True)
        for old in sorted(_steps(run))[:-keep]:
            retire(settled(_place(run, old)))
        return ""

    uninterrupted(write)


def load_run(folder: str | os.PathLike[str], target: Any) -> tuple[int, Any, dict[str, Any]]:
    """(step, tree, meta) of the newest snapshot, bit for bit, in the structure of `target`.

    `target` is a pytree like the one saved (freshly initialised, or of jax.ShapeDtypeStruct).
    Leaves come back as what `target` has there: JAX arrays with its sharding, NumPy arrays, Python
    numbers, PRNG keys; for a ShapeDtypeStruct without sharding, NumPy arrays.
    Raises CheckpointError: no run there, snapshot damaged, `target` has other leaves.
    """
    from checkpoints import arrays
    from checkpoints.leaves import compare, rebuild

    run = place(folder)
    step = latest(run)
    if step is None:
        raise CheckpointError(_nothing(run))
    snapshot = settled(_place(run, step))
    before = max(_steps(run) - {step}, default=None)
    cure = "delete that folder to " + (
        "start the run anew" if before is None else f"go on from step {before}"
    )
    try:
        document = unseal((snapshot / RUN).read_bytes(), f'"{snapshot / RUN}"')
        if document["format"] != FORMAT:
            raise CheckpointError(f'"{snapshot}" has format {document["format"]}; upgrade the zoo')
        inspect(snapshot, document["files"])
    except OSError as error:
        raise CheckpointError(f'"{snapshot}" cannot be read ({brief(error)})', cure) from error
    except CheckpointError as error:
        # Going back to an older snapshot is the user's decision, never a silent one.
        raise CheckpointError(error.problem, error.cure and cure) from error
    # From here on every file is as it was saved, so a failure is no reason to delete anything.
    try:
        held = uninterrupted(lambda: arrays.read(snapshot / "state", document["arrays"]))
    except CheckpointError as error:
        raise CheckpointError(error.problem, WHOLE) from error
    if arrays.digest(held) != document["sha256"]:
        raise CheckpointError(f'"{snapshot}" decodes to other arrays than saved', WHOLE)
    compare(document["arrays"], target)
    return document["step"], rebuild(held, target), document["meta"]


def _place(run: Path, step: int) -> Path:
    return run / f"step-{step:010d}"


def _steps(run: Path) -> set[int]:
    """Steps with a whole snapshot, also those an interrupted replacement has set aside."""
    try:
        entries = list(run.iterdir())
    except OSError:
        return set()
    found = [_STEP.fullmatch(entry.name) or _ASIDE.fullmatch(entry.name) for entry in entries]
    named = {match[0].strip(".").removesuffix(".old") for match in found if match}
    return {int(name[5:]) for name in named if (settled(run / name) / RUN).is_file()}


def _nothing(run: Path) -> str:
    if (run / "card.json").is_file():
        return f'"{run}" is a released checkpoint, not a run; load it with checkpoints.load'
    if not run.is_dir():
        return f'there is no run folder "{run}"; check the path, or start the run anew'
    return f'"{run}" holds no saved step; check the path, or start the run anew'
