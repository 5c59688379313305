"""UPINN of a PDE: exact jets, exact periodicity, a planted term learnt and named; its data."""

import jax
import numpy as np
import pytest
import sympy

import physics
import symbolic
import zoo
from physics.jets import Jet
from zoo.models.upinn import field_problem
from zoo.models.upinn.field_evidence import blocks, dual
from zoo.models.upinn.fields import field_functions
from zoo.models.upinn.model import UPINN
from zoo.training.schedule import Schedule

LENGTH = 2 * np.pi
SHORT = Schedule(steps=60, optimiser="levenberg-marquardt", chunk=20, seed=0)


def diffusion(nu=0.1):
    return physics.parse("u_t = nu*u_xx", {"nu": nu}, length=LENGTH)


def fields(system, samples=2, times=11, resolution=32):
    rng = np.random.default_rng(0)
    x = np.linspace(0, LENGTH, resolution, endpoint=False)
    initial = np.stack([np.sin(x + p) + 0.3 * np.cos(2 * x) for p in rng.uniform(0, 6, samples)])
    return physics.solve(system, initial=initial, times=np.linspace(0, 1, times), resolution=32)


def thinned(clean, points, noise=0.0, seed=0):
    rng, u = np.random.default_rng(seed), clean["u"].values
    seen = np.full(u.shape, np.nan)
    for field, out in zip(u, seen, strict=True):
        at = np.unravel_index(rng.choice(field.size, points, replace=False), field.shape)
        out[at] = field[at] + noise * field.std() * rng.standard_normal(points)
    return clean.assign(u=(clean["u"].dims, seen))


@pytest.fixture(scope="module")
def setting():
    """(truth with linear decay hidden, known part, sparse data, exact fields)."""
    truth = physics.parse("u_t = nu*u_xx - r*u", {"nu": 0.1, "r": 0.8}, length=LENGTH)
    clean = fields(truth)
    return truth, diffusion(), thinned(clean, 80, noise=0.01), clean


@pytest.fixture(scope="module")
def trained(setting):
    _, known, data, _ = setting
    model = UPINN.create(
        known, 2, inputs=("u", "u_x"), width=12, hidden_width=6, collocation=80, seed=0
    )
    return model.fit(data, SHORT, progress=False)


def test_jets_are_the_derivatives_of_the_surrogate():
    model = UPINN.create(diffusion(), 1, inputs=("u", "u_x", "u_xxx", "t", "x"), harmonics=2)
    functions, s = field_functions(model.config), model.statistics()
    theta = jax.tree.map(lambda a: a[0], model.weights()["surrogate"])
    with jax.enable_x64(True):
        p, h = np.array([0.3, 1.1]), 1e-4

        def u(dx):
            return float(functions.states(theta, p + np.array([0, dx]), s)[0])

        jets = functions.jets(theta, p, s)
        assert float(jets[Jet("u")]) == pytest.approx(u(0))
        assert float(jets[Jet("u", "x")]) == pytest.approx((u(h) - u(-h)) / (2 * h), rel=1e-5)
        second = (u(h) - 2 * u(0) + u(-h)) / h**2
        assert float(jets[Jet("u", "xx")]) == pytest.approx(second, rel=1e-4)
        assert float(jets[sympy.Symbol("x")]) == 1.1


def test_surrogate_of_a_periodic_box_is_periodic():
    model = UPINN.create(diffusion(), 1, harmonics=3)
    ends = model.predict(times=[0.2, 0.7], points={"x": [0.0, LENGTH]})
    for name in ("u", "d_u", "hidden_u"):
        assert np.allclose(ends[name][..., 0], ends[name][..., 1], atol=1e-12)


def test_residual_vanishes_on_an_exact_solution():
    """u = const solves diffusion; with G = 0 nothing is left, with a source c it is −c/rate."""
    source = physics.parse("u_t = nu*u_xx + c", {"nu": 0.1, "c": 2.0}, length=LENGTH)
    model = UPINN.create(source, 1)
    zero = jax.tree.map(np.zeros_like, model.weights())
    theta = jax.tree.map(lambda a: a[0], zero["surrogate"])
    with jax.enable_x64(True):
        s, functions = model.statistics(), field_functions(model.config)
        at = np.array([0.5, 1.0])
        left = functions.residual(theta, zero["hidden"], at, {"nu": 0.1, "c": 2.0}, s)
    assert np.allclose(left, -2.0 / s["rate"])


