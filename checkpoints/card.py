"""The card of a checkpoint: what the weights are, how they were made, how good they are, as JSON.

Reading one needs neither NumPy nor JAX, so a hundred checkpoints are listed in a moment.
"""

import math
from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from typing import Any

from checkpoints.errors import CheckpointError
from checkpoints.sealed import plain, seal, unseal

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Card:
    """Everything to know about a checkpoint without opening its arrays.

    Values are copied and made plain JSON (tuples become lists). A wrong type raises CheckpointError.

    >>> card = Card(name="lv", architecture="upinn", config={"width": 64}, limits="two species")
    >>> Card.from_json(card.to_json()) == card
    True
    """

    name: str
    architecture: str  # the model family, e.g. "upinn"
    config: dict[str, Any]  # rebuilds the model together with `architecture`
    systems: list[dict[str, Any]] = field(default_factory=list)  # the System-JSON trained on
    ranges: dict[str, Any] = field(default_factory=dict)  # parameter ranges trained on
    seeds: list[int] | dict[str, int] = field(default_factory=list)
    steps: int = 0
    hardware: str = ""
    wall_time_s: float = 0.0  # [s]
    commit: str = ""
    created: str = ""  # ISO 8601
    versions: dict[str, str] = field(default_factory=dict)  # package -> version
    recipe: str = ""  # remakes the weights: `zoo train <recipe>`
    metrics: dict[str, dict[str, Any]] = field(default_factory=dict)
    # name -> {"value", "tolerance", "unit"?, "baselines"?: {name: value}}
    licence: str = "Apache-2.0"
    limits: str = ""  # where not to trust it
    law: dict[str, Any] | None = None  # the discovered law, if any
    sha256: str = ""  # of the decoded arrays; this and the next two are filled by `save`
    arrays: dict[str, dict[str, Any]] = field(default_factory=dict)
    # path -> {"shape", "dtype", "collection"?}; a path ending in "/" is an empty dict
    files: dict[str, str] = field(default_factory=dict)  # path in the folder -> sha256
    extra: dict[str, Any] = field(default_factory=dict)  # fields of newer versions, kept as they are
    format: int = FORMAT

    def __post_init__(self) -> None:
        for item in fields(self):
            value = plain(getattr(self, item.name), f'card field "{item.name}"')
            if item.name == "wall_time_s" and _integer(value):
                value = float(value)
            accepts, wanted = _RULES[item.name]
            if not accepts(value):
                raise CheckpointError(f'card field "{item.name}" must be {wanted}, not {value!r:.80}')
            object.__setattr__(self, item.name, value)
        clash = sorted({item.name for item in fields(self)} & set(self.extra))
        if clash:
            raise CheckpointError(f'card field "{clash[0]}" is no extra; pass it by its own name')

    def to_json(self) -> str:
        """The card as readable JSON, sealed against damage; `extra` stands among the other fields."""
        known = {item.name: getattr(self, item.name) for item in fields(self)}
        extra = known.pop("extra")
        return seal({"format": known.pop("format"), **known, **extra})

    @classmethod
    def from_json(cls, text: str | bytes, where: str = "the card") -> "Card":
        """Read what `to_json` wrote; fields this version does not know end in `extra`.

        Raises CheckpointError: not JSON, changed since it was written, a field missing or of the
        wrong type, or written by a newer format.
        """
        document = unseal(text, where)
        version = document.get("format")
        if not _integer(version):
            raise CheckpointError(f"{where} states no format, so it is not a card; save it anew")
        if version > FORMAT:
            raise CheckpointError(f"{where} has format {version}, newer than {FORMAT}; upgrade the zoo")
        known = [item for item in fields(cls) if item.name != "extra"]
        # A field added later says metadata={"since": n} and has a default for older cards.
        missing = [
            item.name
            for item in known
            if item.name not in document and item.metadata.get("since", 1) <= version
        ]
        if missing:
            raise CheckpointError(f'{where} lacks the field "{missing[0]}"; save the checkpoint anew')
        given = {item.name: document.pop(item.name) for item in known if item.name in document}
        try:
            return cls(**given, extra=document)
        except CheckpointError as error:
            raise CheckpointError(f"{where}: {error}") from error

    def size(self, collection: str | None = None) -> int:
        """How many numbers the arrays hold, in one collection (e.g. "Param") or in all."""
        return sum(
            math.prod(entry["shape"])
            for path, entry in self.arrays.items()
            if not path.endswith("/") and collection in (None, entry.get("collection"))
        )


def required() -> tuple[str, ...]:
    """The fields without a default."""
    return tuple(
        item.name
        for item in fields(Card)
        if item.default is MISSING and item.default_factory is MISSING
    )


def _integer(value: Any) -> bool:
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
    return _table(_integer)(value) or (isinstance(value, list) and all(map(_integer, value)))


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
            and all(_integer(n) and n >= 0 for n in entry["shape"])
            and _text(entry.get("dtype"))
            and _text(entry.get("collection", ""))
        )
        for path, entry in value.items()
    )


_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "name": (lambda v: _text(v) and v.strip() != "", "text that is not empty"),
    "architecture": (lambda v: _text(v) and v.strip() != "", "text that is not empty"),
    "config": (_dict, "a dict"),
    "systems": (lambda v: isinstance(v, list) and all(map(_dict, v)), "a list of dicts"),
    "ranges": (_dict, "a dict"),
    "seeds": (_seeds, "a list of ints or a dict of ints"),
    "steps": (lambda v: _integer(v) and v >= 0, "an int of at least 0"),
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
    "format": (lambda v: _integer(v) and v >= 1, "an int of at least 1"),
}
