"""From a trained hidden term to a law: propose term sets from G, judge them on the data."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray

if TYPE_CHECKING:
    from zoo.models.upinn.model import UPINN


def visited(model: "UPINN") -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray]:
    """({state or "t": (points,)}, {output: hidden part of du/dt}, states (n, points, d)).

    The hidden part is taken from the surrogate, dU/dt − F(U): where the equation is met it is
    G, and it does not smooth a second time.
    """
    import jax

    from physics.lower import rhs

    config = model.config
    seen = model.predict()
    names = config.system.state_names
    states = np.stack([seen[n].values for n in names], -1)
    with jax.enable_x64(True):
        own = {k: v[:, None] for k, v in model.parameters().items()}
        drift = np.asarray(rhs(config.system)(seen["time"].values[None], states, own))
    inputs = {n: seen[n].values.ravel() for n in names}
    inputs["t"] = np.tile(seen["time"].values, len(states))
    targets = {
        n: (seen[f"d_{n}"].values - drift[..., i]).ravel()
        for i, n in enumerate(names)
        if n in config.outputs
    }
    return {n: inputs[n] for n in config.inputs}, targets, states


def discover_law(model: "UPINN", data: xarray.Dataset | None, engine: str, **options: Any) -> Any:
    """The Discovery of a UPINN; see `UPINN.law`."""
    import symbolic

    known = model.config.system
    inputs, targets, states = visited(model)
    if data is None:
        found = symbolic.discover(inputs=inputs, targets=targets, engine=engine, **options)
        unmeasured = (
            "Judged on the network's own curves, which it may have over-fitted: give the "
            "measurements with data=… to judge the candidates on them"
        )
        return replace(found, reason=f"{found.reason}. {unmeasured}").inside(known)
    return symbolic.discover_hidden(
        known, data, inputs=inputs, targets=targets, start=states[:, 0],
        noise=model.config.noise, **options,
    )  # fmt: skip
