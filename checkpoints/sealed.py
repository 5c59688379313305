"""JSON that notices its own damage: plain values in, readable text with its own hash out.

The hash (`seal`) covers the values, not the layout, so reformatting a file keeps it valid while a
changed digit does not.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

from checkpoints.errors import CheckpointError


def plain(value: Any, where: str) -> Any:
    """A deep copy of `value` made of dict, list, str, bool, int, float and None only.

    Raises CheckpointError, naming the place, for NaN, infinities, keys that are not strings, and
    anything else JSON would lose or change.

    >>> plain({"low": (1, 2.5)}, "ranges")
    {'low': [1, 2.5]}
    """
    if value is None or isinstance(value, bool | str):
        if isinstance(value, str) and not value.isascii():
            _encodable(value, where)
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise CheckpointError(f"{where} is {value}, which JSON cannot hold; leave it out")
        return float(value)
    if isinstance(value, list | tuple):
        return [plain(item, f"{where}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise CheckpointError(f"{where} has the key {key!r}; JSON keys are text, use str")
            _encodable(key, where)
        return {str(key): plain(item, f"{where}.{key}") for key, item in value.items()}
    raise CheckpointError(
        f"{where} is a {type(value).__name__}, which JSON cannot hold; use text, numbers, lists"
    )


def seal(document: dict[str, Any]) -> str:
    """Readable text of `document` (already plain), with its hash as the last entry."""
    return _layout({**document, "seal": _hash(document)})


def unseal(data: bytes | str, where: str) -> dict[str, Any]:
    """The document in `data`; CheckpointError if it is cut short, not JSON, or was changed."""
    try:
        document = json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(
            f"{where} is not whole JSON (damaged, cut short or not ours)", "copy the folder again"
        ) from error
    if not isinstance(document, dict) or "seal" not in document:
        raise CheckpointError(f"{where} has no seal, so it was not written here", "save it anew")
    expected = document.pop("seal")
    if _hash(plain(document, where)) != expected:
        raise CheckpointError(
            f"{where} does not match its seal, so it was damaged or edited by hand",
            "restore it, and change cards only with checkpoints.annotate(path, field=value)",
        )
    return document


def _encodable(text: str, where: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise CheckpointError(f"{where} holds text that is not valid Unicode; retype it") from error


def _refuse(constant: str) -> float:
    raise ValueError(constant)


def _hash(document: dict[str, Any]) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _layout(document: dict[str, Any]) -> str:
    """One line per field, and one line per entry of a field that is a dict or a list of dicts."""
    lines = []
    for name, value in document.items():
        if isinstance(value, dict) and value:
            entries = [f"    {_line(key)}: {_line(item)}" for key, item in value.items()]
            text = "{\n" + ",\n".join(entries) + "\n  }"
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            text = "[\n" + ",\n".join(f"    {_line(item)}" for item in value) + "\n  ]"
        else:
            text = _line(value)
        lines.append(f"  {_line(name)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
