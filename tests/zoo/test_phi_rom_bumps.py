"""What a Φ-ROM of bumps between walls is made of: walls, sizes, motions of the box, moments."""

import itertools

import numpy as np
import pytest

import physics
import zoo
from zoo.models.phi_rom.motions import motions, moved_points, powers


def plate(**options):
    settings = {"grid": (12, 12), "scheme": "finite-difference", "order": 2, "latent": 7,
                "decoder": "sine", "width": 8, "depth": 2, "fronts": 0, "spots": 2, "anchors": 12,
                "kept": 2, "dynamics_width": 8, "dynamics_depth": 1, "walls": True,
                "homogeneous": True}  # fmt: skip
    return zoo.create("phi-rom", physics.get("diffusion_walls"), **(settings | options))


def compiled(function, *arguments):
    """One program instead of one for every operation in it."""
    import jax

    return jax.jit(function)(*arguments)


def decoded(model, places, latents):
    from zoo.models.phi_rom.rollout import fields

    return fields(model.config, model.weights()["decoder"], places.astype(np.float32), latents)


def latents_of(model, count=4, seed=0):
    found = np.random.default_rng(seed).standard_normal((count, model.config.latent))
    return found.astype(np.float32)


# -- walls -------------------------------------------------------------------------------------


@pytest.mark.parametrize("decoder", ["sine", "filter"])
def test_a_decoder_with_walls_vanishes_there_and_not_elsewhere(decoder):
    model = plate(decoder=decoder, spots=2 * (decoder == "sine"))
    side = np.linspace(-1, 1, 9)
    wall = np.concatenate([np.c_[side, 0 * side - 1], np.c_[0 * side + 1, side]])
    assert np.all(decoded(model, wall, latents_of(model)) == 0)
    inside = decoded(model, 0.7 * wall, latents_of(model))
    assert (np.abs(inside) > 1e-4).mean() > 0.9


def test_walls_are_those_of_the_system_state_by_state():
    from physics.boundary import Condition
    from physics.domain import Box
    from physics.system import System
    from zoo.models.phi_rom.walls import cold

    two = physics.parse(["u_t = u_xx - v", "v_t = v_xx"], {}, length=1.0)
    system = System(
        name="two", states=two.states, equations=two.equations,
        domain=Box(low=(0.0,), high=(1.0,), kinds=("dirichlet",)),
        boundary={"v:x+": Condition("neumann"), "u:x-": Condition("dirichlet", value=2)},
    )  # fmt: skip
    model = zoo.create("phi-rom", system, grid=16, scheme="finite-difference", fronts=0, walls=True)
    assert np.array_equal(cold(model.config), [[0, 1], [1, 0]])
    said = decoded(model, np.array([[-1.0], [1.0]]), latents_of(model, 2))
    assert np.all((said == 0) == np.array([[False, True], [True, False]]))


# -- sizes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, values, fits",
    [
        ("u_t = nu*u_xx - u_x", {"nu": 0.1}, True),
        ("u_t = u_x^2/u", {}, True),
        ("u_t = -u*u_x + nu*u_xx", {"nu": 0.1}, False),
        ("u_t = u_xx + 1", {}, False),
        ("u_t = u_xx + r*u*(1 - u)", {"r": 1.0}, False),
    ],
)
def test_which_equations_do_not_depend_on_the_size(text, values, fits):
    from zoo.models.phi_rom.scaling import homogeneous

    assert homogeneous(physics.parse(text, values, length=1.0)) == fits


def test_a_warm_wall_sets_a_size():
    with pytest.raises(ValueError, match="homogeneous"):
        zoo.create("phi-rom", physics.get("burgers_source"), homogeneous=True)
    with pytest.raises(ValueError, match="latent >= 2"):
        plate(latent=1)


