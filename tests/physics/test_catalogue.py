import importlib
import os
import subprocess
import sys
from importlib.metadata import EntryPoint

import numpy as np
import pytest
import sympy

import physics
from physics import catalogue
from physics.jets import Jet, symbol

CATALOGUE = physics.list_systems()
ODES = [n for n in CATALOGUE if physics.get(n).domain is None]
every_system = pytest.mark.parametrize("name", CATALOGUE)
every_ode = pytest.mark.parametrize("name", ODES)
FILE = '''"""Growth: x′ = a x.

Source: nobody (1900), doi:10.0/0.
"""

from physics import Jet, Parameter, System
from physics.jets import symbol


def system(power: int = 1) -> System:
    """Growth."""
    x = Jet("x")
    return System(
        name="growth",
        equations={"x": symbol("a") * x**power},
        parameters=[Parameter("a", 1.0, low=0.0, high=5.0)],
    )
'''


# -- every entry ---------------------------------------------------------------------------


@every_system
def test_an_entry_is_complete(name):
    system = physics.get(name)
    assert system.name == name
    assert system.horizon > 0 and system.initial is not None
    assert all(s.unit for s in system.states) and all(p.unit for p in system.parameters)
    assert all(p.description for p in system.parameters)
    assert system.source and system.description
    left = "∂ₜ" if system.domain else "[n+1] = " if system.time == "discrete" else "′ = "
    assert left in system.description


@every_ode
def test_initial_states_lie_within_their_bounds(name):
    system = physics.get(name)
    drawn = system.initial.draw(np.random.default_rng(0), system.state_names, 200)
    assert drawn.shape == (200, len(system.states)) and np.isfinite(drawn).all()
    for state, column in zip(system.states, drawn.T, strict=True):
        assert state.low is None or column.min() >= state.low
        assert state.high is None or column.max() <= state.high


@every_system
def test_every_parameter_occurs(name):
    system = physics.get(name)
    walls = (c.value for c in system.boundary.values())
    occurring = set().union(*(e.free_symbols for e in (*system.equations.values(), *walls)))
    assert {symbol(p.name) for p in system.parameters} <= occurring


@every_system
def test_the_docstring_names_every_parameter_and_state(name):
    text = importlib.import_module(f"physics.systems.{name}").__doc__
    system = physics.get(name)
    for symbol_name in [*system.values, *system.state_names]:
        assert symbol_name in text
    assert "Source: " in text


# -- physics of the entries ------------------------------------------------------------------


def rate_of(system, quantity: sympy.Expr) -> sympy.Expr:
    """d(quantity)/dt along solutions, or quantity(next) - quantity of a map."""
    if system.time == "discrete":
        return quantity.xreplace({Jet(s): e for s, e in system.equations.items()}) - quantity
    return sympy.Add(*(sympy.diff(quantity, Jet(s)) * e for s, e in system.equations.items()))


def at(system, **point) -> list[sympy.Expr]:
    values = {Jet(s): v for s, v in point.items()}
    return [sympy.simplify(e.subs(values)) for e in system.equations.values()]


def test_lorenz_fixed_points():
    system = physics.get("lorenz63")
    rho, beta = symbol("rho"), symbol("beta")
    wing = sympy.sqrt(beta * (rho - 1))
    assert at(system, x=wing, y=wing, z=rho - 1) == [0, 0, 0]
    assert at(system, x=-wing, y=-wing, z=rho - 1) == [0, 0, 0]
    assert at(system, x=0, y=0, z=0) == [0, 0, 0]


@pytest.mark.parametrize("name, rate", [
    ("lorenz63", "-sigma - 1 - beta"), ("pendulum", "-gamma"), ("duffing", "-delta"),
])  # fmt: skip
def test_constant_contraction_of_volumes(name, rate):
    system = physics.get(name)
    divergence = sum(sympy.diff(e, Jet(s)) for s, e in system.equations.items())
    expected = physics.parse_expression(rate, parameters=list(system.values))
    assert sympy.expand(divergence - expected) == 0


def test_lorenz_loses_stability_at_the_known_rayleigh_number():
    system = physics.get("lorenz63")
    sigma, beta = 10.0, 8 / 3
    critical = sigma * (sigma + beta + 3) / (sigma - beta - 1)
    for rho, stable in ((critical - 0.5, True), (critical + 0.5, False)):
        numbers = system.with_values(rho=rho).numeric()
        wing = float(np.sqrt(beta * (rho - 1)))
        point = {Jet("x"): wing, Jet("y"): wing, Jet("z"): rho - 1}
        jacobian = [
            [float(sympy.diff(e, Jet(s)).subs(point)) for s in "xyz"]
            for e in numbers.equations.values()
        ]
        assert (np.linalg.eigvals(np.array(jacobian)).real.max() < 0) == stable


@pytest.mark.parametrize("name, diagnostic", [
    ("sir", "total"), ("apoptosis", "total"), ("lotka_volterra", "invariant"),
])  # fmt: skip
def test_conserved_quantities(name, diagnostic):
    system = physics.get(name)
    assert sympy.simplify(rate_of(system, system.diagnostics[diagnostic])) == 0


def test_the_pendulum_loses_energy_by_damping_alone():
    system = physics.get("pendulum")
    loss = rate_of(system, system.diagnostics["energy"])
    omega, gamma = Jet("omega"), symbol("gamma")
    assert sympy.simplify(loss + gamma * omega**2) == 0
    free = physics.get("pendulum", gamma=0).numeric()
    assert sympy.simplify(rate_of(free, free.diagnostics["energy"])) == 0


