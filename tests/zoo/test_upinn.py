"""UPINN: a planted hidden term is learnt, named, saved, loaded and tuned; bad data are refused."""

import json

import jax
import numpy as np
import pytest

import checkpoints
import physics
import symbolic
import zoo
from physics.data.measure import measure
from zoo.models.upinn import problem
from zoo.models.upinn.model import DEFAULT, UPINN
from zoo.models.upinn.residuals import all_residuals, pointwise
from zoo.training.schedule import Schedule

INITIAL = np.array([[1.0, 1.0], [3.0, 1.5]])


@pytest.fixture(scope="module")
def setting():
    """(truth, known, noisy data of two trajectories, exact data)."""
    truth = physics.get("lotka_volterra")
    known = truth.without("beta", "gamma")
    clean = physics.solve(truth, initial=INITIAL, times=np.linspace(0, 3, 21))
    return truth, known, measure(clean, noise=0.01, seed=0), clean


@pytest.fixture(scope="module")
def trained(setting):
    """A model of both trajectories."""
    _, known, data, _ = setting
    return UPINN.create(known, 2, seed=0).fit(data, DEFAULT, initial=INITIAL, progress=False)


def relative(found, exact):
    pairs = [(found[n].values, exact[n].values) for n in ("x", "y")]
    return np.sqrt(
        sum(((a - b) ** 2).sum() for a, b in pairs) / sum((b**2).sum() for _, b in pairs)
    )


def test_surrogate_meets_data_and_equation(setting, trained):
    truth, _, _, clean = setting
    assert relative(trained.predict(times=clean["time"].values), clean) < 0.01
    hidden = trained.hidden({n: clean[n].values for n in ("x", "y")})
    interaction = clean["x"].values * clean["y"].values
    for name, factor in (("x", -truth.values["beta"]), ("y", truth.values["gamma"])):
        error = np.linalg.norm(hidden[name] - factor * interaction)
        assert error < 0.1 * np.linalg.norm(factor * interaction)


def test_noise_level_is_estimated(trained):
    assert 0.005 < float(trained.sigma[...][0]) < 0.02


def test_law_is_named_unaided_and_is_a_system(setting, trained):
    truth, known, data, _ = setting
    found = trained.law(data, initial=INITIAL)
    assert symbolic.same_law(found.best, truth, rtol=0.03)
    assert isinstance(found.best, physics.System)
    assert found.best.values["alpha"] == known.values["alpha"]


def test_forecast_integrates_known_and_hidden_part(setting, trained):
    truth = setting[0]
    start = physics.solve(truth, initial=[[2.0, 1.2]], times=[0.0, 1.0])
    times = np.linspace(0, 2, 5)
    exact = physics.solve(truth, initial=[[2.0, 1.2]], times=times)
    assert relative(trained.predict(start, times=times), exact) < 0.1


def test_save_and_load_are_exact(setting, trained, tmp_path):
    zoo.save(tmp_path / "model", trained)
    loaded = zoo.load(tmp_path / "model")
    assert loaded.predict().equals(trained.predict())
    assert loaded.config == trained.config


def test_same_seed_same_weights(setting):
    _, known, data, _ = setting
    schedule = Schedule(steps=4, optimiser="levenberg-marquardt", chunk=2)
    runs = [
        UPINN.create(known, 2, seed=s).fit(data, schedule, progress=False).weights()
        for s in (0, 0, 1)
    ]
    flat = [np.concatenate([np.ravel(a) for a in jax.tree.leaves(w)]) for w in runs]
    assert np.array_equal(flat[0], flat[1]) and not np.array_equal(flat[0], flat[2])


def test_adam_lowers_the_same_loss(setting):
    _, known, data, _ = setting
    model = UPINN.create(known, 2, seed=0)
    schedule = Schedule(steps=200, optimiser="adam", rate=5e-3, chunk=100)
    with jax.enable_x64(True):
        batch = problem.read(model.config, data)
        tuned = model.fit(data, schedule, progress=False)
        before = UPINN.put(tuned, weights=model.weights())
        assert float(tuned.loss(batch)[0]) < 0.3 * float(before.loss(batch)[0])


