"""UPINN: surrogate U(t) of every trajectory and the hidden term G that they share."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import xarray
from flax import nnx

from physics import arguments
from physics.system import System
from zoo.model import Model, Statistic
from zoo.models.upinn import ABILITIES, ACCEPTS
from zoo.models.upinn.config import Config
from zoo.models.upinn.fields import all_field_residuals, embedding, field_functions
from zoo.models.upinn.network import Mlp
from zoo.models.upinn.residuals import all_residuals, pointwise
from zoo.training.schedule import Schedule

SPREAD = 3.0
WEIGHTS = {"physics": 10.0, "data": 10.0, "initial": 10.0}  # of the loss under Adam
DEFAULT = Schedule(steps=250, optimiser="levenberg-marquardt", chunk=10, save=50)


class UPINN(Model):
    """Physics-informed network with a hidden term (see the package docstring).

    Weights and statistics are float64: the second-order training squares condition numbers.
    """

    family: ClassVar[str] = "upinn"
    abilities: ClassVar[frozenset[str]] = frozenset(ABILITIES)
    accepts: ClassVar[frozenset[str]] = frozenset(ACCEPTS)
    Config: ClassVar[type] = Config

    def __init__(self, config: Config, *, rngs: nnx.Rngs):
        self.config = config
        d, n, inputs = len(config.system.state_names), config.trajectories, len(config.inputs)
        width, narrow = config.width, config.hidden_width
        seen = 1 if config.system.domain is None else embedding(config)
        self.surrogate = Mlp((seen, width, width, d), stack=n, spread=SPREAD, rngs=rngs)
        sizes = (inputs, narrow, narrow, len(config.outputs))
        self.hidden_term = Mlp(sizes, stack=None, spread=1.0, rngs=rngs)
        shapes = {
            "begin": 1, "horizon": 1, "center": d, "scale": d, "noise": (n, d),
            "input_center": inputs, "input_scale": inputs, "rate": d,
            "sigma": 1, "alpha": 1, "start": (n, d),
            "known_values": (n, max(1, len(config.system.parameters))),
        } | ({"first_interval": 1} if config.clock == "log" else {})  # fmt: skip
        for name, shape in shapes.items():
            setattr(self, name, Statistic(np.ones(shape)))
        self._statistics = tuple(shapes)

    @classmethod
    def create(
        cls, known: System, trajectories: int = 1, *, seed: int = 0, **options: Any
    ) -> "UPINN":
        """An untrained model for a partly known system; options as in Config."""
        import jax

        arguments.system(known, "the known part")
        fields = [f.name for f in dataclasses.fields(Config) if f.name != "known"]
        arguments.options(options, [*fields, "seed"], "family 'upinn'")
        seed = arguments.whole(seed, "seed", 0)
        config = Config(known=known.to_json(), trajectories=trajectories, **options)
        with jax.enable_x64(True):
            return cls(config, rngs=nnx.Rngs(seed))

    def about(self) -> str:
        """The known part and what is hidden in it."""
        known = "; ".join(self.config.system.numeric().lines())
        inputs = ", ".join(self.config.inputs)
        return f"{known}, with a hidden term of ({inputs}) in {', '.join(self.config.outputs)}"

    @property
    def field(self) -> bool:
        """Whether the known part is a PDE."""
        return self.config.system.domain is not None

    @property
    def scaled(self) -> bool:
        """Whether tuning keeps the hidden term in physical units, and not in those of the data."""
        return self.field or self.config.clock == "log"

    # -- pieces ----------------------------------------------------------------------------

    def weights(self) -> dict:
        """{"surrogate": stacked tree, "hidden": tree} of parameters."""
        state = nnx.to_pure_dict(nnx.state(self, nnx.Param))
        return {"surrogate": state["surrogate"], "hidden": state["hidden_term"]}

    def statistics(self) -> dict[str, np.ndarray]:
        """Normalisation statistics by name."""
        return {name: np.asarray(getattr(self, name)[...]) for name in self._statistics}

    def parameters(self) -> dict[str, np.ndarray]:
        """{parameter of the known part: (trajectory,)} as trained."""
        columns = np.asarray(self.known_values[...]).T
        names = [p.name for p in self.config.system.parameters]
        return dict(zip(names, columns, strict=False))

    def put(self, weights: dict | None = None, statistics: Mapping | None = None) -> "UPINN":
        """The same model with other weights or statistics, as numpy arrays."""
        state = self.state()
        if weights is not None:
            state["surrogate"], state["hidden_term"] = weights["surrogate"], weights["hidden"]
        state |= {k: np.asarray(v, np.float64) for k, v in (statistics or {}).items()}
        return self.with_state(_numpy(state))

    def loss(self, batch: Any, key: Any = None) -> tuple[Any, dict[str, Any]]:
        """Weighted mean squares of equation, data and initial condition, in scale-free units."""
        return self.loss_of(self.weights(), batch)

    def loss_of(self, weights: dict, batch: Any) -> tuple[Any, dict[str, Any]]:
        """`loss` as a pure function of the weights."""
        s = self.statistics()
        if self.field:
            physics, data = all_field_residuals(field_functions(self.config), weights, batch, s)
            data = data * (s["noise"][:, None] / s["scale"])
            parts = {"physics": (physics**2).mean(), "data": (data**2).sum() / batch["mask"].sum()}
            return sum(WEIGHTS[k] * v for k, v in parts.items()), parts
        physics, data, initial = all_residuals(pointwise(self.config), weights, batch, s)
        to_scale = s["noise"][:, None] / s["scale"]
        data, initial = data * to_scale, initial * to_scale[:, 0]
        parts = {
            "physics": (physics**2).mean(),
            "data": (data**2).sum() / batch["mask"].sum(),
            "initial": (initial**2).sum() / (batch["sure"].sum() + (batch["sure"].sum() == 0)),
        }
        return sum(WEIGHTS[k] * v for k, v in parts.items()), parts

    # -- training --------------------------------------------------------------------------

    def fit(
        self,
        data: xarray.Dataset,
        schedule: Schedule = DEFAULT,
        *,
        initial: Any = None,
        folder: Path | str | None = None,
        resume: bool = False,
        progress: bool = True,
        command: str | None = None,
        rules: Any = None,
        scales: str = "data",
        watch: Any = None,
    ) -> "UPINN":
        """Train surrogates and hidden term on a Dataset (sample, time); returns a new model.

        initial: exactly known initial states, see `problem.read`.   folder: where the run is kept,
        for `resume`.   rules: Tightening of the second-order training.   scales: of the hidden
        term, from the "data" or from this "model".   watch: called with (step, state) now and then.
        """
        from zoo.models.upinn.fitting import fit

        return fit(
            self, data, schedule, initial=initial, rules=rules, scales=scales, folder=folder,
            resume=resume, progress=progress, command=command, watch=watch,
        )  # fmt: skip

    def adapt(self, known: System, *, trajectories: int = 1, seed: int = 0, **options: Any):
        """A new model for another known part, with this hidden term: (model, TransferReport)."""
        from zoo.models.upinn.tuning import adapt

        return adapt(self, known, trajectories=trajectories, seed=seed, **options)

    def tune(
        self,
        target: "System | xarray.Dataset",
        *,
        known: System | None = None,
        steps: int | None = None,
        seed: int = 0,
        noise: str | None = None,
        initial: Any = None,
        folder: Path | str | None = None,
        resume: bool = False,
        progress: bool = True,
        command: str | None = None,
    ) -> "UPINN":
        """A new model tuned to `target`, starting from this hidden term; see zoo.finetune.

        target: a Dataset, or a System that is simulated from 3 initial states.   known: the partly
        known System (default: this model's).   noise, initial: as in Config and `problem.read`.
        """
        from zoo.models.upinn.tuning import prepared

        model, data, schedule, more = prepared(self, target, known, steps, seed, noise)
        return model.fit(
            data, schedule, initial=initial, folder=folder, resume=resume, progress=progress,
            command=command, **more,
        )  # fmt: skip

    # -- reading ---------------------------------------------------------------------------

    def hidden(self, inputs: Mapping[str, Any], full: bool = False) -> dict[str, np.ndarray]:
        """The learnt hidden part of d(state)/dt at `inputs` {state, jet or "t": array}."""
        import jax

        if self.field:
            return self._hidden_of_jets(inputs)
        names = self.config.system.state_names
        arrays = np.broadcast_arrays(
            *(np.asarray(inputs.get(n, 0.0), np.float64) for n in (*names, "t"))
        )
        shape = arrays[0].shape
        states = np.stack(arrays[:-1], -1).reshape(-1, len(names))
        with jax.enable_x64(True):
            functions, s, phi = pointwise(self.config), self.statistics(), self.weights()["hidden"]
            out = jax.vmap(lambda u, t: functions.hidden(phi, u, t, s))(states, arrays[-1].ravel())
        out = np.asarray(out).reshape(*shape, len(names))
        return {n: out[..., i] for i, n in enumerate(names) if full or n in self.config.outputs}

    def _hidden_of_jets(self, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
        import jax

        symbols = self.config.symbols
        arguments.options(inputs, symbols, "the hidden term")
        missing = [n for n in symbols if n not in inputs]
        if missing:
            raise ValueError(f"the hidden term is of {', '.join(symbols)}; give {missing[0]!r} too")
        arrays = np.broadcast_arrays(*(np.asarray(inputs[n], np.float64) for n in symbols))
        with jax.enable_x64(True):
            of, s, phi = field_functions(self.config), self.statistics(), self.weights()["hidden"]
            rows = np.stack(arrays, -1).reshape(-1, len(symbols))
            jets = lambda row: dict(zip(symbols.values(), row, strict=True))  # noqa: E731
            out = np.asarray(jax.vmap(lambda row: of.hidden(phi, jets(row), s))(rows))
        out = out.reshape(*arrays[0].shape, -1)
        names = self.config.system.state_names
        return {n: out[..., names.index(n)] for n in self.config.outputs}

    def predict(self, dataset=None, *, times=None, **options: Any) -> xarray.Dataset:
        """Without data: the surrogates of the training trajectories, with the hidden term beside.
        With data: u' = known + hidden, integrated from the first state of every sample that is
        measured in full, at its own time.

        times: (time,) [T]; default 201 points of the training span (of a PDE 101), or the data's
        own times.   points: of a PDE's surrogates, how many per coordinate or {coordinate: values}.
        """
        if self.field:
            from zoo.models.upinn.field_forecast import forecast
            from zoo.models.upinn.field_reading import surrogates

            arguments.options(options, ("points",), "a prediction of family 'upinn'")
            if dataset is None:
                return surrogates(self, times, **options)
            return forecast(self, dataset, times)
        from zoo.models.upinn.reading import forecast, surrogates

        arguments.options(options, ("dataset", "times"), "a prediction of family 'upinn'")
        if dataset is None:
            return surrogates(self, times)
        return forecast(self, dataset, times)

    def law(self, dataset=None, engine: str = "auto", **options: Any):
        """`known.complete(hidden=formula)` with the formula that the hidden term has learnt.

        dataset: the measurements; candidates are then refitted to them through the ODE and
        judged there. Without it they are judged on the surrogates.
        """
        from zoo.models.upinn.law import discover_law

        return discover_law(self, dataset, engine, **options)


def _numpy(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {k: _numpy(v) for k, v in tree.items()}
    return np.asarray(tree)
