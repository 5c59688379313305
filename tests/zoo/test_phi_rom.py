"""The contract of a Φ-ROM on a small travelling wave: training, forecasts, sensors, law, saving."""

import dataclasses

import numpy as np
import pytest
import xarray

import physics
import zoo
from physics.fields import RandomFourier
from zoo.registry import family
from zoo.training.schedule import Schedule

TIMES = np.linspace(0.0, 0.8, 9)


def wave():
    """u_t = −c u_x + ν u_xx: one Fourier mode that travels and decays."""
    parameters = {"c": 1.0, "nu": 0.02}
    return physics.parse("u_t = -c*u_x + nu*u_xx", parameters, length=2 * np.pi)


def waves(speeds=(0.8, 0.9, 1.0, 1.1, 1.2), times=TIMES, points=32):
    x = np.linspace(0, 2 * np.pi, points, endpoint=False)
    start = np.repeat(np.sin(x)[None], len(speeds), 0)
    return physics.solve(wave(), initial=start, times=times, parameters={"c": np.array(speeds)})


def untrained(**options):
    settings = {"parameters": ("c",), "grid": 32, "latent": 2, "width": 12, "depth": 2,
                "fronts": 0, "dynamics_width": 16, "dynamics_depth": 2, "anchors": 12, "kept": 3,
                "frequency": 2.0}  # fmt: skip
    return zoo.create("phi-rom", wave(), **(settings | options))


RULES = {"level": 0.2, "limit": 0.4, "settle": 0.1, "ahead": 8, "taught": 16, "pool": 32}
SCHEDULE = Schedule(steps=400, rate=1e-2, warmup=20, chunk=50, save=500, final=0.02)


@pytest.fixture(scope="module")
def trained():
    return untrained().fit(waves(), SCHEDULE, rules=RULES, progress=False)


def error(said, truth):
    return float(np.linalg.norm(said["u"].values - truth["u"].values)
                 / np.linalg.norm(truth["u"].values))  # fmt: skip


def test_it_forecasts_speeds_and_times_it_has_not_seen(trained):
    truth = waves((0.85, 1.05), np.linspace(0.0, 1.2, 13))
    said = trained.predict(truth)
    assert set(said["u"].dims) == {"sample", "time", "x"} and said["u"].shape == (2, 13, 32)
    assert error(said, truth) < 0.08
    later = truth.isel(time=slice(9, None))
    assert error(said.isel(time=slice(9, None)), later) < 0.12
    assert np.allclose(said["c"], truth["c"])


def test_reconstruction_is_at_least_as_good_as_the_forecast(trained):
    truth = waves((0.95,))
    assert error(trained.reconstruct(truth), truth) <= error(trained.predict(truth), truth) + 1e-3


def test_without_data_it_speaks_of_kept_trajectories(trained):
    said = trained.predict()
    assert said["u"].shape == (3, 51, 32) and bool(said["u"].notnull().all())
    assert np.isclose(float(said["time"][-1]), 1.6)


def test_any_point_and_any_time(trained):
    truth = waves((1.0,))
    grid = trained.predict(truth)
    x = truth["x"].values
    some = trained.predict(truth, times=[0.1, 0.8], points=x[[3, 11]][:, None])
    assert some["u"].dims == ("sample", "time", "point")
    assert np.allclose(some["u"], grid["u"].sel(time=[0.1, 0.8], method="nearest")[..., [3, 11]],
                       atol=2e-4)  # fmt: skip
    fine = trained.predict(truth, times=[0.35], points=100)
    assert fine["u"].shape == (1, 1, 100)
    named = trained.predict(truth, times=[0.35], points={"x": [0.5, 1.0, 6.0]})
    assert list(named["x"].values) == [0.5, 1.0, 6.0]


def scattered(data, count=8, seed=0, noise=0.0):
    """Fields at `count` of their places, noisy, one value missing."""
    rng = np.random.default_rng(seed)
    places = np.sort(rng.choice(data.sizes["x"], count, replace=False))
    u = data["u"].values[:, :, places]
    u = u + noise * rng.standard_normal(u.shape)
    u[0, 0, 0] = np.nan
    return xarray.Dataset(
        {"u": (("sample", "time", "point"), u), "c": data["c"]},
        coords={"time": data["time"].values, "x": ("point", data["x"].values[places])},
    )


def test_sensors_at_scattered_places_with_gaps_are_enough(trained):
    truth = waves((0.85, 1.05))
    sensors = scattered(truth)
    said = trained.predict(sensors, points={"x": truth["x"].values})
    assert error(said, truth) < 0.1
    assert trained.encode(sensors)["latent"].shape == (2, 9, 2)


