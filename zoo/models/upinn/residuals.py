"""The equations a UPINN is trained on, point by point: pure functions of weights and statistics."""

from collections.abc import Callable
from typing import Any, NamedTuple

from zoo.models.upinn.clock import phase, stretch
from zoo.models.upinn.config import Config
from zoo.models.upinn.network import apply


class Pointwise(NamedTuple):
    """Functions at one time of one trajectory; theta, phi: weight trees of U and of G.

    surrogate(theta, t, s) -> (d,) the surrogate's variable (u, or log u).
    states(theta, t, s) -> (d,) u.   hidden(phi, u, t, s) -> (d,) hidden part of du/dt.
    misfit(theta, t, value, s, noise) -> (d,) (surrogate − data)/noise scale.
    residual(theta, phi, t, params, s) -> (d,) (dU/dt − F(U) − G(U))/rate; by the "log" clock both
    are per unit of φ and the rate has |F(U)| added, so that slow balances count by their terms.
    known(u, t, params) -> (d,) F.
    """

    surrogate: Callable
    states: Callable
    hidden: Callable
    misfit: Callable
    residual: Callable
    known: Callable


def pointwise(config: Config) -> Pointwise:
    """The functions of one configuration; `s` is the dict of statistics."""
    import jax
    import jax.numpy as jnp

    from physics.lower import rhs

    system, log = config.system, config.multiplicative
    names = system.state_names
    f = rhs(system)
    places = tuple(names.index(o) for o in config.outputs)

    def surrogate(theta, t, s):
        return s["center"] + s["scale"] * apply(theta, phase(config, t, s))

    def states(theta, t, s):
        z = surrogate(theta, t, s)
        return jnp.exp(z) if log else z

    def rate(phi, u, t, s):
        seen = jnp.stack([t if n == "t" else u[names.index(n)] for n in config.inputs])
        out = apply(phi, (seen - s["input_center"]) / s["input_scale"])
        full = jnp.zeros(len(names), out.dtype).at[jnp.array(places)].set(out)
        return s["rate"] * full

    def hidden(phi, u, t, s):
        return rate(phi, u, t, s) * (u if log else 1.0)

    def known(u, t, params):
        return f(t, u, params)

    def misfit(theta, t, value, s, noise):
        z = surrogate(theta, t, s)
        return (z - (jnp.log(value) if log else value)) / noise

    def residual(theta, phi, t, params, s):
        z, slope = jax.jvp(lambda w: surrogate(theta, w, s), (t,), (jnp.ones_like(t),))
        u = jnp.exp(z) if log else z
        drift = known(u, t, params)
        drift = drift / u if log else drift
        left = slope - drift - rate(phi, u, t, s)
        if config.clock == "time":
            return left / s["rate"]
        speed = stretch(t, s)
        return left * speed / (s["rate"] + speed * jax.lax.stop_gradient(jnp.abs(drift)))

    return Pointwise(surrogate, states, hidden, misfit, residual, known)


def all_residuals(functions: Pointwise, params: dict, batch: dict, s: dict) -> tuple[Any, Any, Any]:
    """(physics (n, c, d), data (n, m, d), initial (n, d)) of stacked surrogates, unweighted."""
    import jax

    theta, phi = params["surrogate"], params["hidden"]

    def one(a, own, values, start, noise):
        physics = jax.vmap(lambda t: functions.residual(a, phi, t, own, s))(batch["points"])
        data = jax.vmap(lambda t, v: functions.misfit(a, t, v, s, noise))(batch["times"], values)
        initial = functions.misfit(a, batch["times"][0], start, s, noise)
        return physics, data, initial

    physics, data, initial = jax.vmap(one)(
        theta, batch["params"], batch["values"], batch["start"], s["noise"]
    )
    return physics, data * batch["mask"], initial * batch["sure"]
