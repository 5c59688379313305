"""A Φ-ROM from few sensors: how heavy the latents of training are beside what was measured."""

import numpy as np
import pytest

import physics
import zoo
from zoo.models.phi_rom.judging import errors

SENSORS = 88  # of 1764 points


@pytest.fixture(scope="module")
def plate():
    """(checkpoint, fields of spots that it never saw, the same at sensors)."""
    truth = physics.solve(
        physics.get("diffusion_walls"), samples=24, seed=7, times=np.linspace(0.0, 2.0, 6),
        resolution=42, scheme="finite-difference", order=2,
    )  # fmt: skip
    mesh = np.stack(np.meshgrid(truth["x"], truth["y"], indexing="ij"), -1).reshape(-1, 2)
    places = np.sort(np.random.default_rng(3).choice(len(mesh), SENSORS, replace=False))
    flat = truth["u"].values.reshape(24, 6, -1)[..., places]
    seen = truth.drop_vars(["u", "x", "y"]).assign(u=(("sample", "time", "point"), flat))
    seen = seen.assign_coords({c: ("point", mesh[places, i]) for i, c in enumerate("xy")})
    return zoo.load("phi-rom.diffusion"), truth, seen


def test_a_prior_made_for_a_full_grid_is_too_heavy_beside_few_sensors(plate):
    from benchmarks.phi_rom import SPARSE_OPTIONS

    model, truth, seen = plate
    axes = {c: truth[c].values for c in "xy"}
    light = SPARSE_OPTIONS["diffusion"]["prior"] * float(model.statistics()["scale"][0])

    def error(**options):
        said = model.predict(seen, points=axes, **options)["u"].values
        return errors(said, truth["u"].values, 3)

    heavy, own, none = error(), error(noise=light), error(noise=light / 100)
    for part in ("inside", "beyond"):
        assert own[part] < 0.85 * heavy[part] and own[part] < none[part]


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
