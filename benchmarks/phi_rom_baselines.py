"""Linear reduced models at equal latent size: the floor of POD, POD-Galerkin and POD-DMD.

POD: principal components of the training snapshots about their mean. Galerkin: the solver's ∂u/∂t
projected onto them, integrated in time. DMD: the next coefficients as a linear map of the last
ones, of the parameters and of 1, by least squares.
"""

from typing import Any

import numpy as np

from zoo.models.phi_rom.tendency import tendency


class Pod:
    """`modes` (point, k) of the fields u (sample, time, *space) of training."""

    def __init__(self, fields: np.ndarray, k: int):
        flat = fields.reshape(-1, np.prod(fields.shape[2:])).astype(np.float64)
        self.center = flat.mean(0)
        energy, modes = np.linalg.eigh((flat - self.center).T @ (flat - self.center))
        self.modes = modes[:, ::-1][:, :k]

    def encode(self, fields: np.ndarray) -> np.ndarray:
        """Coefficients (sample, time, k)."""
        return (fields.reshape(*fields.shape[:2], -1) - self.center) @ self.modes

    def decode(self, coefficients: np.ndarray, like: np.ndarray) -> np.ndarray:
        """Fields of the shape of `like`."""
        return (self.center + coefficients @ self.modes.T).reshape(like.shape)


def floor(pod: Pod, fields: np.ndarray) -> np.ndarray:
    """Every field projected."""
    return pod.decode(pod.encode(fields), fields)


def galerkin(pod: Pod, config: Any, fields: np.ndarray, values: np.ndarray, times: Any) -> Any:
    """Fields that follow the first ones; values: (sample, parameter) of config.parameters."""
    import jax
    import jax.numpy as jnp

    from physics.integrate.ode import integrate

    f = tendency(config)
    with jax.enable_x64(True):
        modes, center = jnp.asarray(pod.modes), jnp.asarray(pod.center)

        def change(t, a, params):
            u = (center + modes @ a).reshape(*config.grid, 1)
            return modes.T @ f(u, params).reshape(-1)

        own = dict(zip(config.parameters, values.T, strict=True))
        run = jax.jit(lambda a, t, p: integrate(change, a, t, p, rtol=1e-6, atol=1e-8).states)
        found = run(pod.encode(fields)[:, 0], jnp.asarray(times, jnp.float64), own)
    return pod.decode(np.asarray(found), fields)


def dmd(pod: Pod, train: np.ndarray, own: np.ndarray, fields: np.ndarray, values: Any) -> Any:
    """Fields that follow the first ones; own, values: (sample, parameter) of both sets."""
    center, scale = own.mean(0), own.std(0) + (own.std(0) == 0)

    def inputs(a, given):
        held = np.broadcast_to(((given - center) / scale)[:, None], (*a.shape[:2], given.shape[1]))
        return np.concatenate([a, held, np.ones((*a.shape[:2], 1))], -1)

    known = pod.encode(train)
    rows = inputs(known[:, :-1], own)
    after = known[:, 1:]
    operator, *_ = np.linalg.lstsq(
        rows.reshape(-1, rows.shape[-1]), after.reshape(-1, after.shape[-1]), rcond=1e-10
    )
    a = [pod.encode(fields)[:, 0]]
    for _ in range(fields.shape[1] - 1):
        a.append((inputs(a[-1][:, None], values) @ operator)[:, 0])
    return pod.decode(np.stack(a, 1), fields)
