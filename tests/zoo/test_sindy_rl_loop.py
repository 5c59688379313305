"""SINDy-RL's loop as one program: fits on rows of a fixed room, rounds, counting, falling back."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import physics.control
from physics.control.environment import Symmetry, rollout
from physics.control.ode_plant import OdePlant
from symbolic import regression
from zoo.models.sindy_rl import dyna, ensemble, standing
from zoo.models.sindy_rl.buffer import Buffer, filled
from zoo.models.sindy_rl.experience import Counted, Rows, followed, imaged
from zoo.models.sindy_rl.fitting import fitted, refitted, within
from zoo.models.sindy_rl.foresight import Foreseen, foreseen
from zoo.models.sindy_rl.model import SindyRL

from .sindy_rl_plant import TINY, Host, integrator, trained

TURNED = Symmetry((0, 1), (-1, -1), (0,), (-1,))  # everything changes its sign


@pytest.fixture(scope="module")
def run():
    return trained()


# -- the fit -------------------------------------------------------------------------------


def by_hand(terms, targets, members, threshold, ridge, shrink, seed):
    """Bagged STLSQ in NumPy: (member, target, term), from blocks of rows one after the other."""
    p = terms.shape[1]
    columns = np.concatenate([terms, targets], 1)
    scale = np.sqrt((columns**2).sum(0))
    scale[scale == 0] = 1.0
    edges = np.linspace(0, len(columns), ensemble.BLOCKS + 1).astype(int)
    parts = [columns[a:b] / scale for a, b in zip(edges, edges[1:], strict=False)]
    blocks = np.stack([part.T @ part for part in parts])
    own = np.tensordot(ensemble.bags(members, seed).astype(float), blocks, axes=1)
    found = []
    for k in range(targets.shape[1]):
        kept = [*range(p), p + k]
        moments = own[:, kept][:, :, kept] + shrink * np.diag([*np.ones(p), 0.0])
        found.append(regression.stlsq(moments, [threshold], ridge, iterations=12)[:, 0])
    return np.stack(found, 1) * scale[None, p:, None] / scale[None, None, :p]


@pytest.mark.parametrize("images, shrink", [((), 0.0), ((TURNED,), 1e-3)])
def test_the_fit_of_a_buffer_is_that_of_its_rows_within_bounds(images, shrink):
    """Rows out of bounds, and what stands behind the rows, change nothing."""
    rng = np.random.default_rng(0)
    x, u = rng.normal(scale=2.0, size=(700, 2)), rng.uniform(-1, 1, (700, 1))
    push = np.concatenate([0.1 * x[:, 1:] + 0.02 * x[:, :1] ** 3, 0.3 * u - 0.1 * x[:, :1]], 1)
    after = x + push + 0.05 * rng.normal(size=x.shape)
    rows = Rows(*(v.astype(np.float32).astype(float) for v in (x, u, after, -(after**2).sum(1))))
    model = SindyRL.create(integrator(), known_reward=False, degree=3, symmetries=images)
    t = dataclasses.replace(TINY, threshold=0.02, shrink=shrink)
    good = within(rows.x, model.config.limits) & within(rows.after, model.config.limits)
    inside = imaged(Rows(*(v[good] for v in rows)), images)
    assert 0 < (~good).sum() < 100 and len(inside) < (1 + len(images)) * len(rows)
    steps = inside.after - inside.x
    settings = dict(members=20, ridge=t.ridge, shrink=shrink, seed=t.seed)
    wanted = by_hand(
        model.config.library.terms(inside.x, inside.u), steps, threshold=0.02, **settings
    )
    terms = model.surrogate(integrator()).reward_terms(inside.after, inside.u)
    reward = by_hand(terms, inside.reward[:, None], threshold=t.reward_threshold, **settings)
    buffer = filled([rows], 900, 2, 1)
    junk = [v.at[700:].set(jnp.nan) for v in buffer.rows]
    arguments = dict(config=model.config, t=t)
    bags = ensemble.bags(20, t.seed)
    coefficients, members = fitted(buffer._replace(rows=Rows(*junk)), bags, **arguments)
    close = functools.partial(np.testing.assert_allclose, rtol=1e-6, atol=1e-9)
    close(members, wanted)
    close(coefficients.xi, np.median(wanted, 0))
    close(coefficients.reward, np.median(reward, 0)[0])
    wide = max(abs(rows.x).max(0)) if images else rows.x.max(0)
    assert coefficients.worst == rows.reward.min() and np.all(coefficients.high <= 4 * wide)
    assert all(v.dtype == np.float32 for v in (*coefficients, members))


@pytest.mark.turns
def test_rows_are_fitted_in_all_their_images(run):
    """The integrator is the same plant when everything changes its sign."""
    _, model = run
    images = imaged(model.rows, (TURNED,))
    assert len(images) == 2 * len(model.rows)
    np.testing.assert_array_equal(images.after[len(model.rows) :], -model.rows.after)
    config = dataclasses.replace(model.config, symmetries=(TURNED,))
    coefficients, _ = refitted(model.rows, config, TINY)
    degrees = [sum(place > 0 for place in powers) for powers in config.library.powers]
    even = np.array([n % 2 == 0 for n in degrees])
    assert np.abs(np.asarray(coefficients.xi)[:, : len(even)][:, even]).max() < 1e-6


def numbers(jaxpr, name):
    """Kinds of number of all that a program's primitive `name` gives, however deep it stands."""
    found = set()
    for equation in jaxpr.eqns:
        if equation.primitive.name == name:
            found |= {str(v.aval.dtype) for v in equation.outvars}
        for part in jax.tree.leaves(
            list(equation.params.values()), is_leaf=lambda p: hasattr(p, "eqns")
        ):
            inner = getattr(part, "jaxpr", part)
            if hasattr(inner, "eqns"):
                found |= numbers(inner, name)
    return found


