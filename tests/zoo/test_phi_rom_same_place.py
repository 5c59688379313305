"""Typed equations live where the model that is tuned to them does."""

import numpy as np
import pytest

import physics
import zoo
from zoo.models.phi_rom.same_place import housed
from zoo.models.phi_rom.tuning import prepared, simulated

BURGERS = "u_t = -D(u^2/2, x) + q*exp(mu2*x) - k*u"
TYPED = {"q": 0.02, "mu2": 0.021, "k": 0.05}


def test_what_an_equation_leaves_open_is_that_of_the_model():
    known = physics.get("burgers_source")
    found = housed(physics.parse(BURGERS, TYPED), known, ("mu2",))
    assert (found.domain, found.boundary, found.initial) == (
        known.domain, known.boundary, known.initial,
    )  # fmt: skip
    ranged, theirs = found.parameter("mu2"), known.parameter("mu2")
    assert (ranged.low, ranged.high) == (theirs.low, theirs.high)
    assert found.parameter("mu1") == known.parameter("mu1")  # the inflow's
    assert found.parameter("k").low is None and found.values["k"] == 0.05


def test_what_it_says_is_kept():
    known = physics.get("diffusion_walls")
    text = "u_t = kappa*(u_xx + u_yy) - u"
    own = physics.Parameter("kappa", 0.5, low=0.4, high=0.6)
    elsewhere = physics.parse(text, [own], length=3.0)
    assert housed(elsewhere, known, ("kappa",)) == elsewhere
    assert housed(elsewhere, known, ("kappa",)).parameter("kappa") == own
    begun = physics.parse(text, [own], initial=known.initial)
    assert housed(begun, known, ()).domain == begun.domain
    here = physics.parse(text, [own], domain=known.domain)
    assert housed(here, known, ()).initial == known.initial
    other = physics.parse(text.replace("u", "v"), [own])
    assert housed(other, known, ()).initial is None
    outside = physics.parse(text, {"kappa": 1e6})
    assert housed(outside, known, ("kappa",)).parameter("kappa").high is None


def test_trajectories_of_a_typed_equation_differ_as_those_of_the_training_did():
    model = zoo.load("phi-rom.burgers-source")
    tuned, data, _, _ = prepared(model, physics.parse(BURGERS, TYPED), None, 10, 0, 4)
    assert tuned.config.parameters == ("mu2",) and data.sizes == {"sample": 4, "time": 51, "x": 256}
    assert len(np.unique(data["mu2"])) == 4
    again = simulated(tuned, 0, 4)
    assert np.array_equal(again["u"], data["u"])


@pytest.mark.slow
def test_an_equation_on_the_command_line(tmp_path):
    from zoo.cli.entry import main

    text = "u_t = 2*(u_xx + u_yy) - 0.3*u^2"
    words = ["finetune", "phi-rom.diffusion", text, "--steps", "3", "--set", "samples=2"]
    assert main([*words, "-o", str(tmp_path / "run")]) == 0
    tuned = zoo.load(tmp_path / "run" / "checkpoint")
    known = physics.get("diffusion_walls")
    assert tuned.config.sized and tuned.config.equation.initial == known.initial
