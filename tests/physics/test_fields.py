"""Initial laws of fields: one function for one key, bounds, norms, walls, JSON, refusals."""

import dataclasses
import json

import jax
import numpy as np
import pytest

from physics import fields, initial
from physics.domain import Box
from physics.grid import Grid

KEY = jax.random.key(7)
SCALAR = {
    "fourier": fields.RandomFourier(modes=4, amplitude=(0.5, 1.0), offset=(-1, 1), decay=0.5),
    "rms": fields.RandomFourier(modes=3, measure="rms"),
    "gaussian": fields.GaussianRandomField(length=0.7, smoothness=1.5, mean=2.0, modes=8),
    "power law": fields.GaussianRandomField(std=(0.5, 0.6), modes=6),
    "bumps": fields.Bumps(count=(2, 3), offset=0.1),
    "spots": fields.Spots(inside=(0.5, 1.0), outside=0.2),
    "steps": fields.Steps(jumps=(1, 2)),
    "solitons": fields.Solitons(count=2),
    "density": fields.Density(),
}
PAIR = {
    "named": fields.RandomFourier(amplitude={"u": (0.5, 1.0)}, offset={"v": 2.0}),
    "spots of two": fields.Spots(inside={"u": 0.5, "v": 0.25}, outside={"u": 1.0}),
    "packets": fields.Packets(),
}
LAWS = {name: (law, ("u",)) for name, law in SCALAR.items()}
LAWS |= {name: (law, ("u", "v")) for name, law in PAIR.items()}
every_law = pytest.mark.parametrize("name", LAWS)
POINTS = {1: 48, 2: 24, 3: 10}


def box(dim, kind="periodic"):
    return Box(low=(-1.0, 0.0, 2.0)[:dim], high=(5.0, 4.0, 5.0)[:dim], kinds=(kind,) * dim)


def draw(law, grid, states=("u",), key=KEY):
    return np.asarray(jax.jit(lambda k: law.draw_field(k, grid, states))(key))


# -- what every law keeps ------------------------------------------------------------------


@pytest.mark.turns
@every_law
@pytest.mark.parametrize("dim, kind", [(1, "neumann"), (2, "dirichlet"), (3, "periodic")])
def test_one_key_is_one_function_on_every_grid(name, dim, kind):
    law, states = LAWS[name]
    ends = int(kind != "periodic")
    coarse = draw(law, Grid(box(dim, kind), POINTS[dim] + ends), states)
    fine = draw(law, Grid(box(dim, kind), 2 * POINTS[dim] + ends), states)
    assert coarse.shape == (POINTS[dim] + ends,) * dim + (len(states),)
    assert np.isfinite(coarse).all()
    assert np.abs(fine[(slice(None, None, 2),) * dim] - coarse).max() < 1e-5


@pytest.mark.turns
@every_law
def test_keys_differ_and_batches_are_single_draws(name):
    law, states = LAWS[name]
    grid = Grid(box(1), 20)
    keys = jax.random.split(KEY, 2)
    one = jax.jit(lambda k: law.draw_field(k, grid, states))
    batch = np.asarray(jax.jit(jax.vmap(one))(keys))
    for key, field in zip(keys, batch, strict=True):
        np.testing.assert_allclose(one(key), field, atol=1e-5)
    assert np.abs(batch[0] - batch[1]).max() > 1e-3


@every_law
def test_json_gives_the_law_back(name):
    law, _ = LAWS[name]
    assert initial.from_json(json.loads(json.dumps(initial.to_json(law)))) == law
    assert law.spatial and type(law) in initial.LAWS.values()


def test_laws_of_odes_are_not_spatial():
    assert not initial.Uniform.spatial and not initial.Simplex.spatial
    assert "spatial" not in initial.to_json(initial.Uniform(low={"x": 0}, high={"x": 1}))


@every_law
def test_periodic_fields_close(name):
    """The step from the last point to the first is no larger than the largest inside."""
    law, states = LAWS[name]
    if isinstance(law, fields.Steps):
        return
    line = draw(law, Grid(box(1), 512), states)
    assert np.abs(line[-1] - line[0]).max() <= 1.01 * np.abs(np.diff(line, axis=0)).max()


def test_double_precision_on_request():
    with jax.enable_x64(True):
        grid = Grid(box(1), 16)
        for law, states in LAWS.values():
            assert draw(law, grid, states, jax.random.key(7)).dtype == np.float64


# -- what each law says of itself ----------------------------------------------------------


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_fourier_amplitude_and_mean(dim):
    law = fields.RandomFourier(modes=3, amplitude=0.8, offset=0.3)
    u = draw(law, Grid(box(dim), 48 if dim < 3 else 32))
    assert np.abs(u - 0.3).max() == pytest.approx(0.8, rel=0.06)
    assert u.mean() == pytest.approx(0.3, abs=1e-5)
    rms = dataclasses.replace(law, measure="rms")
    assert draw(rms, Grid(box(dim), 16)).std() == pytest.approx(0.8, rel=1e-4)


