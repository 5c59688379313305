"""The pieces of a Φ-ROM against what they must equal: derivatives, projections, planted latents."""

import numpy as np
import pytest

import physics
from zoo.models.phi_rom.config import Config
from zoo.registry import family


def model_of(system, **options):
    settings = {"latent": 3, "width": 8, "depth": 2, "dynamics_width": 8, "dynamics_depth": 1,
                "anchors": 4, "kept": 2, "fronts": 0}  # fmt: skip
    return family("phi-rom").MODEL.create(system, **(settings | options))


def compiled(function, *arguments):
    """One program instead of one for every operation in it."""
    import jax

    return jax.jit(function)(*arguments)


def plate(points=(9, 13)):
    """Two-dimensional diffusion on a grid that is not square."""
    return model_of(physics.get("diffusion_walls"), grid=points, order=2, decoder="filter")


def tube(**options):
    return model_of(physics.get("burgers"), **({"grid": 64, "parameters": ("nu",)} | options))


def seen_by(model):
    from zoo.models.phi_rom.decoders import features
    from zoo.models.phi_rom.tendency import grid_places, scaled

    weights = model.weights()["decoder"]
    places = scaled(model.config, grid_places(model.config))
    return weights, compiled(lambda w: features(model.config, w, places), weights)


def latent_of(model, seed=0):
    return np.random.default_rng(seed).standard_normal(model.config.latent).astype(np.float32)


def test_the_sine_and_its_derivatives():
    import jax

    from zoo.models.phi_rom.sine import sine

    x = np.linspace(-30, 30, 10_001).astype(np.float32)
    exact = x.astype(np.float64)
    assert np.abs(sine(x) - np.sin(exact)).max() < 5e-7
    slope = jax.vmap(jax.grad(sine))(x)
    assert np.abs(slope - np.cos(exact)).max() < 3e-6
    curve = jax.vmap(jax.grad(jax.grad(sine)))(x)
    assert np.abs(curve + np.sin(exact)).max() < 3e-6


@pytest.mark.parametrize("make", [plate, lambda: tube(fronts=3, spots=2)])
def test_both_modes_of_the_jacobian_agree_with_differences(make):
    from zoo.models.phi_rom.decoders import decode
    from zoo.models.phi_rom.projection import jacobian

    model = make()
    weights, shared = seen_by(model)
    latent = latent_of(model)

    def everything(a):
        steps = 1e-2 * np.eye(3, dtype=np.float32)
        moved = [[decode(model.config, weights, shared, a + s * e) for s in (1, -1)] for e in steps]
        modes = [jacobian(model.config, weights, shared, a, m) for m in ("forward", "reverse")]
        return modes, moved

    (one, other), moved = compiled(everything, latent)
    assert one.shape == (np.prod(model.config.grid), 1, 3)
    assert np.allclose(one, other, atol=2e-6)
    for k, (ahead, behind) in enumerate(moved):
        assert np.allclose((ahead - behind) / 2e-2, one[..., k], atol=2e-3)


def test_a_projection_is_the_least_squares_solution():
    from zoo.models.phi_rom.projection import project

    rng = np.random.default_rng(1)
    slopes = rng.standard_normal((40, 2, 5)).astype(np.float32)
    change = rng.standard_normal((40, 2)).astype(np.float32)
    found = compiled(project, slopes, change)
    exact, left, *_ = np.linalg.lstsq(slopes.reshape(80, 5), change.reshape(80), rcond=None)
    assert np.allclose(found.rate, exact, atol=1e-5)
    assert np.isclose(found.left, np.sqrt(left[0]) / np.linalg.norm(change), rtol=1e-4)
    assert found.bad == 0


