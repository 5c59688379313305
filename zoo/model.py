"""Model: the contract that every family keeps."""

import dataclasses
import math
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

    def __repr__(self) -> str:
        count = sum(math.prod(shape) for shape in _shapes(self.state()).values())
        return f"{type(self).__name__}({self.about()}, {count:,} numbers)"

    def __str__(self) -> str:
        return repr(self)

    def about(self) -> str:
        """What this model is of, in a few words."""
        return f"family {self.family!r}"

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
        """The model of a card's config and a checkpoint's arrays.

        Raises CheckpointError if the config is not this family's or does not fit the arrays.
        """
        from checkpoints import CheckpointError

        fields = {f.name for f in dataclasses.fields(cls.Config)}
        unknown = set(config) - fields
        if unknown:
            raise CheckpointError(
                f"the checkpoint's config holds {sorted(unknown)[0]!r}, unknown to this version "
                f"of family {cls.family!r}; update dynamics-zoo"
            )
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in config.items()}
        try:
            kept = cls.Config(**values)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise CheckpointError(
                f"the checkpoint's config makes no model of family {cls.family!r} ({error})",
                "copy the checkpoint again from where it came",
            ) from None
        blank = nnx.eval_shape(lambda: cls(kept, rngs=nnx.Rngs(0)))
        wanted, found = _shapes(blank.state()), _shapes(state)
        for path in sorted({*wanted, *found}):
            if wanted.get(path) != found.get(path):
                raise CheckpointError(
                    f"the checkpoint's config asks for {path} of shape {wanted.get(path, 'none')}, "
                    f"its arrays have {found.get(path, 'none')}",
                    "copy the checkpoint again from where it came",
                )
        return blank.with_state(state)


def check_model(value: Any) -> "Model":
    """`value` if it is a Model."""
    if isinstance(value, Model):
        return value
    raise ValueError(
        f"a model is needed, which zoo.load or zoo.create makes, not {type(value).__name__}"
    )


def _shapes(tree: Any, prefix: str = "") -> dict[str, tuple[int, ...]]:
    """{path: shape} of the leaves of a nested dict."""
    if not isinstance(tree, dict):
        return {prefix: tuple(tree.shape)}
    found: dict[str, tuple[int, ...]] = {}
    for key, value in tree.items():
        found |= _shapes(value, f"{prefix}/{key}" if prefix else str(key))
    return found