def test_fourier_is_cut_off():
    spectrum = np.abs(np.fft.rfft(draw(fields.RandomFourier(modes=4), Grid(box(1), 64))[:, 0]))
    assert spectrum[1:5].min() > 1e-3 and spectrum[5:].max() < 1e-4


def test_states_that_are_not_named_are_zero():
    u = draw(PAIR["named"], Grid(box(2), 12), ("u", "v"))
    assert np.abs(u[..., 0]).max() > 0.4 and np.ptp(u[..., 1]) == 0 and u[0, 0, 1] == 2.0


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_sines_satisfy_dirichlet_walls(dim):
    for law in (fields.RandomFourier(modes=4), fields.GaussianRandomField(modes=6)):
        u = draw(law, Grid(box(dim, "dirichlet"), 17))
        for axis in range(dim):
            assert np.abs(np.take(u, [0, -1], axis)).max() < 1e-5 < np.abs(u).max()


def test_cosines_have_no_slope_at_neumann_walls():
    u = draw(fields.RandomFourier(modes=3), Grid(box(1, "neumann"), 513))[:, 0]
    inside = np.abs(np.diff(u)).max()
    assert max(abs(u[1] - u[0]), abs(u[-1] - u[-2])) < 0.03 * inside


def derivative(u, grid, axis):
    """∂u/∂x of a periodic scalar by FFT."""
    k = grid.wavenumbers(axis).reshape([-1 if a == axis else 1 for a in range(grid.dim)])
    return np.fft.ifft(1j * k * np.fft.fft(u, axis=axis), axis=axis).real


@pytest.mark.parametrize("dim", [2, 3])
def test_parts_of_vector_fields(dim):
    grid, states = Grid(box(dim), 24), ("u", "v", "w")[:dim]
    slopes = {}
    for part in ("divergence_free", "gradient"):
        law = fields.RandomFourier(modes=3, part=part, amplitude=1.5)
        u = draw(law, grid, states).astype(float)
        assert np.sqrt((u**2).sum(-1)).max() == pytest.approx(1.5, rel=0.06)
        divergence = sum(derivative(u[..., a], grid, a) for a in range(dim))
        rotation = derivative(u[..., 1], grid, 0) - derivative(u[..., 0], grid, 1)
        slopes[part] = np.abs(divergence).max(), np.abs(rotation).max()
    assert slopes["divergence_free"][0] < 1e-4 < slopes["divergence_free"][1]
    assert slopes["gradient"][1] < 1e-4 < slopes["gradient"][0]


def test_gaussian_fields_have_their_spread():
    law = fields.GaussianRandomField(length=0.5, std=0.7, mean=1.0)
    grid = Grid(box(1), 32)
    keys = jax.random.split(KEY, 2000)
    u = np.asarray(jax.vmap(lambda k: law.draw_field(k, grid, ("u",)))(keys))
    assert u.mean() == pytest.approx(1.0, abs=0.02)
    assert np.allclose(u.std(0), 0.7, rtol=0.1)


@pytest.mark.parametrize("length", [0.3, 1.0, None])
def test_gaussian_spectra_fall_as_matern_says(length):
    law = fields.GaussianRandomField(length=length, smoothness=1.0, modes=12)
    grid = Grid(box(1), 64)
    keys = jax.random.split(KEY, 4000)
    u = np.asarray(jax.vmap(lambda k: law.draw_field(k, grid, ("u",)))(keys))[..., 0]
    power = (np.abs(np.fft.rfft(u)) ** 2).mean(0)[1:13]
    kappa = 2 * np.pi * np.arange(1, 13) / 6.0
    expected = ((0.0 if length is None else 2 / length**2) + kappa**2) ** -1.5
    assert np.allclose(power / power[0], expected / expected[0], rtol=0.15)


def test_spots_stay_between_their_values():
    for key in jax.random.split(KEY, 5):
        u = draw(PAIR["spots of two"], Grid(box(2), 40), ("u", "v"), key)
        assert 0.5 <= u[..., 0].min() < u[..., 0].max() <= 1.0
        assert 0.0 <= u[..., 1].min() < u[..., 1].max() <= 0.25 + 1e-6
        np.testing.assert_allclose(1 - u[..., 0], 2 * u[..., 1], atol=1e-6)


def test_bumps_are_positive_and_counted():
    one = fields.Bumps(count=1, height=1.0, width=0.2)
    u = draw(one, Grid(box(1), 600))
    assert u.min() >= 0 and u.max() == pytest.approx(1.0, abs=0.01)
    assert u.sum() * 0.01 == pytest.approx(0.2 * np.sqrt(2 * np.pi), rel=0.01)
    many = draw(fields.Bumps(count=5, height=1.0, width=0.2), Grid(box(1), 600))
    assert many.sum() == pytest.approx(5 * u.sum(), rel=0.01)


def test_bumps_keep_their_margin():
    law = fields.Bumps(count=1, height=1.0, width=0.1, margin=0.3)
    for key in jax.random.split(KEY, 10):
        u = draw(law, Grid(box(1, "dirichlet"), 601), key=key)
        assert 0.29 * 600 <= u.argmax() <= 0.71 * 600


