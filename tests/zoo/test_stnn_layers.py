"""The butterfly and the structured network: exact where they can be, counted, differentiable."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from scipy.linalg import hankel

from zoo.models.stnn.butterfly import Butterfly, forward, matrix, transposed
from zoo.models.stnn.config import (
    Config,
    dense_count,
    multiplication_count,
    parameter_count,
)
from zoo.models.stnn.costs import multiplications, numbers
from zoo.models.stnn.hankel import LINEAR, exact, fourier, reversed_bits
from zoo.models.stnn.model import StNN, fold
from zoo.models.stnn.network import Network, activation, apply


def drawn(size, blocks, seed=0):
    rng = np.random.default_rng(seed)
    return Butterfly(rng.normal(size=(blocks, size - 2)), rng.normal(size=(blocks, 2, 2, 2)))


def network(n, blocks=3, share=False, seed=0):
    with jax.enable_x64(True):
        made = Network(n, blocks, share, 0.1, rngs=nnx.Rngs(seed))
        return jax.tree.map(np.asarray, nnx.to_pure_dict(nnx.state(made, nnx.Param)))


@pytest.mark.parametrize("n", [4, 64, pytest.param(512, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("precision", "bound"), [("float32", 1e-5), ("float64", 1e-12)])
def test_with_exact_twiddles_it_is_a_given_hankel_product(n, precision, bound):
    rng = np.random.default_rng(n)
    h, x = rng.normal(size=2 * n - 1), rng.normal(size=(5, n))
    kind = {"float32": np.complex64, "float64": np.complex128}[precision]
    truth = x @ hankel(h[:n], h[n - 1 :]).T
    with jax.enable_x64(True):
        weights = jax.tree.map(lambda a: jnp.asarray(a, kind), exact(h))
        for radix, leaf in ((2, 2), (8, 4)):
            run = jax.jit(lambda w, x, r=radix, m=leaf: apply(w, x, LINEAR, r, m))
            found = np.asarray(run(weights, jnp.asarray(x, kind)))
            assert found.dtype == kind
            assert np.linalg.norm(found - truth) < bound * np.linalg.norm(truth)


@pytest.mark.parametrize("size", [8, 64])
def test_the_fourier_butterfly_is_the_unitary_dft_in_bit_reversed_order(size):
    with jax.enable_x64(True):
        run = jax.jit(lambda w: matrix(w, size)[0])
        found, back = (np.asarray(run(fourier(size, inverse))) for inverse in (False, True))
    dft = np.fft.fft(np.eye(size)) / np.sqrt(size)
    assert np.allclose(found, dft[reversed_bits(size)], atol=1e-14)
    assert np.allclose(back.T @ found, np.eye(size), atol=1e-14)


@pytest.mark.parametrize("blocks", [1, 3])
@pytest.mark.parametrize(("radix", "leaf"), [(2, 2), (4, 2), (8, 2), (2, 8), (4, 4), (2, 1024)])
def test_all_ways_to_compute_a_butterfly_agree(blocks, radix, leaf):
    size, x = 32, np.random.default_rng(1).normal(size=(4, 2, 3, 32))
    with jax.enable_x64(True):
        weights = Butterfly(*map(jnp.asarray, drawn(size, blocks)))
        run = jax.jit(
            lambda w, x: (
                matrix(w, size),
                forward(w, x, radix, leaf),
                transposed(w, x, radix, leaf),
            )
        )
        whole, there, back = map(np.asarray, run(weights, x))
    whole = np.broadcast_to(whole, (3, size, size))
    assert np.allclose(there, np.einsum("boi,...bi->...bo", whole, x))
    assert np.allclose(back, np.einsum("boi,...bo->...bi", whole, x))


def test_untrained_levels_keep_lengths():
    """Twiddles of ±1 and reflections as leaves make an orthogonal matrix."""
    weights = network(64, blocks=2)["first"]
    with jax.enable_x64(True):
        given = Butterfly(jnp.asarray(weights["twiddles"]), jnp.asarray(weights["leaves"]))
        both = jax.jit(jax.vmap(lambda w: matrix(w, 128)))(
            jax.tree.map(
                lambda a, b: jnp.stack([a, b]), given._replace(twiddles=jnp.sign(given[0])), given
            )
        )
    found, spread = np.asarray(both)
    assert np.allclose(found @ found.transpose(0, 2, 1), np.eye(128), atol=1e-12)
    assert np.linalg.cond(spread[0]) < 10


@pytest.mark.parametrize(("share", "environments"), [(False, 1), (True, 3)])
@pytest.mark.parametrize(
    ("states", "window", "linear"), [("x", 16, False), ("xyz", 5, True), ("xyz", 1, True)]
)
def test_counts_are_those_of_the_leaves(share, environments, linear, states, window):
    config = Config(
        states=tuple(states), dt=0.1, window=window, share_blocks=share, linear=linear,
        environments=environments,
    )  # fmt: skip
    blank = nnx.eval_shape(lambda: StNN(config, rngs=nnx.Rngs(0)))
    leaves = jax.tree.leaves(nnx.to_pure_dict(nnx.state(blank, nnx.Param)))
    assert sum(np.prod(leaf.shape, dtype=int) for leaf in leaves) == parameter_count(config)


@pytest.mark.parametrize(("n", "count", "dense"), [(16, 768, 15_360), (64, 2_928, 245_760)])
def test_counts_of_the_table(n, count, dense):
    config = Config(states=("x",), dt=0.1, window=n, linear=False)
    assert parameter_count(config) == count == 4 * (11 * n + 12) + n
    assert dense_count(config) == dense == 3 * 4 * n**2 + 3 * 16 * n**2
    shared = dataclasses.replace(config, share_blocks=True)
    assert parameter_count(shared) == 7 * n + 12 + 4 * 4 * n + n


@pytest.mark.parametrize("window", [16, 32, 64, 256])
@pytest.mark.parametrize("states", ["x", "xy", "xyz"])
def test_at_most_a_tenth_of_the_dense_network(states, window):
    config = Config(states=tuple(states), dt=0.1, window=window)
    assert parameter_count(config) <= 0.1 * dense_count(config)
    assert multiplication_count(config) <= 0.1 * dense_count(config)


def test_multiplications_are_those_of_the_levels():
    """Counted on the definition: m/2 per block of m at every level, 4 per leaf."""
    for size in (8, 64):
        levels, m = 0, size
        while m > 2:
            levels += (size // m) * (m // 2)
            m //= 2
        assert multiplications(size) == levels + 4 * (size // 2)
        assert numbers(size) == size + 6


def test_shared_blocks_differ_by_their_biases_alone():
    weights = network(8, blocks=3, share=True)
    with jax.enable_x64(True):
        same = weights | {k: weights[k][:1].repeat(3, 0) for k in ("bias_1", "bias_2", "bias_3")}
        one = {k: v[:1] if k.startswith("bias_") else v for k, v in same.items()}
        x = np.random.default_rng(0).normal(size=8)
        three, single = jax.jit(apply)(same, x), jax.jit(apply)(one, x)
    three, single = np.asarray(three), np.asarray(single)
    assert np.allclose(three - weights["bias"], 3 * (single - weights["bias"]))


@pytest.mark.parametrize("name", ["tanh"])
def test_gradient_against_finite_differences(name):
    with jax.enable_x64(True):
        weights, x = network(8), np.random.default_rng(2).normal(size=(3, 8))
        function = jax.jit(lambda w: (apply(w, x, (name, "tanh", name)) ** 2).sum())
        slope = jax.jit(jax.grad(function))(weights)
        rng = np.random.default_rng(3)
        way = jax.tree.map(lambda a: rng.normal(size=a.shape), weights)
        moved = lambda h: jax.tree.map(lambda a, d: a + h * d, weights, way)  # noqa: E731
        finite = (function(moved(1e-6)) - function(moved(-1e-6))) / 2e-6
        along = sum(jax.tree.leaves(jax.tree.map(lambda a, b: (a * b).sum(), slope, way)))
    assert float(along) == pytest.approx(float(finite), rel=1e-5)
    assert float(activation("identity")(2.0)) == 2.0


def test_a_batch_is_computed_as_its_examples_are():
    with jax.enable_x64(True):
        weights, x = network(16), np.random.default_rng(4).normal(size=(5, 16))
        one_by_one = jax.jit(jax.vmap(lambda row: apply(weights, row)))(x)
        assert np.allclose(jax.jit(apply)(weights, x), one_by_one, rtol=1e-12, atol=1e-14)


def test_outputs_are_folded_onto_the_states_of_their_places():
    found = fold(8, 3)
    assert found.shape == (8, 3) and (found > 0).sum() == 8
    assert found[-1].argmax() == 2 and found[-2].argmax() == 1 and found[-4].argmax() == 2
