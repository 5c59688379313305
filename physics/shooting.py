"""Multiple shooting: trajectories cut into segments whose starting states are unknowns too.

Short segments cannot blow up and see the data early, so a fit starts from poor guesses; the gaps
between segments are closed by a growing weight.

Source: Bock (1983), Recent advances in parameter identification techniques for ODE,
doi:10.1007/978-1-4684-7324-7_7.
"""

import functools
from typing import Any, NamedTuple

import numpy as np

from physics.system import System

MOST_GROWTH = 300.0  # exponent of the growth between two measurements, typical of the record


class Cut(NamedTuple):
    """Segments of records, as rows (sample major, then segment).

    times: (sample, segment, length) [T].   data: (row, length, channel).   owned: the same shape,
    1 where the segment is charged for the measurement.   controls: {name: (row, time of the
    record)}.   clock: (time of the record,).   known: {parameter: (row,)}.
    """

    times: np.ndarray
    data: np.ndarray
    owned: np.ndarray
    controls: dict[str, np.ndarray]
    clock: np.ndarray
    known: dict[str, np.ndarray]

    @property
    def count(self) -> int:
        """Segments per sample."""
        return self.times.shape[1]

    @property
    def clocks(self):
        """Times as rows, (row, length)."""
        return self.times.reshape(-1, self.times.shape[-1])


def cut(times, data, controls, known, count: int) -> Cut:
    """Cut records (sample, time, channel) into `count` segments of about equal numbers of times."""
    edges = np.unique(np.round(np.linspace(0, len(times) - 1, count + 1)).astype(int))
    count = len(edges) - 1
    length = int(np.diff(edges).max()) + 1
    index = np.minimum(edges[:-1, None] + np.arange(length), edges[1:, None])
    first = np.arange(length) < np.diff(edges)[:, None]
    first[-1, np.diff(edges)[-1]] = True
    observed = ~np.isnan(data)
    rows = np.nan_to_num(data)[:, index].reshape(-1, length, data.shape[-1])
    owned = (observed[:, index] & first[None, :, :, None]).reshape(rows.shape)
    return Cut(
        times=np.tile(times[index], (len(data), 1, 1)),
        data=rows,
        owned=owned.astype(np.float64),
        controls={k: np.repeat(v, count, axis=0) for k, v in controls.items()},
        clock=np.asarray(times, np.float64),
        known={k: np.repeat(v, count) for k, v in known.items()},
    )


@functools.lru_cache(maxsize=64)
def program(system: System, names: tuple[str, ...], multiplicative: bool, substeps: int) -> Any:
    """Jitted (fit, predict) of one system; values, data and free parameters are arguments.

    names: parameters among the unknowns, in order.   substeps: 0 takes the stiff integrator.
    Unknowns: parameters (log scale where `logged`), then nodes (row, channel) over `scale`.
    sigma: (row, channel) noise levels.
    """
    import jax
    import jax.numpy as jnp

    from physics.least_squares import levenberg_marquardt

    advance = _integrator(system, substeps)
    width = len(names)

    def unpack(v, logged, cut: Cut, scale):
        theta = jnp.where(logged, jnp.exp(jnp.where(logged, v[:width], 0.0)), v[:width])
        rows = cut.data.shape[0]
        nodes = v[width:].reshape(rows, scale.shape[0]) * scale
        params = dict(cut.known) | {
            n: jnp.broadcast_to(theta[i], (rows,)) for i, n in enumerate(names)
        }
        return params, nodes

    def predict(v, logged, cut: Cut, scale):
        params, nodes = unpack(v, logged, cut, scale)
        return advance(nodes, cut, params), nodes

    def residuals(v, logged, cut: Cut, scale, sigma, stiffness):
        states, nodes = predict(v, logged, cut, scale)
        if multiplicative:
            misfit = safe_log(states, scale) - safe_log(
                jnp.where(cut.owned > 0, cut.data, scale), scale
            )
        else:
            misfit = states - cut.data
        misfit = (misfit * cut.owned / sigma[:, None]).ravel()
        by_sample = (-1, cut.count, scale.shape[0])
        ends, starts = states[:, -1].reshape(by_sample), nodes.reshape(by_sample)
        width = (sigma * scale if multiplicative else sigma).reshape(by_sample)[:, 1:]
        gaps = stiffness * (ends[:, :-1] - starts[:, 1:]) / width
        return jnp.concatenate([misfit, gaps.ravel()])

    def fit(v, free, low, high, logged, cut, scale, sigma, stiffness, steps):
        return levenberg_marquardt(
            lambda w: residuals(w, logged, cut, scale, sigma, stiffness),
            v, free=free, low=low, high=high, steps=steps,
        )  # fmt: skip

    return jax.jit(fit), jax.jit(predict)


def safe_log(values, scale):
    """log(values), continued linearly below a millionth of `scale`, so that it never fails."""
    import jax.numpy as jnp

    least = 1e-6 * scale
    above = jnp.maximum(values, least)
    return jnp.log(above) + jnp.minimum(values - least, 0.0) / least


def _integrator(system: System, substeps: int) -> Any:
    import jax
    import jax.numpy as jnp

    from physics.integrate.segments import map_segments, rk4_segments, stiff_segments
    from physics.lower import rhs

    f = rhs(system)

    def advance(nodes, cut: Cut, params):
        def at(t, u, p):
            if not cut.controls:
                return f(t, u, p)
            lookup = jax.vmap(jnp.interp, in_axes=(0, None, 0))
            when = jnp.broadcast_to(t, u.shape[:1])
            held = {name: lookup(when, cut.clock, values) for name, values in cut.controls.items()}
            return f(t, u, p, held)

        if system.time == "discrete":
            return map_segments(at, nodes, cut.clocks, params)
        if substeps == 0:
            return stiff_segments(f, nodes, cut.clocks, params)
        return rk4_segments(at, nodes, cut.clocks, params, substeps)

    return advance


def substeps_for(system: System, times, states, params) -> int:
    """Runge-Kutta steps per interval from the spectral radius of the Jacobian along the data.

    states: (sample, time, channel) without gaps.   Returns 0 where more than 200 were needed.
    Raises ValueError where solutions would grow beyond all bounds between two times.
    """
    import jax

    from physics.lower import rhs

    if system.time == "discrete":
        return 1
    if system.controls or len(times) < 2:
        return 8
    f = rhs(system)
    points = states.reshape(-1, states.shape[-1])
    pick = np.linspace(0, len(points) - 1, min(64, len(points))).astype(int)
    clock = np.tile(times, len(states))[pick]
    single = {k: float(np.ravel(v)[0]) for k, v in params.items()}
    jacobian = jax.vmap(jax.jacfwd(lambda u, t: f(t, u, single)))(points[pick], clock)
    jacobian = np.asarray(jacobian)
    jacobian = jacobian[np.isfinite(jacobian).all(axis=(1, 2))]
    if not len(jacobian):
        return 8
    rates, gap = np.linalg.eigvals(jacobian), np.diff(times).max()
    growth = float(np.median(rates.real.max(axis=1)) * gap)
    if growth > MOST_GROWTH:
        raise ValueError(
            f"with its starting values {system.name!r} grows by e^{growth:.3g} between two "
            f"measurements, too fast to be followed; start from smaller parameters"
        )
    wanted = min(np.ceil(np.abs(rates).max() * gap / 0.2), 1e9)
    return 0 if wanted > 200 else max(int(wanted), 4)
