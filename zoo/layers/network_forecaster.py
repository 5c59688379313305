"""Window forecasters with a trained network: x̂_{k+1} = skip(window) + gain · (network + linear
part).

The skip continues a polynomial through the last states; the linear part is a trained linear map of
the window. StNN and MLP differ in the network alone and are trained by the same code.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from flax import nnx

from physics import arguments
from zoo.layers import windows
from zoo.layers.forecaster import Forecaster
from zoo.layers.windows import MOST_ORDER, Record, WindowConfig
from zoo.training.schedule import Schedule

OPTIMISERS = ("levenberg-marquardt", "adam")
MOST_WEIGHTS = 20_000  # whose Gram matrix (3 GB) Levenberg-Marquardt still holds


@dataclass(frozen=True, kw_only=True)
class NetworkConfig(WindowConfig):
    """order: of the polynomial through the last states that the network corrects, 0 for the last
    state itself, −1 for none.   linear: whether a trained linear map of the window is added.
    """

    order: int = 0
    linear: bool = True

    def __post_init__(self):
        super().__post_init__()
        most = min(MOST_ORDER, self.window - 1)
        object.__setattr__(self, "order", arguments.whole(self.order, "order", -1, most))
        object.__setattr__(self, "linear", windows.flag(self.linear, "linear"))


class NetworkForecaster(Forecaster):
    """The part that StNN and MLP share; a family adds `network` and its parameters."""

    default: ClassVar[Schedule] = Schedule(
        steps=60, optimiser="levenberg-marquardt", chunk=10, save=30
    )
    # from weights that are nearly right, so that the first step may be long
    tuning: ClassVar[Mapping[str, Any]] = {"evidence": True, "damping": 1e-6}
    reach: ClassVar[float] = 100.0
    config: NetworkConfig

    def __init__(self, config: NetworkConfig, *, rngs: nnx.Rngs):
        super().__init__(config, rngs=rngs)
        if config.linear:
            self.linear = nnx.Param(np.zeros((config.entries, len(config.states))))

    @classmethod
    def network(cls, config: Any, weights: Mapping, flat: Any, environment: Any) -> Any:
        """(N · state,) window, last state last -> (state,); one example."""
        raise NotImplementedError

    @classmethod
    def step(cls, config: Any, weights: Any, s: Mapping, x: Any, environment: Any) -> Any:
        """See Forecaster.step."""
        import jax

        def one(x, environment):
            flat = x.reshape(-1)
            out = cls.network(config, weights, flat, environment)
            return out + (flat @ weights["linear"] if config.linear else 0.0)

        return _continued(config, x) + s["gain"] * jax.vmap(one)(x, environment)

    def base(self, x: Any) -> Any:
        """The polynomial through the last states, continued by one step."""
        return _continued(self.config, x)

    def fitted(
        self,
        record: Record,
        aside: Record,
        schedule: Schedule,
        run: dict,
        *,
        evidence: bool = False,
        unroll: int = 1,
        jitter: float = 0.0,
        rows: int = 2000,
        batch: int = 256,
        damping: float = 1e-3,
        prior: float = 1e-13,
    ) -> Any:
        """Weights by Levenberg-Marquardt or Adam.

        evidence: let the prior on the weights follow the data (noise, few data).   unroll: steps of
        the rollout that the loss looks at.   jitter: deviation of noise added to the windows, in
        normalised units: it keeps rollouts of noise-free data from leaving their manifold.   rows:
        windows taken, at random where there are more (Levenberg-Marquardt).   batch: windows per
        update of Adam.   damping, prior: the first."""
        import jax

        from zoo.training import loop
        from zoo.training.fixed import FullBatch
        from zoo.training.gauss_newton import gauss_newton_update
        from zoo.training.minibatches import Minibatches
        from zoo.training.updates import optax_update

        if schedule.optimiser not in OPTIMISERS:
            raise ValueError(
                f"unknown optimiser {schedule.optimiser!r}; one of {', '.join(OPTIMISERS)}"
            )
        config, s, unroll = self.config, self.statistics(), arguments.whole(unroll, "unroll", 1)
        rows, batch = arguments.whole(rows, "rows", 1), arguments.whole(batch, "batch", 1)
        jitter, prior = arguments.real(jitter, "jitter", 0), arguments.real(prior, "prior", 0)
        damping = arguments.real(damping, "damping", 0, strict=True)
        evidence = windows.flag(evidence, "evidence")
        rng = np.random.default_rng(schedule.seed)
        second = schedule.optimiser == OPTIMISERS[0]
        count = sum(v.size for v in jax.tree.leaves(self.weights()))
        if second and count > MOST_WEIGHTS:
            raise ValueError(
                f"Levenberg-Marquardt holds a matrix of {count:,} x {count:,} numbers, at most "
                f'{MOST_WEIGHTS:,} go; make the model smaller, or use Schedule(optimiser="adam")'
            )
        train = self.examples(record, unroll, rng, rows if second else None)
        train["window"] += jitter * rng.standard_normal(train["window"].shape)
        held = self.examples(aside, unroll, rng, rows)

        def residuals(weights, example):
            x, rest = example["window"][None], []
            for k in range(unroll):
                x, state = self.advance(config, weights, s, x, example["environment"][None])
                rest.append((state[0] - example["targets"][k]) / s["gain"])
            return jax.numpy.concatenate(rest)

        def loss(weights, examples, key):
            return (jax.vmap(residuals, (None, 0))(weights, examples) ** 2).mean(), {}

        with jax.enable_x64(True):
            if second:
                first, update = gauss_newton_update(
                    residuals, self.weights(), evidence=evidence, damping=damping, prior=prior
                )
                stream = FullBatch({"train": train, "held": held})
            else:
                first, update = optax_update(loss, self.weights(), schedule)
                stream = Minibatches(train, batch)
            settings = {"model": self.config_json(), "unroll": unroll, "evidence": evidence,
                        "jitter": jitter}  # fmt: skip
            state = loop.run(
                first, update, stream, schedule, title=self.family, config=settings, **run
            )
        return self.put(state.get("best", state.get("ema", state["params"])))

    def examples(self, record: Record, unroll: int, rng: Any, most: int | None) -> dict:
        """{"window", "targets" (example, unroll, state), "environment"} in normalised units."""
        longer = dataclasses.replace(self.config, window=self.config.window + unroll - 1)
        found, s = windows.cut(longer, record), self.statistics()
        whole = np.concatenate([found.inputs, found.targets[:, None]], 1)
        whole = (whole - s["center"]) / s["scale"]
        pick = np.arange(len(whole))
        if most is not None and len(pick) > most:
            pick = np.sort(rng.choice(len(pick), most, replace=False))
        n = self.config.window
        return {
            "window": whole[pick, :n], "targets": whole[pick, n:],
            "environment": found.environment[pick],
        }  # fmt: skip


def _continued(config: NetworkConfig, x: Any) -> Any:
    if config.order < 0:
        return 0.0 * x[:, -1]
    weights = windows.extrapolation(config.order)
    return (x[:, -len(weights) :] * weights[:, None]).sum(1)
