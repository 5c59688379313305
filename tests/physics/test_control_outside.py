"""Environments beside dm_control and Gymnasium, which are installed for tests only."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import physics
import physics.control
from physics.control.environment import Episode


def test_to_gymnasium_and_back_count_the_real_steps():
    gymnasium = pytest.importorskip("gymnasium")
    from gymnasium.utils.env_checker import check_env

    host = physics.control.to_gymnasium(physics.control.get("pendulum"))
    assert isinstance(host, gymnasium.Env)
    check_env(host, skip_render_check=True)
    back = physics.control.from_gymnasium(host, ("c", "s", "w"))
    for _ in range(2):
        back.reset(seed=3)
        for k in range(200):
            *_, ended, late = back.step([0.5])
            assert not ended and late == (k == 199)
    assert back.real_steps == 400 and back.observed == ("c", "s", "w")


def test_the_pendulum_follows_gymnasium_to_the_error_of_its_euler_step():
    pytest.importorskip("gymnasium")
    theirs = physics.control.from_gymnasium("Pendulum-v1")
    environment = physics.control.get("pendulum")
    step = jax.jit(environment.step)
    c, s, w = theirs.reset(seed=1)
    start = jnp.array([np.arctan2(s, c) + np.pi, w], float)  # our angle is from below
    episode = Episode(start, jnp.int32(0), jnp.asarray(False))
    for k in range(10):
        action = np.array([2.0 * np.sin(k)])
        seen, told, *_ = theirs.step(action)
        episode, ours, reward, _ = step(episode, jnp.asarray(action))
        assert np.abs(seen[:2] - ours[:2]).max() < 0.3
        if k == 0:
            assert told == pytest.approx(float(reward), rel=1e-3)
    with pytest.raises(ValueError, match="vectors"):
        physics.control.from_gymnasium("CartPole-v1")


@pytest.mark.slow
@pytest.mark.parametrize("drive", ["random", "square"])
def test_the_cart_pole_is_that_of_dm_control_step_by_step(drive):
    suite = pytest.importorskip("dm_control.suite")
    theirs = suite.load("cartpole", "swingup", task_kwargs={"random": 0})
    with jax.enable_x64(True):
        environment = physics.control.get("cart_pole")
        step = jax.jit(environment.step)
        rng = np.random.default_rng(0)
        theirs.reset()
        data = theirs.physics.data
        start = jnp.asarray(np.concatenate([data.qpos, data.qvel]))
        episode = Episode(start, jnp.int32(0), jnp.asarray(False))
        gap, told, hit = [], [], False
        for k in range(1000):
            square = 1.0 if k // 80 % 2 else -1.0
            action = np.array([rng.uniform(-1, 1) if drive == "random" else square])
            seen = theirs.step(action)
            episode, ours, reward, _ = step(episode, jnp.asarray(action))
            hit |= bool(abs(data.qpos[0]) > 1.8)
            position, velocity = seen.observation["position"], seen.observation["velocity"]
            both = np.abs(np.concatenate([position, velocity]) - ours).max()
            gap.append(both)
            told.append(abs(seen.reward - float(reward)))
            assert hit or both < 1e-12  # off the stops: to rounding
    # on the stops MuJoCo iterates its constraints to a tolerance
    assert hit and max(gap) < 2e-3 and max(told) < 2e-4