def test_singular_projections_have_finite_gradients_and_nans_are_counted():
    import jax

    from zoo.models.phi_rom.projection import RIDGE, project

    rng = np.random.default_rng(2)
    one = rng.standard_normal((30, 1, 1)).astype(np.float32)
    slopes, change = np.concatenate([one, one, 0 * one], -1), one[..., 0]
    assert np.isfinite(
        compiled(jax.grad(lambda j: (project(j, change).rate ** 2).sum()), slopes)
    ).all()
    first, second, none = compiled(project, slopes, change).rate
    assert none == 0 and np.isclose(first + second, 1.0, rtol=1e-4)
    # half in each of two equal columns, which ε alone holds together
    assert abs(first - second) < np.finfo(np.float32).eps / RIDGE
    broken = slopes.copy()
    broken[3] = np.nan
    assert compiled(project, broken, change).bad == 1


def test_the_order_of_points_on_a_grid_that_is_not_square():
    """x² + 3 y² on nodes: its Laplacian is 8 κ inside, and no transposed grid gives that."""
    from zoo.models.phi_rom.tendency import grid_places, tendency

    config = plate((11, 17)).config
    x, y = grid_places(config).T
    field = (x**2 + 3 * y**2 + x * y**2 * 0.01).reshape(11, 17, 1)
    change = np.asarray(compiled(tendency(config), field, {"kappa": 2.0}))
    exact = (2 * (2 + 6 + 0.02 * x)).reshape(11, 17)
    assert np.allclose(change[2:-2, 2:-2, 0], exact[2:-2, 2:-2], rtol=2e-4)
    assert np.all(change[0] == 0) and np.all(change[:, -1] == 0)  # Dirichlet walls stay


def test_walls_are_put_right_before_differencing():
    from zoo.models.phi_rom.tendency import tendency

    config = plate((11, 17)).config
    inside = np.zeros((11, 17, 1), np.float32)
    wrong = inside.copy()
    wrong[0], wrong[:, -1] = 7.0, -3.0
    f = tendency(config)
    assert np.array_equal(compiled(f, wrong, {}), compiled(f, inside, {}))


def test_a_linear_decoder_gives_pod_galerkin():
    """One stage of filters is linear in α, so that the projection is Galerkin's onto its span."""
    from zoo.models.phi_rom.decoders import decode
    from zoo.models.phi_rom.losses import slopes_of
    from zoo.models.phi_rom.projection import jacobian
    from zoo.models.phi_rom.tendency import tendency

    model = model_of(physics.get("diffusion_walls"), grid=(12, 10), order=2, decoder="filter",
                     depth=1, width=16)  # fmt: skip
    weights, shared = seen_by(model)
    config, physics_of = model.config, physics_batch(model)
    none = np.zeros(1, np.float32)

    def all_of(a):
        field = decode(config, weights, shared, a).reshape(12, 10, 1)
        change = tendency(config)(field, {}).reshape(-1)
        found = slopes_of(config, weights, a, none, physics_of, shared, ridge=1e-9)
        return jacobian(config, weights, shared, a)[:, 0], change, found

    modes, _, _ = compiled(all_of, np.zeros(3, np.float32))
    for seed in range(3):
        slopes, change, found = compiled(all_of, latent_of(model, seed))
        assert np.allclose(slopes, modes, atol=1e-5)
        exact = np.asarray(modes, float), np.asarray(change, float)
        galerkin = np.linalg.lstsq(*exact, rcond=None)[0]
        assert np.allclose(found.rate, galerkin, rtol=2e-3, atol=2e-3 * np.abs(galerkin).max())


def physics_batch(model):
    from zoo.models.phi_rom.losses import Physics
    from zoo.models.phi_rom.tendency import grid_places, scaled

    c, s = model.config, model.statistics()
    return Physics(
        scaled(c, grid_places(c)), s["center"], s["scale"], s["clock"][0], s["value_center"],
        s["value_scale"],
    )  # fmt: skip


def test_gradients_reach_the_decoder_through_solver_and_projection():
    import jax

    from zoo.models.phi_rom.losses import dynamics

    model = tube()
    weights, batch = model.weights(), physics_batch(model)
    latents = np.stack([latent_of(model, k) for k in range(4)])
    values = np.zeros((4, 1), np.float32)

    def loss(name, shift, through=1.0):
        moved = weights["decoder"] | {name: weights["decoder"][name] + shift}
        return dynamics(model.config, weights | {"decoder": moved}, latents, values, batch,
                        through=through)[0]  # fmt: skip

    zero = np.zeros(1, np.float32)
    of = jax.jit(jax.grad(lambda s, share: loss("bias_out", s, share)))
    slope = float(of(zero, 1.0)[0])
    assert float(of(zero, 0.0)[0]) == 0.0
    assert slope != 0.0 and np.isfinite(slope)


