"""Agreement with Exponax: the same equation, ETDRK2, ten steps, double and single precision."""

import jax
import jax.numpy as jnp
import pytest

import physics
from benchmarks.solver import cases, programs, start

exponax = pytest.importorskip("exponax")
SMALL = {1: 96, 2: 48, 3: 24}
QUICK = ["burgers-1d", "gray-scott-2d", "vorticity-2d-64"]
SLOW = ["burgers-2d", "burgers-3d", "fisher-kpp-2d", "ks-1d", "ks-2d", "velocity-3d"]
NAMES = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]


@pytest.mark.turns
@pytest.mark.parametrize("name", NAMES)
def test_ten_steps_agree(name):
    lines, dim, _, *rest = cases(exponax)[name]
    case = (lines, dim, SMALL[dim], *rest)
    with jax.enable_x64(True):
        _, apart, _ = programs(name, case, exponax, precise=True)
    assert apart < 1e-8
    _, apart, _ = programs(name, case, exponax, precise=False)
    assert apart < 1e-4


@pytest.mark.slow
def test_chaos_in_single_precision_agrees_before_one_lyapunov_time():
    """Kuramoto-Sivashinsky on 20 length units has a Lyapunov time of tens of time units."""
    lines, dim, n, length, _, build, _ = cases(exponax)["ks-1d"]
    system = physics.parse(lines, length=[length])
    stepper = physics.stepper(system, n, 0.02, order=2)
    other = build(dim, n, 0.02)
    u = start(stepper, 1)[0]
    ours = jax.jit(lambda u: physics.rollout(stepper, u, 400, every=400))(u)[0, :, 0]
    theirs = jax.jit(lambda u: jax.lax.scan(lambda c, _: (other(c), None), u, None, length=400)[0])(
        jnp.moveaxis(u, -1, 0)
    )[0]
    ours, theirs = ours - ours.mean(), theirs - theirs.mean()
    assert jnp.linalg.norm(ours - theirs) < 1e-4 * jnp.linalg.norm(theirs)
