"""The contract of all families that map a delay window to the next state.

In normalised units x̂ = (x − center)/scale: x̂_{k+1} = f(x̂_{k−N+1}, …, x̂_k). A family says what f is
(`step`), how it is fitted (`fitted`) and what its Config adds.
"""

import dataclasses
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import xarray
from flax import nnx

from physics import arguments
from physics.system import System
from zoo.layers import windows
from zoo.layers.held_out import FOLLOWING, SEGMENTS, divided, segments
from zoo.layers.windows import Record, WindowConfig
from zoo.model import Model, Statistic
from zoo.training.schedule import Schedule

SCALES = ("data", "model", "nearer")
COMPARED = 500  # windows on which two normalisations are compared
GIVEN = ("record", "aside", "schedule", "run")  # what `fit` hands to `fitted` itself


class Forecaster(Model):
    """Shared by StNN and its baselines: reading, rollout, fine-tuning, law.

    Statistics, all float64: center, scale (state,) [physical units]; gain (state,) what a network's
    output is multiplied by, in normalised units; segments (16, N + 16, state) held-out data and
    segment_environment (16,).
    """

    abilities: ClassVar[frozenset[str]] = frozenset(("forecast", "law"))
    accepts: ClassVar[frozenset[str]] = frozenset(("gaps",))
    default: ClassVar[Schedule] = Schedule(steps=1)
    tuning: ClassVar[Mapping[str, Any]] = {}  # options of `fit` where weights are there already
    reach: ClassVar[float] = np.inf  # deviations from the training data up to which it can speak

    config: WindowConfig

    def __init__(self, config: WindowConfig, *, rngs: nnx.Rngs):
        self.config = config
        d = len(config.states)
        shapes = {
            "center": d, "scale": d, "gain": d, "segment_environment": SEGMENTS,
            "segments": (SEGMENTS, config.window + FOLLOWING, d),
        }  # fmt: skip
        for name, shape in shapes.items():
            setattr(self, name, Statistic(np.ones(shape)))
        self._statistics = tuple(shapes)

    @classmethod
    def create(cls, states: Any, *, seed: int = 0, **options: Any) -> "Forecaster":
        """An untrained model.   states: names, a System, or a Dataset, whose spacing is then dt.

        options: fields of the family's Config, `dt=` among them.
        """
        import jax

        known = [f.name for f in dataclasses.fields(cls.Config) if f.name != "states"]
        arguments.options(options, known, f"family {cls.family!r}")
        if isinstance(states, System):
            states = states.state_names
        elif isinstance(states, xarray.Dataset):
            options.setdefault("dt", windows.step_of(states))
            states = [n for n, v in states.data_vars.items() if {"sample", "time"} >= set(v.dims)
                      and "time" in v.dims]  # fmt: skip
        if "dt" not in options:
            raise ValueError(f"an untrained {cls.family} needs dt=, the time between two states")
        config = cls.Config(states=tuple(arguments.names(states, "states")), **options)
        with jax.enable_x64(True):
            return cls(config, rngs=nnx.Rngs(arguments.whole(seed, "seed", 0)))

    def about(self) -> str:
        """States and window, in a few words."""
        c = self.config
        return f"next {', '.join(c.states)} from {c.window} states {c.dt:g} apart"

    # -- pieces ----------------------------------------------------------------------------

    def weights(self) -> dict:
        """The parameters as a nested dict."""
        return nnx.to_pure_dict(nnx.state(self, nnx.Param))

    def statistics(self) -> dict[str, np.ndarray]:
        """Normalisation statistics by name."""
        return {name: np.asarray(getattr(self, name)[...]) for name in self._statistics}

    def put(self, weights: Mapping | None = None, statistics: Mapping | None = None) -> Any:
        """The same model with other weights or statistics, as float64 numpy arrays."""
        return self.with_state(_numpy({**self.state(), **(weights or {}), **(statistics or {})}))

    @classmethod
    def step(cls, config: Any, weights: Any, s: Mapping, x: Any, environment: Any) -> Any:
        """Windows (sample, N, state) -> next states (sample, state), all normalised; pure."""
        raise NotImplementedError

    @classmethod
    def advance(cls, config: Any, weights: Any, s: Mapping, x: Any, environment: Any) -> tuple:
        """(window moved on by one state, that state)."""
        import jax.numpy as jnp

        state = cls.step(config, weights, s, x, environment)
        return jnp.concatenate([x[:, 1:], state[:, None]], 1), state

    # -- training --------------------------------------------------------------------------

    def fit(
        self,
        data: xarray.Dataset,
        schedule: Schedule | None = None,
        *,
        held_out: xarray.Dataset | None = None,
        scales: str = "data",
        folder: Path | str | None = None,
        resume: bool = False,
        progress: bool = True,
        command: str | None = None,
        watch: Any = None,
        **options: Any,
    ) -> Any:
        """A new model trained on a Dataset (sample, time).

        held_out: data that choices are made on (default: a fifth of `data`: of its samples, or the
        ends of fewer than five).   scales: statistics from the "data" or kept from this "model", or
        those of the two with which it errs less ("nearer").
        folder: where the run is kept, for `resume`.   options: of the family's training.
        """
        schedule = self.default if schedule is None else schedule
        if not isinstance(schedule, Schedule):
            raise ValueError(f"schedule is a Schedule, like Schedule(steps=30), not {schedule!r}")
        if scales not in SCALES:
            raise ValueError(f"scales is one of {', '.join(SCALES)}, not {scales!r}")
        known = [n for n in inspect.signature(self.fitted).parameters if n not in GIVEN]
        arguments.options(options, known, f"fitting family {self.family!r}")
        record = windows.read(self.config, data, self.config.window + 1)
        if held_out is None:
            record, aside = divided(self.config, record)
        else:
            aside = windows.read(self.config, held_out, self.config.window + 1)
        found = self._scales(record, aside)
        model = self.put(statistics=found)
        if scales != "data":  # the kept pieces are of the new data, which the model is judged on
            pieces = {k: v for k, v in found.items() if k.startswith("segment")}
            as_it_was = self.put(statistics=pieces)
            if scales == "model" or as_it_was.misfit(record) < model.misfit(record):
                model = as_it_was
        run = {"folder": folder, "resume": resume, "progress": progress, "command": command,
               "watch": watch}  # fmt: skip
        return model.fitted(record, aside, schedule, run, **options)

    def fitted(self, record: Record, aside: Record, schedule: Schedule, run: dict) -> Any:
        """This model, whose statistics are set, with weights fitted to `record`; choices are made
        on `aside`.   run: options of the training loop."""
        raise NotImplementedError

    def misfit(self, record: Record) -> float:
        """Root mean square one-step error over the spread of the record's states."""
        from zoo.layers.rollout import one_step

        found = windows.cut(self.config, record)
        pick = np.linspace(0, len(found.inputs) - 1, min(COMPARED, len(found.inputs))).astype(int)
        said = one_step(self, found.inputs[pick], found.environment[pick])
        spread = np.nanstd(record.values, (0, 1))
        spread = np.where(spread > 0, spread, 1.0)
        return float(np.sqrt((((said - found.targets[pick]) / spread) ** 2).mean()))

    def normal(self, record: Record) -> windows.Windows:
        """All windows of a record in normalised units."""
        s, found = self.statistics(), windows.cut(self.config, record)
        inputs, targets = ((a - s["center"]) / s["scale"] for a in found[:2])
        return found._replace(inputs=inputs, targets=targets)

    def base(self, x: Any) -> Any:
        """What the network's output is added to, in normalised units; zero where nothing is."""
        return 0.0 * x[:, -1]

    def _scales(self, record: Record, aside: Record) -> dict[str, np.ndarray]:
        flat = record.values.reshape(-1, record.values.shape[-1])
        center, scale = np.nanmean(flat, 0), np.nanstd(flat, 0)
        largest = np.nanmax(np.abs(flat), 0)
        scale = np.where(scale > np.maximum(windows.CONSTANT * largest, 1e-300), scale, 1.0)
        found = windows.cut(self.config, record)
        x, y = ((a - center) / scale for a in found[:2])
        gain = np.sqrt(((y - np.asarray(self.base(x))) ** 2).mean(0))
        kept, environment = segments(self.config, aside, record)
        return {
            "center": center, "scale": scale, "gain": np.where(gain > 1e-300, gain, 1.0),
            "segments": kept, "segment_environment": environment,
        }  # fmt: skip

    def adapt(self, system: Any = None, **roles: Any) -> tuple:
        """(model of another system's states with these weights, TransferReport); the states take
        over their roles in order.   roles: fields of Config that change, such as environments=."""
        import checkpoints

        kept = dataclasses.asdict(self.config) | roles
        if system is not None:
            names = arguments.system(system).state_names
            if len(names) != len(self.config.states):
                raise ValueError(
                    f"{system.name!r} has {len(names)} states, the model "
                    f"{len(self.config.states)} ({', '.join(self.config.states)})"
                )
            kept["states"] = names
        fresh = type(self).create(kept.pop("states"), **kept)
        merged, report = checkpoints.transfer(self.state(), fresh.state())
        return fresh.put(merged), report

    def tune(
        self,
        target: "System | xarray.Dataset",
        *,
        steps: int | None = None,
        seed: int = 0,
        samples: int = 8,
        times: int = 200,
        folder: Path | str | None = None,
        resume: bool = False,
        progress: bool = True,
        command: str | None = None,
    ) -> Any:
        """A new model tuned to `target`, starting from these weights; see zoo.finetune.

        target: a Dataset with this model's spacing, or a System, simulated from `samples` initial
        states at `times` times. The statistics become those of the target's data where the model
        then errs less: much of what other parameters change is where the states lie.
        """
        model, schedule = self, dataclasses.replace(self.default, seed=seed)
        if steps is not None:
            schedule = dataclasses.replace(schedule, steps=arguments.whole(steps, "steps", 1))
        if isinstance(target, System):
            from physics.solution import solve

            model, _ = self.adapt(target)
            count = max(arguments.whole(times, "times", 2), self.config.window + 2)
            target = solve(
                target, samples=samples, seed=seed, times=self.config.dt * np.arange(count)
            )
        return model.fit(
            target, schedule, scales="nearer", folder=folder, resume=resume, progress=progress,
            command=command, **self.tuning,
        )  # fmt: skip

    # -- reading ---------------------------------------------------------------------------

    def predict(self, dataset=None, *, times=None, **options: Any) -> xarray.Dataset:
        """What follows the windows of `dataset` (without it: held-out windows that the model
        keeps).

        times: (time,) [T]; default those of the data, without data 100 steps. The forecast starts
        from the latest complete window that ends by times[0], else from the first one; times of the
        window give what was measured. Between steps: cubic splines.
        """
        from zoo.layers.forecasting import forecast

        arguments.options(options, ("dataset", "times"), f"a prediction of family {self.family!r}")
        return forecast(self, dataset, times)

    def law(self, dataset=None, engine: str = "auto", **options: Any):
        """The law of autonomous rollouts; see zoo.layers.rollout_law."""
        from zoo.layers.rollout_law import discover_law

        return discover_law(self, dataset, engine, **options)


def _numpy(tree: Any) -> Any:
    if isinstance(tree, Mapping):
        return {k: _numpy(v) for k, v in tree.items()}
    return np.asarray(tree, np.float64)