@pytest.mark.slow
def test_a_window_of_noisy_sensors_is_better_than_one_frame(trained):
    truth = waves((0.85, 0.95, 1.05), np.linspace(0.0, 0.8, 17))
    sensors = scattered(truth, 6, noise=0.15)
    places = {"x": truth["x"].values}
    one = error(trained.predict(sensors, points=places), truth)
    several = error(trained.predict(sensors, points=places, window=9, noise=0.15), truth)
    assert several < one
    whole = trained.assimilate(sensors, window=4, noise=0.15, points=places)
    assert error(whole, truth) < one
    assert whole["latent"].shape == (3, 17, 2) and bool((whole["deviation"] > 0).all())


@pytest.mark.slow
def test_training_on_scattered_sensors(trained):
    model = untrained(seed=1).fit(
        scattered(waves(), 12, seed=5), dataclasses.replace(SCHEDULE, steps=100), rules=RULES,
        progress=False,
    )  # fmt: skip
    truth = waves((1.05,))
    assert model.predict(truth)["u"].shape == truth["u"].shape


def test_saving_and_loading_changes_nothing(trained, tmp_path):
    zoo.save(tmp_path / "wave", trained)
    again = zoo.load(tmp_path / "wave")
    truth = waves((0.85,))
    assert np.array_equal(again.predict(truth)["u"], trained.predict(truth)["u"])
    assert repr(again) == repr(trained) and "numbers" in repr(again)


def test_the_loss_is_differentiable_and_small_for_what_was_learnt(trained):
    import jax
    from flax import nnx

    batch = trained.batch(waves((0.85, 1.05)))
    graph, params, rest = nnx.split(trained, nnx.Param, ...)

    def loss(params):
        return nnx.merge(graph, params, rest).loss(batch)

    run = jax.jit(jax.value_and_grad(loss, has_aux=True))
    (value, parts), slope = run(params)
    fresh = nnx.split(untrained(seed=2), nnx.Param, ...)[1]
    assert float(value) < 0.5 * float(run(fresh)[0][0]) and parts["bad"] == 0
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(slope))


@pytest.mark.slow
def test_a_run_that_was_stopped_goes_on_exactly(tmp_path):
    data, schedule = waves(), dataclasses.replace(SCHEDULE, steps=20, chunk=10, save=10)
    folder = tmp_path / "run"
    whole = untrained().fit(data, schedule, rules=RULES, progress=False)

    class Stop(Exception):
        pass

    def stop(step, state):
        if step == 20:
            raise Stop

    with pytest.raises(Stop):  # after the snapshot at step 10
        untrained().fit(data, schedule, rules=RULES, progress=False, folder=folder, watch=stop)
    resumed = untrained().fit(
        data, schedule, rules=RULES, progress=False, folder=folder, resume=True
    )
    wanted, found = whole.weights()["decoder"], resumed.weights()["decoder"]
    assert all(np.array_equal(wanted[name], found[name]) for name in wanted)


@pytest.mark.slow
def test_warm_up_is_by_level_and_failures_are_counted():
    import jax

    from zoo.models.phi_rom.fitting import batch_of, check_rules
    from zoo.models.phi_rom.reading import read
    from zoo.models.phi_rom.training import first_state, make_update

    model = untrained()
    measured = read(model.config, waves())
    batch, rules = batch_of(model, measured), check_rules(RULES | {"level": 1e-9, "limit": 0.02})
    params = {**model.weights(), "latents": np.zeros((45, 2), np.float32)}
    update = jax.jit(make_update(model.config, rules, SCHEDULE, 45))
    state, through = first_state(model.config, params, rules), []
    for step in range(16):
        state, metrics = update(state, batch, jax.random.key(step))
        through.append(float(metrics["through"]))
    assert through[:10] == [0.0] * 10 and 0 < through[-1] < 1
    assert metrics["skipped"] == 0 and metrics["bad_projections"] == 0
    broken = jax.tree.map(lambda a: a, state)
    broken["params"]["dynamics"]["bias_0"] = np.full(16, np.nan, np.float32)
    after, metrics = update(broken, batch, jax.random.key(99))
    assert metrics["skipped"] == 1
    assert np.array_equal(after["params"]["latents"], broken["params"]["latents"])


