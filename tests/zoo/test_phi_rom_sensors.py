"""How a Φ-ROM is trained where few sensors see a field: whole trajectories, one latent for the same
measurements, fields that travel."""

import dataclasses

import numpy as np
import pytest
import xarray

import physics
from zoo.registry import family
from zoo.training.schedule import Schedule


def tube(**options):
    settings = {"grid": 64, "parameters": ("nu",), "latent": 3, "width": 8, "depth": 2,
                "fronts": 2, "dynamics_width": 8, "dynamics_depth": 1, "anchors": 4,
                "kept": 2}  # fmt: skip
    return family("phi-rom").MODEL.create(physics.get("burgers"), **(settings | options))


def sensors(model, trajectories=2, frames=5, points=4):
    """A batch as training has it, of random values."""
    import jax.numpy as jnp

    from zoo.models.phi_rom.losses import Seen

    rng = np.random.default_rng(3)
    draw = lambda *shape: jnp.asarray(rng.standard_normal(shape), jnp.float32)  # noqa: E731
    rows = trajectories * frames
    whole = Seen(draw(points, 1), draw(rows, points, 1), None, jnp.full((rows, 1), 0.1))
    return {
        "whole": whole, "values_all": jnp.repeat(draw(trajectories, 1), frames, 0),
        "starts": jnp.arange(trajectories) * frames, "span": jnp.float32(2.0),
    }, draw(trajectories, model.config.latent)  # fmt: skip


def test_a_trajectory_is_shot_from_its_first_latent():
    """Ψ that says the same everywhere leads along a line."""
    import jax
    import jax.numpy as jnp

    from zoo.models.phi_rom.losses import reconstruction
    from zoo.models.phi_rom.shooting import shot

    model = tube()
    config, weights = model.config, model.weights()
    batch, first = sensors(model)
    drift = jnp.asarray([0.3, -0.2, 0.1])
    dynamics = jax.tree.map(jnp.zeros_like, weights["dynamics"]) | {"bias_1": drift}
    weights = {**weights, "dynamics": dynamics}

    def both(weights, first):
        run = jax.value_and_grad(lambda w, a: shot(config, w, a, batch), (0, 1))
        line = first[:, None] + jnp.linspace(0, 2, 5)[:, None] * drift
        wanted = reconstruction(config, weights["decoder"], line.reshape(-1, 3), batch["whole"])
        return run(weights, first), wanted

    (found, (of_weights, of_latents)), wanted = jax.jit(both)(weights, first)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    for slope in (of_latents, of_weights["dynamics"]["bias_1"], of_weights["decoder"]["place"]):
        assert np.isfinite(slope).all() and np.abs(slope).max() > 1e-6


def test_a_travelling_field_is_steady_and_a_changing_one_is_not():
    import jax
    import jax.numpy as jnp

    from zoo.models.phi_rom.decoders import decode, features
    from zoo.models.phi_rom.tendency import grid_places, scaled
    from zoo.models.phi_rom.travelling import unsteady

    model = tube()
    config, weights = model.config, model.weights()["decoder"]
    places = jnp.asarray(scaled(config, grid_places(config)))
    latent = jnp.asarray([0.4, -1.0, 0.7])

    def field(x):
        return decode(config, weights, features(config, weights, x), latent)

    slope = jax.jvp(field, (places,), (jnp.ones_like(places),))[1]
    share = jax.jit(lambda change: unsteady(config, weights, latent, places, change))
    x = np.asarray(places)
    assert share(-2.5 * slope) < 2e-3
    assert share(-2.5 * slope + 0.3 - x**2 + 0.5 * x**4) < 2e-3  # a source is no change of shape
    wiggle = np.sin(9 * x)
    basis = np.concatenate([np.asarray(slope), *(x**n for n in range(5))], 1)
    best = np.linalg.lstsq(basis, wiggle, rcond=None)[0]
    wanted = np.linalg.norm(wiggle - basis @ best) / np.linalg.norm(wiggle)
    assert wanted > 0.3
    np.testing.assert_allclose(share(jnp.asarray(wiggle)), wanted, rtol=1e-3)


def test_the_same_measurements_get_one_latent():
    from zoo.models.phi_rom.losses import Seen
    from zoo.models.phi_rom.same_fields import alike, as_one

    values = np.array([[1.0, 2], [3, 4], [1, 2 + 1e-8], [1, 0], [0, 0], [0, 0]])[..., None]
    mask = np.array([[1.0, 1], [1, 1], [1, 1], [1, 0], [0, 0], [0, 0]])[..., None]
    same = alike(Seen(None, values, mask, None))
    assert same.tolist() == [0, 1, 0, 3, 4, 5]  # of nothing measured nothing is known
    latents = np.arange(12.0).reshape(6, 2)
    wanted = latents.copy()
    wanted[[0, 2]] = (latents[0] + latents[2]) / 2
    np.testing.assert_allclose(as_one(latents, same), wanted)


@pytest.mark.turns
def test_training_on_sensors_with_all_of_it():
    wave = physics.parse("u_t = -c*u_x", {"c": 1.0}, length=2 * np.pi)
    model = family("phi-rom").MODEL.create(
        wave, parameters=("c",), grid=16, latent=2, width=4, depth=1, fronts=0, dynamics_width=4,
        dynamics_depth=1, anchors=4, kept=2,
    )  # fmt: skip
    times, x = np.linspace(0, 0.5, 6), 2 * np.pi * np.arange(0, 16, 5) / 16
    fields = np.sin(x - np.array([0.8, 1.2])[:, None, None] * times[:, None])
    data = xarray.Dataset(
        {"u": (("sample", "time", "point"), fields), "c": ("sample", [0.8, 1.2])},
        coords={"time": times, "x": ("point", x)},
    )
    rules = {"level": 2.0, "settle": 0.1, "taught": 4, "path": 1.0, "travel": 1.0, "same": True,
             "shoot": 1.0}  # fmt: skip
    seen = {}
    schedule = Schedule(steps=40, rate=5e-3, warmup=10, chunk=40, save=100)
    model.fit(
        data, schedule, rules=rules, progress=False, watch=lambda step, state: seen.update(state)
    )
    table = np.asarray(seen["params"]["latents"]).reshape(2, 6, 2)
    assert float(seen["failed"]["skipped"]) == 0 and np.isfinite(table).all()
    assert np.isfinite(float(seen["warm"]["begun"]))  # the physics was there
    np.testing.assert_allclose(table[0, 0], table[1, 0], atol=1e-6)
    assert np.abs(table[0, -1] - table[1, -1]).max() > 1e-3


@pytest.mark.parametrize("name", ["travel", "shoot", "same"])
def test_nothing_of_it_is_on_unasked(name):
    from zoo.models.phi_rom.rules import Rules

    assert not dataclasses.asdict(Rules())[name]
