"""What a Φ-ROM of periodic flows is made of: whole waves, products in Ψ, DINo on a few of many."""

import numpy as np
import pytest

import physics
import zoo
from zoo.models.phi_rom.harmonics import lowest_waves


def flow(**options):
    settings = {"grid": 16, "latent": 6, "decoder": "filter", "width": 8, "depth": 2, "anchors": 4,
                "kept": 2, "dynamics_width": 8, "dynamics_depth": 1, "quadratic": True}  # fmt: skip
    system = physics.get("navier_stokes_vorticity", forcing=0)
    return zoo.create("phi-rom", system, **(settings | options))


@pytest.mark.parametrize("dim, count", [(1, 5), (2, 40), (3, 13)])
def test_the_lowest_waves_come_once_each_and_in_order(dim, count):
    waves = lowest_waves(dim, count)
    assert waves.shape == (count, dim)
    both = {tuple(w) for w in waves} | {tuple(-w) for w in waves}
    assert len(both) == 2 * count and (0,) * dim not in both
    sizes = (waves**2).sum(1)
    assert np.all(np.diff(sizes) >= 0)
    reach = np.arange(-9, 10)
    every = np.stack(np.meshgrid(*[reach] * dim), -1).reshape(-1, dim)
    lower = (every**2).sum(1) < sizes[-1]
    assert {tuple(w) for w in every[lower]} - {(0,) * dim} <= both


@pytest.mark.parametrize("trained", [False, True])
def test_decoded_flows_are_periodic(trained):
    from zoo.models.phi_rom.rollout import fields

    model = flow()
    decoder = dict(model.weights()["decoder"])
    rng = np.random.default_rng(0)
    if trained:  # weight decay and rounding may move frequencies, which must not show
        decoder["omega"] = decoder["omega"] + 0.1 * rng.standard_normal(decoder["omega"].shape)
    places = rng.uniform(-1, 1, (20, 2)).astype(np.float32)
    latents = rng.standard_normal((3, 6)).astype(np.float32)
    said = fields(model.config, decoder, places, latents)
    for step in ([2, 0], [0, 2], [-2, 2]):
        again = fields(model.config, decoder, places + np.float32(step), latents)
        np.testing.assert_allclose(again, said, atol=2e-5 * np.abs(said).max())
    assert said.std() > 0


def test_frequencies_between_walls_are_free():
    model = zoo.create("phi-rom", physics.get("diffusion_walls"), grid=12, decoder="filter",
                       width=8, fronts=0)  # fmt: skip
    whole = model.weights()["decoder"]["omega"] / np.pi
    assert np.abs(whole - np.round(whole)).max() > 0.05


def test_the_rate_that_a_flow_asks_for_is_quadratic_in_the_latent():
    """So Ψ with products can be exact: the decoder is linear in α, the equation quadratic."""
    import jax

    from zoo.models.phi_rom.decoders import features
    from zoo.models.phi_rom.losses import Physics, slopes_of
    from zoo.models.phi_rom.tendency import grid_places, scaled

    model = flow()
    config, decoder = model.config, model.weights()["decoder"]
    one = np.ones(1, np.float32)
    about = Physics(scaled(config, grid_places(config)), 0 * one, one, one[0], 0 * one, one)

    @jax.jit
    def asked(latent):
        shared = features(config, decoder, about.places)
        return slopes_of(config, decoder, latent, 0 * one, about, shared).rate

    rng = np.random.default_rng(1)
    step = rng.standard_normal(6).astype(np.float32)
    curved = []
    for a in rng.standard_normal((4, 6)).astype(np.float32):
        curved.append(asked(a + step) - 2 * asked(a) + asked(a - step))
    size = np.abs(curved[0]).max()
    assert size > 1e-3
    np.testing.assert_allclose(curved[1:], [curved[0]] * 3, atol=2e-3 * size)


def test_products_are_all_of_two_entries():
    from zoo.models.phi_rom.dynamics import rate

    model = flow(latent=3)
    weights = {n: 0 * w for n, w in model.weights()["dynamics"].items()}
    assert weights["quadratic"].shape == (6, 3)
    rng = np.random.default_rng(2)
    form = rng.standard_normal((3, 3, 3)).astype(np.float32)
    first, second = np.triu_indices(3)
    twice = np.where(first == second, 0.5, 1.0)[:, None]
    weights["quadratic"] = ((form + form.transpose(1, 0, 2))[first, second] * twice).astype("f4")
    a = rng.standard_normal((5, 3)).astype(np.float32)
    expected = np.einsum("ni,nj,ijk->nk", a, a, form)
    np.testing.assert_allclose(rate(model.config, weights, a, None), expected, rtol=1e-4, atol=1e-5)


def test_dino_may_look_at_a_few_of_many_trajectories():
    import jax

    from zoo.models.phi_rom.forcing import latent_fit

    model, frames = flow(latent=3), 5
    rng = np.random.default_rng(3)
    table = rng.standard_normal((4 * frames, 3)).astype(np.float32)
    batch = {"starts": np.arange(4) * frames, "values_all": np.zeros((4 * frames, 1), np.float32),
             "span": np.float32(1.0)}  # fmt: skip
    weights, key = model.weights()["dynamics"], jax.random.key(0)

    def gap(some):
        return float(latent_fit(model.config, weights, table, batch, 0.9, key, some))

    assert gap(4) == gap(0) == gap(9)
    assert gap(2) != gap(0)


@pytest.mark.parametrize("anchors", [1, 4])
def test_fields_are_encoded_with_few_anchors(anchors):
    model = flow(anchors=anchors)
    latents = np.random.default_rng(4).standard_normal((anchors, 6)).astype(np.float32)
    model = model.put(statistics={"anchors": latents, "starts": np.ones((2, 6), np.float32)})
    fields = model.predict(times=[0.0])
    found = model.encode(fields)
    np.testing.assert_allclose(found["latent"], 1, atol=1e-3)
    assert float(found["misfit"].max()) < 1e-3