@pytest.mark.turns
def test_gradient_of_the_loss_against_finite_differences(setting):
    _, known, data, _ = setting
    with jax.enable_x64(True):
        model = UPINN.create(known, 2, seed=0)
        batch = problem.read(model.config, data)
        model = model.put(statistics=problem.statistics(model.config, batch))
        weights = model.weights()
        slope = jax.grad(lambda w: model.loss_of(w, batch)[0])(weights)
        direction = jax.tree.map(lambda a: np.random.default_rng(0).normal(size=a.shape), weights)

        def at(h):
            moved = jax.tree.map(lambda a, d: a + h * d, weights, direction)
            return float(model.loss_of(moved, batch)[0])

        along = sum(
            jax.tree.leaves(jax.tree.map(lambda a, b: float((a * b).sum()), slope, direction))
        )
        assert along == pytest.approx((at(1e-6) - at(-1e-6)) / 2e-6, rel=1e-5)


def test_residual_vanishes_on_an_exact_solution():
    """A surrogate that is linear in time solves x' = c: residual zero with G = 0 and F = c."""
    known = physics.parse("x' = c", parameters={"c": 2.0})
    data = physics.solve(known, initial=[1.0], times=np.linspace(0, 1, 11))
    with jax.enable_x64(True):
        model = UPINN.create(known, 1, seed=0)
        batch = problem.read(model.config, data)
        s = problem.statistics(model.config, batch)
        functions = pointwise(model.config)
        zero = jax.tree.map(np.zeros_like, model.weights())
        physics_part, _, _ = all_residuals(functions, zero, batch, s)
        # U = const and G = 0: the residual is −c/rate
        assert np.allclose(physics_part, -2.0 / s["rate"])


@pytest.mark.turns
def test_gaps_and_hidden_inputs_of_choice(setting):
    """Only the predator's equation is unknown, and only through the prey."""
    truth = physics.parse("x' = x - x*y; y' = k*x^2 - y", parameters={"k": 0.5}, name="half")
    known = truth.without("k")
    clean = physics.solve(truth, initial=INITIAL, times=np.linspace(0, 3, 21))
    data = measure(clean, noise=0.005, missing=0.2, seed=1)
    model = UPINN.create(known, 2, inputs=("x",), outputs=("y",), seed=0).fit(data, progress=False)
    assert relative(model.predict(times=clean["time"].values), clean) < 0.02
    found = model.law(data)
    assert symbolic.same_law(found.best, truth, rtol=0.1)


@pytest.mark.turns
def test_multiplicative_noise_and_other_scales():
    """Counts in the thousands with relative errors; nothing is tuned to numbers near one."""
    truth = physics.parse(
        "n' = r*n - q*n^2", parameters={"r": 0.02, "q": 2e-6}, name="logistic growth"
    )
    known = truth.without("q")
    clean = physics.solve(truth, initial=[[500.0], [20000.0]], times=np.linspace(0, 400, 31))
    rng = np.random.default_rng(0)
    data = clean.assign(n=clean["n"] * np.exp(0.03 * rng.standard_normal(clean["n"].shape)))
    model = UPINN.create(known, 2, noise="multiplicative", seed=0).fit(data, progress=False)
    found = model.law(data)
    assert symbolic.same_law(found.best, truth, rtol=0.1)


def test_adapt_keeps_the_hidden_net_and_renames_roles(trained):
    known = physics.parse(["hare' = 0.55*hare", "lynx' = -0.8*lynx"])
    model, report = trained.adapt(known, trajectories=1)
    assert model.config.inputs == ("hare", "lynx")
    assert "hidden_term" in str(report) or report.matched
    old, new = trained.weights()["hidden"], model.weights()["hidden"]
    assert all(np.array_equal(a, b) for a, b in zip(*map(jax.tree.leaves, (old, new)), strict=True))


