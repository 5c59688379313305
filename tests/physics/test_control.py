"""Environments: pure, batched, true to their Systems; limits, ends and rewards."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy

import physics
import physics.control
from physics.control.environment import Environment, Episode
from physics.control.ode_plant import OdePlant, Start
from physics.jets import Jet, symbol
from physics.systems.cart_pole import inertia

NAMES = physics.control.list_environments()


def driven(environment, key, steps):
    """A rollout under uniform random actions."""
    low, high = map(jnp.asarray, (environment.low, environment.high))
    policy = lambda seen, k: jax.random.uniform(k, low.shape, minval=low, maxval=high)  # noqa: E731
    return physics.control.rollout(environment, policy, key, steps)


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow) if n == "kuramoto_sivashinsky" else n for n in NAMES],
)
def test_an_environment_runs_batched_and_equals_one_by_one(name):
    environment = physics.control.get(name)
    keys = jax.random.split(jax.random.key(0), 3)
    run = jax.jit(jax.vmap(lambda key: driven(environment, key, 6)))
    rows = run(keys)
    assert rows["observation"].shape == (3, 6, len(environment.observed))
    assert rows["reward"].shape == (3, 6) and rows["alive"].all()
    assert all(np.isfinite(v).all() for v in rows.values())
    np.testing.assert_allclose(rows["after"][:, :-1], rows["observation"][:, 1:], rtol=1e-6)
    episode = jax.jit(environment.reset)(jax.random.split(keys[1])[0])
    step = jax.jit(environment.step)
    for action, seen in zip(rows["action"][1], rows["after"][1], strict=True):
        episode, observed, _, done = step(episode, action)
        np.testing.assert_allclose(observed, seen, rtol=2e-4, atol=2e-4)
    assert not done and int(episode.count) == 6


@pytest.mark.parametrize("name", NAMES)
def test_the_system_has_controls_with_ranges_and_travels_as_json(name):
    system = physics.control.get(name).system
    assert system.controls and all(c.low < c.high for c in system.controls)
    again = physics.System.from_json(system.to_json())
    assert again.to_json() == system.to_json()


def test_episodes_end_out_of_time_and_out_of_bounds():
    pendulum = physics.control.get("pendulum")
    last = pendulum.reset(jax.random.key(0))._replace(count=jnp.int32(pendulum.steps - 1))
    episode, _, _, done = pendulum.step(last, jnp.zeros(1))
    assert done and not episode.ended
    lorenz = physics.control.get("lorenz")
    far = Episode(jnp.array([0.0, 0.0, 400.0]), jnp.int32(0), jnp.asarray(False))
    episode, _, _, done = lorenz.step(far, jnp.zeros(1))
    assert done and episode.ended


def test_actions_and_states_stay_in_their_ranges():
    pendulum = physics.control.get("pendulum")
    start = Episode(jnp.array([0.3, 7.9]), jnp.int32(0), jnp.asarray(False))
    most, *_ = pendulum.step(start, jnp.array([2.0]))
    more, *_ = pendulum.step(start, jnp.array([50.0]))
    assert jnp.array_equal(most.u, more.u) and most.u[1] <= 8.0


def test_the_reward_of_the_pendulum_is_that_of_gymnasium():
    pendulum = physics.control.get("pendulum")
    below = np.pi + 0.4  # 0.4 from above
    start = Episode(jnp.array([below, -1.5]), jnp.int32(0), jnp.asarray(False))
    _, _, reward, _ = pendulum.step(start, jnp.array([1.2]))
    assert reward == pytest.approx(-(0.4**2 + 0.1 * 1.5**2 + 0.001 * 1.2**2), rel=1e-4)


def test_the_reward_of_the_cart_pole():
    environment = physics.control.get("cart_pole")
    best = environment.reward_of(jnp.array([0.0, 1.0, 0.0, 0.0, 0.0]), jnp.zeros(1))
    far = environment.reward_of(jnp.array([2.0, 1.0, 0.0, 0.0, 5.0]), jnp.ones(1))
    assert best == pytest.approx(1.0) and far == pytest.approx(0.55 * 0.55 * 0.8, rel=1e-5)


def test_the_free_cart_pole_loses_energy_by_friction_alone():
    system = physics.get("cart_pole")
    energy = system.diagnostics["energy"]
    rate = sum(sympy.diff(energy, Jet(s)) * e for s, e in system.equations.items())
    loss = symbol("c") * Jet("v") ** 2 + symbol("d") * Jet("omega") ** 2
    assert sympy.simplify(rate + loss) == 0


def test_the_force_does_its_work():
    """dE/dt = gear u v, away from the stops and without friction."""
    system = physics.get("cart_pole", actuated=True, c=0.0, d=0.0)
    energy = system.diagnostics["energy"]
    rate = sum(sympy.diff(energy, Jet(s)) * e for s, e in system.equations.items())
    point = {Jet("x"): 0.3, Jet("theta"): 0.7, Jet("v"): 1.1, Jet("omega"): -2.0}
    values = {symbol(k): v for k, v in (system.values | {"u": 0.4}).items()}
    assert float(rate.xreplace(point).xreplace(values)) == pytest.approx(10 * 0.4 * 1.1, rel=1e-9)


def test_actuated_cart_poles_are_compared():
    system = physics.get("cart_pole", actuated=True)
    assert system == physics.get("cart_pole", actuated=True, m=0.2) != physics.get("cart_pole")
    assert physics.System.from_json(system.to_json()) == system


def test_actuators_and_sensors_are_as_many_as_asked():
    from physics.control.environments import kuramoto_sivashinsky

    environment = kuramoto_sivashinsky.environment(5, 10, dt=0.2)
    assert len(environment.controls) == 5 and len(environment.observed) == 10
    assert environment.steps == 250
    waves = np.exp(2j * np.pi * np.outer([1, 2, 3], np.arange(5)) / 5)
    four = np.exp(2j * np.pi * np.outer([2], np.arange(4)) / 4)
    pushed = lambda w: np.linalg.matrix_rank(np.concatenate([w.real, w.imag]))  # noqa: E731
    assert pushed(four) == 1 and all(pushed(w[None]) == 2 for w in waves)


def test_the_image_of_a_step_is_the_step_of_the_image():
    from physics.control.environments import kuramoto_sivashinsky

    environment = physics.control.get("kuramoto_sivashinsky")
    advance = jax.jit(environment.plant.advance)
    rng = np.random.default_rng(0)
    u = np.fft.irfft(np.fft.rfft(rng.normal(size=64)) * (np.arange(33) < 6)).astype(np.float32)
    action = rng.uniform(-1, 1, 4).astype(np.float32)
    after = np.asarray(advance(u, action))
    whole = kuramoto_sivashinsky.symmetries(4, 64)  # of the field, as that of 64 sensors
    assert len(whole) == len(environment.symmetries) == 7
    for field, seen in zip(whole, environment.symmetries, strict=True):
        image = lambda v, s=field: v[..., list(s.observed)] * np.array(s.sign)  # noqa: E731
        turned = action[list(field.controls)] * np.array(field.control_sign)
        again = np.asarray(advance(image(u).astype(np.float32), turned.astype(np.float32)))
        np.testing.assert_allclose(again, image(after), atol=2e-4)
        np.testing.assert_allclose(again[::8], after[::8][list(seen.observed)] * seen.sign[0],
                                   atol=2e-4)  # fmt: skip


def test_the_stop_stops():
    environment = physics.control.get("cart_pole")
    start = Episode(jnp.array([1.7, np.pi, 1.0, 0.0]), jnp.int32(0), jnp.asarray(False))

    def body(episode, _):
        episode, seen, *_ = environment.step(episode, jnp.ones(1))
        return episode, seen[0]

    _, x = jax.lax.scan(body, start, None, length=300)
    assert 1.8 < x.max() < 2.0 and abs(x[-1] - 1.8) < 0.05


def test_inertia_of_a_thin_rod():
    assert inertia(3.0, 2.0, 1e-6) == pytest.approx(3.0 * 2.0**2 / 3, rel=1e-5)


def test_the_lorenz_goal_is_a_fixed_point_that_feedback_holds():
    from physics.control.environments import lorenz

    environment = physics.control.get("lorenz")
    goal = jnp.array(lorenz.goal(environment.system))
    episode = Episode(goal + 0.5, jnp.int32(0), jnp.asarray(False))

    def body(episode, _):
        pull = -12.0 * (episode.u[:1] - goal[0])
        episode, seen, reward, _ = environment.step(episode, pull)
        return episode, (seen, reward)

    _, (seen, reward) = jax.lax.scan(body, episode, None, length=400)
    assert jnp.abs(seen[-1] - goal).max() < 0.02 and reward[-1] > -1e-4


def test_actuators_calm_the_flame_front():
    """Plain proportional feedback takes energy out; the sensors see the field where it is."""
    environment = physics.control.get("kuramoto_sivashinsky")
    keys = jax.random.split(jax.random.key(0), 4)
    energies = []

    @jax.jit
    @functools.partial(jax.vmap, in_axes=(0, None))
    def run(key, gain):
        return physics.control.rollout(environment, lambda seen, _: -gain * seen[::2], key)

    for gain in (0.0, 1.0):
        rows = run(keys, gain)
        effort = 0.01 * (jnp.clip(rows["action"], -1, 1) ** 2).sum(-1)
        energies.append(float((-rows["reward"] - effort)[:, -40:].mean()))
    assert 1.0 < energies[0] < 2.5 and energies[1] < 0.75 * energies[0]


@pytest.mark.parametrize("mistake", [
    lambda: physics.control.get("cartpole"),
    lambda: physics.control.get(None),
    lambda: Start(center=(0.0,), spread=(0.0, 1.0)),
    lambda: OdePlant(physics.get("lorenz63"), None, None, dt=0.1),
])  # fmt: skip
def test_mistakes_are_value_errors(mistake):
    with pytest.raises(ValueError):
        mistake()


def test_unknown_names_are_refused():
    lorenz = physics.control.get("lorenz")
    options = dict(name="l", plant=lorenz.plant, reward=lorenz.reward, dt=0.1, steps=3)
    with pytest.raises(ValueError, match="measures x, y, z, and not 'w'"):
        Environment(observed=("x", "w"), **options)
    with pytest.raises(ValueError, match="not observed"):
        Environment(observed=("x", "y"), circles=(("x", "z"),), **options)
    with pytest.raises(ValueError, match='nearest: "cart_pole"'):
        physics.control.get("cartpole")
