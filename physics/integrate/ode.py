"""Batched ODE integration through Diffrax: adaptive or fixed steps, explicit or stiff.

Source: Kidger (2021), On Neural Differential Equations, arXiv:2202.02435 (Diffrax);
Tsitouras (2011), doi:10.1016/j.camwa.2011.06.002 (Tsit5); Prince & Dormand (1981),
doi:10.1016/0771-050X(81)90010-3 (Dopri8); Kværnø (2004),
doi:10.1023/B:BITN.0000046811.70614.38 (Kvaerno5).
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import diffrax
import jax
import jax.numpy as jnp

SOLVERS: dict[str, Callable[[], Any]] = {
    "tsit5": diffrax.Tsit5,
    "dopri8": diffrax.Dopri8,
    "kvaerno5": diffrax.Kvaerno5,
}
ADJOINTS: dict[str, Callable[[], Any]] = {
    "checkpointed": diffrax.RecursiveCheckpointAdjoint,
    "forward": diffrax.ForwardMode,
    "direct": diffrax.DirectAdjoint,
}


class Trajectories(NamedTuple):
    """states: (batch, time, channel), infinite after a failure.   finished: (batch,) bool.
    steps: (batch,) accepted and rejected steps.   reached: (batch,) time where it stopped [T]."""

    states: jax.Array
    finished: jax.Array
    steps: jax.Array
    reached: jax.Array


def _method(solver: str, rtol: float, atol: float, fixed: bool) -> Any:
    if fixed and solver == "kvaerno5":
        import optimistix

        root = diffrax.VeryChord(rtol=rtol, atol=atol, norm=optimistix.rms_norm)
        return diffrax.Kvaerno5(root_finder=root)
    return SOLVERS[solver]()


def integrate(
    rhs: Callable,
    initial: jax.Array,
    times: jax.Array,
    params: Mapping[str, Any],
    *,
    solver: str = "tsit5",
    rtol: float = 1e-6,
    atol: float = 1e-9,
    substeps: int | None = None,
    max_steps: int = 16_384,
    adjoint: str = "checkpointed",
) -> Trajectories:
    """Solve du/dt = rhs(t, u, params) for every row of `initial`.

    initial: (batch, channel).   times: (time,), increasing; the first is the initial time.
    params: {name: scalar or (batch,)}.   substeps: fixed steps per output interval instead of
    adaptive ones.   adjoint: "checkpointed" (reverse mode, memory O(log steps)), "forward"
    (forward mode), "direct" (both).
    Pure: may be jitted, differentiated and vmapped.
    """
    batch = initial.shape[0]
    if times.shape[0] == 1:
        zero = jnp.zeros(batch, jnp.int32)
        return Trajectories(initial[:, None], zero == 0, zero, jnp.full(batch, times[0]))
    shared = {k: v for k, v in params.items() if jnp.ndim(v) == 0}
    own = {k: v for k, v in params.items() if jnp.ndim(v) > 0}
    method = _method(solver, rtol, atol, fixed=substeps is not None)
    if substeps is None:
        control = diffrax.PIDController(rtol=rtol, atol=atol)
        limit = max_steps
    else:
        fractions = jnp.arange(substeps) / substeps
        inner = times[:-1, None] + fractions * (times[1:] - times[:-1])[:, None]
        control = diffrax.StepTo(ts=jnp.append(inner.ravel(), times[-1]))
        limit = substeps * (times.shape[0] - 1) + 1

    def one(u0, mine):
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(lambda t, u, p: rhs(t, u, p)),
            method,
            t0=times[0],
            t1=times[-1],
            dt0=None,
            y0=u0,
            args=shared | mine,
            saveat=diffrax.SaveAt(subs=(diffrax.SubSaveAt(ts=times), diffrax.SubSaveAt(t1=True))),
            stepsize_controller=control,
            max_steps=limit,
            adjoint=ADJOINTS[adjoint](),
            throw=False,
        )
        finished = solution.result == diffrax.RESULTS.successful
        steps = solution.stats["num_steps"]
        return Trajectories(solution.ys[0], finished, steps, solution.ts[1][0])

    return jax.vmap(one)(initial, own)
