"""Python source on jax.numpy: pure functions for jit, grad and vmap.

`rhs(t, y, parameters)` is a vector field as Diffrax takes it; y has shape (state,) or
(state, k), parameters is a dict (a pytree) of numbers, arrays or tracers.
"""

from physics.formula import Formula
from physics.system import System
from symbolic.exporters._arrays import Dialect, formula_module, system_module

SUFFIX = ".py"

_JAX = Dialect(
    module="jnp",
    imports="import jax.numpy as jnp\n",
    values="list(values.values())",
    argument="jnp.asarray({0})",
    prepare="""    y = jnp.asarray(y)
    shape, dtype = y.shape[1:], jnp.result_type(y, 1.0)
    y, dydt = y.astype(dtype), {{}}
""",
    finish="""    dydt = jnp.stack([jnp.broadcast_to(d, shape) for d in dydt.values()])
    return dydt.reshape(({shape} *shape)).astype(dtype)
""",
)


def export(law: System | Formula) -> str:
    """Source of a module with `rhs`, `step` or `formula`; ValueError for a PDE."""
    if isinstance(law, Formula):
        return formula_module(law, _JAX)
    return system_module(law, _JAX)
