"""StNN: the laws of its rollouts, the counts that `zoo show` prints, fine-tuning, exact resume."""

import dataclasses

import numpy as np
import pytest

import checkpoints
import physics
import symbolic
import zoo
from zoo.cli.browsing import _costs_text
from zoo.layers import windows
from zoo.layers.rollout_law import BETTER, rollouts, skill
from zoo.models.stnn.config import parameter_count
from zoo.training.schedule import Schedule


@pytest.mark.parametrize(
    ("name", "steps"),
    [("lotka-volterra", 100), pytest.param("lorenz63", 200, marks=pytest.mark.slow)],
)
def test_the_law_of_rollouts_is_the_system(name, steps):
    """Truth: the System that made the data. Faithfulness: the law follows the model."""
    model = zoo.load(f"stnn.{name}")
    truth = physics.get(name.replace("-", "_"))
    found = model.law(steps=steps)
    assert symbolic.same_law(found.best, truth, rtol=0.02)
    assert symbolic.check(found.best, rollouts(model, steps=steps)).total < 0.02


def test_random_weights_have_no_law():
    model = zoo.load("stnn.lorenz63")
    fields = dataclasses.asdict(model.config)
    random = type(model).create(fields.pop("states"), seed=3, **fields)
    found = random.put(statistics=model.statistics()).law(steps=300)
    assert found.best is None and not found.candidates and "learnt no dynamics" in found.reason


def test_rollouts_for_the_law_leave_the_measured_window_out():
    model = zoo.load("stnn.lotka-volterra")
    data = physics.solve(physics.get("lotka_volterra"), samples=2, seed=5, times=0.1 * np.arange(9))
    rolled = rollouts(model, data, 20)
    ninth = np.stack([data[n].values[:, 8] for n in "xy"])
    assert np.allclose(np.stack([rolled[n].values[:, 0] for n in "xy"]), ninth, atol=0.01)


def test_show_prints_the_counts_of_the_leaves():
    for name in zoo.list_models("stnn*", pretrained=True):
        card, model = checkpoints.read_card(name), zoo.load(name)
        leaves = sum(v.size for v in _leaves(model.weights()))
        assert leaves == parameter_count(model.config)
        assert f"{leaves:,}" in _costs_text(card)
    assert _costs_text(checkpoints.read_card("upinn.lotka-volterra")) == ""


def test_adapting_keeps_all_weights_and_renames_states():
    model = zoo.load("stnn.lotka-volterra")
    prey = physics.parse(["hare' = 0.5*hare - 0.03*hare*lynx", "lynx' = 0.02*hare*lynx - 0.8*lynx"])
    adapted, report = model.adapt(prey)
    assert adapted.config.states == ("hare", "lynx") and report.fraction == 1.0
    with pytest.raises(ValueError, match="3 states, the model 2"):
        model.adapt(physics.get("lorenz63"))


@pytest.mark.slow
def test_tuning_lowers_the_error_on_another_system():
    model = zoo.load("stnn.lotka-volterra")
    other = physics.get("lotka_volterra", alpha=1.0, beta=0.7, gamma=1.0, delta=1.4)
    tuned = zoo.finetune(model, other, steps=6, samples=5, times=60, progress=False)
    test = physics.solve(other, samples=4, seed=9, times=0.1 * np.arange(60))
    cut = windows.cut(model.config, windows.read(model.config, test))
    errors = [np.abs(_ahead(m, cut.inputs) - cut.targets).mean() for m in (model, tuned)]
    assert errors[1] < 0.1 * errors[0]
    assert skill(tuned)[0] < BETTER * skill(tuned)[1]  # judged on the new data, so a law is sought


@pytest.mark.slow
def test_a_resumed_run_is_bit_identical(tmp_path):
    data = physics.solve(
        physics.get("lotka_volterra"), samples=5, seed=1, times=0.1 * np.arange(30)
    )
    model = zoo.create("stnn", data[["x", "y"]], window=4, blocks=1)
    plan = Schedule(steps=8, optimiser="levenberg-marquardt", chunk=2, save=2)
    whole = model.fit(data, plan, folder=tmp_path / "whole", progress=False)
    half = dataclasses.replace(plan, steps=4)
    model.fit(data, half, folder=tmp_path / "parts", progress=False)
    resumed = model.fit(data, plan, folder=tmp_path / "parts", resume=True, progress=False)
    for one, two in zip(_leaves(whole.weights()), _leaves(resumed.weights()), strict=True):
        assert np.array_equal(one, two)


@pytest.mark.slow
def test_adam_trains_the_same_model():
    data = physics.solve(
        physics.get("lotka_volterra"), samples=6, seed=1, times=0.1 * np.arange(60)
    )
    model = zoo.create("stnn", data[["x", "y"]], window=4, blocks=2)
    fitted = model.fit(data, Schedule(steps=600, rate=3e-3, chunk=200), progress=False)
    learnt, _ = skill(fitted)
    fresh, _ = skill(model.put(statistics=fitted.statistics()))
    assert learnt < 0.2 * fresh


def _ahead(model, inputs):
    from zoo.layers.rollout import one_step

    return one_step(model, inputs)


def _leaves(tree):
    for value in tree.values():
        yield from _leaves(value) if isinstance(value, dict) else (np.asarray(value),)
