"""∂u/∂t of a decoded field with derivatives of the decoder itself (PINN-ROM), without a solver.

A baseline: the equation holds point by point, so that a shock is no weak solution, and walls are
not seen.   Source: the baseline of this name in Φ-ROM (2025), arXiv:2505.14595.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from physics.names import COORDINATES
from zoo.models.phi_rom.config import Config
from zoo.models.phi_rom.decoders import decode, features


def strong_tendency(config: Config) -> Callable[..., Any]:
    """f(decoder weights, places (point, dim) scaled, latent, center, scale, {parameter: number}) ->
    ∂u/∂t (point, state), physical units.

    Raises ValueError for a System with nonlocal operators.
    """
    import jax
    import jax.numpy as jnp
    import sympy

    from physics.jets import NONLOCAL, Jet, expand_fluxes, jets_in
    from physics.lower.expression import evaluate

    system = config.equation
    equations = [expand_fluxes(e) for e in system.equations.values()]
    if any(e.has(*NONLOCAL) for e in equations):
        raise ValueError(f"{system.name!r} has nonlocal operators, which no point knows of")
    jets = sorted(set().union(*map(jets_in, equations)), key=str)
    space, names = COORDINATES[: system.dim], system.state_names
    box = system.domain
    half = (np.asarray(box.high) - np.asarray(box.low)) / 2
    middle = (np.asarray(box.high) + np.asarray(box.low)) / 2

    def change(weights, places, latent, center, scale, params):
        def states(x):
            said = decode(config, weights, features(config, weights, x[None]), latent)[0]
            return center + scale * said

        def derived(index):
            function = states
            for letter in index:
                axis = space.index(letter)
                function = _along(function, np.eye(len(space), dtype=np.float32)[axis] / half[axis])
            return function

        def point(x):
            known = {i: derived(i)(x) for i in {j.index for j in jets} | {()}}
            symbols = {Jet(n, i): v[names.index(n)] for i, v in known.items() for n in names}
            symbols |= {sympy.Symbol(n): v for n, v in (system.values | params).items()}
            here = x * half + middle
            symbols |= {sympy.Symbol(c): here[i] for i, c in enumerate(space)}
            return jnp.stack([jnp.asarray(v) for v in evaluate(equations, symbols, jnp)])

        return jax.vmap(point)(places)

    def _along(function, direction):
        return lambda x: jax.jvp(function, (x,), (jnp.asarray(direction, x.dtype),))[1]

    return change
