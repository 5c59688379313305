"""A first guess of parameters from the record alone: what a step of the data says about its rates.

u(t₊) − u(t) ≈ h/2·(f(t, u, θ) + f(t₊, u₊, θ)) with measured u, fitted over θ by least squares: no
equation is solved, so it works from any start, if roughly. Multiple shooting goes on from there.

Source: Varah (1982), doi:10.1137/0903003; Brunel (2008), doi:10.1214/07-EJS132.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from physics.unknowns import Problem

STEPS = 100


def matched(problem: "Problem") -> np.ndarray | None:
    """Values of the free parameters (free,); None where a state is unobserved, or for maps.

    The gaps of the record are bridged by straight lines.
    """
    system = problem.system
    if not problem.free or not problem.seen.all() or problem.controls:
        return None
    if system.time == "discrete" or len(problem.times) < 3:
        return None
    from physics.least_squares import levenberg_marquardt
    from physics.unknowns import bounds

    logged, low, high = bounds(problem, len(problem.free))
    start = np.array([system.values[n] for n in problem.free])
    start = np.where(logged, np.log(np.where(logged, start, 1.0)), start)
    solved = levenberg_marquardt(_misfit(problem, logged), start, low=low, high=high, steps=STEPS)
    found = np.asarray(solved.x)
    found = np.where(logged, np.exp(np.where(logged, found, 0.0)), found)
    return found if np.isfinite(found).all() and np.isfinite(float(solved.cost)) else None


def _misfit(problem: "Problem", logged: np.ndarray):
    """theta (free,) -> residuals of all steps of all records, relative to their typical size."""
    import jax.numpy as jnp

    from physics.lower import rhs

    f = rhs(problem.system)
    samples, count, channels = problem.guess.shape
    rows = problem.guess.reshape(-1, channels)
    clock = np.tile(problem.times, samples)
    own = {n: np.repeat(v, count) for n, v in problem.known.items()}
    gaps = np.diff(problem.times)[:, None]
    moves = np.diff(problem.guess, axis=1)
    size = np.sqrt((moves**2).mean(axis=(0, 1)))
    size = np.where(size > 0, size, 1.0)

    def residuals(theta):
        values = jnp.where(logged, jnp.exp(jnp.where(logged, theta, 0.0)), theta)
        params = own | {n: jnp.broadcast_to(values[i], clock.shape)
                        for i, n in enumerate(problem.free)}  # fmt: skip
        rates = f(clock, rows, params).reshape(samples, count, channels)
        steps = gaps * (rates[:, 1:] + rates[:, :-1]) / 2
        return ((steps - moves) / size).ravel()

    return residuals