def test_block_solver_solves_the_whole_system():
    rng = np.random.default_rng(0)
    of_u, of_g = rng.normal(size=(2, 7, 4)), rng.normal(size=(2, 7, 3))
    target, a, b = rng.normal(size=(2, 7)), 0.3, 0.7
    with jax.enable_x64(True):
        found = np.asarray(dual(blocks(of_u, of_g, a), of_g, b, target)).ravel()
    whole = np.eye(14) + of_g.reshape(14, 3) @ of_g.reshape(14, 3).T / b
    for i in range(2):
        whole[7 * i : 7 * i + 7, 7 * i : 7 * i + 7] += of_u[i] @ of_u[i].T / a
    assert np.allclose(found, np.linalg.solve(whole, target.ravel()))


def test_field_and_hidden_decay_are_learnt_from_sparse_noisy_points(setting, trained):
    truth, _, _, clean = setting
    said = trained.predict(times=clean["time"].values, points={"x": clean["x"].values})
    u = clean["u"].values
    assert np.linalg.norm(said["u"].values - u) < 0.03 * np.linalg.norm(u)
    learnt = trained.hidden({"u": u, "u_x": np.gradient(u, clean["x"].values, axis=-1)})["u"]
    assert np.corrcoef(learnt.ravel(), u.ravel())[0, 1] < -0.99


def test_law_is_named_unaided_and_is_a_system(setting, trained):
    truth, _, data, _ = setting
    found = zoo.explain(trained, data)
    assert symbolic.same_law(found.best, truth, rtol=0.1), found.table()
    again = physics.solve(found.best, samples=1, seed=0, times=[0.0, 0.5], resolution=32,
                          initial=setting[3]["u"].values[:1, 0])  # fmt: skip
    exact = setting[3]["u"].sel(time=0.5).values[0]
    assert np.allclose(again["u"].values[0, -1], exact, atol=0.05)


def test_own_library_and_its_mistakes(setting, trained):
    found = trained.law(setting[2], library=["u", "u_x", "u*u_x"])
    assert symbolic.same_law(found.best, setting[0], rtol=0.1)
    with pytest.raises(ValueError, match="w"):
        trained.law(setting[2], library=["u", "w"])


def test_random_weights_give_no_law(setting):
    _, known, data, _ = setting
    model = UPINN.create(known, 2, width=12, hidden_width=6, collocation=80, seed=3)
    scales = field_problem.statistics(model.config, field_problem.read(model.config, data))
    found = model.put(statistics=scales).law(data)
    assert found.best is None and "not trained" in found.reason


def test_forecast_integrates_known_and_hidden_part(setting, trained):
    clean = setting[3]
    said = trained.predict(clean.isel(time=slice(0, 1)), times=[0.0, 0.5])
    exact = clean["u"].sel(time=[0.0, 0.5]).values
    assert np.linalg.norm(said["u"].values - exact) < 0.05 * np.linalg.norm(exact)


def test_save_and_load_are_exact(trained, tmp_path):
    zoo.save(tmp_path / "model", trained)
    loaded = zoo.load(tmp_path / "model")
    assert loaded.predict(points=8).equals(trained.predict(points=8))
    assert loaded.config == trained.config


def test_a_tuned_model_begins_with_the_same_hidden_term(trained):
    known = physics.parse("h_t = k*h_xx", {"k": 0.2}, length=LENGTH)
    model, _ = trained.adapt(known, trajectories=1)
    assert model.config.inputs == ("h", "h_x")
    old = trained.hidden({"u": 0.4, "u_x": -0.2})["u"]
    assert model.hidden({"h": 0.4, "h_x": -0.2})["h"] == old