@pytest.mark.parametrize("order", ["falling", "rising"])
def test_steps_are_sharp_and_ordered(order):
    law = fields.Steps(jumps=2, level=(1.0, 2.0), order=order)
    u = draw(law, Grid(box(2, "outflow"), (400, 3)))[..., 0]
    assert np.ptp(u, axis=1).max() == 0
    jumps = np.diff(u[:, 0])
    assert (jumps != 0).sum() == 2 and 1 <= u.min() <= u.max() <= 2
    assert (jumps <= 0).all() if order == "falling" else (jumps >= 0).all()


def test_the_number_of_jumps_varies_and_may_be_none():
    line = Grid(box(1, "outflow"), 300)
    law = fields.Steps(jumps=(1, 2))
    found = {len(np.unique(draw(law, line, key=k))) for k in jax.random.split(KEY, 20)}
    assert found == {2, 3}
    assert len(np.unique(draw(fields.Steps(jumps=0, level=1.0), line))) == 1


def test_a_soliton_travels_unchanged():
    """u″ β = c u − α u²/2 with c = α h/3, by finite differences."""
    alpha, beta, height = 6.0, 0.7, 0.9
    law = fields.Solitons(count=1, height=height, steepness=alpha / (12 * beta))
    with jax.enable_x64(True):
        grid = Grid(Box(low=(0,), high=(40,)), 4000)
        u = draw(law, grid, key=jax.random.key(1))[:, 0]
    second = (np.roll(u, 1) - 2 * u + np.roll(u, -1)) / grid.spacing[0] ** 2
    assert u.max() == pytest.approx(height, rel=1e-3)
    assert np.abs(beta * second - (alpha * height / 3 * u - alpha * u**2 / 2)).max() < 1e-4


def test_packets_have_the_modulus_of_their_envelope():
    law = fields.Packets(count=1, height=0.8, width=0.15, waves=5)
    u = draw(law, Grid(box(2), 96), ("u", "v"))
    modulus = np.sqrt((u**2).sum(-1))
    assert modulus.max() == pytest.approx(0.8, rel=0.01)
    assert modulus.sum() * 6 * 4 / 96**2 == pytest.approx(0.8 * 2 * np.pi * 0.15**2, rel=0.02)


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_densities_are_positive_with_integral_one(dim):
    grid = Grid(box(dim), 64 if dim < 3 else 32)
    p = draw(fields.Density(contrast=2.0), grid)
    assert p.min() > 0
    assert p.mean() * np.prod(grid.lengths) == pytest.approx(1.0, abs=1e-4)


# -- what is refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "law, fields_given, words",
    [
        (fields.RandomFourier, {"modes": 0}, "modes"),
        (fields.RandomFourier, {"modes": 2.5}, "modes"),
        (fields.RandomFourier, {"amplitude": -1}, "at least 0"),
        (fields.RandomFourier, {"amplitude": (2, 1)}, "empty"),
        (fields.RandomFourier, {"amplitude": (1, 2, 3)}, "number or a range"),
        (fields.RandomFourier, {"amplitude": "loud"}, "number or a range"),
        (fields.RandomFourier, {"offset": float("nan")}, "empty or infinite"),
        (fields.RandomFourier, {"measure": "mean"}, "measure"),
        (fields.RandomFourier, {"part": "curl"}, "part"),
        (fields.RandomFourier, {"part": "gradient", "amplitude": {"u": 1}}, "one vector"),
        (fields.GaussianRandomField, {"length": -1.0}, "positive"),
        (fields.GaussianRandomField, {"smoothness": 0}, "positive"),
        (fields.Bumps, {"count": (3, 2)}, "count"),
        (fields.Bumps, {"count": 1.5}, "count"),
        (fields.Bumps, {"width": 0}, "width"),
        (fields.Bumps, {"margin": 0.5}, "margin"),
        (fields.Spots, {"width": (0, 1)}, "width"),
        (fields.Steps, {"order": "up"}, "order"),
        (fields.Steps, {"jumps": -1}, "jumps"),
        (fields.Steps, {"margin": 1}, "margin"),
        (fields.Solitons, {"steepness": 0}, "steepness"),
        (fields.Solitons, {"height": -1}, "at least 0"),
        (fields.Packets, {"waves": -1}, "waves"),
        (fields.Packets, {"width": 0}, "width"),
        (fields.Density, {"contrast": -1}, "at least 0"),
        (fields.Density, {"modes": 0}, "modes"),
    ],
)  # fmt: skip
def test_mistakes_are_one_sentence(law, fields_given, words):
    with pytest.raises(ValueError, match=words):
        law(**fields_given)


def test_mistakes_in_drawing():
    grid = Grid(box(2), 8)
    with pytest.raises(ValueError, match="names 'q'; states are: u"):
        fields.Bumps(height={"q": 1.0}).draw_field(KEY, grid, ("u",))
    with pytest.raises(ValueError, match="as many states as dimensions"):
        fields.RandomFourier(part="gradient").draw_field(KEY, grid, ("u",))
    with pytest.raises(ValueError, match="two states"):
        fields.Packets().draw_field(KEY, grid, ("u",))
