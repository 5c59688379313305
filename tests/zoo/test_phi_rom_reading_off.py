"""What a Φ-ROM is read with and taught by: many latents at once, paths, smooth parts, laws."""

import dataclasses

import numpy as np
import pytest

import physics
import zoo
from zoo.registry import family


def model_of(system, **options):
    settings = {"latent": 3, "width": 8, "depth": 2, "dynamics_width": 8, "dynamics_depth": 1,
                "anchors": 4, "kept": 2, "fronts": 0}  # fmt: skip
    return family("phi-rom").MODEL.create(system, **(settings | options))


def test_many_latents_of_the_filter_decoder_come_from_one_jacobian():
    import jax

    from zoo.models.phi_rom.decoders import decode, decode_many, features
    from zoo.models.phi_rom.tendency import grid_places, scaled

    model = model_of(physics.get("diffusion_walls"), grid=(9, 13), decoder="filter")
    weights = model.weights()["decoder"]
    places = scaled(model.config, grid_places(model.config))
    latents = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)

    def both(weights, latents):
        shared = features(model.config, weights, places)
        one = jax.vmap(lambda a: decode(model.config, weights, shared, a))(latents)
        return one, decode_many(model.config, weights, shared, latents)

    one, many = jax.jit(both)(weights, latents)
    assert many.shape == (5, 117, 1)
    assert np.allclose(one, many, atol=3e-6)


def test_stored_latents_on_a_path_of_the_dynamics_have_no_gap():
    import jax
    import jax.numpy as jnp

    from zoo.models.phi_rom.paths import PAIRS, path_gap
    from zoo.models.phi_rom.rollout import follow

    model = model_of(physics.get("burgers"), grid=64)
    config, weights = model.config, model.weights()["dynamics"]
    rng = np.random.default_rng(1)
    starts = rng.standard_normal((2, 3)).astype(np.float32)
    none, times = np.zeros((2, 1), np.float32), np.linspace(0.0, 1.0, 21)
    table = np.asarray(follow(config, weights, 1.0, starts, none, times)).reshape(-1, 3)
    batch = {"starts": np.array([0, 21]), "span": np.float32(1.0), "rows": np.arange(42),
             "values_all": np.zeros((42, 1), np.float32), "table": table}  # fmt: skip
    drawn = rng.random(3 * PAIRS).astype(np.float32)
    batch = jax.tree.map(jnp.asarray, batch)

    def gap(latents, through):
        return path_gap(config, weights, latents, batch, drawn, through)

    value_and_slope = jax.jit(jax.value_and_grad(gap))
    moved = table + 0.1 * rng.standard_normal(table.shape).astype(np.float32)
    assert value_and_slope(table, 1.0)[0] < 1e-3 < 0.1 < value_and_slope(moved, 1.0)[0]
    assert np.abs(value_and_slope(moved, 1.0)[1]).max() > 0
    assert np.abs(value_and_slope(moved, 0.0)[1]).max() == 0


def test_sensors_that_do_not_see_a_latent_leave_it_near_the_anchors():
    from zoo.models.phi_rom.encoding import encode

    model = model_of(physics.get("burgers"), grid=64)
    config, rng = model.config, np.random.default_rng(2)
    weights = dict(model.weights()["decoder"])
    weights["kernel_a"] = weights["kernel_a"] * np.array([[1.0], [1.0], [1e-3]], np.float32)
    anchors = np.concatenate([np.zeros((1, 3)), 0.3 * rng.standard_normal((15, 3))])
    places = np.linspace(-1, 1, 6)[:, None].astype(np.float32)
    values = 0.2 * rng.standard_normal((4, 6, 1)).astype(np.float32)
    found = encode(config, weights, anchors.astype(np.float32), places, values, noise=0.1)
    assert np.abs(found.latents[:, 2]).max() < 2.0  # noise over 1e-3 would be hundreds
    assert np.isfinite(found.misfit).all()