def test_the_strong_form_agrees_with_the_solver_where_the_field_is_smooth():
    from zoo.models.phi_rom.decoders import decode
    from zoo.models.phi_rom.strong_form import strong_tendency
    from zoo.models.phi_rom.tendency import grid_places, scaled, tendency

    model = model_of(physics.get("diffusion_walls"), grid=(61, 45), order=4, decoder="filter")
    weights, shared = seen_by(model)
    latent, c = latent_of(model), model.config
    places = scaled(c, grid_places(c))
    one = np.ones(1, np.float32)

    def both(a):
        field = decode(c, weights, shared, a).reshape(61, 45, 1)
        strong = strong_tendency(c)(weights, places, a, 0 * one, one, {"kappa": 1.0})
        return strong, tendency(c)(field, {"kappa": 1.0})

    strong, weak = map(np.asarray, compiled(both, latent))
    inner = (slice(4, -4), slice(4, -4))
    gap = np.asarray(strong).reshape(61, 45, 1)[inner] - weak[inner]
    assert np.abs(gap).max() < 0.02 * np.abs(weak[inner]).max()


@pytest.mark.turns
@pytest.mark.parametrize("gaps", [False, True])
def test_encoding_recovers_planted_latents(gaps):
    import jax

    from zoo.models.phi_rom.decoders import decode
    from zoo.models.phi_rom.encoding import encode
    from zoo.models.phi_rom.tendency import grid_places, scaled

    model = tube()
    weights, shared = seen_by(model)
    rng = np.random.default_rng(3)
    planted = rng.standard_normal((6, 3)).astype(np.float32)
    decoded = jax.jit(jax.vmap(lambda a: decode(model.config, weights, shared, a)))
    fields = np.asarray(decoded(planted))
    mask = (rng.random(fields.shape) < 0.3).astype(np.float32) if gaps else None
    given = fields if mask is None else np.where(mask > 0, fields, 0.0)
    anchors = np.concatenate([np.zeros((1, 3)), rng.standard_normal((15, 3))]).astype(np.float32)
    places = scaled(model.config, grid_places(model.config))
    found = encode(model.config, weights, anchors, places, given, mask, starts=16)
    again = np.asarray(decoded(found.latents))
    assert np.abs(again - fields).max() < 2e-3 and found.misfit.max() < 1e-3


def test_first_latents_are_principal_components():
    from zoo.models.phi_rom.starting_latents import principal

    rng = np.random.default_rng(4)
    parts = rng.standard_normal((200, 2)) * [5.0, 1.0]
    snapshots = parts @ rng.standard_normal((2, 30))
    found = principal(snapshots, 4, rng)
    assert found.shape == (200, 4) and found.dtype == np.float32
    assert np.linalg.matrix_rank(np.corrcoef(np.c_[found[:, :2], parts].T), tol=0.2) == 2


@pytest.mark.parametrize(
    "options, message",
    [
        ({"decoder": "sin"}, "sine"),
        ({"parameters": ("mu",)}, "nu"),
        ({"decoder": "filter", "width": 7}, "even width"),
        ({"scheme": "upwind"}, "scheme"),
        ({"latent": 0}, "latent"),
        ({"depht": 3}, "depth"),
    ],
)
def test_bad_configurations_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tube(**options)


def test_only_autonomous_pdes_are_taken():
    create = family("phi-rom").MODEL.create
    with pytest.raises(ValueError, match="PDE"):
        create(physics.get("lorenz63"))
    forced = physics.parse("u_t = 0.1*u_xx + sin(t)", length=1.0)
    with pytest.raises(ValueError, match="autonomous"):
        create(forced)
    assert Config(system=physics.get("burgers").to_json()).solver_grid.points == (256,)
