"""Φ-ROM: decoder, latent dynamics and the statistics of what they were trained on."""

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
from zoo.models.phi_rom import ABILITIES, ACCEPTS
from zoo.models.phi_rom.config import SIZES, Config, check_system
from zoo.models.phi_rom.decoders import Decoder
from zoo.models.phi_rom.dynamics import Dynamics
from zoo.training.schedule import Schedule

DEFAULT = Schedule(steps=4000, optimiser="soap", rate=5e-3, warmup=100, chunk=100, save=1000)


class PhiROM(Model):
    """Decoder, latent dynamics and statistics (see the package docstring), float32.

    Statistics: center, scale (state,) of the fields; clock, begin, horizon [T]; value_center,
    value_scale (parameter,); anchors (anchor, latent), the mean training latent first; starts
    (kept, latent) and start_values (kept, parameter), from which the model speaks without data;
    radius, largest distance of a training latent from the mean.
    """

    family: ClassVar[str] = "phi-rom"
    abilities: ClassVar[frozenset[str]] = frozenset(ABILITIES)
    accepts: ClassVar[frozenset[str]] = frozenset(ACCEPTS)
    Config: ClassVar[type] = Config

    def __init__(self, config: Config, *, rngs: nnx.Rngs):
        self.config = config
        self.decoder = Decoder(config, rngs=rngs)
        self.dynamics = Dynamics(config, rngs=rngs)
        d, p, k = len(config.equation.states), max(1, len(config.parameters)), config.latent
        shapes = {
            "center": d, "scale": d, "clock": 1, "begin": 1, "horizon": 1, "value_center": p,
            "value_scale": p, "anchors": (config.anchors, k), "starts": (config.kept, k),
            "start_values": (config.kept, p), "radius": 1,
        }  # fmt: skip
        for name, shape in shapes.items():
            fill = np.zeros if name.endswith(("center", "begin", "values", "anchors", "starts")) \
                else np.ones  # fmt: skip
            setattr(self, name, Statistic(fill(shape, np.float32)))
        self._statistics = tuple(shapes)

    @classmethod
    def create(
        cls, system: System, *, size: str | None = None, seed: int = 0, **options: Any
    ) -> "PhiROM":
        """An untrained model of a PDE.   size: one of "small", "plane", "large"; options: fields of
        Config, which go before it, such as parameters=("nu",), grid=(64, 64), latent=16."""
        check_system(system)
        fields = [f.name for f in dataclasses.fields(Config) if f.name != "system"]
        arguments.options(options, fields, "family 'phi-rom'")
        if size is None:
            size = "small" if system.dim == 1 else "plane"
        if size not in SIZES:
            raise ValueError(f"size is one of {', '.join(SIZES)}, not {size!r}")
        seed = arguments.whole(seed, "seed", 0)
        settings = dict(SIZES[size]) | options
        if settings["decoder"] == "filter" and "fronts" not in options:
            settings["fronts"] = 0  # which a size may have
        return cls(Config(system=system.to_json(), **settings), rngs=nnx.Rngs(seed))

    def about(self) -> str:
        """The equation, its latent dimension and decoder."""
        c = self.config
        varied = f", {', '.join(c.parameters)} given" if c.parameters else ""
        return f"{c.equation.name} in {c.latent} numbers, {c.decoder} decoder{varied}"

    # -- pieces ----------------------------------------------------------------------------

    def weights(self) -> dict:
        """{"decoder": {name: array}, "dynamics": {name: array}}."""
        state = nnx.to_pure_dict(nnx.state(self, nnx.Param))
        return {"decoder": state["decoder"], "dynamics": state["dynamics"]}

    def statistics(self) -> dict[str, np.ndarray]:
        """Normalisation statistics by name."""
        return {name: np.asarray(getattr(self, name)[...]) for name in self._statistics}

    def put(self, weights: Mapping | None = None, statistics: Mapping | None = None) -> "PhiROM":
        """The same model with other weights or statistics, as float32 numpy arrays."""
        return self.with_state(_numpy({**self.state(), **(weights or {}), **(statistics or {})}))

    def standardised(self, values: Any) -> np.ndarray:
        """Parameters (sample, parameter) in units of their spread in training; a column of zeros
        where there are none."""
        s, p = self.statistics(), len(self.config.parameters)
        rest = (np.asarray(values) - s["value_center"][:p]) / s["value_scale"][:p]
        return np.pad(rest, ((0, 0), (0, max(1, p) - p))).astype(np.float32)

    def loss(self, batch: Any, key: Any = None) -> tuple[Any, dict[str, Any]]:
        """λ L_rec + (1 − λ) L_dyn, λ = 1/2, of a batch of `batch` with {"latents"} beside."""
        from zoo.models.phi_rom.losses import dynamics, reconstruction

        weights, latents = self.weights(), batch["latents"]
        rec = reconstruction(self.config, weights["decoder"], latents, batch["seen"])
        dyn, more = dynamics(self.config, weights, latents, batch["values"], batch["physics"])
        return (rec + dyn) / 2, {"rec": rec, "dyn": dyn, **more}

    def batch(self, data: xarray.Dataset) -> dict:
        """The fields of a Dataset as `loss` takes them, with the latents that encode them."""
        from zoo.models.phi_rom.fitting import batch_of
        from zoo.models.phi_rom.reading import read

        measured = read(self.config, data)
        latents = np.asarray(self.encoded(measured).latents).reshape(-1, self.config.latent)
        return batch_of(self, measured) | {"latents": latents}

    # -- training --------------------------------------------------------------------------

    def fit(
        self,
        data: xarray.Dataset,
        schedule: Schedule = DEFAULT,
        *,
        rules: Any = None,
        scales: str = "data",
        folder: Path | str | None = None,
        resume: bool = False,
        progress: bool = True,
        command: str | None = None,
        watch: Any = None,
    ) -> "PhiROM":
        """A new model trained on fields over (sample, time, x[, y[, z]]) or (sample, time, point).

        rules: `rules.Rules`, or {name: value} of some of them.   scales: statistics and first
        latents from the "data", or those of this "model".   folder: where the run is kept, for
        `resume`.   watch: called with (step, state) now and then.
        """
        from zoo.models.phi_rom import fitting

        return fitting.fit(
            self, data, schedule, fitting.check_rules(rules), scales=scales, folder=folder,
            resume=resume, progress=progress, command=command, watch=watch,
        )  # fmt: skip

    def adapt(self, system: System | None = None, **roles: Any) -> tuple:
        """(model of another equation with these weights, TransferReport).

        Decoder and dynamics carry over where shapes agree; roles: fields of Config that change,
        such as parameters=. Raises ValueError for another number of states or dimensions.
        """
        from zoo.models.phi_rom.tuning import adapt

        return adapt(self, system, **roles)

    def tune(
        self,
        target: "System | xarray.Dataset",
        *,
        steps: int | None = None,
        seed: int = 0,
        samples: int | None = None,
        system: System | None = None,
        rules: Any = None,
        folder: Path | str | None = None,
        resume: bool = False,
        progress: bool = True,
        command: str | None = None,
    ) -> "PhiROM":
        """A new model tuned to `target`, starting from these weights; see zoo.finetune.

        target: a Dataset, or a System, simulated from `samples` initial states (default: 8 on a
        line, else 24) with the model's parameters drawn from their ranges; domain, walls, initial
        fields and ranges that it leaves open are those of the model's equation.   system: the
        equation behind a Dataset (default: the model's).   rules: as in `fit`.
        """
        from zoo.models.phi_rom.tuning import prepared

        model, data, schedule, own = prepared(self, target, system, steps, seed, samples)
        return model.fit(
            data, schedule, rules=rules or own, scales="model", folder=folder, resume=resume,
            progress=progress, command=command,
        )  # fmt: skip

    # -- reading ---------------------------------------------------------------------------

    def encoded(self, measured: Any, starts: int | None = None) -> Any:
        """Encoded: latents (sample, time, latent), misfit (sample, time) of a Measured."""
        from zoo.models.phi_rom.forecasting import encoded

        return encoded(self, measured, starts)

    def encode(self, data: xarray.Dataset) -> xarray.Dataset:
        """The latents of every field of `data`: `latent` (sample, time, component), and `misfit`,
        the share of the measured deviation from the mean that decoding leaves."""
        from zoo.models.phi_rom.forecasting import encode

        return encode(self, data)

    def reconstruct(self, data: xarray.Dataset, *, points: Any = None) -> xarray.Dataset:
        """Every field of `data` encoded and decoded again, at `points` (see `predict`)."""
        from zoo.models.phi_rom.forecasting import reconstruct

        return reconstruct(self, data, points)

    def predict(self, dataset=None, *, times=None, points=None, **options: Any) -> xarray.Dataset:
        """What follows the first field of every sample of `dataset` (without data: of kept training
        trajectories), on a grid or at any points, at any times.

        times: (time,) from that field on [T]; default those of the data, without data 51 over
        twice the training horizon.   points: None for those of the data (or of the solver's
        grid), a number or tuple per coordinate, {coordinate: positions} of a grid, or (point, dim)
        scattered places.   window: how many leading fields are assimilated instead of one.
        noise: deviation of the measurements in physical units. Give one for few exact sensors too:
        what a decoder errs there pulls at latents that they hardly see.
        """
        from zoo.models.phi_rom.forecasting import forecast

        arguments.options(options, ("window", "noise"), "a prediction of family 'phi-rom'")
        return forecast(self, dataset, times, points, **options)

    def assimilate(self, data: xarray.Dataset, **options: Any) -> xarray.Dataset:
        """Sequential assimilation of the sensors in `data`; see `assimilation.assimilate`."""
        from zoo.models.phi_rom.assimilation import assimilate

        return assimilate(self, data, **options)

    def law(self, dataset=None, engine: str = "auto", **options: Any):
        """The law of autonomous rollouts, not of the data; see `law.discover_law`."""
        from zoo.models.phi_rom.law import discover_law

        return discover_law(self, dataset, engine, **options)


def _numpy(tree: Any) -> Any:
    if isinstance(tree, Mapping):
        return {k: _numpy(v) for k, v in tree.items()}
    return np.asarray(tree, np.float32)
