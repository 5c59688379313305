"""The spectral lowering: exact solutions, orders, conserved quantities, equal forms, properties."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import physics
from physics.integrate.marching import march
from physics.integrate.phi import matrix_phis, phis
from physics.lower.spectral.forms import forms
from physics.lower.spectral.modes import Modes
from physics.lower.spectral.nonlinear import Nonlinear
from physics.lower.spectral.plan import best_plan, plan_of
from physics.lower.spectral.spectral_stepper import SpectralStepper

TAU = 2 * np.pi


@pytest.fixture(autouse=True)
def _double():
    with jax.enable_x64(True):
        yield


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


# -- equal forms ---------------------------------------------------------------------------

FORMS = {
    "burgers 1-D": ("u_t = -u*u_x + nu*u_xx", 1, (1, 1)),
    "burgers 2-D": (["u_t = -u*u_x - v*u_y", "v_t = -u*v_x - v*v_y"], 2, (3, 3)),
    "burgers 3-D": ([f"{a}_t = -u*{a}_x - v*{a}_y - w*{a}_z" for a in "uvw"], 3, (6, 4)),
    "ks 3-D": ("u_t = -(u_x^2 + u_y^2 + u_z^2)/2 - laplacian(u)", 3, (3, 1)),
    "vorticity": (
        "w_t = D(inverse_laplacian(w), x)*w_y - D(inverse_laplacian(w), y)*w_x", 2, (2, 2),
    ),
    "gray-scott": (["u_t = nu*laplacian(u) - u*v^2", "v_t = u*v^2 - nu*v + nu"], 2, (2, 1)),
    "navier-stokes 3-D": (
        [
            f"{a}_t = -leray({i}, " + ", ".join(
                "+".join(f"D({b}*{c}, {x})" for c, x in zip("uvw", "xyz", strict=True))
                for b in "uvw"
            ) + ")"
            for i, a in enumerate("uvw")
        ], 3, (3, 5),
    ),
    "variable coefficients": ("u_t = D(exp(sin(x))*u_x, x) + cos(x)*u*u_x + nu*sin(x)", 1, (2, 2)),
}  # fmt: skip


def system_of(name):
    lines, dim, _ = FORMS[name]
    text = lines if isinstance(lines, str) else " ".join(lines)
    parameters = {"nu": 0.3} if "nu" in text else {}
    return physics.parse(lines, parameters, length=[TAU] * dim)


@pytest.mark.parametrize("name", FORMS)
def test_the_search_finds_few_transforms(name):
    system = system_of(name)
    inverse, forward = best_plan(system).transforms
    assert inverse + forward <= sum(FORMS[name][2])


@pytest.mark.parametrize("name", FORMS)
def test_all_forms_are_the_same_function(name):
    """On fields with few modes, where no form makes aliasing errors."""
    system = system_of(name)
    grid = physics.Grid(system.domain, 32 if system.dim == 1 else 16)
    key = jax.random.key(0)
    law = physics.fields.RandomFourier(modes=2, amplitude=1.0)
    u = law.draw_field(key, grid, system.state_names).astype(float)
    found = []
    for form, terms in forms(system):
        plan = plan_of(terms, form)
        modes = Modes(grid, 1)
        part = Nonlinear(plan, system.state_names, modes)
        values = {sympy.Symbol(k): jnp.asarray(v) for k, v in system.values.items()}
        states = tuple(modes.to_modes(jnp.moveaxis(u, -1, 0)))
        forcing = part.forcing(values, float)
        out = part(0.0, states, part.outputs(values, jnp), forcing, values)
        zero = jnp.zeros_like(states[0])
        whole = jnp.stack([zero if o is None else o for o in out])
        found.append((form, np.asarray(modes.to_grid(whole))))
    base = found[0][1]
    for form, other in found[1:]:
        assert plan_linear(system, form) == plan_linear(system, "as written"), form
        assert np.abs(other - base).max() < 1e-9 * max(1, np.abs(base).max()), form


def plan_linear(system, form):
    for name, terms in forms(system):
        if name == form:
            return terms.linear
    return None


# -- gradients, batches, properties --------------------------------------------------------


def test_gradients_agree_with_finite_differences():
    system = physics.parse("u_t = -u*u_x + nu*u_xx", {"nu": 0.1}, length=TAU)
    grid = physics.Grid(system.domain, 32)
    stepper = SpectralStepper(system, grid, 0.05)
    u = jnp.sin(grid.mesh[0])[:, None]

    def loss(nu, u):
        state = march(stepper, stepper.encode(u), stepper.prepare({"nu": nu}), 20)
        return (stepper.decode(state) ** 2).sum()

    slope = jax.grad(loss)(0.1, u)
    h = 1e-5
    assert abs(slope - (loss(0.1 + h, u) - loss(0.1 - h, u)) / (2 * h)) < 1e-6 * abs(slope)
    bump = jnp.cos(2 * grid.mesh[0] + 0.3)[:, None]
    along = (jax.grad(loss, 1)(0.1, u) * bump).sum()
    numeric = (loss(0.1, u + h * bump) - loss(0.1, u - h * bump)) / (2 * h)
    assert abs(along - numeric) < 1e-6 * abs(along)


TERMS_1D = ["u*u_x", "u^2", "u^3", "u_x^2", "D(u^2/2, x)", "sin(x)*u", "u*u_xx", "cos(u)",
            "u_x", "u_xx", "u_xxx", "u", "sin(x)", "exp(-u^2)", "u_x*u_xx"]  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(
    chosen=st.lists(st.sampled_from(TERMS_1D), min_size=1, max_size=4, unique=True),
    numbers=st.lists(st.integers(-9, 9).filter(bool), min_size=4, max_size=4),
    seed=st.integers(0, 99),
)
def test_random_systems_lower_to_what_sympy_says(chosen, numbers, seed):
    text = " + ".join(f"({n}/4)*{t}" for n, t in zip(numbers, chosen, strict=False))
    system = physics.parse(f"u_t = {text}", length=TAU)
    points = 96
    grid = physics.Grid(system.domain, points)
    rng = np.random.default_rng(seed)
    amplitudes, phases = rng.normal(size=3) / 4, rng.uniform(0, TAU, 3)
    x = sympy.Symbol("x")
    exact_u = sum(
        sympy.Float(a, 20) * sympy.sin((n + 1) * x + sympy.Float(p, 20))
        for n, (a, p) in enumerate(zip(amplitudes, phases, strict=True))
    )
    jets = {physics.Jet("u", "x" * n): sympy.diff(exact_u, x, n) for n in range(4)}
    from physics.jets import expand_fluxes

    law = expand_fluxes(system.equations["u"]).xreplace(jets)
    exact = sympy.lambdify(x, law, "numpy")(grid.coordinates[0]) * np.ones(points)
    u = sympy.lambdify(x, exact_u, "numpy")(grid.coordinates[0])
    stepper = SpectralStepper(system, grid, 1e-4)  # short: u_t = -u_xx is ill-posed
    found = np.asarray(stepper.rhs(0.0, jnp.asarray(u)[:, None]))[:, 0]
    kept = stepper.modes.kept[0]
    spectrum = np.fft.rfft(exact)
    if stepper.plan.degree > 1:
        spectrum[kept + 1 :] = 0
    assert np.abs(found - np.fft.irfft(spectrum, points)).max() < 1e-7 * max(1, np.abs(exact).max())
    # jit = eager, batch = loop, translation equivariance of autonomous laws
    batch = jnp.stack([jnp.asarray(u)[:, None], jnp.roll(jnp.asarray(u), 7)[:, None]])
    each = jnp.stack([stepper(b) for b in batch])
    assert np.allclose(jax.jit(jax.vmap(stepper))(batch), each, rtol=1e-9, atol=1e-11)
    if not system.equations["u"].has(x):
        assert np.allclose(jnp.roll(each[0], 7, axis=0), each[1], rtol=1e-8, atol=1e-10)


TERMS_2D = ["u*u_x", "v*u_y", "u_x*v_y", "laplacian(u)", "D(u*v, y)", "advect(u, v, v)", "u_xy",
            "div(u*v, v^2)", "u*v^2", "cos(x)*v_y", "v"]  # fmt: skip


@settings(max_examples=6, deadline=None)
@given(
    chosen=st.lists(st.sampled_from(TERMS_2D), min_size=2, max_size=4, unique=True),
    seed=st.integers(0, 99),
)
def test_random_coupled_systems_in_two_dimensions(chosen, seed):
    half = len(chosen) // 2
    lines = [f"u_t = {' - '.join(chosen[:half])}", f"v_t = {' + 0.3*'.join(chosen[half:])}"]
    system = physics.parse(lines, length=[TAU, 2 * TAU])
    grid = physics.Grid(system.domain, (40, 48))
    rng = np.random.default_rng(seed)
    x, y = sympy.symbols("x y")
    exact = {}
    for name in "uv":
        p, q, r = (sympy.Float(n, 20) for n in rng.uniform(0, TAU, 3))
        exact[name] = sympy.sin(x + p) * sympy.cos(y / 2 + q) / 2 + sympy.cos(2 * x + y + r) / 3
    fields = {n: sympy.lambdify((x, y), e, "numpy")(*grid.mesh) for n, e in exact.items()}
    u = jnp.stack([jnp.asarray(fields[n]) for n in "uv"], -1)
    stepper = SpectralStepper(system, grid, 0.01)
    found = np.asarray(stepper.rhs(0.0, u))
    from physics.jets import expand_fluxes, jets_in

    for i, equation in enumerate(map(expand_fluxes, system.equations.values())):
        jets = {
            j: sympy.diff(exact[j.field], *j.index) if j.index else exact[j.field]
            for j in jets_in(equation)
        }
        truth = sympy.lambdify((x, y), equation.xreplace(jets), "numpy")(*grid.mesh)
        assert np.abs(found[..., i] - truth).max() < 1e-10


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
