"""Model: the contract that every family keeps."""

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar

from flax import nnx

if TYPE_CHECKING:
    import xarray

    import checkpoints
    import symbolic

ACCEPTS = ("grid", "points", "gaps")


class Unsupported(ValueError):
    """An ability or kind of data that a family lacks; the message names those that have it."""


class Statistic(nnx.Variable):
    """A normalisation statistic: part of the weights, never trained."""


class Model(nnx.Module):
    """A family's network with its statistics.

    Subclasses are final and set `family`, `abilities` (of ABILITIES in zoo.registry), `accepts` (of
    ACCEPTS) and `Config`, a frozen dataclass that is JSON apart from tuples. `__init__(config, *,
    rngs)`.
    What a family lacks it leaves alone: the methods below then raise Unsupported.
    """

    family: ClassVar[str]
    abilities: ClassVar[frozenset[str]]
    accepts: ClassVar[frozenset[str]]
    Config: ClassVar[type]

    config: Any

    def loss(self, batch: Any, key: Any) -> tuple[Any, dict[str, Any]]:
        """(scalar, metrics) of one batch; pure and differentiable in the parameters."""
        raise Unsupported(f"family {self.family!r} has no loss of its own")

    def fit(self, data: Any, schedule: Any, **options: Any) -> "Model":
        """Train on a Dataset or a System; returns a new model."""
        raise Unsupported(f"family {self.family!r} cannot be trained on {type(data).__name__}")

    def predict(self, dataset=None, *, times=None, **options: Any) -> "xarray.Dataset":
        """What the model says, in physical units."""
        raise self.lacks("forecast")

    def law(self, dataset=None, engine: str = "auto", **options: Any) -> "symbolic.Discovery":
        """The equation that the model has learnt."""
        raise self.lacks("law")

    def adapt(self, system=None, **roles: Any) -> "tuple[Model, checkpoints.TransferReport]":
        """A new model for another equation or data set, with what carries over and a report."""
        raise Unsupported(f"family {self.family!r} cannot be adapted to another system")

    def lacks(self, ability: str) -> Unsupported:
        """The error for a missing ability."""
        from zoo.registry import families_with

        others = families_with(ability)
        return Unsupported(
            f"family {self.family!r} cannot {ability}; these can: {', '.join(others) or 'none yet'}"
        )

    # -- weights ---------------------------------------------------------------------------

    def state(self) -> dict:
        """Parameters and statistics as a nested dict of arrays."""
        kept = nnx.state(self, nnx.Any(nnx.Param, Statistic))
        return nnx.to_pure_dict(kept)

    def with_state(self, state: dict) -> "Model":
        """The same model with these parameters and statistics; shapes must agree."""
        graph, kept, rest = nnx.split(self, nnx.Any(nnx.Param, Statistic), ...)
        nnx.replace_by_pure_dict(kept, state)
        return nnx.merge(graph, kept, rest)

    def config_json(self) -> dict:
        """The configuration as JSON."""
        return dataclasses.asdict(self.config)

    @classmethod
    def restore(cls, config: dict, state: dict) -> "Model":
        """The model of a card's config and a checkpoint's arrays."""
        fields = {f.name for f in dataclasses.fields(cls.Config)}
        unknown = set(config) - fields
        if unknown:
            raise ValueError(
                f"the checkpoint's config holds {sorted(unknown)[0]!r}, unknown to this version "
                f"of family {cls.family!r}; update dynamics-zoo"
            )
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in config.items()}
        blank = nnx.eval_shape(lambda: cls(cls.Config(**values), rngs=nnx.Rngs(0)))
        return blank.with_state(state)