def test_only_the_regression_is_float64(run):
    environment, model = run
    _, rounds, state = begun(environment, TINY)
    whole = jax.make_jaxpr(rounds.run)(state, 1).jaxpr
    assert numbers(whole, "lu") == {"float64", "int32"}
    assert numbers(whole, "tanh") == numbers(whole, "exp") == {"float32"}
    kinds = {str(v.aval.dtype) for v in whole.outvars}
    assert kinds <= {"float32", "int32", "bool", "key<fry>"}


# -- rounds --------------------------------------------------------------------------------


def begun(environment, t):
    """(counted, rounds, state) before the first round of a new model."""
    model = SindyRL.create(environment, known_reward=False, seed=0)
    graph, weights = nnx.split(model.agent)
    counted = Counted(environment)
    rounds, state, _ = dyna.opened(
        counted, model.config, t, model.surrogate(environment), graph, weights,
        np.random.default_rng(t.seed),
    )  # fmt: skip
    return counted, rounds, state


def test_all_rounds_at_once_are_the_run_that_is_watched(run):
    """The same seed, too, gives the same run."""
    environment, model = run
    counted, rounds, state = begun(environment, TINY)
    assert counted.real_steps == int(state.data.count) == 100
    whole = rounds.run(state, 1000)
    assert bool(whole.spent) and int(whole.data.count) == 300
    told = rounds.told(whole, 0)
    kept = [{k: v for k, v in h.items() if k != "seconds"} for h in model.history]
    assert told == kept and [h["real_steps"] for h in told] == [150, 200, 250, 300]
    for mine, other in zip(whole.data.arrays, model.rows, strict=True):
        np.testing.assert_array_equal(mine, other)
    np.testing.assert_array_equal(whole.surrogate[1], model.members[...])


class Stepped(OdePlant):
    """Counts its own steps, a program's too."""

    taken = 0

    def advance(self, u, action):
        """See Plant."""
        jax.debug.callback(self.count)
        return super().advance(u, action)

    def count(self):
        """One step more."""
        Stepped.taken += 1


@pytest.mark.turns
def test_every_step_of_the_plant_is_counted(run):
    """A trained policy gathers the first rows on another plant, by steps that are counted too."""
    _, model = run
    t = dataclasses.replace(TINY, random_steps=0, real_steps=170)
    Stepped.taken = 0
    tuned = model.fit(integrator(Stepped), t)
    jax.effects_barrier()
    assert Stepped.taken == len(tuned.rows) == tuned.history[-1]["real_steps"] == 150
    assert [h["real_steps"] for h in tuned.history] == [50, 100, 150]
    # the policy that came is judged by its first episode and stays where none is better
    assert tuned.history[0]["return"] == pytest.approx(tuned.rows.reward[:50].sum())
    assert tuned.history[-1]["best"] == pytest.approx(max(h["return"] for h in tuned.history))


def test_random_steps_are_counted_and_left_out_of_bounds():
    counted, rng = Counted(integrator()), np.random.default_rng(0)
    rows = counted.random(20, 4, lambda x: np.ones(len(x), bool), rng)
    assert counted.real_steps == len(rows) == 20
    assert (np.diff(rows.u[:, 0]) != 0).sum() == 4  # five levels, each held
    left = counted.random(20, 20, lambda x: x[..., 0] < 0.5, rng)
    assert counted.real_steps == 20 + len(left) and left.after[-1, 0] >= 0.5