def test_decoder_dynamics_and_encoding_scale_with_the_first_entry():
    from zoo.models.phi_rom.dynamics import rate
    from zoo.models.phi_rom.encoding import encode
    from zoo.models.phi_rom.tendency import grid_places, scaled

    model = plate()
    c, w = model.config, model.weights()
    one = latents_of(model)
    one[:, 0] = 1.0
    three = one * np.r_[3.0, np.ones(6)].astype(np.float32)
    places = scaled(c, grid_places(c))
    fields = decoded(model, places, one)
    assert np.allclose(decoded(model, places, three), 3 * fields, rtol=1e-5, atol=1e-6)
    none = np.zeros(1, np.float32)
    move = compiled(lambda a: rate(c, w["dynamics"], a, none), one)
    other = compiled(lambda a: rate(c, w["dynamics"], a, none), three)
    assert np.allclose(other[:, 0], 3 * move[:, 0], rtol=1e-5)
    assert np.allclose(other[:, 1:], move[:, 1:], rtol=1e-5, atol=1e-6)
    anchors = np.concatenate([one.mean(0)[None], one, latents_of(model, 9, 5)])
    found = encode(c, w["decoder"], anchors, places, -5 * fields, starts=3)
    assert found.misfit.max() < 1e-3
    again = decoded(model, places, np.asarray(found.latents))
    assert np.allclose(again, -5 * fields, atol=5e-3 * np.abs(fields).max())


# -- motions -----------------------------------------------------------------------------------


def config_of(text, **options):
    settings = {"grid": 24, "fronts": 0, "decoder": "sine"} | options
    return zoo.create("phi-rom", physics.parse(text, {}, length=1.0), **settings).config


UNNOTICED = {  # equation: (its config, motions that it does not notice)
    "square": (lambda: plate().config, 8),
    "oblong grid": (lambda: plate(grid=(12, 10)).config, 4),
    "fourth order": (lambda: plate(order=4).config, 8),
    "travelling": (lambda: config_of("u_t = -u_x + 0.1*u_xx"), 1),
    "decaying": (lambda: config_of("u_t = 0.1*u_xx"), 2),
    "of directions": (lambda: config_of("u_t = 0.1*u_xx + 0.2*u_yy", grid=(12, 12)), 4),
}


@pytest.mark.parametrize("name", UNNOTICED)
def test_motions_are_found_from_the_equation(name):
    make, count = UNNOTICED[name]
    config = make()
    found = motions(config)
    assert len(found.places) == count
    assert np.array_equal(found.places[0], np.eye(config.equation.dim))
    assert np.array_equal(found.latents[0], np.eye(config.latent))


def test_latents_represent_the_motions():
    found = motions(plate(latent=16).config)
    for (m, r), (n, s) in itertools.product(zip(*found, strict=True), repeat=2):
        place = next(i for i, p in enumerate(found.places) if np.array_equal(p, m @ n))
        assert np.array_equal(found.latents[place], r @ s)


def test_powers_come_with_their_exchange():
    names = powers(plate(latent=16).config)
    assert names[:4] == ((0, 0), (1, 0), (0, 1), (2, 0)) and len(names) == 16
    assert all(names.count(n) == names.count(n[::-1]) for n in names)


def test_moments_move_as_the_field_does():
    from zoo.models.phi_rom.moments import moments, size_of
    from zoo.models.phi_rom.tendency import grid_places, scaled

    config = plate(latent=16).config
    places = scaled(config, grid_places(config))
    rng = np.random.default_rng(0)
    centres, widths = rng.uniform(-0.5, 0.5, (6, 1, 2)), rng.uniform(0.2, 0.5, (6, 1))
    heights = rng.uniform(0.5, 2, (6, 1))
    u = (heights * np.exp(-((places - centres) ** 2).sum(-1) / (2 * widths**2)))[..., None]
    still = moments(config, places, u, np.random.default_rng(1))
    assert np.allclose(still[:, 0], size_of(u)) and np.isfinite(still).all()
    larger = moments(config, places, 3 * u, np.random.default_rng(1))
    assert np.allclose(larger[:, 1:], still[:, 1:], atol=1e-5)
    assert np.corrcoef(still[:, 1], centres[:, 0, 0])[0, 1] > 0.95
    found = motions(config)
    for m, r in zip(*found, strict=True):
        index = moved_points(config, m)
        moved = moments(config, places, u[:, index], np.random.default_rng(1))
        assert np.abs(moved - still @ r.T).max() < 0.1  # jitter, which has no order


@pytest.mark.parametrize("first", ["components", "moments"])
def test_first_latents_begin_with_the_size(first):
    from zoo.models.phi_rom.fitting import batch_of, first_latents
    from zoo.models.phi_rom.moments import size_of
    from zoo.models.phi_rom.reading import read

    model, rng = plate(), np.random.default_rng(0)
    measured = read(model.config, heated(2))
    batch = batch_of(model, measured)
    found = first_latents(model, measured, batch, "data", rng, first)
    assert found.shape == (14, 7) and found.dtype == np.float32
    assert np.allclose(found[:, 0], size_of(batch["seen"].values), rtol=1e-5)


# -- training ----------------------------------------------------------------------------------


