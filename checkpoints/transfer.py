"""Start one network from another's weights, leaf by leaf, and say exactly what was taken.

A leaf is copied where its path (after renaming) and its shape agree; everything else keeps the
target's fresh value. Nothing is sliced, padded or guessed.
"""

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from checkpoints.errors import CheckpointError
from checkpoints.paths import flatten, nest


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A leaf of the source that was not taken; `target` is None where the target has none."""

    path: str
    source: tuple[int, ...]  # shape
    target: tuple[int, ...] | None  # shape
    reason: str

    def __str__(self) -> str:
        target = "" if self.target is None else f" -> {self.target}"
        return f"{self.path}  {self.source}{target}  {self.reason}"


@dataclass(frozen=True, kw_only=True)
class TransferReport:
    """What a transfer took, left behind and kept fresh; counts are numbers, not leaves."""

    matched: tuple[str, ...]  # paths in the target
    skipped: tuple[Skipped, ...]
    reinitialised: tuple[str, ...]  # paths in the target that keep their fresh value
    matched_parameters: int
    skipped_parameters: int
    reinitialised_parameters: int

    @property
    def fraction(self) -> float:
        """Share of the target's parameters that came from the source, in [0, 1]."""
        total = self.matched_parameters + self.reinitialised_parameters
        return self.matched_parameters / total if total else 0.0

    def __str__(self) -> str:
        """One screen: the three counts, and the first few paths of each kind."""
        rows = (
            ("matched", self.matched, self.matched_parameters),
            ("skipped (source only, or not fitting)", self.skipped, self.skipped_parameters),
            ("reinitialised (target kept)", self.reinitialised, self.reinitialised_parameters),
        )
        lines = [f"transfer: {self.fraction:.1%} of the target's parameters come from the source"]
        for title, entries, count in rows:
            lines.append(f"  {title}: {len(entries)} leaves, {count:,} parameters")
            lines.extend(f"    {entry}" for entry in entries[:5])
            if len(entries) > 5:
                lines.append(f"    … and {len(entries) - 5} more")
        return "\n".join(lines)


def transfer(
    source: Mapping[Any, Any],
    target: Mapping[Any, Any],
    rename: Mapping[str, str] = {},
    skip: Sequence[str] = (),
) -> tuple[dict[int | str, Any], TransferReport]:
    """A copy of `target` with every fitting leaf of `source`; both are nested dicts of arrays.

    rename: {path or beginning of one in the source: the same in the target}; the longest counts.
    skip: paths, beginnings of paths, or patterns (`*/bias`) in the target that stay fresh.
    Copied leaves are NumPy arrays of the target's dtype; complex never becomes real, nor float int.
    Raises CheckpointError for an entry of `rename` or `skip` that names nothing, or a rename that
    sends two leaves to one place.

    >>> import numpy as np
    >>> old = {"body": {"w": np.ones((2, 3))}, "head": {"w": np.ones((3, 1))}}
    >>> new = {"trunk": {"w": np.zeros((2, 3))}, "head": {"w": np.zeros((3, 4))}}
    >>> merged, report = transfer(old, new, rename={"body": "trunk"})
    >>> print(report)
    transfer: 33.3% of the target's parameters come from the source
      matched: 1 leaves, 6 parameters
        trunk/w
      skipped (source only, or not fitting): 1 leaves, 3 parameters
        head/w  (3, 1) -> (3, 4)  other shape
      reinitialised (target kept): 1 leaves, 12 parameters
        head/w
    """
    import numpy as np

    merged = flatten(target)
    fresh = _leaves(merged)
    offered = _renamed(_leaves(flatten(source)), rename)
    _known(skip, fresh, "skip", "target")

    matched, skipped = [], []
    for path, leaf in offered.items():
        mine = fresh.get(path)
        reason = "asked to skip" if any(_covers(p, path) for p in skip) else _misfit(leaf, mine)
        if reason:
            shape = None if mine is None else tuple(mine.shape)
            skipped.append(
                Skipped(path=path, source=tuple(leaf.shape), target=shape, reason=reason)
            )
        else:
            merged[path] = np.array(leaf, dtype=fresh[path].dtype)
            matched.append(path)
    kept = [path for path in fresh if path not in set(matched)]
    report = TransferReport(
        matched=tuple(matched),
        skipped=tuple(skipped),
        reinitialised=tuple(kept),
        matched_parameters=sum(math.prod(fresh[path].shape) for path in matched),
        skipped_parameters=sum(math.prod(entry.source) for entry in skipped),
        reinitialised_parameters=sum(math.prod(fresh[path].shape) for path in kept),
    )
    return nest(merged), report


def _leaves(flat: Mapping[str, Any]) -> dict[str, Any]:
    for path, leaf in flat.items():
        if not path.endswith("/") and not (hasattr(leaf, "shape") and hasattr(leaf, "dtype")):
            raise CheckpointError(f'"{path}" is a {type(leaf).__name__}, no array; use np.asarray')
    return {path: leaf for path, leaf in flat.items() if not path.endswith("/")}


def _renamed(leaves: Mapping[str, Any], rename: Mapping[str, str]) -> dict[str, Any]:
    _known(rename, leaves, "rename", "source")
    renamed: dict[str, Any] = {}
    for path, leaf in leaves.items():
        for old in sorted(rename, key=len, reverse=True):
            if path == old or path.startswith(old + "/"):
                path = rename[old] + path[len(old) :]
                break
        if path in renamed:
            raise CheckpointError(f'rename sends two leaves to "{path}"; drop one of them')
        renamed[path] = leaf
    return renamed


def _covers(pattern: str, path: str) -> bool:
    return path == pattern or path.startswith(pattern + "/") or fnmatchcase(path, pattern)


def _known(patterns: Iterable[str], leaves: Mapping[str, Any], argument: str, tree: str) -> None:
    """A misspelt entry would silently do nothing, so it is an error."""
    for pattern in patterns:
        if not any(_covers(pattern, path) for path in leaves):
            near = difflib.get_close_matches(
                pattern, [*leaves, *_beginnings(leaves)], n=1, cutoff=0.5
            )
            hint = f'nearest: "{near[0]}"' if near else f"it has: {', '.join(list(leaves)[:5])}"
            raise CheckpointError(f'{argument} names "{pattern}", which the {tree} lacks; {hint}')


def _beginnings(leaves: Iterable[str]) -> list[str]:
    return sorted({path[:i] for path in leaves for i, letter in enumerate(path) if letter == "/"})


def _misfit(leaf: Any, mine: Any) -> str:
    import numpy as np

    if mine is None:
        return "not in the target"
    if tuple(leaf.shape) != tuple(mine.shape):
        return "other shape"
    plain = isinstance(leaf.dtype, np.dtype) and isinstance(mine.dtype, np.dtype)
    if not plain or not np.can_cast(leaf.dtype, mine.dtype, "same_kind"):
        return f"{leaf.dtype} does not become {mine.dtype}"
    return ""
