"""SINDy-RL: surrogate, distilling, formulas, on a plant that is polynomial; whole runs."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest
import sympy

import physics.control
import symbolic
import zoo
from physics.jets import Jet, fields, symbol
from zoo.models.sindy_rl.fitting import within
from zoo.models.sindy_rl.model import SindyRL

from .sindy_rl_plant import TINY, integrator
from .sindy_rl_plant import trained as trained_once


@pytest.fixture(scope="module")
def trained():
    return trained_once()


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
    more = dataclasses.replace(TINY, real_steps=200, iterations=40)
    better = SindyRL.create(environment, known_reward=False, seed=0).fit(environment, more)
    before = SindyRL.create(environment, known_reward=False, seed=0).returns(environment).mean()
    assert better.returns(environment).mean() > 0.5 * before  # returns are negative


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