def test_finetune_leaves_the_given_model_alone(setting, trained):
    _, known, data, _ = setting
    before = json.dumps(jax.tree.map(lambda a: np.asarray(a).tolist(), trained.weights()))
    zoo.finetune(trained, data, known=known, steps=3, progress=False)
    after = json.dumps(jax.tree.map(lambda a: np.asarray(a).tolist(), trained.weights()))
    assert before == after


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.drop_vars("y"), "no variable 'y'"),
        (lambda d: d.assign(x=d["x"] / 0.0), "infinite"),
        (lambda d: d.isel(time=[0, 2, 1, 3, 4]), "increase"),
        (lambda d: d.isel(time=slice(0, 2)), "at least 4"),
        (lambda d: d.rename(time="day"), "dim 'time'"),
        (lambda d: d.assign(x=d["x"].where(d["time"] < 0)), "no measured value"),
    ],
)
def test_faulty_data_are_refused_before_training(setting, trained, change, message):
    _, known, data, _ = setting
    with pytest.raises(ValueError, match=message), np.errstate(all="ignore"):
        zoo.finetune(trained, change(data), known=known, steps=2, progress=False)


def test_what_a_family_lacks_is_unsupported(trained):
    with pytest.raises(zoo.Unsupported, match="cannot encode"):
        raise trained.lacks("encode")
    with pytest.raises(ValueError, match="no state"):
        UPINN.create(physics.get("lotka_volterra"), inputs=("z",))
    with pytest.raises(ValueError, match="System or an xarray.Dataset"):
        zoo.finetune(trained, [1, 2, 3])
    with pytest.raises(ValueError, match="trajectories"):
        trained.fit(physics.solve(physics.get("lotka_volterra"), initial=[1.0, 1.0]))


def test_transfer_report_is_readable(trained):
    _, report = trained.adapt(trained.config.system, trajectories=3)
    assert isinstance(report, checkpoints.TransferReport) and "matched" in str(report)


def test_a_forecast_begins_where_a_sample_is_first_measured(setting, trained):
    clean = setting[3]
    whole = trained.predict(clean)
    later = trained.predict(clean, times=[1.5, 3.0])
    for name in ("x", "y"):
        assert np.allclose(later[name], whole[name].sel(time=[1.5, 3.0]), rtol=1e-5)
    gappy = clean.copy(deep=True)
    gappy["x"][1, :2] = np.nan
    said = trained.predict(gappy)
    assert np.isnan(said["y"].values[1, :2]).all() and np.isfinite(said["y"].values[0]).all()
    assert float(said["y"][1, 2]) == float(clean["y"][1, 2])
    with pytest.raises(ValueError, match="first measurement of sample 1"):
        trained.predict(gappy, times=[0.0, 1.0])


@pytest.mark.parametrize("times", [5, [[0, 1]], [], [0, np.nan], [3, 2, 1], "abc"])
def test_faulty_times_of_a_prediction(setting, trained, times):
    for data in (None, setting[3]):
        with pytest.raises(ValueError, match="times"):
            trained.predict(data, times=times)


@pytest.mark.parametrize(
    "options", [{"foo": 1}, {"width": "a"}, {"trajectories": 10**9}, {"seed": -1}, {"outputs": 5}]
)
def test_faulty_options_of_a_new_model(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        zoo.create("upinn", physics.get("lotka_volterra"), **options)


def test_wrong_objects_are_named(setting, trained, tmp_path):
    data, known = setting[2], setting[1]
    for call in (
        lambda: zoo.create("upinn", 5), lambda: zoo.create("upinn"), lambda: zoo.create(5),
        lambda: zoo.finetune(trained, data, known=5), lambda: zoo.finetune(None, data),
        lambda: zoo.finetune(trained, data, foo=5), lambda: zoo.save(tmp_path / "m", None),
        lambda: zoo.save(tmp_path / "m", trained, foo=1), lambda: zoo.load(None),
        lambda: zoo.train(None), lambda: zoo.verify(None), lambda: zoo.load("~nouser/x"),
        lambda: trained.predict(data, foo=1),
        *(lambda n=n: zoo.finetune(trained, data, known=known, steps=n) for n in (0, 1.5, -1)),
    ):  # fmt: skip
        with pytest.raises(ValueError) as caught:
            call()
        assert 15 < len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "change", [{"trajectories": 10**9}, {"trajectories": 3}, {"known": 5}, {"width": None}, None]
)
def test_a_config_that_does_not_fit_the_arrays_is_a_checkpoint_error(trained, change):
    config = {} if change is None else trained.config_json() | change
    with pytest.raises(checkpoints.CheckpointError, match="config"):
        UPINN.restore(config, trained.state())