def test_latents_that_run_away_are_no_anchors():
    import jax

    from zoo.models.phi_rom.fitting import FAR, later

    model = model_of(physics.get("burgers"), grid=64)
    model = model.put(statistics={"horizon": np.ones(1, np.float32)})
    rng = np.random.default_rng(3)
    table = rng.standard_normal((20, 3)).astype(np.float32)  # two trajectories of ten frames
    values = model.standardised(np.zeros((2, len(model.config.parameters))))
    radius = np.linalg.norm(table - table.mean(0), axis=1).max()
    dynamics = model.weights()["dynamics"]
    quiet = later(model, jax.tree.map(np.zeros_like, dynamics), table, values)
    assert set(map(tuple, quiet)) == {tuple(table[0]), tuple(table[10])}
    loud = later(model, jax.tree.map(lambda a: 30.0 * a, dynamics), table, values)
    assert len(loud) < len(quiet)
    assert (np.linalg.norm(loud - table.mean(0), axis=1) <= FAR * radius).all()


def test_a_forecast_whose_fields_are_lost_says_so():
    model = model_of(physics.get("burgers"), grid=64)
    weights = model.weights()
    bias = np.full_like(weights["decoder"]["bias_out"], np.inf)  # no latent is at fault
    lost = model.put({**weights, "decoder": {**weights["decoder"], "bias_out": bias}})
    assert np.isfinite(model.predict(times=[0.0, 0.1])["u"].values).all()
    with pytest.raises(physics.BlowUp, match="sample 0 leaves all bounds"):
        lost.predict(times=[0.0, 0.1])


def test_the_smooth_part_leaves_a_shock_out():
    from zoo.models.phi_rom.smooth_part import smooth_part

    x, t = np.linspace(0, 1, 200), np.linspace(0, 1, 60)[:, None]
    shock = np.where(x < 0.1 + 0.3 * t, 2.0, 1.0) + 0.2 * np.sin(6 * x)
    times, space = smooth_part(shock[None, ..., None], (False,))
    assert times.start == 0 and times.stop > 55 and 75 < space.start < 100 and space.stop == 200
    wave = np.sin(2 * np.pi * (x[::5] - t))
    assert smooth_part(wave[None, ..., None], (True,)) == (slice(None), slice(None))
    saw = np.broadcast_to(np.arange(200) % 2, (1, 60, 200))
    assert smooth_part(saw[..., None].astype(float), (False,)) is None


def test_functions_of_place_and_whose_numbers_they_hold():
    from zoo.models.phi_rom.functions_of_place import functions_of_place, inside_alone

    system = physics.get("burgers_source")
    places = functions_of_place(system)
    assert list(map(str, places.values())) == ["exp(mu2*x)"]
    assert inside_alone("mu2", places, system) and not inside_alone("q", places, system)
    assert functions_of_place(physics.get("burgers")) == {}


def test_a_law_has_to_last_when_noise_doubles():
    from symbolic.result import Candidate, Discovery
    from zoo.models.phi_rom.law import LOUD, lasting

    def of(text):
        law = physics.parse(text)
        candidate = Candidate(law=law, engine="sindy", complexity=3, terms={"u": 1}, error=0.1)
        return Discovery(candidates=(candidate,), chosen=0, reason="", null_directions=(),
                         noise={}, method="", seed=0, versions={})  # fmt: skip

    none = dataclasses.replace(of("u_t = u_xx"), chosen=None, reason="nothing")
    one, two = of("u_t = 2*u_xx + 0.1*u"), of("u_t = 2*u_xx")
    close, far = of("u_t = 1.98*u_xx"), of("u_t = 1.7*u_xx")

    def through(*found):
        told = dict(zip(LOUD, [*found, *[found[-1]] * len(LOUD)], strict=False))
        return lasting(told.__getitem__)

    assert through(none, one, two, close) is two
    assert through(one, none, far, two, close) is two
    assert through(none).reason == "nothing" and through(none).best is None
    changing = through(*[one, two] * (len(LOUD) // 2))
    assert changing.best is None and "other noise" in changing.reason
    assert changing.candidates == two.candidates


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, values",
    [("phi-rom.burgers-source", {"mu2": 0.0225}), ("phi-rom.diffusion", {})],
)
def test_the_law_of_a_checkpoint_is_the_equation_it_was_trained_on(name, values):
    import symbolic

    model = zoo.load(name)
    found = model.law()
    assert found.best is not None, found.reason
    compared = symbolic.same_law(found.best, model.config.equation.with_values(**values), rtol=0.03)
    assert compared, str(compared)
    assert "trained on" in found.reason and set(found.best.values) >= set(values)
