"""A Φ-ROM from few sensors: how heavy the latents of training are beside what was measured."""

import numpy as np
import pytest

import physics
import zoo
from zoo.models.phi_rom.judging import errors

SENSORS = 88  # of 1764 points


@pytest.fixture(scope="module")
def plate():
    """(checkpoint, fields of spots that it never saw, its error on them from sensors)."""
    model = zoo.load("phi-rom.diffusion")
    truth = physics.solve(
        physics.get("diffusion_walls"), samples=24, seed=7, times=np.linspace(0.0, 2.0, 6),
        resolution=42, scheme="finite-difference", order=2,
    )  # fmt: skip
    axes = {c: truth[c].values for c in "xy"}
    mesh = np.stack(np.meshgrid(*axes.values(), indexing="ij"), -1).reshape(-1, 2)
    rng = np.random.default_rng(3)
    places = np.sort(rng.choice(len(mesh), SENSORS, replace=False))
    flat = truth["u"].values.reshape(24, 6, -1)[..., places]
    seen = truth.drop_vars(["u", "x", "y"])
    seen = seen.assign_coords({c: ("point", mesh[places, i]) for i, c in enumerate("xy")})
    drawn = rng.standard_normal(flat.shape)

    def error(spread, **options):
        noisy = seen.assign(u=(("sample", "time", "point"), flat + spread * drawn))
        said = model.predict(noisy, points=axes, **options)["u"].values
        return errors(said, truth["u"].values, 3)

    return float(model.statistics()["scale"][0]), error


def test_a_prior_made_for_a_full_grid_is_too_heavy_beside_few_sensors(plate):
    from benchmarks.phi_rom import SPARSE_OPTIONS

    scale, error = plate
    heavy, light = error(0.0), error(0.0, noise=SPARSE_OPTIONS["diffusion"]["prior"] * scale)
    for part in ("inside", "beyond"):
        assert light[part] < 0.85 * heavy[part]


def test_beside_noisy_sensors_no_prior_is_worse_than_one_of_the_noise(plate):
    scale, error = plate
    own, none = error(0.2 * scale, noise=0.2 * scale), error(0.2 * scale, noise=0.002 * scale)
    for part in ("inside", "beyond"):
        assert own[part] < 0.85 * none[part]


def test_more_anchors_are_images_of_training_latents():
    from zoo.models.phi_rom.fitting import anchors_of
    from zoo.models.phi_rom.motions import motions

    model = zoo.create(
        "phi-rom", physics.get("diffusion_walls"), grid=12, latent=7, width=8, depth=2, fronts=0,
        decoder="sine", walls=True, homogeneous=True, anchors=61,
    )  # fmt: skip
    table = np.random.default_rng(0).standard_normal((20, 7)).astype(np.float32)
    turns = motions(model.config).latents
    found = anchors_of(model.config, table, table[:0], turns)
    images = np.einsum("pij,nj->pni", turns, table).reshape(-1, 7)
    gap = np.abs(found[1:, None] - images[None]).max(-1)
    assert found.shape == (61, 7) and gap.min(1).max() < 1e-5
    assert len(np.unique(gap.argmin(1))) > 40 and set(gap.argmin(1) % 20) == set(range(20))
