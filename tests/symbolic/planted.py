"""Planted laws, their data and noise, for tests of discovery."""

import numpy as np

import physics
import symbolic

# name: (equations, low and high of the initial states, end, times)
PLANTED = {
    "lotka-volterra": (["x' = 1.1*x - 0.4*x*y", "y' = 0.1*x*y - 0.4*y"], (1, 8), 15, 100),
    "van der pol": (["x' = y", "y' = 1.5*y - 1.5*x^2*y - x"], (-2, 2), 12, 100),
    "cubic oscillator": (["x' = 2*y^3 - 0.1*x^3", "y' = -2*x^3 - 0.1*y^3"], (-2, 2), 8, 100),
    "damped linear": (["x' = 2*y - 0.1*x", "y' = -2*x - 0.1*y"], (-2, 2), 8, 100),
    "brusselator": (["x' = 1 + x^2*y - 4*x", "y' = 3*x - x^2*y"], (0.5, 3), 10, 150),
    "pendulum": (["q' = p", "p' = -1.7*sin(q) - 0.1*p"], (-2, 2), 10, 100),
    "lorenz": (["x' = 10*y - 10*x", "y' = 28*x - x*z - y", "z' = x*y - 2.6667*z"], (5, 15), 3, 150),
}
TIMES = np.linspace(0, 8, 81)
LOTKA = physics.get("lotka_volterra")


def planted(name: str, seed: int, samples: int = 3):
    equations, (low, high), end, count = PLANTED[name]
    system = physics.parse(equations)
    rng = np.random.default_rng(seed)
    initial = low + (high - low) * rng.random((samples, len(system.states)))
    data = physics.solve(system, initial=initial, times=np.linspace(0, end, count))
    return system, data


def noisy(data, level: float, seed: int):
    """Gaussian noise of `level` times the standard deviation of each state."""
    rng = np.random.default_rng(100 + seed)
    changed = {
        n: (v.dims, v.values + level * v.values.std() * rng.standard_normal(v.shape))
        for n, v in data.data_vars.items()
        if v.dims == ("sample", "time")
    }
    return data.assign(changed).drop_attrs()


def recovered(found, system, rtol: float) -> bool:
    return found.best is not None and bool(symbolic.same_law(found.best, system, rtol=rtol))


def line(found) -> str:
    return "; ".join(found.candidates[found.chosen].lines())
