"""Schedule: how long and how fast a model is trained; plain JSON, kept in the card."""

from dataclasses import asdict, dataclass, fields, replace

from physics import arguments


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """steps: updates.   optimiser: "adam", "levenberg-marquardt" or "soap", of those that a family
    offers.   rate: peak learning rate, after `warmup` steps, falling as a cosine to `rate * final`.
    clip: largest global gradient norm.   decay: weight decay.   ema: decay of the averaged weights,
    0 for none.   chunk: updates per compiled call, and per line of the log.   save: updates
    between snapshots.   seed: of initialisation and batches.
    """

    steps: int = 1000
    optimiser: str = "adam"
    rate: float = 1e-3
    warmup: int = 0
    final: float = 0.01
    clip: float = 1.0
    decay: float = 0.0
    ema: float = 0.0
    chunk: int = 10
    save: int = 100
    seed: int = 0

    def __post_init__(self):
        for name, low in {"steps": 1, "chunk": 1, "save": 1, "warmup": 0, "seed": 0}.items():
            object.__setattr__(self, name, arguments.whole(getattr(self, name), name, low))
        for name in ("rate", "final", "clip", "decay", "ema"):
            arguments.real(getattr(self, name), name)
        if not (self.rate > 0 and self.clip > 0 and 0 <= self.ema < 1 and self.warmup >= 0):
            raise ValueError("a schedule needs rate > 0, clip > 0, 0 <= ema < 1 and warmup >= 0")

    def with_overrides(self, overrides: dict) -> "Schedule":
        """The same schedule with some fields changed; values may be text, as typed."""
        known = {f.name: type(getattr(self, f.name)) for f in fields(self)}
        values = {}
        arguments.options(overrides, known, "a schedule")
        for name, value in overrides.items():
            try:
                values[name] = known[name](value)
                if known[name] is int and float(value) != values[name]:
                    raise ValueError
            except (TypeError, ValueError, OverflowError):
                kind = "whole number" if known[name] is int else "number"
                raise ValueError(f"{name} = {value!r} is no {kind}; write it like 1000") from None
        return replace(self, **values)

    def to_json(self) -> dict:
        """Plain JSON."""
        return asdict(self)
