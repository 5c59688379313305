"""SINDy-RL: surrogate, counting, training, distilling, formulas, on a plant that is polynomial."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest
import sympy

import physics.control
import symbolic
import zoo
from physics.control.environment import Environment, Symmetry
from physics.control.ode_plant import OdePlant, Start
from physics.formula import Formula
from physics.jets import Jet, fields, symbol
from physics.symbols import Control
from physics.system import System
from zoo.models.sindy_rl.config import Training
from zoo.models.sindy_rl.dyna import fitted, within
from zoo.models.sindy_rl.experience import Counted, imaged
from zoo.models.sindy_rl.model import SindyRL

# -- a plant whose steps are exactly polynomial --------------------------------------------


def integrator():
    """x″ = u: a step of an interval h is linear in (x, v, u)."""
    x, v = fields("x v")
    system = System(
        name="integrator",
        equations={"x": v, "v": symbol("u")},
        controls=[Control(name="u", low=-1, high=1)],
    )
    measured = Formula(name="measured", inputs=["x", "v"], expressions={"x": x, "v": v})
    total = -(symbol("x") ** 2) - symbol("v") ** 2 / 10 - symbol("u") ** 2 / 100
    reward = Formula(inputs=["x", "v", "u"], expressions={"reward": total})
    plant = OdePlant(system, measured, Start(center=(1.0, 0.0), spread=(0.2, 0.1)), dt=0.1)
    return Environment(
        name="integrator", plant=plant, observed=("x", "v"), reward=reward, dt=0.1, steps=50,
        bounds={"x": (-5.0, 5.0), "v": (-5.0, 5.0)},
    )  # fmt: skip


TINY = Training(
    real_steps=300, random_steps=100, hold=3, iterations=3, envs=16, horizon=50, episode=50,
    epochs=3, minibatches=4, rate=1e-3, last_rate=1e-3, discount=0.95, threshold=0.001,
    reward_threshold=1e-4,
)  # fmt: skip


@pytest.fixture(scope="module")
def trained():
    environment = integrator()
    model = SindyRL.create(environment, known_reward=False, seed=0)
    return environment, model.fit(environment, TINY)


def test_the_dynamics_are_those_of_the_plant(trained):
    _, model = trained
    law = model.dynamics()
    u, h = symbol("u"), 0.1
    x, v = fields("x v")
    exact = {"x": x + h * v + h**2 / 2 * u, "v": v + h * u}
    for name, expression in exact.items():
        gap = sympy.Poly(law.equations[name] - expression, x, v, u)
        assert max(map(abs, gap.coeffs())) < 1e-4
    assert law.time == "discrete" and [c.name for c in law.controls] == ["u"]


def test_the_sparse_reward_is_that_of_the_environment(trained):
    environment, model = trained
    (found,) = model.reward_formula().expressions.values()
    (exact,) = environment.reward.expressions.values()
    gap = sympy.Poly(found - exact, *map(symbol, "xvu"))
    assert max(map(abs, gap.coeffs())) < 1e-3


def test_real_steps_are_counted_and_kept(trained):
    environment, model = trained
    assert model.history[-1]["real_steps"] == len(model.rows) == 300
    assert [h["real_steps"] for h in model.history] == [150, 200, 250, 300]
    counted = Counted(environment)
    rng = np.random.default_rng(0)
    everywhere = lambda x: np.ones(len(x), bool)  # noqa: E731
    rows = counted.random(20, 4, everywhere, rng)
    assert counted.real_steps == len(rows) == 20
    assert (np.diff(rows.u[:, 0]) != 0).sum() == 4  # five levels, each held
    left = counted.random(20, 20, lambda x: x[..., 0] < 0.5, rng)
    assert counted.real_steps == 20 + len(left) and left.after[-1, 0] >= 0.5


def test_predictions_of_the_system_are_steps_of_the_plant(trained):
    environment, model = trained
    rows = model.rows
    step = physics.rhs(model.dynamics())
    said = np.asarray(step(0, rows.x, None, {"u": rows.u[:, 0]}))
    assert np.abs(said - rows.after).max() < 1e-4
    assert within(rows.x, model.config.limits).all()


def test_uncertainty_is_the_spread_of_the_members(trained):
    _, model = trained
    rng = np.random.default_rng(0)
    x, u = rng.normal(size=(7, 2)), rng.uniform(-1, 1, (7, 1))
    members = np.asarray(model.members[...])
    said = np.einsum("mot,rt->rmo", members, model.config.library.terms(x, u)).std(1, ddof=1)
    np.testing.assert_allclose(model.uncertainty(x, u), said, rtol=1e-2, atol=1e-7)


def test_out_of_bounds_ends_and_never_moves(trained):
    environment, model = trained
    c = model.coefficients(worst=-3.0)
    far = jnp.array([[4.99, 4.9], [0.0, 0.0]])
    after, reward, out = model.surrogate(environment).step(c, far, jnp.ones((2, 1)))
    assert out.tolist() == [True, False] and jnp.array_equal(after[0], far[0])
    assert np.isfinite(reward).all()


def test_rows_are_fitted_in_all_their_images(trained):
    """The integrator is the same plant when everything changes its sign."""
    environment, model = trained
    turned = Symmetry((0, 1), (-1, -1), (0,), (-1,))
    images = imaged(model.rows, (turned,))
    assert len(images) == 2 * len(model.rows)
    np.testing.assert_array_equal(images.after[len(model.rows) :], -model.rows.after)
    config = dataclasses.replace(model.config, symmetries=(turned,))
    coefficients, _ = fitted(model.rows, config, TINY, model.surrogate(environment))
    terms = [sympy.Poly(t, *fields("x v"), symbol("u")) for t in config.library.expressions()]
    even = [t.total_degree() % 2 == 0 for t in terms]
    assert np.abs(np.asarray(coefficients.xi)[:, even]).max() < 1e-6


def test_the_same_seed_gives_the_same_run(trained):
    environment, model = trained
    again = SindyRL.create(environment, known_reward=False, seed=0).fit(environment, TINY)
    assert [h["return"] for h in again.history] == [h["return"] for h in model.history]


def test_a_model_is_saved_and_loaded(trained, tmp_path):
    _, model = trained
    zoo.save(tmp_path / "mine", model)
    again = zoo.load(tmp_path / "mine")
    x = np.array([[0.4, -0.2]])
    np.testing.assert_array_equal(again.act(x), model.act(x))
    assert again.dynamics() == model.dynamics()


def test_the_policy_becomes_a_formula_that_is_exported(trained):
    environment, model = trained
    distilled = model.distil(rounds=2, episodes=4)
    formula = distilled.policy_formula()
    assert formula.inputs == ("x", "v") and "policy" in symbolic.export(formula, "c")
    x = np.array([0.5, -0.1])
    (u,) = formula.expressions.values()
    point = {Jet("x"): x[0], Jet("v"): x[1]}
    assert float(u.xreplace(point)) == pytest.approx(
        float(distilled.act(x, policy="formula")[0]), abs=1e-3
    )
    closed = distilled.dynamics().complete(hidden=formula)
    assert not closed.controls
    run = physics.solve(closed, initial={"x": 1.0, "v": 0.0}, times=np.arange(31))
    assert abs(float(run["x"][0, -1])) < 5.0
    with pytest.raises(ValueError, match="distil"):
        model.policy_formula()
    with pytest.raises(ValueError, match="give `starts`"):
        SindyRL.create(environment).distil()


def test_the_law_is_a_system_with_shares(trained):
    _, model = trained
    found = model.law()
    assert found.best == model.dynamics()
    shares = found.candidates[0].inclusion
    assert shares["x"]["v"] == shares["v"]["u"] == 1.0
    blank = SindyRL.create(integrator())
    assert blank.law().best is None
    with pytest.raises(ValueError, match="fit it first"):
        blank.dynamics()


def test_a_trained_policy_gathers_the_first_rows_on_another_plant(trained):
    environment, model = trained
    more = TINY.__class__(**vars(TINY) | {"random_steps": 0, "real_steps": 250})
    tuned = model.fit(environment, more)
    assert len(tuned.rows) == tuned.history[-1]["real_steps"] == 250
    assert [h["real_steps"] for h in tuned.history] == [50, 100, 150, 200, 250]
    # the policy that came is judged by its first episode and stays where none is better
    assert tuned.history[0]["return"] == tuned.rows.reward[:50].sum()
    assert tuned.history[-1]["best"] == max(h["return"] for h in tuned.history)


def test_a_polynomial_may_be_tried_on_the_plant_and_is_counted(trained):
    environment, model = trained
    lax = model.distil(environment=environment, trials=3, teacher=-1e6, rounds=1, episodes=4)
    # two episodes confirm a polynomial, the first bad one puts it aside
    assert lax.distilled["real_steps"] == 100 and len(lax.distilled["tried"]) == 1
    strict = model.distil(environment=environment, trials=2, teacher=0.0, rounds=1, episodes=4)
    tried = strict.distilled["tried"]
    assert strict.distilled["real_steps"] == 100 and len(tried) == 2
    assert len(strict.rows) == len(model.rows) + 100  # the surrogate saw these rows too
    best = max(tried, key=lambda t: t[2])
    assert int((np.asarray(strict.policy[...]) != 0).sum()) == best[0]
    untrained = SindyRL.create(environment)
    with pytest.raises(ValueError, match="fit it first"):
        untrained.distil(np.zeros((3, 2)), trials=1)


@pytest.mark.slow
def test_ppo_learns_in_the_surrogate(trained):
    """The policy trained on made-up steps earns more on the real plant than the one before."""
    environment, model = trained
    more = TINY.__class__(**vars(TINY) | {"real_steps": 200, "iterations": 40})
    better = SindyRL.create(environment, known_reward=False, seed=0).fit(environment, more)
    before = SindyRL.create(environment, known_reward=False, seed=0).returns(environment).mean()
    assert better.returns(environment).mean() > 0.5 * before  # returns are negative


def test_training_falls_back_to_the_best_policy():
    environment = integrator()
    harsh = TINY.__class__(**vars(TINY) | {"rollback": 1, "tolerance": 1.0})
    model = SindyRL.create(environment, known_reward=False).fit(environment, harsh)
    returns = [h["return"] for h in model.history]
    best = np.maximum.accumulate(returns)
    assert [h["best"] for h in model.history] == pytest.approx(list(best))
    assert [h["back"] for h in model.history] == [r < b for r, b in zip(returns, best, strict=True)]


def test_a_host_environment_is_stepped_outside_and_counted():
    host = Host()
    wrapped = physics.control.from_gymnasium(host)
    model = SindyRL.create(wrapped, steps=20, known_reward=False, scale=(5 / 3, 5 / 3))
    small = TINY.__class__(**vars(TINY) | {"real_steps": 120, "random_steps": 40})
    model = model.fit(wrapped, small)
    assert wrapped.real_steps == host.taken == model.history[-1]["real_steps"] == 120
    assert np.isfinite(model.act(np.zeros(2))).all()


class Host:
    """What of a Gymnasium environment is used, without Gymnasium."""

    class Box:
        def __init__(self, count):
            self.shape, self.dtype = (count,), np.float32
            self.low, self.high = -np.ones(count), np.ones(count)

    def __init__(self):
        self.observation_space, self.action_space = self.Box(2), self.Box(1)
        self.taken = 0

    def reset(self, seed=None):
        self.x, self.age = np.random.default_rng(seed).normal(size=2), 0
        return self.x.copy(), {}

    def step(self, action):
        self.taken += 1
        self.age += 1
        self.x = self.x + 0.1 * np.array([self.x[1], float(action[0])])
        return self.x.copy(), -float(self.x @ self.x), False, self.age == 20, {}


@pytest.mark.parametrize("mistake, words", [
    (lambda: SindyRL.create("pendulums"), 'nearest: "pendulum"'),
    (lambda: SindyRL.create("pendulum", members=1), "at least 2 members"),
    (lambda: SindyRL.create("pendulum", degree=9), "degree"),
    (lambda: zoo.create("sindy-rl", "pendulum", degre=3), "degree"),
    (lambda: SindyRL.create("kuramoto_sivashinsky").surrogate(), "not observed"),
    (lambda: SindyRL.create("pendulum").act(np.zeros(3), policy="table"), "network"),
    (lambda: SindyRL.create("pendulum").law(engine="operon"), "neither data nor an engine"),
])  # fmt: skip
def test_mistakes_are_one_sentence(mistake, words):
    with pytest.raises(ValueError, match=words):
        mistake()


# -- whole runs ----------------------------------------------------------------------------


@pytest.mark.slow
def test_the_pendulum_is_swung_up_in_five_thousand_real_steps():
    from benchmarks.sindy_rl import SETTINGS, one

    row = one("pendulum", 10)
    assert row["real_steps"] <= 5000 and row["network"] >= -300
    assert "pendulum" in SETTINGS


@pytest.mark.slow
def test_the_cart_pole_is_swung_up_in_forty_thousand_real_steps():
    from benchmarks.sindy_rl import one

    row = one("cart_pole", 10)
    assert row["real_steps"] <= 40_000 and row["network"] >= 500
