"""System -> right-hand side of an ODE (or the step of a map) as a pure JAX function."""

from collections.abc import Callable, Mapping
from typing import Any

import sympy

from physics.jets import Jet
from physics.lower.expression import evaluate
from physics.names import TIME, nearest
from physics.system import System

RightHandSide = Callable[..., Any]


def ode_rhs(system: System) -> RightHandSide:
    """f(t, u, params=None, control=None) -> du/dt (or the next state of a map).

    t: scalar or (...) [T].   u: (..., channel), channels in the order of `system.state_names`.
    params: {name: scalar or (...)}, missing ones take the nominal value.
    control: {name: scalar or (...)}, required if the system has controls.
    Returns (..., channel), in the dtype of `u`. Pure, jittable, differentiable; broadcasts over
    leading axes. Raises ValueError for a PDE, unknown parameters and missing controls.
    """
    if system.domain is not None:
        raise ValueError(f"{system.name!r} is a PDE: its right-hand side needs a grid")
    expressions = list(system.equations.values())
    states = [Jet(name) for name in system.state_names]
    nominal, controls = system.values, [c.name for c in system.controls]

    def rhs(t, u, params: Mapping[str, Any] | None = None, control=None):
        import jax.numpy as jnp

        u = jnp.asarray(u)
        values = nominal | _known(params or {}, nominal, system.name)
        environment = {sympy.Symbol(TIME): t}
        environment |= {state: u[..., i] for i, state in enumerate(states)}
        environment |= {sympy.Symbol(name): value for name, value in values.items()}
        environment |= {sympy.Symbol(name): _control(control, name) for name in controls}
        shape = u.shape[:-1]
        out = [
            jnp.broadcast_to(jnp.asarray(v, u.dtype), shape)
            for v in evaluate(expressions, environment, jnp)
        ]
        return jnp.stack(out, axis=-1)

    return rhs


def _known(params: Mapping[str, Any], nominal: Mapping[str, float], name: str) -> dict[str, Any]:
    for given in params:
        if given not in nominal:
            raise ValueError(
                f"system {name!r} has no parameter {given!r}{nearest(given, nominal)}; "
                f"it has: {', '.join(nominal) or 'none'}"
            )
    return dict(params)


def _control(control: Mapping[str, Any] | None, name: str) -> Any:
    if control is None or name not in control:
        raise ValueError(f"no value given for control {name!r}")
    return control[name]
