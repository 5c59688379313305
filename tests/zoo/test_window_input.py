"""Window forecasters given bad input: one clear sentence each, before any work is done."""

import warnings

import numpy as np
import pytest
import xarray

import physics
import zoo
from zoo.training.schedule import Schedule

QUICK = Schedule(steps=2, optimiser="levenberg-marquardt", chunk=2, seed=0)
TIMES = 0.1 * np.arange(14)


@pytest.fixture(scope="module")
def data():
    """One trajectory of Lotka-Volterra, dt 0.1."""
    made = physics.solve(physics.get("lotka_volterra"), samples=1, seed=1, times=TIMES)
    return made[["x", "y"]].isel(sample=0, drop=True)


@pytest.mark.parametrize(
    ("family", "options", "said"),
    [
        ("stnn", {"blocks": 10**7}, "blocks is a whole number from 1 to 1000"),
        ("stnn", {"share_blocks": "no"}, "share_blocks is True or False, not 'no'"),
        ("stnn", {"linear": "no"}, "linear is True or False"),
        ("stnn", {"radix": "2"}, "radix is a whole number"),
        ("stnn", {"radix": 3}, "radix is one of"),
        ("stnn", {"leaf": 2.0}, "leaf is a whole number"),
        ("stnn", {"activations": "tanh"}, "activations are three of"),
        ("stnn", {"window": 0}, "window is a whole number from 1"),
        ("stnn", {"blokcs": 2}, "takes no option 'blokcs'.*blocks"),
        ("mlp", {"widths": (10**9,)}, "a width is a whole number from 1 to 65536"),
        ("mlp", {"widths": "ab"}, "a width is a whole number"),
        ("mlp", {"widths": 4.5}, "a width is a whole number"),
        ("mlp", {"widths": ()}, "widths are the units"),
    ],
)
def test_configurations_that_cannot_be_made(family, options, said, data):
    with pytest.raises(ValueError, match=said):
        zoo.create(family, data, **options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rows": 0}, "rows is a whole number from 1"),
        ({"rows": "a"}, "rows is a whole number"),
        ({"batch": 0}, "batch is a whole number from 1"),
        ({"jitter": -1.0}, "jitter is a number from 0"),
        ({"damping": 0.0}, "damping must be positive"),
        ({"prior": -1.0}, "prior is a number from 0"),
        ({"evidence": "no"}, "evidence is True or False"),
        ({"unroll": 0}, "unroll is a whole number from 1"),
        ({"scales": "dta"}, "scales is one of data, model"),
        ({"schedule": "fast"}, "schedule is a Schedule"),
        ({"stesp": 3}, "fitting family 'stnn' takes no option 'stesp'"),
        ({"held_out": "x"}, r"must be an xarray\.Dataset, not str"),
    ],
)
def test_fits_that_cannot_be_made(options, said, data):
    model = zoo.create("stnn", data, window=3, blocks=1)
    with pytest.raises(ValueError, match=said):
        model.fit(data, **{"schedule": QUICK, "progress": False, **options})


def test_options_of_another_family_are_refused(data):
    for family in ("linear-ar", "dmd", "extrapolation"):
        model = zoo.create(family, data, window=3)
        with pytest.raises(ValueError, match=f"fitting family '{family}' takes no option 'rows'"):
            model.fit(data, rows=3)
    with pytest.raises(ValueError, match="horizon is a whole number from 1"):
        zoo.create("hankel-dmd", data, window=3).fit(data, horizon=0)


def test_a_network_too_large_for_second_order_training_is_refused(data):
    model = zoo.create("mlp", data, window=3, widths=(200, 200))
    with pytest.raises(ValueError, match="holds a matrix of .*adam"):
        model.fit(data, QUICK, progress=False)


def test_data_in_other_units_are_refused_where_the_network_has_never_been(data):
    model = zoo.load("stnn.lotka-volterra")
    for use in (model.predict, model.law):
        with pytest.raises(ValueError, match="reaches .* but the model was trained on numbers"):
            use(1000 * data)


@pytest.mark.parametrize("family", ["linear-ar", "dmd", "hankel-dmd"])
def test_constant_data_stay_constant(family, data):
    """0.1 summed up has a spread of rounding errors, which is none."""
    still = data * 0 + 0.1
    said = zoo.create(family, still, window=3).fit(still).predict(still, times=0.1 * np.arange(40))
    assert np.allclose(said["x"], 0.1, rtol=1e-6)


def test_gaps_that_leave_short_pieces_still_choose_a_rank(data):
    holed = data.where(data["time"] != data["time"].values[7])
    model = zoo.create("hankel-dmd", data, window=3).fit(data, held_out=holed)
    said = model.predict(data)
    assert float(np.abs(said["x"] - data["x"]).max()) < 0.5


def test_states_and_times_that_do_not_fit_are_named(data):
    with pytest.raises(ValueError, match="states are different names, not x, x"):
        zoo.create("linear-ar", ["x", "x"], dt=0.1)
    model = zoo.load("stnn.lotka-volterra")
    with pytest.raises(ValueError, match="hold hare, lynx; rename theirs, like {'hare': 'x'}"):
        model.predict(data.rename(x="hare", y="lynx"))
    with pytest.raises(ValueError, match="not evenly spaced .* interpolate them to steps of 0.1"):
        model.predict(data.assign_coords(time=TIMES**1.1))


def test_a_model_that_does_not_follow_the_data_says_so(data):
    model = zoo.load("stnn.lotka-volterra")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(data)
    for wrong in (data * 0 + 1, data / 1000, data.rename(x="y", y="x")):
        with pytest.warns(UserWarning, match="does not follow these data"):
            model.predict(wrong, times=0.1 * np.arange(12))


def test_laws_need_rollouts_of_some_length():
    with pytest.raises(ValueError, match="steps is a whole number from 20"):
        zoo.load("stnn.lotka-volterra").law(engine="sindy", steps=0)


@pytest.mark.slow
def test_tuned_models_take_the_statistics_of_the_new_data(data):
    """Ten times as many animals: what was learnt holds, in other units."""
    model = zoo.load("stnn.lotka-volterra")
    flock = physics.solve(
        physics.get("lotka_volterra"), samples=5, seed=2, times=0.1 * np.arange(40)
    )
    many = xarray.Dataset({n: 10 * flock[n] for n in ("x", "y")})
    tuned = zoo.finetune(model, many, steps=1, progress=False)
    middle = [many[n].values[:4].mean() for n in ("x", "y")]
    assert np.allclose(tuned.statistics()["center"], middle) and tuned.config == model.config
    said = tuned.predict(many)
    gap = np.abs(said["x"].values - many["x"].values)[:, 8:20]
    assert gap.mean() < 0.05 * many["x"].values.std()
