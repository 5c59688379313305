"""All families that map a delay window to the next state: one table of them, one test per
property."""

import numpy as np
import pytest
import xarray

import physics
import zoo
from zoo.layers import windows
from zoo.layers.rollout import one_step, rollout
from zoo.layers.rollout_law import skill
from zoo.training.schedule import Schedule

QUICK = Schedule(steps=12, optimiser="levenberg-marquardt", chunk=12, seed=0)
FAMILIES = {
    "stnn": {"blocks": 2},
    "mlp": {"widths": (10,)},
    "linear-ar": {},
    "dmd": {},
    "hankel-dmd": {},
    "extrapolation": {"order": 2},
}
every_family = pytest.mark.parametrize("family", FAMILIES)


@pytest.fixture(scope="module")
def data():
    """Six damped oscillations, dt 0.1: linear, so that every family can follow them."""
    law = physics.parse(["x' = y", "y' = -x - 0.1*y"])
    initial = np.random.default_rng(0).uniform(-1, 1, (6, 2))
    return physics.solve(law, initial=initial, times=0.1 * np.arange(41))


@pytest.fixture(scope="module")
def trained(data):
    """{family: a model of the oscillations}."""
    made = {}
    for family, options in FAMILIES.items():
        model = zoo.create(family, data[["x", "y"]], window=4, seed=0, **options)
        made[family] = model.fit(data, QUICK, progress=False)
    return made


def relative(found, exact):
    gaps = [(found[n].values - exact[n].values, exact[n].values) for n in ("x", "y")]
    return np.sqrt(sum((a**2).sum() for a, _ in gaps) / sum((b**2).sum() for _, b in gaps))


@pytest.mark.turns
@every_family
def test_forecasts_follow_the_data(family, trained, data):
    said = trained[family].predict(data)
    assert said["x"].shape == data["x"].shape and said["x"].attrs == data["x"].attrs
    assert np.array_equal(said["x"][:, :4], data["x"][:, :4])  # the window is what was measured
    bound = {"extrapolation": 30.0}.get(family, 0.02)
    assert relative(said, data) < bound


@every_family
def test_save_and_load_are_exact(family, trained, tmp_path):
    zoo.save(tmp_path / "model", trained[family])
    loaded = zoo.load(tmp_path / "model")
    assert loaded.config == trained[family].config
    times = 0.1 * np.arange(12)
    assert loaded.predict(times=times).equals(trained[family].predict(times=times))


@every_family
def test_a_batch_is_rolled_out_as_its_samples_are(family, trained, data):
    starts = windows.read(trained[family].config, data).values[:, :4]
    whole = rollout(trained[family], starts, 7)
    alone = np.concatenate([rollout(trained[family], starts[i : i + 1], 7) for i in range(6)])
    assert np.allclose(whole, alone, rtol=1e-9, atol=1e-12)
    assert np.allclose(one_step(trained[family], starts), whole[:, 0], rtol=1e-12)


@every_family
def test_it_says_in_one_line_what_it_is(family, trained):
    text = repr(trained[family])
    assert len(text.splitlines()) == 1 and "4 states 0.1 apart" in text


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_extrapolation_is_exact_for_polynomials(order):
    times = 0.5 * np.arange(12)
    path = sum((k + 1) * times**k for k in range(order + 1))
    data = xarray.Dataset({"u": (("sample", "time"), path[None])}, coords={"time": times})
    model = zoo.create("extrapolation", data, window=4, order=order).fit(data)
    assert np.allclose(model.predict(data)["u"], path[None], rtol=1e-9)


def test_linear_families_find_a_linear_map(trained, data):
    exact = physics.solve(
        physics.parse(["x' = y", "y' = -x - 0.1*y"]),
        initial=[[0.3, -0.8]],
        times=0.1 * np.arange(60),
    )
    for family in ("linear-ar", "dmd", "hankel-dmd"):
        model = zoo.create(family, data[["x", "y"]], window=1).fit(data)
        assert relative(model.predict(exact), exact) < 1e-4


def test_normalisation_is_of_the_training_data(trained, data):
    s = trained["stnn"].statistics()
    assert np.allclose(s["center"], [data[n].values[:5].mean() for n in "xy"])
    assert np.allclose(s["scale"], [data[n].values[:5].std() for n in "xy"])
    shifted = data.assign(x=1000 + 50 * data["x"], y=data["y"] - 3)
    model = zoo.create("linear-ar", data[["x", "y"]], window=4)
    one, two = model.fit(data).predict(data), model.fit(shifted).predict(shifted)
    assert np.allclose(1000 + 50 * one["x"], two["x"], rtol=1e-6)


