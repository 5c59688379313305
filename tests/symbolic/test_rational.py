"""Denominators: planted fractions come back with their constants, polynomials stay polynomials."""

import numpy as np
import pytest

import physics
import symbolic


def record(lines, initial, end, frames=161):
    system = physics.parse(lines)
    return system, physics.solve(system, initial=initial, times=np.linspace(0, end, frames))


def noisy(data, noise, seed=0):
    rng = np.random.default_rng(seed)
    names = [n for n, v in data.data_vars.items() if v.dims == ("sample", "time")]
    return data.assign({
        n: data[n] + noise * float(data[n].std()) * rng.standard_normal(data[n].shape)
        for n in names
    }).drop_attrs()  # fmt: skip


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_a_saturated_rate_comes_back(noise):
    system, data = record("s' = 0.6 - 1.5*s/(0.3 + s)", [[0.05], [1.0], [2.5], [4.0]], 8)
    found = symbolic.discover(noisy(data, noise), engine="rational")
    s = np.linspace(0.1, 4, 50)[:, None]
    ours, truth = (np.asarray(physics.rhs(law)(0.0, s)) for law in (found.best, system))
    assert np.linalg.norm(ours - truth) < 0.02 * np.linalg.norm(truth), found
    assert len(found.best.parameters) == 3


@pytest.mark.turns
def test_a_fraction_of_two_states_comes_back_unaided():
    lines = ["x' = 0.5 - x*y/(0.4 + x)", "y' = 0.8*x*y/(0.4 + x) - 0.3*y"]
    system, data = record(lines, [[0.2, 0.5], [1.5, 0.3], [0.8, 1.5], [2.5, 1.0]], 12)
    found = symbolic.discover(data.drop_attrs())
    u = np.stack([data[n].values.ravel() for n in "xy"], -1)
    ours, truth = (np.asarray(physics.rhs(law)(0.0, u)) for law in (found.best, system))
    assert np.linalg.norm(ours - truth) < 1e-3 * np.linalg.norm(truth), found


def test_polynomials_are_not_dressed_as_fractions():
    _, data = record(["x' = y", "y' = -x - 0.2*y"], [[1, 0], [0, 2], [-1.5, 1]], 15)
    found = symbolic.discover(noisy(data, 0.01))
    assert {c.engine for c in found.candidates} == {"sindy"}
    assert symbolic.same_law(found.best, physics.parse(["x' = y", "y' = -x - 0.2*y"])).same_terms
