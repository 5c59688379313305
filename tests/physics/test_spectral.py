"""The spectral lowering: exact solutions, orders, conserved quantities, equal forms, properties."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg

import physics
from physics.integrate.marching import march
from physics.integrate.phi import matrix_phis, phis
from physics.lower.spectral.spectral_stepper import SpectralStepper

pytestmark = pytest.mark.usefixtures("double")


TAU = 2 * np.pi


def run(system, points, dt, end, start, order=4, params=None):
    """(grid, field at `end`) from start(*mesh), channels last."""
    grid = physics.Grid(system.domain, points)
    stepper = SpectralStepper(system, grid, dt, order)
    fields = start(*grid.mesh)
    fields = fields if isinstance(fields, tuple) else (fields,)
    u = jnp.stack([jnp.broadcast_to(f, grid.points) for f in fields], -1)
    steps = round(end / dt)
    state = jax.jit(march, static_argnums=(0, 3))(
        stepper, stepper.encode(u), stepper.prepare(params), steps
    )
    return grid, np.asarray(stepper.decode(state))


# -- φ functions ---------------------------------------------------------------------------


@pytest.mark.parametrize("np_", [np, jnp])
@pytest.mark.parametrize("scale", [0.1, 3.0, 100.0])
def test_phi_functions_of_matrices(np_, scale):
    rng = np.random.default_rng(0)
    a = rng.normal(size=(3, 3, 4)) * scale - 3 * scale * np.eye(3)[..., None]
    found = matrix_phis(np_.asarray(a), 3, np_)
    for mode in range(4):
        big = np.kron(np.eye(4, k=1), np.eye(3))
        big[:3, :3] = a[..., mode]
        exact = scipy.linalg.expm(big)
        for k in range(4):
            block = exact[:3, 3 * k : 3 * k + 3]
            assert np.abs(np.asarray(found[k])[..., mode] - block).max() < 1e-10 * scale


@pytest.mark.parametrize("z", [1e-9, -1e-3, 0.7, -0.999, -1.001, -40.0, 2j, -3 + 40j])
def test_phi_functions_of_numbers_agree_with_those_of_matrices(z):
    kind = complex if isinstance(z, complex) else float
    one = phis(np.array([z], kind), 3, np)
    other = matrix_phis(np.array([[[z]]], kind), 3, np)
    for a, b in zip(one, other, strict=True):
        assert abs(a[0] - b[0, 0, 0]) < 1e-13 * abs(a[0]) + 1e-15


# -- exact solutions -----------------------------------------------------------------------


def test_heat_and_advection_are_exact_in_one_step():
    heat = physics.parse("u_t = k*u_xx", {"k": 0.3}, length=TAU)
    _, u = run(heat, 32, 2.0, 2.0, lambda x: jnp.sin(3 * x))
    x = np.arange(32) * TAU / 32
    assert np.abs(u[:, 0] - np.sin(3 * x) * np.exp(-0.3 * 9 * 2)).max() < 1e-14
    moved = physics.parse("u_t = -c*u_x", {"c": 1.7}, length=TAU)
    _, u = run(moved, 32, 5.0, 5.0, lambda x: jnp.sin(3 * x))
    assert np.abs(u[:, 0] - np.sin(3 * (x - 8.5))).max() < 1e-13


def test_burgers_agrees_with_cole_and_hopf():
    nu, end = 0.1, 1.0
    system = physics.parse("u_t = -u*u_x + nu*u_xx", {"nu": nu}, length=TAU)
    grid, u = run(system, 256, 1e-3, end, lambda x: jnp.sin(x))
    # u = −2ν ∂ₓ log φ, φ heat flow of exp((cos x − 1)/2ν), on a grid fine enough for φ
    x = np.arange(2048) * TAU / 2048
    k = np.fft.rfftfreq(2048, 1 / 2048)
    phi = np.fft.rfft(np.exp((np.cos(x) - 1) / (2 * nu))) * np.exp(-nu * k**2 * end)
    exact = -2 * nu * np.fft.irfft(1j * k * phi) / np.fft.irfft(phi)
    assert np.abs(u[:, 0] - exact[::8]).max() < 1e-9


@pytest.mark.parametrize(("order", "bound"), [(2, 1.7), (4, 3.5)])
def test_kdv_soliton_and_order_in_time(order, bound):
    system = physics.parse("u_t = -6*u*u_x - u_xxx", length=40 * TAU / 6)

    def soliton(x, t=0.0):
        return 0.5 / jnp.cosh((x - t - 18) / 2) ** 2

    errors = []
    for dt in (0.1, 0.05):
        grid, u = run(system, 192, dt, 4.0, soliton, order)
        errors.append(np.abs(u[:, 0] - soliton(grid.mesh[0], 4.0)).max())
    assert errors[1] < 2e-3 and np.log2(errors[0] / errors[1]) > bound


WAVES = {
    "wave": (["u_t = v", "v_t = 4*u_xx"], lambda k: 2 * k),
    "klein-gordon": (["u_t = v", "v_t = u_xx - 3*u"], lambda k: np.sqrt(k**2 + 3)),
}


@pytest.mark.parametrize("name", WAVES)
def test_waves_at_ten_times_the_explicit_limit(name):
    lines, frequency = WAVES[name]
    system = physics.parse(lines, length=TAU)
    dt = 10 * (TAU / 64) / 2  # explicit leapfrog needs dt < dx/c
    _, u = run(system, 64, dt, 20 * dt, lambda x: (jnp.sin(5 * x), 0 * x))
    x, omega = np.arange(64) * TAU / 64, frequency(5)
    assert np.abs(u[:, 0] - np.sin(5 * x) * np.cos(omega * 20 * dt)).max() < 1e-11


def test_schroedinger_at_ten_times_the_explicit_limit():
    system = physics.parse(["u_t = -v_xx/2", "v_t = u_xx/2"], length=TAU)
    dt = 10 * (TAU / 64) ** 2
    _, u = run(system, 64, dt, 50 * dt, lambda x: (jnp.cos(7 * x), jnp.sin(7 * x)))
    x = np.arange(64) * TAU / 64
    phase = 7 * x - 49 / 2 * 50 * dt
    assert np.abs(u - np.stack([np.cos(phase), np.sin(phase)], -1)).max() < 1e-11


def test_waves_in_single_precision_keep_five_digits():
    system = physics.parse(["u_t = v", "v_t = 4*u_xx"], length=TAU)
    grid = physics.Grid(system.domain, 64)
    stepper = SpectralStepper(system, grid, 0.5)
    u = jnp.stack([jnp.sin(5 * grid.mesh[0]), 0 * grid.mesh[0]], -1).astype(jnp.float32)
    state = march(stepper, stepper.encode(u), stepper.prepare(), 100)
    found = stepper.decode(state)
    assert found.dtype == jnp.float32
    exact = np.sin(5 * grid.mesh[0]) * np.cos(10 * 50.0)
    assert np.abs(np.asarray(found)[:, 0] - exact).max() < 1e-5


def test_taylor_green_vortices_decay():
    system = physics.parse(
        "w_t = D(inverse_laplacian(w), x)*w_y - D(inverse_laplacian(w), y)*w_x + nu*laplacian(w)",
        {"nu": 0.05}, length=[TAU, TAU],
    )  # fmt: skip
    grid, w = run(system, 32, 0.1, 2.0, lambda x, y: 2 * jnp.sin(x) * jnp.sin(y))
    exact = 2 * np.sin(grid.mesh[0]) * np.sin(grid.mesh[1]) * np.exp(-2 * 0.05 * 2)
    assert np.abs(w[..., 0] - exact).max() < 1e-13


def test_forcing_in_space_and_time_against_an_exact_solution():
    # u = sin(x) cos(t) solves u_t = u_xx + f, f = sin(x) (cos t − sin t)
    system = physics.parse("u_t = u_xx + sin(x)*(cos(t) - sin(t))", length=TAU)
    grid, u = run(system, 16, 0.01, 1.0, lambda x: jnp.sin(x))
    assert np.abs(u[:, 0] - np.sin(grid.mesh[0]) * np.cos(1.0)).max() < 1e-9


def test_unequal_lengths_and_resolutions():
    system = physics.parse("u_t = k*laplacian(u)", {"k": 0.1}, length=[TAU, 2 * TAU, 3.0])
    grid, u = run(
        system, (8, 20, 12), 1.0, 1.0,
        lambda x, y, z: jnp.sin(2 * x) * jnp.cos(1.5 * y) * jnp.sin(TAU / 3 * z),
    )  # fmt: skip
    x, y, z = grid.mesh
    rate = 0.1 * (4 + 2.25 + (TAU / 3) ** 2)
    exact = np.sin(2 * x) * np.cos(1.5 * y) * np.sin(TAU / 3 * z) * np.exp(-rate)
    assert np.abs(u[..., 0] - exact).max() < 1e-14


# -- conserved quantities ------------------------------------------------------------------


def test_two_dimensional_euler_conserves_energy_and_enstrophy():
    system = physics.parse(
        "w_t = D(inverse_laplacian(w), x)*w_y - D(inverse_laplacian(w), y)*w_x", length=[TAU, TAU]
    )
    rng = np.random.default_rng(0)
    phases = rng.uniform(0, TAU, 4)

    def start(x, y):
        return (
            jnp.sin(2 * x + phases[0]) * jnp.cos(3 * y + phases[1])
            + jnp.cos(x + phases[2]) + jnp.sin(4 * y + x + phases[3])
        )  # fmt: skip

    first = run(system, 48, 0.005, 0.005, start)[1][..., 0]
    last = run(system, 48, 0.005, 2.0, start)[1][..., 0]
    assert abs((last**2).mean() / (first**2).mean() - 1) < 1e-7
    assert np.abs(last - first).max() > 1  # it did move


def test_mass_is_kept_to_rounding():
    system = physics.get("cahn_hilliard", dim=1)
    data = physics.solve(system, samples=2, seed=1, times=[0, 0.1, 0.2], resolution=64)
    mass = data["u"].mean("x")
    assert np.abs(mass - mass[:, :1]).max() < 1e-13


# -- bad input -----------------------------------------------------------------------------


def test_bad_input_is_explained():
    system = physics.parse("u_t = u_xx", length=TAU)
    grid = physics.Grid(system.domain, 16)
    with pytest.raises(ValueError, match="order 2 or 4"):
        physics.stepper(system, grid, 0.1, order=3, scheme="spectral")
    with pytest.raises(ValueError, match="dt must be positive"):
        physics.stepper(system, grid, -0.1, scheme="spectral")
    with pytest.raises(ValueError, match='nearest: "spectral"'):
        physics.stepper(system, grid, 0.1, scheme="spectrl")
    stepper = physics.stepper(system, grid, 0.1)
    with pytest.raises(ValueError, match="shape"):
        stepper(jnp.zeros((8, 1)))
    with pytest.raises(ValueError, match="no parameter"):
        stepper.prepare({"nu": 1.0})
    with pytest.raises(ValueError, match="nonlocal and not linear"):
        nested = physics.parse("u_t = u*inverse_laplacian(u^2)", length=[TAU])
        physics.stepper(nested, 16, 0.1, scheme="spectral")


def test_an_unresolved_spectrum_is_reported_with_its_wavenumber():
    system = physics.parse("u_t = -u*u_x + 0.001*u_xx", length=TAU)
    start = np.sin(physics.Grid(system.domain, 32).mesh[0])
    with pytest.warns(UserWarning, match="spectrum not resolved.*wavenumber"):
        physics.solve(system, initial=start, times=[0, 0.5, 1.2], dt=0.01)