def test_windows_are_cut_in_order_and_never_over_a_gap(data):
    config = windows.WindowConfig(states=("x", "y"), dt=0.1, window=4)
    holed = data.assign(x=data["x"].where(data["time"] != data["time"][20]))
    found = windows.cut(config, windows.read(config, holed))
    assert len(found.inputs) == 6 * (16 + 16) and np.isfinite(found.inputs).all()
    whole = windows.cut(config, windows.read(config, data))
    assert len(whole.inputs) == 6 * 37
    assert np.array_equal(whole.inputs[1][:3], whole.inputs[0][1:])
    assert np.array_equal(whole.inputs[1][3], whole.targets[0])
    assert np.array_equal(whole.sample[[0, 36, 37]], [0, 0, 1])


def test_forecasts_start_from_the_latest_window_that_ends_in_time(trained, data):
    model = trained["linear-ar"]
    later = model.predict(data, times=4.0 + 0.1 * np.arange(1, 11))
    truth = physics.solve(
        physics.parse(["x' = y", "y' = -x - 0.1*y"]),
        initial={n: data[n].values[:, 0] for n in "xy"}, times=0.1 * np.arange(51),
    )  # fmt: skip
    assert relative(later, truth.isel(time=slice(41, None))) < 1e-3
    between = model.predict(data, times=4.0 + 0.1 * np.arange(0.5, 9.5))
    middle = 0.5 * (later["x"].values[:, :-1] + later["x"].values[:, 1:])
    assert np.abs(between["x"].values[:, 1:] - middle[:, :8]).max() < 0.01
    with pytest.raises(ValueError, match="before the first complete window"):
        model.predict(data, times=[-1.0, 0.0])


def test_without_data_it_speaks_about_windows_that_it_keeps(trained):
    said = trained["stnn"].predict()
    assert said.sizes == {"sample": 16, "time": 104} and bool(said["x"].notnull().all())


def test_faulty_data_are_refused_with_what_to_do(trained, data):
    model = trained["stnn"]
    with pytest.raises(ValueError, match="no variable 'y'"):
        model.predict(data.drop_vars("y"))
    with pytest.raises(ValueError, match=r"steps by dt = 0.1, the data have a step of 0.2"):
        model.predict(data.isel(time=slice(None, None, 2)))
    with pytest.raises(ValueError, match="sample 0 has no 4 times in a row"):
        model.predict(data.assign(x=data["x"].where(data["time"] > 90)).fillna({"y": 0.0})
                      .assign(x=data["x"].where(np.arange(41) % 3 > 0)))  # fmt: skip
    with pytest.raises(ValueError, match="windows of 4 states and what follows need 5"):
        windows.cut(model.config, windows.read(model.config, data.isel(time=slice(0, 4))))
    with pytest.raises(ValueError, match="needs dt="):
        zoo.create("stnn", ["x", "y"])
    with pytest.raises(ValueError, match="nearest|no option"):
        zoo.create("stnn", ["x"], dt=0.1, blokcs=3)
    with pytest.raises(ValueError, match="activations are three of"):
        zoo.create("stnn", ["x"], dt=0.1, activations=("tanh", "tan", "relu"))
    with pytest.raises(ValueError, match="unknown optimiser"):
        model.fit(data, Schedule(steps=1, optimiser="sgd"), progress=False)


@pytest.mark.slow
def test_environments_are_numbers_over_samples(data):
    model = zoo.create("stnn", data[["x", "y"]], window=4, environments=3, blocks=1)
    with pytest.raises(ValueError, match="'environment' over"):
        model.fit(data, QUICK, progress=False)
    number = xarray.DataArray([0, 1, 2, 0, 1, 2], dims="sample")
    three = data.assign(environment=number, y=data["y"] * (1 + number))
    fitted = model.fit(three, QUICK, progress=False)
    starts = windows.read(model.config, three).values[:1, :4]
    said = [one_step(fitted, starts, np.array([k])) for k in range(3)]
    assert np.abs(said[0] - said[1]).max() > 1e-3
    with pytest.raises(ValueError, match="numbers from 0 to 2"):
        model.fit(data.assign(environment=("sample", [5] * 6)), QUICK, progress=False)


def test_random_weights_have_learnt_nothing(trained, data):
    for seed in range(3):
        fresh = zoo.create("stnn", data[["x", "y"]], window=4, seed=seed)
        random = fresh.put(statistics=trained["stnn"].statistics())
        found = random.law()
        assert found.best is None and "learnt no dynamics" in found.reason
    learnt, plain = skill(trained["stnn"])
    assert learnt < 0.5 * plain