def heated(samples, seed=0):
    return physics.solve(
        physics.get("diffusion_walls"), samples=samples, seed=seed,
        times=np.linspace(0.0, 1.5, 7), resolution=12, scheme="finite-difference", order=2,
    )  # fmt: skip


RULES = {"first": "moments", "symmetric": True, "mix": True, "ahead": 4, "taught": 4, "pool": 16,
         "points": 48, "level": 0.15, "limit": 0.6, "settle": 0.1, "tangent": 0.1}  # fmt: skip


@pytest.mark.slow
def test_training_under_motions_carries_over_to_images(tmp_path):
    from zoo.models.phi_rom.judging import errors
    from zoo.training.schedule import Schedule

    schedule = Schedule(steps=500, rate=1e-2, warmup=20, chunk=50, save=500, final=0.02)
    model = plate(width=24, depth=3, dynamics_width=24, dynamics_depth=2, anchors=48)
    trained = model.fit(heated(24), schedule, rules=RULES, progress=False)
    truth = heated(8, seed=7)
    found = errors(trained.predict(truth)["u"].values, truth["u"].values, 4)
    turned = truth.assign(u=(truth["u"].dims, truth["u"].values.swapaxes(2, 3)[:, :, ::-1].copy()))
    images = errors(trained.predict(turned)["u"].values, turned["u"].values, 4)
    assert found["inside"] < 0.2 and found["beyond"] < 0.2
    assert images["inside"] < 1.3 * found["inside"] + 0.01
    assert float(trained.statistics()["center"][0]) == 0
    zoo.save(tmp_path / "plate", trained)
    again = zoo.load(tmp_path / "plate")
    assert np.array_equal(again.predict(truth)["u"], trained.predict(truth)["u"])


@pytest.mark.slow
def test_lessons_teach_dynamics_what_the_solver_asks_for():
    import jax

    from zoo.models.phi_rom.decoders import features
    from zoo.models.phi_rom.dynamics import rate
    from zoo.models.phi_rom.fitting import batch_of, check_rules
    from zoo.models.phi_rom.lessons import taught
    from zoo.models.phi_rom.losses import rates_of
    from zoo.models.phi_rom.reading import read

    model = plate(dynamics_width=32, dynamics_depth=2)
    table = latents_of(model, 14)
    table[:, 0] = 1.0
    batch = jax.tree.map(np.asarray, batch_of(model, read(model.config, heated(2))))
    params = {**model.weights(), "latents": table}
    rules = check_rules(RULES | {"rounds": 1, "drills": 800, "lessons": 64, "symmetric": False})
    none, physics, decoder = np.zeros(1, np.float32), batch["physics"], params["decoder"]

    def wrong(dynamics):
        shared = features(model.config, decoder, physics.places)

        def one(a):
            found, gram, size = rates_of(model.config, decoder, a, none, physics, shared, 1e-6)
            gap = rate(model.config, dynamics, a, none) - found.rate
            return (gap @ gram @ gap) ** 0.5 / size

        return jax.vmap(one)(table).mean()

    before = float(compiled(wrong, params["dynamics"]))
    after = float(compiled(wrong, taught(model.config, rules, params, batch, 0)))
    assert after < 0.5 * before


def test_states_between_trajectories_are_made():
    import jax
    import jax.numpy as jnp

    from zoo.models.phi_rom.ahead import fresh_pool
    from zoo.models.phi_rom.fitting import check_rules

    model = plate()
    table = latents_of(model, 12)
    batch = {"box": jnp.zeros((2, 1)), "starts": jnp.arange(0, 12, 3), "span": 0.0}
    params = {"latents": table, "dynamics": model.weights()["dynamics"]}
    key = jax.random.key(0)
    for mix in (False, True):
        rules = check_rules(RULES | {"mix": mix})
        pool = compiled(
            lambda p, r=rules: fresh_pool(model.config, r, p, batch, key), params
        )  # fmt: skip
        same = (np.abs(pool["latents"][:, None] - table[::3]).max(-1) < 1e-6).any(1)
        assert same.all() != mix and pool["usable"].all()


@pytest.mark.parametrize(
    "rules, message",
    [
        ({"symmetric": True}, "first"),
        ({"first": "moment"}, "components"),
        ({"mixed": True}, "mix"),
    ],
)
def test_bad_rules_are_refused(rules, message):
    with pytest.raises(ValueError, match=message):
        plate().fit(heated(2), rules=rules, progress=False)
