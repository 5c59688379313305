"""SOAP: steps that turn with the problem, its bases, what it leaves to Adam."""

import numpy as np
import pytest

from zoo.training.soap import EVERY, WIDEST, soap, turnable, unturned


def directions(turns=None, steps=1000, seed=0):
    """The last 500 directions SOAP takes for gradients of unlike size along hidden axes, all of
    them seen through `turns`, (out, into), None for as they are."""
    import jax
    import jax.numpy as jnp

    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((steps, 5, 7)) * np.logspace(0, -0.8, 5)[:, None]
    noise = noise * np.logspace(0, -0.8, 7)
    seen = jnp.asarray(noise if turns is None else turns[0] @ noise @ turns[1].T, jnp.float32)

    def step(known, given):
        gradient, count = given
        way, *known = soap(gradient, *known, count)
        return known, way

    zeros = jnp.zeros((5, 7))
    first = [zeros, zeros, unturned(zeros)]
    known, ways = jax.lax.scan(step, first, (seen, jnp.arange(1.0, steps + 1)))
    return np.asarray(ways[-500:]), known[2]


def test_a_turned_problem_is_descended_in_turned_steps():
    rng = np.random.default_rng(1)
    turns = [np.linalg.qr(rng.standard_normal((n, n)))[0] for n in (5, 7)]
    plain, (ways, _) = directions()[0], directions(turns)
    back = turns[0].T @ ways @ turns[1]
    assert np.linalg.norm(back - plain) < 0.1 * np.linalg.norm(plain)
    assert np.linalg.norm(ways - plain) > 0.5 * np.linalg.norm(plain)


def test_small_directions_are_gone_as_far_as_large_ones():
    ways = directions()[0]
    sizes = np.sqrt((ways**2).mean(0))
    assert sizes.max() < 3 * sizes.min()


def test_bases_are_orthonormal_eigenvectors_of_the_gradients():
    rng = np.random.default_rng(2)
    turned = directions([np.linalg.qr(rng.standard_normal((n, n)))[0] for n in (5, 7)])[1]
    for basis, covariance in ((turned.out, turned.left), (turned.into, turned.right)):
        assert np.allclose(basis.T @ basis, np.eye(len(basis)), atol=1e-5)
        seen = np.asarray(basis.T @ covariance @ basis)
        assert beside_diagonal(seen) < 0.2 * beside_diagonal(np.asarray(covariance))


def beside_diagonal(matrix):
    return np.linalg.norm(matrix - np.diag(np.diag(matrix))) / np.linalg.norm(matrix)


@pytest.mark.parametrize("gradient", [np.zeros((3, 5)), np.ones((3, 5)), 1e-12 * np.ones((3, 5))])
def test_gradients_that_vanish_or_have_one_direction_give_finite_steps(gradient):
    import jax.numpy as jnp

    gradient = jnp.asarray(gradient, jnp.float32)
    mean = square = jnp.zeros_like(gradient)
    turned = unturned(gradient)
    for count in range(1, 3 * EVERY):
        way, mean, square, turned = soap(gradient, mean, square, turned, jnp.float32(count))
        assert np.isfinite(way).all() and abs(np.asarray(way)).max() < 10


def test_before_its_first_bases_it_is_adam():
    import jax.numpy as jnp

    gradient = jnp.asarray(np.random.default_rng(0).standard_normal((4, 6)), jnp.float32)
    zeros = jnp.zeros_like(gradient)
    way, *_ = soap(gradient, zeros, zeros, unturned(gradient), jnp.float32(1))
    assert np.allclose(way, np.sign(gradient), atol=1e-4)


def test_vectors_rows_and_wide_sides_are_not_turned():
    assert not turnable(np.zeros(7)) and not turnable(np.zeros((1, 7)))
    wide = np.zeros((4, WIDEST + 1), np.float32)
    assert turnable(wide)
    turned = unturned(wide)
    assert turned.left.shape == (4, 4) and turned.right is None and turned.into is None
    way, *_ = soap(wide + 1, wide, wide, turned, np.float32(EVERY))
    assert way.shape == wide.shape and np.isfinite(way).all()
