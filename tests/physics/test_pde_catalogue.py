"""The PDEs of the catalogue: every variant is whole, and says the physics that it claims."""

import importlib
import json

import jax
import numpy as np
import pytest
import sympy

import physics
from physics.grid import Grid
from physics.jets import D, jets_in, symbol
from physics.names import COORDINATES
from physics.system import System

from .pde_cases import NAMES, dimensions, every_case

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


@pytest.mark.turns
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


@pytest.mark.turns
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
