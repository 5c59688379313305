"""The PDEs of the catalogue: equal forms, what they keep and what they lose."""

import jax
import numpy as np
import pytest

import physics
from physics.grid import Grid
from physics.jets import D, expand_fluxes

from .pde_cases import PERIODIC, close, smooth
from .pseudospectral import Fields, rate_of, rates


@pytest.mark.parametrize("name, options", PERIODIC)
def test_fluxes_are_their_expansions(name, options):
    system = physics.get(name, **options)
    at = smooth(system, mean=3.0, modes=1)
    for expression in system.equations.values():
        if expression.has(D):
            assert close(at(expression), at(expand_fluxes(expression)), 1e-6)


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_the_two_forms_of_kuramoto_sivashinsky(dim):
    front = physics.get("kuramoto_sivashinsky", dim=dim, form="gradient")
    slope = physics.get("kuramoto_sivashinsky", dim=dim, form="conservative")
    at = smooth(front)
    gradient = {s: at.along(at.values["phi"], c) for s, c in zip("uvw"[:dim], "xyz", strict=False)}
    of_front = rates(front, at)["phi"]
    of_slope = rates(slope, Fields(at.grid, gradient))
    for state, c in zip("uvw"[:dim], "xyz", strict=False):
        assert close(of_slope[state], at.along(of_front, c))


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_the_two_forms_of_burgers_agree_on_gradients(dim):
    advective = physics.get("burgers", dim=dim)
    conservative = physics.get("burgers", dim=dim, conservative=True)
    at = smooth(physics.get("heat", dim=dim))
    u = {s: at.along(at.values["u"], c) for s, c in zip("uvw"[:dim], "xyz", strict=False)}
    one, two = (rates(s, Fields(at.grid, u)) for s in (advective, conservative))
    assert all(close(one[s], two[s]) for s in u)
    assert (advective == conservative) == (dim == 1)


@pytest.mark.parametrize("forcing", [0, 3])
def test_vorticity_and_velocity_are_one_flow(forcing):
    by_vorticity = physics.get("navier_stokes_vorticity", forcing=forcing, nu=0.02)
    by_velocity = physics.get("navier_stokes_velocity", dim=2, forcing=forcing, nu=0.02)
    at = smooth(by_vorticity)
    omega = at.values["omega"] - at.values["omega"].mean()
    stream = at.inverse_laplacian(omega)
    flow = Fields(at.grid, {"u": -at.along(stream, "y"), "v": at.along(stream, "x")})
    found = rates(by_velocity, flow)
    curl = flow.along(found["v"], "x") - flow.along(found["u"], "y")
    assert close(curl, rates(by_vorticity, Fields(at.grid, {"omega": omega}))["omega"])
    assert np.abs(flow.along(found["u"], "x") + flow.along(found["v"], "y")).max() < 1e-10


def test_three_dimensional_flow_stays_divergence_free():
    system = physics.get("navier_stokes_velocity", forcing=1)
    grid = Grid(system.domain, 16)
    u = np.asarray(system.initial.draw_field(jax.random.key(0), grid, system.state_names), float)
    at = Fields(grid, dict(zip("uvw", np.moveaxis(u, -1, 0), strict=True)))
    found = rates(system, at)
    assert (
        np.abs(sum(at.along(found[s], c) for s, c in zip("uvw", "xyz", strict=True))).max() < 1e-4
    )


CONSERVED = [
    ("heat", {"dim": 2}, "mass"), ("advection", {"dim": 2}, "mass"),
    ("advection", {"dim": 2}, "energy"), ("advection_diffusion", {}, "mass"),
    ("burgers", {}, "momentum"), ("burgers", {"dim": 2, "conservative": True}, "momentum"),
    ("kdv", {}, "mass"), ("kdv", {}, "momentum"), ("kdv", {}, "energy"),
    ("kdv2d", {}, "mass"), ("kdv2d", {}, "momentum"), ("kdv2d", {}, "energy"),
    ("cahn_hilliard", {"dim": 2}, "mass"), ("wave", {"dim": 2}, "energy"),
    ("klein_gordon", {"dim": 2}, "energy"), ("sine_gordon", {"dim": 2}, "energy"),
    ("schroedinger", {"dim": 2}, "mass"), ("schroedinger", {"dim": 2, "cubic": True}, "mass"),
    ("schroedinger", {"dim": 2, "cubic": True}, "energy"), ("porous_medium", {"m": 3}, "mass"),
    *[("conservation_law", {"flux": f}, "mass") for f in ("linear", "burgers", "cubic", "sine")],
    ("conservation_law", {"flux": "cosine", "viscous": False}, "energy"),
    ("fokker_planck", {}, "mass"), ("navier_stokes_vorticity", {"drag": True}, "circulation"),
    ("shallow_water", {}, "mass"), ("shallow_water", {}, "momentum"),
    ("shallow_water", {"viscous": False}, "energy"),
]  # fmt: skip


@pytest.mark.parametrize("name, options, quantity", CONSERVED)
def test_conserved_quantities(name, options, quantity):
    system = physics.get(name, **options)
    mean = 2.0 if name in ("shallow_water", "porous_medium") else 0.3
    fields = smooth(system, mean=0.0 if quantity == "circulation" else mean)
    rate = rate_of(system, system.diagnostics[quantity], fields)
    size = max(np.abs(r).max() for r in rates(system, fields).values())
    assert abs(rate) < 1e-5 * max(size, 1)


@pytest.mark.parametrize("quantity", ["energy", "helicity", "potential"])
def test_ideal_magnetohydrodynamics_keeps_its_three_invariants(quantity):
    system = physics.get("mhd2d").without("nu", "eta")
    fields = smooth(system)
    density = physics.get("mhd2d").diagnostics[quantity]
    assert abs(rate_of(system, density, fields)) < 1e-7
    assert max(np.abs(r).max() for r in rates(system, fields).values()) > 0.1


@pytest.mark.parametrize("quantity", ["energy", "enstrophy"])
def test_ideal_plane_flow_keeps_energy_and_enstrophy(quantity):
    entry = physics.get("navier_stokes_vorticity", forcing=0)
    fields = smooth(entry)
    assert abs(rate_of(entry.without("nu"), entry.diagnostics[quantity], fields)) < 1e-7
    assert rate_of(entry, entry.diagnostics[quantity], fields) < -1e-5


@pytest.mark.parametrize("name", ["allen_cahn", "swift_hohenberg"])
def test_gradient_flows_lose_their_energy_at_the_rate_of_their_motion(name):
    system = physics.get(name, dim=2)
    fields = smooth(system)
    loss = np.mean(rates(system, fields)["u"] ** 2)
    assert rate_of(system, system.diagnostics["energy"], fields) == pytest.approx(-loss, rel=1e-5)


@pytest.mark.parametrize("name", ["cahn_hilliard", "heat", "burgers", "porous_medium"])
def test_energy_falls(name):
    system = physics.get(name)
    assert rate_of(system, system.diagnostics["energy"], smooth(system, mean=1.0)) < -1e-3
