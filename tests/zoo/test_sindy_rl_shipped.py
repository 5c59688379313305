"""Shipped controllers: formulas, C code of the policy, forecasts under controls, fine-tuning."""

import ctypes
import json
import shutil
import subprocess

import jax
import numpy as np
import pytest
import xarray
from typer.testing import CliRunner

import checkpoints
import physics
import physics.control
import symbolic
import zoo
from physics.failures import FailedRun
from physics.formula import Formula
from zoo.cli.app import app
from zoo.model import Unsupported
from zoo.models.sindy_rl.config import Training
from zoo.models.sindy_rl.plants import plant_of

NAMES = ("sindy-rl.cartpole", "sindy-rl.pendulum")
COMPILER = next(filter(shutil.which, ("gcc", "cc", "clang")), None)


@pytest.fixture(scope="module", params=NAMES)
def model(request):
    return zoo.load(request.param)


def observed(model, count, seed=0):
    """Observations within bounds, angles on their circles."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, len(model.config.observed))) * np.array(model.config.scale)
    for pair in model.config.circles:
        places = [model.config.observed.index(n) for n in pair]
        x[:, places] /= np.linalg.norm(x[:, places], axis=-1, keepdims=True)
    return x


def test_the_law_is_dynamics_and_the_card_holds_reward_and_policy(model):
    name = f"sindy-rl.{model.config.environment.replace('_', '')}"
    card = checkpoints.read_card(name)
    assert physics.System.from_json(card.law) == model.dynamics() == model.law().best
    kept = {k: Formula.from_json(v) for k, v in card.extra["formulas"].items()}
    assert kept["policy"].to_json() == model.policy_formula().to_json()
    assert kept["reward"].to_json() == model.reward_formula().to_json()
    assert card.metrics["formula_terms"]["value"] <= 20


@pytest.mark.skipif(COMPILER is None, reason="no C compiler (gcc, cc or clang)")
def test_the_policy_in_c_is_the_policy(model, tmp_path):
    """Compiled, it says what JAX says, and drives the plant to the same return."""
    formula = model.policy_formula()
    file, library = tmp_path / "policy.c", tmp_path / "policy.so"
    file.write_text(symbolic.export(formula, "c"))
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC"]
    subprocess.run([COMPILER, *flags, "-o", library, file, "-lm"], check=True)
    control = ctypes.CDLL(str(library)).policy_u
    control.restype = ctypes.c_double
    control.argtypes = [ctypes.c_double] * len(formula.inputs)
    x = observed(model, 300)
    said = np.array([control(*row) for row in x])
    np.testing.assert_allclose(said, model.act(x, "formula")[:, 0], atol=2e-4)
    environment = physics.control.get(model.config.environment)
    step = jax.jit(environment.step)
    episode = jax.jit(environment.reset)(jax.random.key(7))
    seen, earned = np.asarray(environment.observation(episode), float), 0.0
    for _ in range(environment.steps):
        action = np.array([control(*seen)], np.float32)
        episode, seen, reward, _ = step(episode, action)
        seen, earned = np.asarray(seen, float), earned + float(reward)
    card = checkpoints.read_card(f"sindy-rl.{model.config.environment.replace('_', '')}")
    if environment.name == "cart_pole":  # the pendulum begins anywhere, its returns differ
        assert earned == pytest.approx(card.metrics["return_formula"]["value"], abs=25)
    assert earned > card.metrics["return_formula_worst"]["value"] - 60


# -- forecasts -----------------------------------------------------------------------------


def test_a_forecast_under_given_controls_is_that_of_the_law(model):
    law, c = model.dynamics(), model.config
    count = 12
    rng = np.random.default_rng(1)
    x = observed(model, 3)
    push = rng.uniform(c.low[0], c.high[0], (3, count))
    first = xarray.Dataset(
        {n: (("sample", "time"), x[:, i, None]) for i, n in enumerate(c.observed)},
        coords={"time": [2.0]},
    )
    times = 2.0 + c.dt * np.arange(count)
    said = model.predict(first, times=times, controls={"u": push})
    assert said.sizes == {"sample": 3, "time": count}
    np.testing.assert_allclose(said["u"], push, rtol=1e-6)
    one = x
    step = physics.rhs(law)
    for k in range(2):
        one = np.asarray(step(0, one, None, {"u": push[:, k]}))
    two = np.stack([said[n].values[:, 2] for n in c.observed], -1)
    np.testing.assert_allclose(two, one, atol=2e-2)  # the law does not project on the circle
    held = first.reindex(time=times, method="nearest").assign(u=(("sample", "time"), push))
    again = model.predict(held)
    np.testing.assert_array_equal(again["omega"], said["omega"])


def test_without_data_the_policy_acts_from_where_the_environment_begins(model):
    c = model.config
    said = model.predict(samples=2)
    assert said.sizes == {"sample": 2, "time": c.steps + 1}
    assert all(bool(v.notnull().all()) for v in said.data_vars.values())
    assert (abs(said["costheta"] - 1)[:, -10:] < 0.05).all()  # upright in the end
    some = model.predict(times=c.dt * np.array([0, 5, 50]), policy="formula")
    assert some.sizes["time"] == 3


@pytest.mark.parametrize("call, words", [
    (lambda m: m.predict(times=[0.0, 0.3333 * m.config.dt]), "whole intervals"),
    (lambda m: m.predict(times=[0.0, m.config.dt], controls={"w": 1.0}), "controls= gives u"),
    (lambda m: m.predict(times=[0.0, m.config.dt], controls={"u": np.ones(5)}), "one value per"),
    (lambda m: m.predict(times=[0.0, m.config.dt], controls={"u": np.nan}), "finite"),
    (lambda m: m.predict(xarray.Dataset({"x": ("time", [0.0])})), "the data lack"),
    (lambda m: m.predict(policy="table"), "network"),
    (lambda m: m.predict(points=3), "points"),
    (lambda m: m.distil(), "give `starts`"),
    (lambda m: m.fit("pendulum", 3), "a Training is needed"),
    (lambda m: Training(real_steps=10, random_steps=0, discount=1.0), "discount"),
    (lambda m: Training(real_steps=0, random_steps=0), "real_steps"),
    (lambda m: Training(real_steps=100, random_steps=100), "leaves the policy none"),
])  # fmt: skip
def test_mistakes_are_one_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call(zoo.load(NAMES[1]))


def test_a_forecast_that_grows_without_bound_is_a_failed_run():
    model = zoo.load(NAMES[0])
    state = model.state()
    wild = model.with_state(state | {"members": 50 * state["members"]})
    with pytest.raises(FailedRun, match="fewer times"):
        wild.predict(times=[0.0, 1.0], controls={"u": 1.0})


# -- fine-tuning ---------------------------------------------------------------------------


def test_a_plant_is_an_environment_or_a_system_of_the_same_states():
    model = zoo.load(NAMES[0])
    heavy = physics.get("cart_pole", m=0.2)
    assert plant_of(model, heavy).system.values["m"] == 0.2
    driven = physics.get("cart_pole", actuated=True, m=0.3)
    assert plant_of(model, driven).system is driven
    for target, words in [
        (physics.get("lorenz63"), "has the states"),
        (xarray.Dataset(), "on a plant that it acts on"),
        (physics.parse(["x' = v", "theta' = omega", "v' = 1*x", "omega' = 1*x"]), "needs the"),
    ]:
        with pytest.raises(ValueError, match=words):
            plant_of(model, target)
    with pytest.raises(Unsupported, match="an environment of physics.control"):
        zoo.finetune(model, xarray.Dataset())


@pytest.mark.turns
def test_fine_tuning_spends_the_real_steps_it_is_given(tmp_path):
    model = zoo.load(NAMES[1])
    stiff = physics.get("pendulum", gamma=0.1)
    tuned = zoo.finetune(
        model, stiff, steps=600, iterations=2, run=tmp_path / "run", progress=False
    )
    assert tuned.history[-1]["real_steps"] == 600 and len(tuned.rows) == 600
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [200, 400, 600]
    assert dict(tuned.config.training)["real_steps"] == 600
    with pytest.raises(ValueError, match="resumes no run"):
        zoo.finetune(model, stiff, run=tmp_path / "run", resume=True)
    with pytest.raises(ValueError, match="holds a run"):
        zoo.finetune(model, stiff, run=tmp_path / "run")
    with pytest.raises(ValueError, match="horizons"):
        zoo.finetune(model, stiff, horizons=3)


# -- on the command line -------------------------------------------------------------------


def said_by(*words):
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.output


def test_the_command_line_speaks_of_them(tmp_path):
    code, text = said_by("predict", NAMES[1], "-t", "0:1:21", "-o", str(tmp_path / "p.csv"))
    assert code == 0 and "costheta" in text
    code, text = said_by("explain", NAMES[1], "-o", str(tmp_path / "law"))
    assert code == 0 and "omega" in text and "nan" not in text
    code, text = said_by("export", NAMES[1], "--to", "c")
    assert code == 0 and "_step(" in text
    code, text = said_by("export", NAMES[1], "--part", "policy", "--to", "c")
    assert code == 0 and "policy_u(" in text
    code, text = said_by("export", NAMES[1], "--part", "reward")
    assert code == 0 and "reward" in text
    done = CliRunner().invoke(app, ["export", NAMES[1], "--part", "value"])
    assert isinstance(done.exception, ValueError) and "policy, reward" in str(done.exception)
