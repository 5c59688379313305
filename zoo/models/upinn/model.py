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
from zoo.models.upinn import ABILITIES, ACCEPTS, problem
from zoo.models.upinn.config import Config
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
        self.surrogate = Mlp((1, width, width, d), stack=n, spread=SPREAD, rngs=rngs)
        sizes = (inputs, narrow, narrow, len(config.outputs))
        self.hidden_term = Mlp(sizes, stack=None, spread=1.0, rngs=rngs)
        shapes = {
            "begin": 1, "horizon": 1, "center": d, "scale": d, "noise": (n, d),
            "input_center": inputs, "input_scale": inputs, "rate": d,
            "sigma": 1, "alpha": 1, "start": (n, d),
            "known_values": (n, max(1, len(config.system.parameters))),
        }  # fmt: skip
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
    ) -> "UPINN":
        """Train surrogates and hidden term on a Dataset (sample, time); returns a new model.

        initial: exactly known initial states, see `problem.read`.   folder: where the run is kept,
        for `resume`.   rules: Tightening of the second-order training.   Scales come from the
        data, weights from this model.
        """
        import jax

        from zoo.models.upinn.evidence import Tightening, evidence_update, first_state
        from zoo.training import loop
        from zoo.training.fixed import FullBatch
        from zoo.training.updates import optax_update

        if data.sizes.get("sample", 1) != self.config.trajectories:
            raise ValueError(
                f"the model has {self.config.trajectories} trajectories, the data "
                f"{data.sizes.get('sample', 1)}; use zoo.finetune, which makes new surrogates"
            )
        with jax.enable_x64(True):
            batch = problem.read(self.config, data, initial)
            s = problem.statistics(self.config, batch)
            own = np.stack([*batch["params"].values()] or [np.ones(len(batch["start"]))], -1)
            model = self.put(statistics=s | {"start": batch["start"], "known_values": own})
            fixed = model.statistics()
            weights = model.weights()
            if schedule.optimiser == "levenberg-marquardt":
                third = schedule.steps // 3
                rules = rules or Tightening(ramp=min(60, third + 1), warm=min(50, third))
                first, update = first_state(weights, rules), evidence_update(self.config, rules)
            elif schedule.optimiser == "adam":
                first, update = optax_update(lambda w, b, k: model.loss_of(w, b), weights, schedule)
            else:
                raise ValueError(
                    f"unknown optimiser {schedule.optimiser!r}; "
                    f'one of "levenberg-marquardt", "adam"'
                )
            stream = FullBatch(batch | {"statistics": fixed})
            state = loop.run(
                first, update, stream, schedule, folder=folder, resume=resume, title="upinn",
                config=self.config_json(), progress=progress, command=command,
            )  # fmt: skip
            _, misfit, _ = all_residuals(pointwise(self.config), state["params"], batch, fixed)
            level = np.sqrt((np.asarray(misfit) ** 2).sum() / batch["mask"].sum())
        learnt = state.get("optimiser", {}) if isinstance(state["optimiser"], dict) else {}
        return model.put(
            weights=state.get("ema", state["params"]),
            statistics={
                "sigma": np.reshape(learnt.get("sigma", level), 1),
                "alpha": np.reshape(learnt.get("alpha", 1.0), 1),
            },
        )

    def adapt(self, known: System, *, trajectories: int = 1, seed: int = 0, **options: Any):
        """A new model for another known part, with this hidden term: (model, TransferReport).

        States take over their roles in order; surrogates are made anew. The hidden term acts
        between normalised inputs and rates, so it carries over to other units.
        """
        import checkpoints

        if arguments.system(known, "known").domain is not None:
            raise ValueError(f"{known.name!r} is a PDE; a UPINN of this version learns ODEs only")
        kept = dataclasses.asdict(self.config)
        names, old = known.state_names, self.config.system.state_names
        if len(names) != len(old):
            raise ValueError(
                f"{known.name!r} has {len(names)} states, the model {len(old)} "
                f"({', '.join(old)}); they take over roles in order"
            )
        renamed = dict(zip(old, names, strict=True)) | {"t": "t"}
        kept["inputs"] = tuple(renamed[n] for n in self.config.inputs)
        kept["outputs"] = tuple(renamed[n] for n in self.config.outputs)
        kept |= {"known": known.to_json(), "trajectories": trajectories} | options
        fresh = UPINN.create(known, seed=seed, **{k: v for k, v in kept.items() if k != "known"})
        skip = ("surrogate", *self._statistics)
        merged, report = checkpoints.transfer(self.state(), fresh.state(), skip=skip)
        return fresh.with_state(merged), report

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
        known = self.config.system if known is None else arguments.system(known, "known")
        steps = DEFAULT.steps if steps is None else arguments.whole(steps, "steps", 1)
        seed = arguments.whole(seed, "seed", 0)
        if isinstance(target, System):
            from physics.solution import solve

            if target.domain is not None:
                raise ValueError(
                    f"{target.name!r} is a PDE; a UPINN of this version is tuned to ODEs only"
                )
            data = solve(target, samples=3, seed=seed)
        else:
            data = target
        options = {"noise": noise} if noise else {}
        samples = data.sizes.get("sample", 1)
        model, _ = self.adapt(known, trajectories=samples, seed=seed, **options)
        schedule = dataclasses.replace(DEFAULT, steps=steps, seed=seed)
        return model.fit(
            data, schedule, initial=initial, folder=folder, resume=resume, progress=progress,
            command=command,
        )  # fmt: skip

    # -- reading ---------------------------------------------------------------------------

    def hidden(self, inputs: Mapping[str, Any], full: bool = False) -> dict[str, np.ndarray]:
        """The learnt hidden part of d(state)/dt at `inputs` {state or "t": array}, per output."""
        import jax

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

    def predict(self, dataset=None, *, times=None, **options: Any) -> xarray.Dataset:
        """Without data: the surrogates of the training trajectories, with the hidden term beside.
        With data: u' = known + hidden, integrated from the first state of every sample that is
        measured in full, at its own time.

        times: (time,) [T]; default 201 points of the training span, or the data's own times.
        """
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
