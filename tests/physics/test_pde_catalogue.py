"""The PDEs of the catalogue: every variant is whole, and says the physics that it claims."""

import importlib
import inspect
import json

import jax
import numpy as np
import pytest
import sympy

import physics
from physics.grid import Grid
from physics.jets import D, expand_fluxes, jets_in, symbol
from physics.names import COORDINATES
from physics.system import System

from .pseudospectral import Fields, rate_of, rates

NAMES = [n for n in physics.list_systems() if physics.get(n).domain is not None]
VARIANTS = {
    "burgers": [{"dim": d, "conservative": True} for d in (1, 2, 3)],
    "kuramoto_sivashinsky": [{"dim": d, "form": "gradient"} for d in (1, 2, 3)],
    "schroedinger": [{"dim": d, "cubic": True} for d in (1, 2, 3)],
    "porous_medium": [{"m": 3}, {"m": 4, "dim": 2}],
    "conservation_law": [
        {"flux": f, "viscous": v}
        for f in ("linear", "burgers", "cubic", "sine", "cosine") for v in (True, False)
    ],
    "navier_stokes_vorticity": [{"forcing": 0}, {"drag": True}],
    "navier_stokes_velocity": [{"dim": d, "forcing": 2} for d in (2, 3)],
    "shallow_water": [{"viscous": False}, {"friction": True}],
}  # fmt: skip


def dimensions(name: str) -> list[dict]:
    """{"dim": …} for every dimension that the entry takes, [{}] for one without the keyword."""
    build = importlib.import_module(f"physics.systems.{name}").system
    if "dim" not in inspect.signature(build).parameters:
        return [{}]
    return [{"dim": d} for d in (1, 2, 3) if (name, d) != ("navier_stokes_velocity", 1)]


CASES = [(name, options) for name in NAMES for options in dimensions(name)]
CASES += [(name, options) for name, many in VARIANTS.items() for options in many]
every_case = pytest.mark.parametrize(
    "name, options", CASES, ids=lambda v: v if isinstance(v, str) else str(v)
)
PERIODIC = [c for c in CASES if set(physics.get(c[0], **c[1]).domain.kinds) == {"periodic"}]


# -- every variant -------------------------------------------------------------------------


@every_case
def test_a_variant_is_whole(name, options):
    system = physics.get(name, **options)
    assert system.name == name and system.dim == options.get("dim", system.dim)
    assert system.horizon > 0 and system.initial.spatial and system.diagnostics
    assert all(s.unit for s in system.states) and all(p.unit for p in system.parameters)
    assert set(system.units) == {"t", *COORDINATES[: system.dim]}
    for parameter in system.parameters:
        assert parameter.low <= parameter.value <= parameter.high and parameter.description
    report = physics.check_units(system)
    assert not (report.disagreements or report.inferred or report.open)


@every_case
def test_json_and_text_give_it_back(name, options):
    system = physics.get(name, **options)
    twin = System.from_json(json.dumps(system.to_json()))
    assert twin.to_json() == system.to_json() and twin == system
    assert twin.initial == system.initial and dict(twin.boundary) == dict(system.boundary)
    place = {"domain": system.domain, "boundary": system.boundary}
    assert physics.parse(system.lines(), system.values, **place) == system


@every_case
def test_the_docstring_speaks_of_it(name, options):
    text = importlib.import_module(f"physics.systems.{name}").__doc__
    system = physics.get(name, **options)
    for word in [*system.values, *system.state_names, "densities, to be averaged over the box"]:
        assert word in text
    assert "∂ₜ" in system.description and system.source


@every_case
def test_every_parameter_occurs(name, options):
    system = physics.get(name, **options)
    expressions = [*system.equations.values(), *(c.value for c in system.boundary.values())]
    occurring = set().union(*(e.free_symbols for e in expressions))
    assert {symbol(p.name) for p in system.parameters} <= occurring


@pytest.mark.parametrize("name", NAMES)
def test_initial_fields_are_finite_and_within_bounds(name):
    for options in dimensions(name):
        system = physics.get(name, **options)
        grid = Grid(system.domain, {1: 64, 2: 32, 3: 12}[system.dim])
        drawn = jax.jit(lambda k, s=system, g=grid: s.initial.draw_field(k, g, s.state_names))
        u = np.asarray(drawn(jax.random.key(0)))
        assert u.shape == (*grid.points, len(system.states)) and np.isfinite(u).all()
        for state, field in zip(system.states, np.moveaxis(u, -1, 0), strict=True):
            assert state.low is None or field.min() >= state.low
            assert state.high is None or field.max() <= state.high + 1e-6


@pytest.mark.parametrize("name", [n for n in NAMES if physics.get(n).dim < 3])
def test_initial_fields_are_resolved_by_64_points(name):
    system = physics.get(name)
    if name in ("burgers_source", "diffusion_walls", "gray_scott"):
        return  # walls; spots of Gray-Scott need 128 points
    grid = Grid(system.domain, 64)
    u = np.asarray(system.initial.draw_field(jax.random.key(2), grid, system.state_names), float)
    spectrum = np.abs(np.fft.fftn(u, axes=range(system.dim)))
    order = np.max(np.abs(np.meshgrid(*[np.fft.fftfreq(64, 1 / 64)] * system.dim)), axis=0)
    assert spectrum[order > 24].max() < 1e-3 * spectrum[order > 0].max()


