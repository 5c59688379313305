"""A Φ-ROM of fields of any size under an equation for which size matters."""

import numpy as np
import pytest

import physics
import zoo
from zoo.models.phi_rom.judging import errors

PLATE = {"grid": (12, 12), "scheme": "finite-difference", "order": 2, "latent": 7, "width": 16,
         "decoder": "sine", "depth": 2, "fronts": 0, "spots": 2, "anchors": 12, "kept": 2,
         "dynamics_width": 8, "dynamics_depth": 1, "walls": True, "homogeneous": True}  # fmt: skip


def eaten(loss="0.3*u^2"):
    """Diffusion between cold walls, and a reaction typed by a user."""
    known = physics.get("diffusion_walls")
    return physics.parse(
        f"u_t = kappa*(u_xx + u_yy) - {loss}", known.parameters, states=known.states,
        domain=known.domain, boundary=known.boundary, initial=known.initial, name="eaten",
    )  # fmt: skip


def asked(model, latent):
    """(Projection, J (point, latent), r (point,)) of one latent."""
    import jax
    import jax.numpy as jnp

    from zoo.models.phi_rom.decoders import decode, features
    from zoo.models.phi_rom.losses import Physics, slopes_of
    from zoo.models.phi_rom.tendency import grid_places, scaled, tendency

    c, weights = model.config, model.weights()["decoder"]
    one = np.ones(1, np.float32)
    about = Physics(scaled(c, grid_places(c)), 0 * one, one, one[0], 0 * one, one)
    shared = features(c, weights, about.places)
    found = jax.jit(lambda a: slopes_of(c, weights, a, 0 * one, about, shared))(latent)
    fields = lambda a: decode(c, weights, shared, a)[:, 0]  # noqa: E731
    rhs = lambda u: tendency(c)(u.reshape(12, 12, 1), {}).reshape(-1)  # noqa: E731
    return found, jax.jit(jax.jacfwd(fields))(latent), jax.jit(rhs)(jnp.asarray(fields(latent)))


@pytest.mark.parametrize("size", [3.0, 0.2, -1.5])
def test_the_solver_is_asked_at_the_size_of_the_field(size):
    """The rate is that of least squares with the Jacobian in all entries, size and shape."""
    model = zoo.create("phi-rom", eaten("40*u^2"), sized=True, **PLATE)
    latent = np.random.default_rng(0).standard_normal(7).astype(np.float32)
    latent[0] = size
    found, slopes, change = asked(model, latent)
    rate = np.array(found.rate) * np.r_[size, np.ones(6)]
    best = np.linalg.lstsq(np.asarray(slopes, float), np.asarray(change, float), rcond=None)[0]
    moved, could = slopes @ rate, slopes @ best
    assert np.linalg.norm(moved - could) < 0.01 * np.linalg.norm(could)
    other, _, _ = asked(model, latent * np.r_[2.0, np.ones(6)].astype(np.float32))
    assert not np.allclose(other.rate, found.rate, rtol=0.05)  # size matters


def test_without_size_nothing_depends_on_it():
    model = zoo.create("phi-rom", eaten("0.3*u"), **PLATE)
    latent = np.random.default_rng(0).standard_normal(7).astype(np.float32)
    found, other = (asked(model, latent * np.r_[s, np.ones(6)].astype(np.float32))[0].rate
                    for s in (1.0, 5.0))  # fmt: skip
    assert np.allclose(found, other, rtol=1e-4)


def test_adapting_begins_with_what_was_learnt_and_says_what_is_wrong():
    from zoo.models.phi_rom.dynamics import rate

    model = zoo.create("phi-rom", physics.get("diffusion_walls"), **PLATE)
    latents = np.random.default_rng(1).standard_normal((5, 7)).astype(np.float32)
    latents[:, 0] *= 3
    same, _ = model.adapt(eaten("0.3*u"))
    other, _ = model.adapt(eaten())
    assert not same.config.sized and other.config.sized
    none = np.zeros(1, np.float32)
    before, after = (rate(m.config, m.weights()["dynamics"], latents, none) for m in (model, other))
    assert np.allclose(before, after, rtol=1e-5, atol=1e-6)
    back, _ = other.adapt(eaten("0.3*u"))
    assert back.config.sized  # Ψ may have learnt to look at it
    with pytest.raises(ValueError, match="sized=True"):
        zoo.create("phi-rom", eaten(), **PLATE)
    with pytest.raises(ValueError, match="homogeneous=True"):
        zoo.create("phi-rom", eaten(), sized=True, **(PLATE | {"homogeneous": False}))


@pytest.mark.slow
def test_the_plate_is_tuned_to_a_reaction_of_second_order():
    model, system = zoo.load("phi-rom.diffusion"), eaten()
    truth = physics.solve(
        system, samples=12, seed=77, times=np.linspace(0, 2.5, 11), resolution=42,
        scheme="finite-difference", order=2,
    )  # fmt: skip
    start, _ = model.adapt(system)
    tuned = zoo.finetune(model, system, steps=200, samples=16, progress=False)
    before, after = (errors(m.predict(truth)["u"].values, truth["u"].values, 6)
                     for m in (start, tuned))  # fmt: skip
    assert after["inside"] < 0.5 * before["inside"] and after["beyond"] < 0.25 * before["beyond"]


def test_tuning_asks_for_motions_where_the_decoder_knows_them():
    from zoo.models.phi_rom.motions import motions
    from zoo.models.phi_rom.tuning_rules import knows_motions, rules_for

    taught, fresh = zoo.load("phi-rom.diffusion"), zoo.create("phi-rom", eaten("0.3*u"), **PLATE)
    assert knows_motions(taught) and not knows_motions(fresh)
    assert rules_for(taught, 10).symmetric and not rules_for(fresh, 10).symmetric
    assert not knows_motions(zoo.load("phi-rom.burgers-source"))
    alike = len(motions(taught.config).places)
    uneven, _ = taught.adapt(eaten("0.05*(x + 30)*u"))  # other from the left than from the right
    assert len(motions(uneven.config).places) < alike and knows_motions(uneven)