@pytest.mark.slow
def test_finetune_takes_fields(setting, trained):
    _, known, data, _ = setting
    model = zoo.finetune(trained, data.isel(sample=slice(0, 1)), known=known, steps=2,
                         progress=False)  # fmt: skip
    assert model.config.trajectories == 1 and np.isfinite(model.predict(points=8)["u"]).all()


def test_same_points_as_grid_sensors_and_scattered_give_the_same_batch(setting):
    _, known, data, _ = setting
    config = UPINN.create(known, 1).config
    one = data.isel(sample=0, drop=True)
    rows = one["u"].stack(point=("time", "x")).dropna("point").reset_index("point")
    ours = field_problem.read(config, one)
    theirs = field_problem.read(config, rows.to_dataset(name="u"))
    for name in ("places", "values", "mask"):
        order = [np.lexsort(b["places"][0].T) for b in (ours, theirs)]
        assert np.allclose(ours[name][0][order[0]], theirs[name][0][order[1]])
    sensors = one.rename(x="point").assign_coords(x=("point", one["x"].values))
    sensors = sensors.drop_vars("point")
    assert np.allclose(field_problem.read(config, sensors)["places"], ours["places"])


def test_halton_points_are_even():
    points = field_problem.halton(512, 2)
    counts = np.histogram2d(*points.T, bins=8, range=[[0, 1]] * 2)[0]
    assert counts.min() >= 5 and counts.max() <= 11


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.rename(u="v"), "no variable 'u'"),
        (lambda d: d.drop_vars("x"), "no coordinate 'x'"),
        (lambda d: d.assign(u=d["u"] / 0.0), "infinity"),
        (lambda d: d.assign_coords(x=d["x"] * 3), "along x"),
        (lambda d: d.isel(time=slice(0, 1)), "at least 20|one time"),
        (lambda d: d.assign(u=d["u"].where(d["time"] < 0)), "measured points"),
    ],
)
def test_faulty_fields_are_refused_before_training(setting, trained, change, message):
    _, known, data, _ = setting
    with pytest.raises(ValueError, match=message), np.errstate(all="ignore"):
        zoo.finetune(trained, change(data), known=known, steps=2, progress=False)


@pytest.mark.parametrize(
    "options",
    [{"inputs": ("v",)}, {"inputs": ("u_y",)}, {"inputs": ("u_xxxxx",)}, {"clock": "sun"},
     {"noise": "multiplicative"}, {"harmonics": 0}],
)  # fmt: skip
def test_faulty_options(options):
    with pytest.raises(ValueError):
        UPINN.create(diffusion(), **options)


def test_kinds_of_equations_are_not_mixed(setting, trained):
    with pytest.raises(ValueError, match="is an ODE, the model is of a PDE"):
        trained.adapt(physics.get("lotka_volterra"))
    with pytest.raises(ValueError, match="initial="):
        trained.fit(setting[2], SHORT, initial=[1.0], progress=False)


# -- the "log" clock ----------------------------------------------------------------------


def switch():
    """Two decades in one unit, then slow: x′ = 1 − x, y′ = −100 y + x."""
    return physics.parse(["x' = 1 - x", "y' = -k*y + x"], {"k": 100.0}, name="switch")


@pytest.mark.slow
def test_log_clock_learns_a_fast_and_a_slow_part():
    truth = switch()
    times = 0.002 * np.expm1(np.linspace(0, np.log1p(10 / 0.002), 41))
    clean = physics.solve(truth, initial=[[0.1, 1.0], [0.3, 0.5]], times=times)
    model = UPINN.create(
        truth.without("k"), 2, inputs=("y",), outputs=("y",), noise="multiplicative", clock="log",
        width=16, hidden_width=6, collocation=60,
    )  # fmt: skip
    schedule = Schedule(steps=80, optimiser="levenberg-marquardt", chunk=20)
    model = model.fit(clean, schedule, progress=False)
    said = model.predict(times=times)
    for name in ("x", "y"):
        assert np.abs(said[name] / clean[name] - 1).max() < 0.05
    y = clean["y"].values
    assert np.abs(model.hidden({"y": y})["y"] / (-100 * y) - 1).max() < 0.1