@pytest.mark.parametrize("name, point", [
    ("lotka_volterra", {"x": "delta/gamma", "y": "alpha/beta"}),
    ("brusselator", {"x": "a", "y": "b/a"}),
    ("van_der_pol", {"x": "0", "y": "0"}),
    ("pendulum", {"theta": "pi", "omega": "0"}),
    ("sir", {"S": "beta", "I": "0", "R": "1 - beta"}),
])  # fmt: skip
def test_fixed_points(name, point):
    system = physics.get(name)
    values = {
        s: physics.parse_expression(text, parameters=list(system.values))
        for s, text in point.items()
    }
    assert at(system, **values) == [0] * len(system.states)


def test_rossler_has_its_two_fixed_points():
    system = physics.get("rossler")
    a, b, c = map(symbol, "abc")
    z = (c + sympy.sqrt(c**2 - 4 * a * b)) / (2 * a)
    assert at(system, x=a * z, y=-z, z=z) == [0, 0, 0]


def test_fixed_points_of_the_maps():
    r, a, b = map(symbol, ("r", "a", "b"))
    (residue,) = at(physics.get("logistic_map"), x=1 - 1 / r)
    assert sympy.simplify(residue - (1 - 1 / r)) == 0
    x = (b - 1 + sympy.sqrt((1 - b) ** 2 + 4 * a)) / (2 * a)
    image = at(physics.get("henon_map"), x=x, y=b * x)
    assert [sympy.simplify(i - v) for i, v in zip(image, (x, b * x), strict=True)] == [0, 0]
    henon = physics.get("henon_map")
    jacobian = sympy.Matrix(
        [[sympy.diff(e, Jet(s)) for s in "xy"] for e in henon.equations.values()]
    )
    assert sympy.simplify(jacobian.det() + b) == 0


def test_the_values_of_the_hidden_term_benchmark():
    system = physics.get("lotka_volterra")
    assert system.values == {"alpha": 1.3, "beta": 0.9, "gamma": 0.8, "delta": 1.8}
    assert system.horizon == 3.0


# -- getting and listing ---------------------------------------------------------------------


def test_patterns():
    assert physics.list_systems("l*") == [n for n in CATALOGUE if n.startswith("l")]
    assert physics.list_systems("*map") == ["henon_map", "logistic_map"]
    assert physics.list_systems("nothing") == []
    assert CATALOGUE == sorted(CATALOGUE) and len(CATALOGUE) >= 12


def test_keywords_are_values():
    assert physics.get("lorenz63", rho=14, sigma=5).values == {
        "sigma": 5.0,
        "rho": 14.0,
        "beta": 8 / 3,
    }
    assert physics.get("lotka-volterra") == physics.get("lotka_volterra")


@pytest.mark.parametrize(
    "name, keywords, sentence",
    [
        ("lorenz", {}, 'nearest: "lorenz63"; see physics.list_systems'),
        ("../systems/sir", {}, "unknown system"),
        ("__init__", {}, "unknown system"),
        ("", {}, "unknown system"),
        (None, {}, "unknown system"),
        ("x" * 10_000, {}, "unknown system"),
        ("lorenz63", {"roh": 3}, 'nearest: "rho"; it has: sigma, rho, beta'),
        ("lorenz63", {"rho": -1}, "out of its range"),
        ("lorenz63", {"rho": "fast"}, "needs a number"),
    ],
)  # fmt: skip
def test_mistakes_are_one_sentence(name, keywords, sentence):
    with pytest.raises(ValueError) as caught:
        physics.get(name, **keywords)
    assert sentence in str(caught.value) and len(str(caught.value)) < 300


def test_listing_imports_no_sympy():
    script = "import physics, sys; physics.list_systems(); assert 'sympy' not in sys.modules"
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    assert subprocess.run([sys.executable, "-c", script], env=environment).returncode == 0


# -- systems from outside --------------------------------------------------------------------


def test_a_folder_adds_systems(tmp_path, monkeypatch):
    (tmp_path / "systems").mkdir()
    (tmp_path / "systems" / "growth.py").write_text(FILE, encoding="utf-8")
    (tmp_path / "systems" / "_hidden.py").write_text("raise SystemExit", encoding="utf-8")
    (tmp_path / "systems" / "empty.py").write_text("", encoding="utf-8")
    (tmp_path / "systems" / "lorenz63.py").write_text(FILE, encoding="utf-8")
    monkeypatch.setenv("ZOO_PATH", f"{tmp_path}{os.pathsep}{tmp_path / 'absent'}")
    assert set(physics.list_systems()) == {*CATALOGUE, "growth", "empty"}
    growth = physics.get("growth", power=2, a=3)
    assert growth.lines() == ["x' = a*x^2"] and growth.values == {"a": 3.0}
    assert (
        growth.source == "nobody (1900), doi:10.0/0." and growth.description == "Growth: x′ = a x."
    )
    assert physics.get("lorenz63").state_names == ("x", "y", "z")
    with pytest.raises(ValueError, match=r"no function system\(\)"):
        physics.get("empty")
    with pytest.raises(ValueError, match="it has: power, a"):
        physics.get("growth", q=1)


def test_an_entry_point_adds_systems(monkeypatch):
    points = [
        EntryPoint("module_of_another", "physics.systems.sir", catalogue.GROUP),
        EntryPoint("function_of_another", "physics.systems.sir:system", catalogue.GROUP),
    ]
    monkeypatch.setattr(catalogue, "entry_points", lambda group: points)
    for point in points:
        assert point.name in physics.list_systems()
        assert physics.get(point.name, beta=1) == physics.get("sir")