@pytest.mark.parametrize(
    "name, options, words",
    [
        ("heat", {"dim": 4}, "dim is one of 1, 2, 3, not 4"),
        ("heat", {"dim": 1.5}, "dim"),
        ("swift_hohenberg", {"dim": "2"}, "dim"),
        ("gray_scott", {"dim": True}, "dim"),
        ("burgers", {"dim": None}, "dim"),
        ("navier_stokes_velocity", {"dim": 1}, "dim is one of 2, 3"),
        ("navier_stokes_velocity", {"forcing": -1}, "forcing"),
        ("navier_stokes_vorticity", {"drag": 0.1}, "drag"),
        ("kuramoto_sivashinsky", {"form": "flux"}, "form is one of 'gradient', 'conservative'"),
        ("conservation_law", {"flux": "quartic"}, "flux is one of 'linear'"),
        ("porous_medium", {"m": 1}, "m is one of 2"),
        ("schroedinger", {"cubic": "yes"}, "cubic"),
        ("schroedinger", {"g": 1.0}, "it has: dim, cubic, c"),
        ("heat", {"kappa": -1}, "out of its range"),
    ],
)  # fmt: skip
def test_mistakes_are_one_sentence(name, options, words):
    with pytest.raises(ValueError, match=words):
        physics.get(name, **options)


# -- right-hand sides on smooth fields -----------------------------------------------------


def smooth(system, seed=0, modes=2, mean=0.0, points=None) -> Fields:
    """Random trigonometric polynomials on the system's box."""
    rng = np.random.default_rng(seed)
    grid = Grid(system.domain, points or {1: 64, 2: 32, 3: 16}[system.dim])
    values = {}
    for name in system.state_names:
        field = np.full(grid.points, mean)
        for _ in range(4):
            turns = zip(rng.integers(-modes, modes + 1, grid.dim), grid.mesh, grid.lengths,
                        strict=True)  # fmt: skip
            phase = sum(2 * np.pi * k * x / length for k, x, length in turns)
            field = field + 0.25 * rng.normal() * np.cos(phase + rng.uniform(0, 2 * np.pi))
        values[name] = field
    return Fields(grid, values, system.values)


def close(a, b, tolerance=1e-8):
    scale = max(np.abs(a).max(), np.abs(b).max(), 1e-12)
    return np.abs(a - b).max() < tolerance * scale


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


# -- structure -----------------------------------------------------------------------------


@pytest.mark.parametrize("flux, expected", [
    ("linear", "-k*u_x"), ("burgers", "-k*u*u_x"), ("cubic", "-3*k*u^2*u_x"),
    ("sine", "-k*u_x*cos(u)"), ("cosine", "k*u_x*sin(u)"),
])  # fmt: skip
def test_conservation_laws_keep_their_flux(flux, expected):
    system = physics.get("conservation_law", flux=flux, viscous=False)
    assert system.equations["u"].has(D)
    assert system == physics.parse(f"u_t = {expected}", {"k": 1.0}, domain=system.domain)
    viscous = physics.get("conservation_law", flux=flux)
    assert set(viscous.values) == {"k", "nu"}


def test_forms_that_finite_volumes_need():
    for name, options in (("burgers_source", {}), ("shallow_water", {"viscous": False}),
                          ("porous_medium", {}), ("burgers", {"conservative": True})):  # fmt: skip
        assert any(e.has(D) for e in physics.get(name, **options).equations.values())


def test_linear_parts_are_plain_jets():
    """Biharmonic and third derivatives stand as jets, not under D."""
    for name in ("kuramoto_sivashinsky", "swift_hohenberg", "cahn_hilliard", "kdv2d"):
        (expression, *_) = physics.get(name, **dimensions(name)[-1]).equations.values()
        highest = max(jet.order for jet in jets_in(expression))
        assert highest == (3 if name == "kdv2d" else 4)


def test_walls():
    source = physics.get("burgers_source")
    assert source.boundary["x-"].kind == "inflow" and source.boundary["x-"].value == symbol("mu1")
    assert source.boundary["x+"].kind == "outflow"
    walls = physics.get("diffusion_walls")
    assert walls.domain.kinds == ("dirichlet", "dirichlet") and walls.domain.low == (-20.5, -20.5)


def test_options_make_parameters():
    assert set(physics.get("schroedinger").values) == {"c"}
    assert set(physics.get("schroedinger", cubic=True, g=-1).values) == {"c", "g"}
    assert set(physics.get("navier_stokes_vorticity", forcing=0).values) == {"nu"}
    assert set(physics.get("shallow_water", friction=True, viscous=False).values) == {"g", "mu"}
    assert isinstance(physics.get("burgers", dim=3, nu=0.1).equations["w"], sympy.Expr)
