"""Points drawn by strata, optimisers by name, and what tuning starts from."""

import dataclasses

import numpy as np
import pytest

from zoo.models.phi_rom.strata import along_curve, one_of_each


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_every_stratum_gives_one_point(dim):
    rng = np.random.default_rng(dim)
    places = rng.uniform(-1, 1, (96, dim))
    curve = along_curve(places)
    assert sorted(curve) == list(range(96))
    for seed in range(5):
        drawn = np.random.default_rng(seed).uniform(size=96).astype(np.float32)
        picked = np.asarray(one_of_each(curve, drawn, 16))
        rank = np.argsort(curve)[picked]
        assert list(rank // 6) == list(range(16))


@pytest.mark.parametrize("dim", [1, 2])
def test_sums_over_few_points_err_less_than_over_any(dim):
    rng = np.random.default_rng(0)
    side = {1: 256, 2: 32}[dim]
    axis = np.linspace(-1, 1, side)
    places = np.stack(np.meshgrid(*[axis] * dim, indexing="ij"), -1).reshape(-1, dim)
    places = places[rng.permutation(len(places))]
    field = np.sin(2 * places).sum(1) + places[:, 0] ** 2
    curve, errors = along_curve(places), {"strata": [], "any": []}
    for _ in range(200):
        picked = np.asarray(one_of_each(curve, rng.uniform(size=len(places)), 32))
        errors["strata"].append(field[picked].mean() - field.mean())
        some = rng.choice(len(places), 32, replace=False)
        errors["any"].append(field[some].mean() - field.mean())
    assert np.std(errors["strata"]) < 0.3 * np.std(errors["any"])
    assert abs(np.mean(errors["strata"])) < 3 * np.std(errors["strata"]) / np.sqrt(200) + 1e-3


def test_all_points_where_there_are_no_more():
    curve = along_curve(np.zeros((5, 2)))
    assert one_of_each(curve, np.zeros(5), 5) is None and one_of_each(curve, np.zeros(5), 0) is None


def test_an_optimiser_nobody_knows_is_named():
    from tests.zoo.test_phi_rom import SCHEDULE, untrained, waves

    schedule = dataclasses.replace(SCHEDULE, optimiser="levenberg-marquardt")
    with pytest.raises(ValueError, match="adam, soap, not 'levenberg-marquardt'"):
        untrained().fit(waves(), schedule, progress=False)
