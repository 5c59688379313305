"""The law of a Φ-ROM: regressed on its own rollouts from training starts, not on the data.

A model whose Ψ does not follow the equation it was trained on better than standing still has learnt
no dynamics and gets no law: that is what random weights are.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray

if TYPE_CHECKING:
    from symbolic import Discovery
    from zoo.models.phi_rom.model import PhiROM

TIMES = 101
BETTER = 0.5  # ‖Ψ − α̇*‖/‖α̇*‖ below which something has been learnt; standing still has 1


def discover_law(
    model: "PhiROM", dataset: xarray.Dataset | None = None, engine: str = "auto", **options: Any
) -> "Discovery":
    """The Discovery on rollouts from the kept starts, or from the first fields of `dataset`.

    options: of symbolic.discover.
    """
    import symbolic

    wrong = dynamics_error(model)
    if not wrong < BETTER:
        return _nothing(
            f"the model has learnt no dynamics: its latents move {wrong:.2g} of the solver's "
            f"projected rate away from it, standing still is 1 away"
        )
    return symbolic.discover(rollouts(model, dataset), engine=engine, **options)


def rollouts(model: "PhiROM", dataset: xarray.Dataset | None = None) -> xarray.Dataset:
    """Autonomous rollouts over the training horizon, on the solver's grid."""
    s = model.statistics()
    begin = float(s["begin"][0] if dataset is None else dataset["time"].values.flat[0])
    times = begin + np.linspace(0, 1, TIMES) * float(s["horizon"][0])
    return model.predict(dataset, times=times, points=model.config.grid)


def dynamics_error(model: "PhiROM") -> float:
    """Median of ‖Ψ − α̇*‖/‖α̇*‖ over the kept training latents with their parameters."""
    import jax
    import jax.numpy as jnp

    from zoo.models.phi_rom.decoders import features
    from zoo.models.phi_rom.dynamics import rate
    from zoo.models.phi_rom.losses import Physics, slopes_of
    from zoo.models.phi_rom.tendency import grid_places, scaled

    c, s, weights = model.config, model.statistics(), model.weights()
    physics = Physics(
        scaled(c, grid_places(c)), s["center"], s["scale"], s["clock"][0], s["value_center"],
        s["value_scale"],
    )  # fmt: skip
    latents, values = jnp.asarray(s["starts"]), jnp.asarray(s["start_values"])

    def one(latent, own):
        shared = features(c, weights["decoder"], physics.places)
        goal = slopes_of(c, weights["decoder"], latent, own, physics, shared).rate
        gap = rate(c, weights["dynamics"], latent, own) - goal
        return jnp.linalg.norm(gap) / (jnp.linalg.norm(goal) + 1e-12)

    errors = np.asarray(jax.jit(jax.vmap(one))(latents, values))
    return float(np.median(np.where(np.isfinite(errors), errors, np.inf)))


def _nothing(reason: str) -> "Discovery":
    from symbolic.provenance import versions
    from symbolic.result import Discovery

    return Discovery(
        candidates=(), chosen=None, reason=reason, null_directions=(), noise={},
        method="no search", seed=0, versions=versions(),
    )  # fmt: skip
