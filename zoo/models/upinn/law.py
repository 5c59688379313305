"""From a trained hidden term to a law: propose term sets from G, judge them on the data."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray

from zoo.models.upinn.naming import apart_from

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
    if model.field:
        return visited_fields(model)
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


def visited_fields(
    model: "UPINN", points: int = 24
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray]:
    """As `visited`, for a PDE: on a grid of `points` times and points per coordinate."""
    import jax

    from zoo.models.upinn.field_reading import coordinates
    from zoo.models.upinn.fields import field_functions

    config, s, weights = model.config, model.statistics(), model.weights()
    functions = field_functions(config)
    times = s["begin"][0] + s["horizon"][0] * np.linspace(0, 1, points)
    axes = coordinates(model, points).values()
    flat = np.stack(np.meshgrid(times, *axes, indexing="ij"), -1).reshape(-1, 1 + len(axes))

    def point(theta, own, p):
        left, jets = functions.open_residual(theta, p, own, s)
        return left, [jets[symbol] for symbol in config.symbols.values()]

    with jax.enable_x64(True):
        over = jax.vmap(jax.vmap(point, (None, None, 0)), (0, 0, None))
        left, seen = jax.jit(over)(weights["surrogate"], model.parameters(), flat)
    names = config.system.state_names
    targets = {o: np.asarray(left)[..., names.index(o)].ravel() for o in config.outputs}
    inputs = {n: np.asarray(a).ravel() for n, a in zip(config.inputs, seen, strict=True)}
    return inputs, targets, np.asarray(left)


def discover_law(model: "UPINN", data: xarray.Dataset | None, engine: str, **options: Any) -> Any:
    """The Discovery of a UPINN; see `UPINN.law`."""
    import symbolic

    known = model.config.system
    if model.field and data is not None:
        from zoo.models.upinn.law_of_fields import discover_field_law

        return discover_field_law(model, data, **options)
    inputs, targets, states = visited(model)
    if data is None or model.config.clock == "log":
        found = symbolic.discover(inputs=inputs, targets=targets, engine=engine, **options)
        unmeasured = (
            "Judged on the network's own curves, which it may have over-fitted: give the "
            "measurements with data=… to judge the candidates on them"
        )
        laws = [replace(c, law=apart_from(known, c.law)) for c in found.candidates]
        reason = f"{found.reason}. {unmeasured}"
        return replace(found, candidates=tuple(laws), reason=reason).inside(known)
    return symbolic.discover_hidden(
        known, data, inputs=inputs, targets=targets, start=states[:, 0],
        noise=model.config.noise, **options,
    )  # fmt: skip
