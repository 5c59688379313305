"""The PDEs of the catalogue: solitons, waves and states at rest that are known exactly."""

import numpy as np
import pytest

import physics
from physics.grid import Grid

from .pde_cases import close
from .pseudospectral import Fields, rates

# -- exact solutions -----------------------------------------------------------------------


def test_a_kdv_soliton_moves_with_its_speed():
    system = physics.get("kdv", alpha=5.0, beta=0.8)
    grid = Grid(system.domain, 256)
    height = 1.2
    width = np.sqrt(5.0 * height / (12 * 0.8))
    at = Fields(grid, {"u": height / np.cosh(width * (grid.mesh[0] - 16)) ** 2})
    speed = 5.0 * height / 3
    assert close(rates(system, at)["u"], -speed * at.along(at.values["u"], "x"), 1e-6)


def test_the_stationary_density_of_fokker_planck():
    system = physics.get("fokker_planck", a=1.3, kappa=0.6)
    grid = Grid(system.domain, 64)
    at = Fields(grid, {"p": np.exp(-1.3 / 0.6 * np.cos(grid.mesh[0]))})
    assert np.abs(rates(system, at)["p"]).max() < 1e-10


@pytest.mark.parametrize("name", ["ginzburg_landau", "lambda_omega", "schroedinger"])
def test_plane_waves(name):
    system = physics.get(name, dim=2, **({"cubic": True} if name == "schroedinger" else {}))
    grid = Grid(system.domain, 32)
    k = 2 * np.pi / grid.lengths[0]
    p = system.values
    if name == "ginzburg_landau":
        height = np.sqrt(1 - k**2)
        omega = p["b"] * k**2 + p["c"] * height**2
    elif name == "lambda_omega":
        height = np.sqrt(1 - p["d"] * k**2)
        omega = p["beta"] * height**2
    else:
        height = 0.7
        omega = p["c"] * k**2 + p["g"] * height**2
    phase = k * grid.mesh[0] + 0 * grid.mesh[1]
    u, v = height * np.cos(phase), height * np.sin(phase)
    found = rates(system, Fields(grid, {"u": u, "v": v}))
    assert close(found["u"], omega * v) and close(found["v"], -omega * u)


def test_kolmogorov_flow_has_its_laminar_state():
    system = physics.get("navier_stokes_vorticity", forcing=4, drag=True, nu=0.02, f=0.7)
    p, grid = system.values, Grid(system.domain, 32)
    speed = p["f"] / (p["nu"] * 16 + p["mu"])
    omega = -4 * speed * np.cos(4 * grid.mesh[1]) + 0 * grid.mesh[0]
    assert np.abs(rates(system, Fields(grid, {"omega": omega}))["omega"]).max() < 1e-10


def test_taylor_green_vortices_only_decay():
    system = physics.get("navier_stokes_velocity", dim=2, nu=0.05)
    grid = Grid(system.domain, 32)
    x, y = grid.mesh
    u = {"u": np.cos(x) * np.sin(y), "v": -np.sin(x) * np.cos(y)}
    found = rates(system, Fields(grid, u))
    assert all(close(found[s], -2 * 0.05 * u[s]) for s in u)


@pytest.mark.parametrize("name, state", [
    ("gray_scott", {"u": 1.0, "v": 0.0}), ("brusselator_pde", {"u": 4.5, "v": 7.5 / 4.5}),
    ("fisher_kpp", {"u": 1.0}), ("allen_cahn", {"u": -1.0}), ("cahn_hilliard", {"u": 0.4}),
    ("shallow_water", {"h": 1.3, "hu": 0.0, "hv": 0.0}), ("sine_gordon", {"u": 0.0, "v": 0.0}),
])  # fmt: skip
def test_uniform_states_that_rest(name, state):
    system = physics.get(name)
    grid = Grid(system.domain, 8)
    uniform = {s: np.full(grid.points, v) for s, v in state.items()}
    assert all(np.abs(r).max() < 1e-12 for r in rates(system, Fields(grid, uniform)).values())


def test_the_uniform_brusselator_is_unstable_to_its_pattern_and_not_to_oscillation():
    p = physics.get("brusselator_pde").values
    assert (1 + p["a"] * np.sqrt(p["c"] / p["d"])) ** 2 < p["b"] < 1 + p["a"] ** 2
    k2 = p["a"] / np.sqrt(p["c"] * p["d"])
    matrix = [[p["b"] - 1 - p["c"] * k2, p["a"] ** 2], [-p["b"], -(p["a"] ** 2) - p["d"] * k2]]
    assert np.linalg.eigvals(np.array(matrix)).real.max() > 0
