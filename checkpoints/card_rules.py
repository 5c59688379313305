"""What each field of a card may hold: a test and the words for it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any


def is_integer(value: Any) -> bool:
    """Whether it is an int and no bool."""
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _table(entry: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(entry(item) for item in value.values())


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _dict(value: Any) -> bool:
    return isinstance(value, dict)


def _date(value: Any) -> bool:
    try:
        return value == "" or bool(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _seeds(value: Any) -> bool:
    return _table(is_integer)(value) or (isinstance(value, list) and all(map(is_integer, value)))


def _metric(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and _number(value.get("value"))
        and _number(value.get("tolerance"))
        and _text(value.get("unit", ""))
        and _table(_number)(value.get("baselines", {}))
    )


def _arrays(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(entry, dict)
        and (
            path.endswith("/")
            or isinstance(entry.get("shape"), list)
            and all(is_integer(n) and n >= 0 for n in entry["shape"])
            and _text(entry.get("dtype"))
            and _text(entry.get("collection", ""))
        )
        for path, entry in value.items()
    )


RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "name": (lambda v: _text(v) and v.strip() != "", "text that is not empty"),
    "architecture": (lambda v: _text(v) and v.strip() != "", "text that is not empty"),
    "config": (_dict, "a dict"),
    "systems": (lambda v: isinstance(v, list) and all(map(_dict, v)), "a list of dicts"),
    "ranges": (_dict, "a dict"),
    "seeds": (_seeds, "a list of ints or a dict of ints"),
    "steps": (lambda v: is_integer(v) and v >= 0, "an int of at least 0"),
    "hardware": (_text, "text"),
    "wall_time_s": (lambda v: isinstance(v, float) and v >= 0, "a number of seconds"),
    "commit": (_text, "text"),
    "created": (_date, "a date like 2026-11-21T09:30:00+00:00"),
    "versions": (_table(_text), "a dict of texts"),
    "recipe": (_text, "text"),
    "metrics": (
        _table(_metric),
        "{name: {value, tolerance, unit?, baselines?: {name: number}}} with numbers",
    ),
    "licence": (_text, "text"),
    "limits": (_text, "text"),
    "law": (lambda v: v is None or _dict(v), "a dict or None"),
    "sha256": (_text, "text"),
    "arrays": (_arrays, "{path: {shape, dtype, collection?}}"),
    "files": (_table(_text), "a dict of texts"),
    "extra": (_dict, "a dict"),
    "format": (lambda v: is_integer(v) and v >= 1, "an int of at least 1"),
}
