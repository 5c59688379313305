"""discover: planted laws come back under noise, noise gives no law, bad input is explained."""

import numpy as np
import pytest

import physics
import symbolic

from .planted import PLANTED, noisy, planted, recovered

# -- recovery ------------------------------------------------------------------------------


@pytest.mark.turns
@pytest.mark.parametrize("name", PLANTED)
def test_clean_laws_come_back_exactly(name):
    system, data = planted(name, seed=0)
    found = symbolic.discover(data.drop_attrs())
    assert recovered(found, system, rtol=0.03), found
    assert found.candidates[found.chosen].resimulated < 1e-2


@pytest.mark.parametrize("seed", [1])
@pytest.mark.parametrize("name", PLANTED)
def test_laws_come_back_under_one_percent_noise(name, seed):
    system, data = planted(name, seed)
    found = symbolic.discover(noisy(data, 0.01, seed))
    assert recovered(found, system, rtol=0.1), found
    for level in found.noise.values():
        assert 0.005 < level < 0.02


@pytest.mark.parametrize("name", ["lotka-volterra", "van der pol", "damped linear", "brusselator"])
def test_laws_come_back_under_five_percent_noise(name):
    system, data = planted(name, seed=3)
    found = symbolic.discover(noisy(data, 0.05, 3))
    assert recovered(found, system, rtol=0.25), found


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.01, 0.02, 0.05])
@pytest.mark.parametrize("name", PLANTED)
def test_recovery_over_seeds(name, noise, request):
    if (name, noise) == ("lorenz", 0.05):
        reason = "3 of 5: three short runs hardly tell -y from -y*z in y'"
        request.applymarker(pytest.mark.xfail(reason=reason, strict=False))
    right = 0
    for seed in range(5):
        system, data = planted(name, seed)
        right += recovered(symbolic.discover(noisy(data, noise, seed)), system, rtol=0.3)
    assert right >= (4 if noise > 0.02 else 5)


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.05])
def test_sir_with_varied_totals(noise):
    system = physics.parse(["S' = -1.2*S*I", "I' = 1.2*S*I - 0.4*I", "R' = 0.4*I"])
    initial = [[0.9, 0.1, 0.0], [1.3, 0.05, 0.1], [0.6, 0.2, 0.1]]
    data = physics.solve(system, initial=initial, times=np.linspace(0, 15, 100))
    found = symbolic.discover(noisy(data, noise, 0))
    assert recovered(found, system, rtol=0.1), found
    assert found.null_directions == ()


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.05])
@pytest.mark.parametrize("seed", range(3))
def test_the_logistic_map(noise, seed):
    system = physics.get("logistic_map")
    data = physics.solve(system, samples=3, seed=seed, times=np.arange(100))
    found = symbolic.discover(noisy(data, noise, seed), time="discrete")
    assert found.best.time == "discrete"
    assert recovered(found, system, rtol=0.06), found


def test_a_map_is_seen_from_the_data():
    henon = physics.get("henon_map")
    found = symbolic.discover(physics.solve(henon, samples=2, seed=0, times=np.arange(60)))
    assert recovered(found, henon, rtol=1e-4), found
