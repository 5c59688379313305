"""The equations of a UPINN of a PDE, point by point: ∂ₜU = F(U, ∂ₓU, …) + G(inputs).

All jets are exact derivatives of the surrogate (nested forward mode), and a periodic coordinate
enters as sines and cosines, so periodicity is exact too.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import sympy

from physics.jets import Jet, expand_fluxes, jets_in
from physics.names import COORDINATES, TIME
from zoo.models.upinn.clock import phase
from zoo.models.upinn.config import Config
from zoo.models.upinn.network import apply


class FieldFunctions(NamedTuple):
    """Functions at one point p = (t, x, …) of one sample; theta, phi: weights of U and of G.

    states(theta, p, s) -> (d,) u.   jets(theta, p, s) -> {symbol: value} of all that F and G see.
    known(jets, params) -> (d,) F.   hidden(phi, jets, s) -> (d,) hidden part of ∂u/∂t.
    misfit(theta, p, value, s, noise) -> (d,) (surrogate − data)/noise scale.
    residual(theta, phi, p, params, s) -> (d,) (∂U/∂t − F − G)/rate.
    open_residual(theta, p, params, s) -> ((d,) ∂U/∂t − F, jets).
    """

    states: Callable
    jets: Callable
    known: Callable
    hidden: Callable
    misfit: Callable
    residual: Callable
    open_residual: Callable


def embedding(config: Config) -> int:
    """How many numbers the surrogate sees of a point."""
    kinds = config.system.domain.kinds
    return 1 + sum(2 * config.harmonics if kind == "periodic" else 1 for kind in kinds)


@functools.lru_cache(maxsize=32)
def field_functions(config: Config) -> FieldFunctions:
    """The functions of one configuration; `s` is the dict of statistics."""
    import jax
    import jax.numpy as jnp

    from physics.lower.expression import evaluate

    system, box = config.system, config.system.domain
    names, axes = system.state_names, COORDINATES[: system.dim]
    equations = [expand_fluxes(e) for e in system.equations.values()]
    places = np.array([names.index(o) for o in config.outputs])
    wanted = {Jet(n) for n in names}.union(*map(jets_in, equations))
    wanted |= {s for s in config.symbols.values() if isinstance(s, Jet)}
    indices = sorted({j.index for j in wanted}, key=lambda i: (len(i), i))

    def seen(p, s):
        parts = [phase(config, p[:1], s)]
        for i, kind in enumerate(box.kinds):
            along = (p[1 + i] - box.low[i]) / (box.high[i] - box.low[i])
            if kind == "periodic":
                turns = 2 * np.pi * along * np.arange(1, config.harmonics + 1)
                parts += [jnp.sin(turns), jnp.cos(turns)]
            else:
                parts.append(2 * along[None] - 1)
        return jnp.concatenate(parts)

    def states(theta, p, s):
        return s["center"] + s["scale"] * apply(theta, seen(p, s))

    def along(f, axis):
        """p -> ∂f/∂p_axis."""
        unit = np.eye(1 + len(axes))[axis]
        return lambda p: jax.jvp(f, (p,), (jnp.asarray(unit, p.dtype),))[1]

    def jets(theta, p, s):
        found = {sympy.Symbol(TIME): p[0]}
        found |= {sympy.Symbol(c): p[1 + i] for i, c in enumerate(axes)}
        for index in indices:
            f = lambda q: states(theta, q, s)  # noqa: E731
            for c in index:
                f = along(f, 1 + axes.index(c))
            values = f(p)
            found |= {Jet(n, index): values[i] for i, n in enumerate(names)}
        return found

    def known(jets, params):
        environment = jets | {sympy.Symbol(k): v for k, v in params.items()}
        sides = evaluate(equations, environment, jnp)
        return jnp.stack([jnp.asarray(v, jets[Jet(names[0])].dtype) for v in sides], -1)

    def hidden(phi, jets, s):
        inputs = jnp.stack([jets[symbol] for symbol in config.symbols.values()])
        out = apply(phi, (inputs - s["input_center"]) / s["input_scale"])
        full = jnp.zeros(len(names), out.dtype).at[places].set(out)
        return s["rate"] * full

    def misfit(theta, p, value, s, noise):
        return (states(theta, p, s) - value) / noise

    def open_residual(theta, p, params, s):
        found = jets(theta, p, s)
        return along(lambda q: states(theta, q, s), 0)(p) - known(found, params), found

    def residual(theta, phi, p, params, s):
        left, found = open_residual(theta, p, params, s)
        return (left - hidden(phi, found, s)) / s["rate"]

    return FieldFunctions(states, jets, known, hidden, misfit, residual, open_residual)


def all_field_residuals(
    functions: FieldFunctions, params: dict, batch: dict, s: dict
) -> tuple[Any, Any]:
    """(physics (n, c, d), data (n, m, d)) of stacked surrogates, unweighted."""
    import jax

    theta, phi = params["surrogate"], params["hidden"]

    def one(a, own, places, values, noise):
        physics = jax.vmap(lambda p: functions.residual(a, phi, p, own, s))(batch["points"])
        data = jax.vmap(lambda p, v: functions.misfit(a, p, v, s, noise))(places, values)
        return physics, data

    physics, data = jax.vmap(one)(
        theta, batch["params"], batch["places"], batch["values"], s["noise"]
    )
    return physics, data * batch["mask"]
