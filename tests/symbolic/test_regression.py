"""The regression core: agreement with PySINDy, exhaustive search against brute force, weighting."""

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import physics
from physics.data.validate import stack
from symbolic import regression
from symbolic.derivatives import smooth
from symbolic.library import polynomials
from symbolic.problem import table


def design(name: str, degree: int) -> tuple[np.ndarray, np.ndarray, list]:
    """(library values (row, p), slopes (row, state), terms) of clean data of a catalogue system."""
    system = physics.get(name)
    times = np.linspace(0, 4, 201)
    data = physics.solve(system, samples=2, seed=3, times=times)
    values = stack(data, system.state_names)
    symbols = [physics.Jet(n) for n in system.state_names]
    terms = polynomials(symbols, degree)
    curves = smooth(times, values).curves
    states = np.concatenate([c.mean for c in curves])
    points = {s: states[:, i] for i, s in enumerate(symbols)}
    return table(terms, points), np.concatenate([c.slopes for c in curves]), terms


def joined(columns: np.ndarray, goals: np.ndarray) -> np.ndarray:
    """Moments (target, p + 1, p + 1) of raw columns."""
    both = [np.concatenate([columns, g[:, None]], axis=1) for g in goals.T]
    return np.stack([b.T @ b for b in both])


@pytest.mark.parametrize("name", ["lorenz63", "lotka_volterra"])
@pytest.mark.parametrize("threshold", [0.05, 0.2, 0.6])
@pytest.mark.parametrize("alpha", [0.0, 0.05])
def test_thresholding_agrees_with_pysindy(name, threshold, alpha):
    pysindy = pytest.importorskip("pysindy")
    columns, slopes, _ = design(name, degree=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference = pysindy.STLSQ(threshold=threshold, alpha=alpha, max_iter=30)
        reference.fit(columns, slopes)
    ours = regression.stlsq(joined(columns, slopes), [threshold], alpha, iterations=30)[:, 0]
    assert np.array_equal(ours != 0, reference.coef_ != 0)
    scale = np.abs(reference.coef_).max()
    np.testing.assert_allclose(ours, reference.coef_, rtol=1e-6, atol=1e-6 * scale)


def test_a_path_of_thresholds_is_the_single_runs():
    columns, slopes, _ = design("lotka_volterra", degree=2)
    moments = joined(columns, slopes)
    path = regression.stlsq(moments, [0.05, 0.2, 0.6], alpha=0.01)
    for i, threshold in enumerate([0.05, 0.2, 0.6]):
        alone = regression.stlsq(moments[:1], [threshold], alpha=0.01)
        np.testing.assert_allclose(path[:1, i], alone[:, 0], rtol=1e-9, atol=1e-12)


def planted(rows: int, size: int, support: tuple[int, ...], seed: int = 0, noise: float = 0.05):
    rng = np.random.default_rng(seed)
    columns = rng.standard_normal((rows, size)) @ (
        np.eye(size) + 0.3 * rng.standard_normal((size, size))
    )
    weights = np.zeros(size)
    weights[list(support)] = rng.choice([-1, 1], len(support)) * rng.uniform(0.5, 2, len(support))
    return columns, columns @ weights + noise * rng.standard_normal(rows), weights


def brute(columns, goal, size: int) -> tuple[tuple[int, ...], float]:
    """The best set of `size` columns and its residual sum, one least-squares problem at a time."""
    found = []
    for chosen in itertools.combinations(range(columns.shape[1]), size):
        weights = np.linalg.lstsq(columns[:, chosen], goal, rcond=None)[0]
        found.append((float(((goal - columns[:, chosen] @ weights) ** 2).sum()), chosen))
    return min(found)[1], min(found)[0]


@settings(max_examples=15)
@given(
    size=st.integers(2, 7),
    rows=st.integers(20, 60),
    seed=st.integers(0, 10_000),
)
def test_best_subsets_are_those_of_brute_force(size, rows, seed):
    columns, goal, _ = planted(rows, size, (0,), seed, noise=1.0)
    moments = regression.moments(columns, goal, np.arange(rows) % 3)
    most = min(size, 4)
    sets = regression.best_subsets(moments.total, most, keep=1)
    assert [len(s) for s in sets] == list(range(1, most + 1))
    for chosen in sets:
        expected, residual = brute(columns, goal, len(chosen))
        assert chosen == expected
        error = regression.errors(moments.total, np.array([chosen]))[0]
        np.testing.assert_allclose(error * (goal @ goal), residual, rtol=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_large_libraries_are_searched_without_all_sets(seed):
    support = (3, 11, 27, 44, 58)
    columns, goal, _ = planted(400, 60, support, seed)
    moments = regression.moments(columns, goal, np.zeros(400, int))
    sets = regression.best_subsets(moments.total, 7, keep=2, exhaustive=2_000)
    assert [s for s in sets if len(s) == 5][0] == support


def test_solutions_of_folds_are_least_squares():
    columns, goal, _ = planted(90, 6, (1, 4), noise=0.3)
    block = np.arange(90) // 30
    moments = regression.moments(columns, goal, block)
    subsets = regression.padded([(1, 4), (0, 2, 5), (3,)], 6)
    folds = moments.total[None] - moments.blocks
    found = regression.solutions(folds, subsets)
    for g, (s, chosen) in itertools.product(range(3), enumerate([(1, 4), (0, 2, 5), (3,)])):
        kept = block != g
        expected = np.linalg.lstsq(columns[kept][:, chosen], goal[kept], rcond=None)[0]
        ours = found[g, s, : len(chosen)] * moments.scale[-1] / moments.scale[list(chosen)]
        np.testing.assert_allclose(ours, expected, rtol=1e-8)
        assert (found[g, s, len(chosen) :] == 0).all()


def test_dependent_and_empty_columns_do_no_harm():
    columns, goal, _ = planted(50, 4, (0,))
    columns = np.concatenate([columns, columns[:, :1], np.zeros((50, 1))], axis=1)
    moments = regression.moments(columns, goal, np.zeros(50, int))
    errors = regression.errors(moments.total, np.array([[0, 4], [0, 5], [0, 6]]))
    assert np.isfinite(errors).all()
    np.testing.assert_allclose(errors, errors[2], rtol=1e-6)
    assert np.isfinite(regression.solutions(moments.blocks, np.array([[0, 4], [5, 6]]))).all()


def test_columns_of_very_different_size_are_scaled():
    rng = np.random.default_rng(0)
    columns = rng.standard_normal((80, 5)) * 10.0 ** np.array([-6, -3, 0, 3, 6])
    goal = 2e6 * columns[:, 0] - 3e-6 * columns[:, 4]
    moments = regression.moments(columns, goal, np.zeros(80, int))
    assert [s for s in regression.best_subsets(moments.total, 3, keep=1)][1] == (0, 4)