def test_an_episode_that_ends_early_has_the_rows_until_then():
    environment = integrator(limits={"x": (-2.0, 2.0)})
    rows, steps = jax.jit(
        lambda key: followed(environment, lambda x, _: jnp.ones(1), key, 60)
    )(jax.random.key(0))  # fmt: skip
    x, count = np.asarray(rows.after[:, 0]), int(steps)
    assert 1 < count < 50 and x[count - 1] > 2 and (x[: count - 1] <= 2).all()
    data = filled([Rows(*(np.asarray(v, float)[:count] for v in rows))], 100, 2, 1)
    assert int(data.count) == count and len(data.beginnings) == 1 and isinstance(data, Buffer)


def test_a_host_environment_is_stepped_outside_and_counted():
    host = Host()
    wrapped = physics.control.from_gymnasium(host)
    model = SindyRL.create(wrapped, steps=20, known_reward=False, scale=(5 / 3, 5 / 3))
    small = dataclasses.replace(TINY, real_steps=120, random_steps=35)
    model = model.fit(wrapped, small)
    assert wrapped.real_steps == host.taken == len(model.rows) == 105
    assert [h["real_steps"] for h in model.history] == [55, 70, 90, 105]
    assert len(model.starts) == host.episodes == 6
    for row, first in zip(model.starts, (0, 20, 35, 55, 70, 90), strict=True):
        np.testing.assert_array_equal(row, model.rows.x[first])
    assert np.isfinite(model.act(np.zeros(2))).all()
    again = Counted(wrapped)
    assert again.real_steps == 0  # it counts from where it begins


# -- falling back --------------------------------------------------------------------------


def test_training_falls_back_to_the_best_policy(run):
    _, model = run
    returns = [h["return"] for h in model.history]
    best = np.maximum.accumulate(returns)
    assert [h["best"] for h in model.history] == pytest.approx(list(best))
    assert [h["back"] for h in model.history] == [r < b for r, b in zip(returns, best, strict=True)]


@pytest.mark.parametrize("smooth, rollback, tolerance", [(1, 2, 0.5), (3, 1, 0.9), (2, 0, 0.9)])
def test_the_standing_of_policies_is_what_a_list_says(smooth, rollback, tolerance):
    """The same in Python, on returns drawn at random."""
    t = dataclasses.replace(TINY, smooth=smooth, rollback=rollback, tolerance=tolerance)
    s = standing.opened(np.float32(-1), 0.0, t)
    judged = jax.jit(lambda s, earned, new: standing.judged(s, earned, new, t, Foreseen()))
    best, kept, below, recent, backs = -np.inf, -1, 0, [], 0
    for k, earned in enumerate(np.random.default_rng(1).normal(size=40).astype(np.float32)):
        recent.append(earned)
        score = np.mean(recent[-smooth:]) if len(recent) >= smooth else -np.inf
        if score > best:
            best, kept, below = score, k, 0
        elif score < tolerance * best:
            below += 1
        else:
            below = 0
        back = bool(rollback) and below >= rollback
        if back:
            below, recent, backs = 0, [], backs + 1
        s, weights, said = judged(s, earned, np.float32(k))
        assert (bool(said), int(s.weights), int(s.below)) == (back, kept, below)
        assert float(weights) == (kept if back else k) and float(s.best) == pytest.approx(best)
    assert bool(backs) == bool(rollback)


def test_what_is_foreseen_is_what_the_plant_gives(run):
    environment, model = run
    _, rounds, _ = begun(environment, TINY)
    weights = nnx.split(model.agent)[1]
    real = jax.jit(functools.partial(rollout, environment, lambda x, _: model.act(x)))
    rows = real(jax.random.key(3))
    places = jnp.asarray(model.rows.x, jnp.float32)
    said = foreseen(
        rounds.ppo, model.coefficients(-9.0), weights, weights, rows["observation"][0], places, 50
    )
    assert float(said.own) == pytest.approx(float(rows["reward"].sum()), rel=1e-3)
    assert said.new == said.best


def test_an_easy_beginning_is_no_merit():
    """What was foreseen of a beginning is taken off; then the surrogate compares policies."""
    t = dataclasses.replace(TINY, smooth=2, rollback=0)
    s = standing.opened(np.float32(-1), -10.0, t)
    for k, (earned, own, new, best, chosen) in enumerate([
        (-1.0, -1.0, -5.0, -9.0, -1),  # too few episodes to judge by
        (-1.0, -1.0, -5.0, -9.0, 1),
        (-9.0, -9.0, -4.0, -5.0, 2),  # a hard beginning, and better from the others
        (0.0, 0.0, -4.5, -4.0, 2),  # an easy one, and worse from the others
        (-9.0, -3.0, -3.5, -4.0, 2),  # the surrogate is wrong of this one
    ]):  # fmt: skip
        said = Foreseen(*map(np.float32, (own, new, best)))
        s, _, _ = standing.judged(s, np.float32(earned), np.float32(k), t, said)
        assert float(s.weights) == chosen
    assert float(s.best) == -5.0  # the mean return of the episodes by which it was chosen