@pytest.mark.slow
@pytest.mark.parametrize("physics_kind", ["none", "strong"])
def test_baselines_train_by_the_same_code(physics_kind):
    schedule = dataclasses.replace(SCHEDULE, steps=100)
    rules = RULES | {"physics": physics_kind, "ahead": 0}
    model = untrained().fit(waves(), schedule, rules=rules, progress=False)
    truth = waves((1.0,))
    assert error(model.reconstruct(truth), truth) < 0.5


def test_adapting_takes_what_fits(trained):
    other = physics.parse("u_t = -c*u_x + nu*u_xx - r*u", {"c": 1.0, "nu": 0.02, "r": 0.1},
                          length=2 * np.pi)  # fmt: skip
    model, report = trained.adapt(other)
    assert model.config.equation == other and report.fraction > 0.9
    two = physics.parse(["u_t = u_xx - v_x", "v_t = v_xx"], {}, length=2 * np.pi)
    with pytest.raises(ValueError, match="2 states"):
        trained.adapt(two)


@pytest.mark.slow
def test_fine_tuning_to_measurements_and_equations(trained):
    truth = waves((1.4, 1.5))
    tuned = zoo.finetune(trained, truth, steps=60, progress=False)
    assert error(tuned.reconstruct(truth), truth) < 0.2
    reacting = physics.parse(
        "u_t = -c*u_x + nu*u_xx - r*u", {"c": 1.0, "nu": 0.02, "r": 0.1}, length=2 * np.pi
    )
    reacting = dataclasses.replace(reacting, initial=RandomFourier(modes=1))
    other = zoo.finetune(trained, reacting, steps=2, samples=2, progress=False)
    assert "r" in other.config.equation.values


def test_tuning_begins_with_latents_smooth_in_time_that_fit_nearly_as_well(trained):
    from zoo.models.phi_rom.fitting import batch_of
    from zoo.models.phi_rom.known_latents import NEARLY, known_latents, misfit, roughness
    from zoo.models.phi_rom.reading import read

    own = waves((0.85, 1.0, 1.15))
    strange = own.assign(u=own["u"] + 0.8 * np.cos(3 * own["x"]) * np.cos(9 * own["time"]))
    for data, known in ((own, True), (strange, False)):
        measured = read(trained.config, data)
        seen = batch_of(trained, measured)["seen"]
        encoded = np.asarray(trained.encoded(measured).latents)
        found = known_latents(trained, measured, seen).reshape(encoded.shape)
        flat = [z.reshape(-1, encoded.shape[-1]) for z in (found, encoded)]
        assert misfit(trained, flat[0], seen) <= NEARLY * misfit(trained, flat[1], seen) * 1.001
        assert np.array_equal(found, encoded) == known
        assert known or roughness(found) < roughness(encoded)


def test_random_weights_have_no_law():
    found = untrained().put(statistics={"clock": np.ones(1)}).law()
    assert found.best is None and "learnt no dynamics" in found.reason


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda d: d.rename(u="v"), "no variable 'u'"),
        (lambda d: d.rename(x="lon"), "coordinate 'x'"),
        (lambda d: d.assign_coords(x=d["x"] + 1.0), "outside the box"),
        (lambda d: d.assign(u=d["u"].where(d["time"] > 0.3)), "no measurement in its first field"),
        (lambda d: d.assign(u=d["u"] * np.inf), "infinite"),
        (lambda d: d["u"], "must be an xarray.Dataset"),
    ],
)
def test_bad_data_are_one_sentence(trained, change, message):
    with pytest.raises(ValueError, match=message):
        trained.predict(change(waves((1.0,))))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"times": [-1.0, 0.5]}, "before the first field"),
        ({"points": {"y": [0.0]}}, "no option 'y'"),
        ({"points": [[99.0]]}, "outside the box"),
        ({"windows": 3}, "window"),
        ({"window": 0}, "window"),
        ({"window": 3, "noise": 0.0}, "noise"),
    ],
)
def test_bad_requests_are_one_sentence(trained, options, message):
    with pytest.raises(ValueError, match=message):
        trained.predict(waves((1.0,)), **options)


def test_unknown_rules_are_refused():
    with pytest.raises(ValueError, match="settle"):
        untrained().fit(waves(), SCHEDULE, rules={"setle": 1}, progress=False)
    with pytest.raises(ValueError, match="solver"):
        untrained().fit(waves(), SCHEDULE, rules={"physics": "both"}, progress=False)


def test_it_is_found_by_name():
    assert family("phi-rom").MODEL.family == "phi-rom"
    assert "phi-rom" in zoo.list_models(pretrained=False, ability="encode")
