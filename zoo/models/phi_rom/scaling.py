"""Whether the size of a field can be left to one number: λu solves the System where u does.

Then one entry of the latent multiplies what is decoded, Ψ does not see it and only says how fast it
grows, and a field of any size is encoded, forecast and taught like one of size 1.

Where λu does not, as with a reaction u², a decoder may be kept so all the same: Ψ then sees the
size (`sized`), and the solver is asked at it.
"""

from typing import Any

import sympy

from physics.boundary import condition, sides
from physics.jets import Jet, expand_fluxes
from physics.system import System

TINY = 1e-6  # of the size of training fields


def homogeneous(system: System) -> bool:
    """Whether right-hand sides and walls of a PDE are homogeneous of degree one in the states."""
    scale = sympy.Symbol("λ_", positive=True)
    for equation in map(expand_fluxes, system.equations.values()):
        larger = equation.xreplace({j: scale * j for j in equation.atoms(Jet)})
        if sympy.simplify(sympy.expand(larger - scale * equation)) != 0:
            return False
    walls = [condition(system, u, s) for u in system.equations for s in sides(system.dim)]
    return all(w is None or w.value == 0 for w in walls)


def parted(latent: Any) -> tuple[Any, Any]:
    """(size (…, 1), the latent without it) of a latent whose first entry is the size."""
    import jax.numpy as jnp

    rest = latent[..., 1:]
    return latent[..., :1], jnp.concatenate([jnp.zeros_like(latent[..., :1]), rest], -1)


def away_from_nought(size: Any) -> Any:
    """The size, of at least TINY, to be divided by."""
    import jax.numpy as jnp

    return jnp.where(size < 0, -1.0, 1.0) * jnp.maximum(jnp.abs(size), TINY)


def of_size_one(latent: Any) -> Any:
    """The latent of the same field, scaled to the size 1."""
    import jax.numpy as jnp

    return jnp.concatenate([jnp.ones_like(latent[..., :1]), latent[..., 1:]], -1)
