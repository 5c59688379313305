"""The card of a checkpoint: what the weights are, how they were made, how good they are, as JSON.

Reading one needs neither NumPy nor JAX, so a hundred checkpoints are listed in a moment.
"""

import math
from dataclasses import dataclass, field, fields
from typing import Any

from checkpoints.card_rules import RULES, is_integer
from checkpoints.errors import CheckpointError
from checkpoints.sealed import plain, seal, unseal

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Card:
    """Everything to know about a checkpoint without opening its arrays.

    Values are copied and made plain JSON (tuples become lists); CheckpointError for wrong types.

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
    extra: dict[str, Any] = field(default_factory=dict)  # fields of newer versions
    format: int = FORMAT

    def __post_init__(self) -> None:
        for item in fields(self):
            value = plain(getattr(self, item.name), f'card field "{item.name}"')
            if item.name == "wall_time_s" and is_integer(value):
                value = float(value)
            accepts, wanted = RULES[item.name]
            if not accepts(value):
                raise CheckpointError(
                    f'card field "{item.name}" must be {wanted}, not {value!r:.80}'
                )
            object.__setattr__(self, item.name, value)
        clash = sorted({"seal", *(item.name for item in fields(self))} & set(self.extra))
        if clash:
            raise CheckpointError(f'card field "{clash[0]}" is no extra; pass it by its own name')

    def to_json(self) -> str:
        """The card as readable JSON, sealed; what is in `extra` stands among the other fields."""
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
        if version is None or not is_integer(version):
            raise CheckpointError(f"{where} states no format, so it is not a card; save it anew")
        if version > FORMAT:
            raise CheckpointError(
                f"{where} has format {version}, newer than {FORMAT}; upgrade the zoo"
            )
        known = [item for item in fields(cls) if item.name != "extra"]
        # A field added later says metadata={"since": n} and has a default for older cards.
        missing = [
            item.name
            for item in known
            if item.name not in document and item.metadata.get("since", 1) <= version
        ]
        if missing:
            raise CheckpointError(
                f'{where} lacks the field "{missing[0]}"; save the checkpoint anew'
            )
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
