import copy
import json
import pickle
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
import sympy
from hypothesis import HealthCheck, given, settings

import physics
from physics.domain import Box
from physics.formula import Formula
from physics.initial import Simplex, Uniform
from physics.jets import Jet, coordinate, symbol
from physics.symbols import Control, Parameter, State
from physics.system import System
from physics.tree import canonical

from .drawn import systems

X, Y, U = map(Jet, "xyu")
A = symbol("a")
CATALOGUE = physics.list_systems()


def decay(**changes) -> System:
    fields = dict(name="decay", equations={"x": -A * X}, parameters=[Parameter("a", 1.0)])
    return System(**(fields | changes))


# -- identity ------------------------------------------------------------------------------


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(systems())
def test_json_pickles_and_copies_give_the_same_system(system):
    try:
        key = system.key
    except ValueError:  # too large to be multiplied out
        return
    written = json.loads(json.dumps(system.to_json()))
    for twin in (
        System.from_json(written),
        System.from_json(json.dumps(written)),
        pickle.loads(pickle.dumps(system)),
        copy.deepcopy(system),
    ):
        assert twin.key == key and twin == system and hash(twin) == hash(system)
        assert twin.parameters == system.parameters and twin.domain == system.domain
        assert twin.states == system.states and twin.controls == system.controls


@pytest.mark.parametrize("name", CATALOGUE)
def test_json_keeps_everything(name):
    system = physics.get(name)
    twin = System.from_json(json.dumps(system.to_json()))
    assert twin.to_json() == system.to_json()
    assert twin == system and twin.lines() == system.lines()
    assert twin.initial == system.initial and dict(twin.units) == dict(system.units)


@pytest.mark.parametrize(
    "changes",
    [
        {"equations": {"x": -A * X**2}},
        {"equations": {"x": -A * X, "y": Y}},
        {"equations": {"y": -A * Y}},
        {"time": "discrete"},
        {"noise": {("x", "w"): A}},
        {"domain": Box(low=(0,), high=(1,)), "equations": {"u": -A * U}},
    ],
)
def test_other_equations_have_other_keys(changes):
    assert decay(**changes) != decay()


def test_kinds_of_noise_boundaries_and_orders_of_states_count():
    noise = {("x", "w"): A * X}
    assert decay(noise=noise) != decay(noise=noise, calculus="stratonovich")
    assert decay(calculus="stratonovich") == decay()
    walls = [Box(low=(0,), high=(1,), kinds=(kind,)) for kind in ("periodic", "dirichlet")]
    left, right = (decay(equations={"u": -A * U}, domain=box) for box in walls)
    assert left != right
    two = {"x": Y, "y": X}
    assert decay(equations=two, states=["y", "x"]) != decay(equations=two, states=["x", "y"])


def test_names_values_ranges_and_units_do_not_count():
    other = decay(
        name="other",
        parameters=[Parameter("a", 3.0, low=0, unit="1/s")],
        states=[State(name="x", unit="m", low=0)],
        horizon=3.0,
        units={"t": "s"},
        source="x",
    )
    assert other == decay() and other.key == decay().key
    assert decay(equations={"x": sympy.Float(0.5) * X}) == decay(equations={"x": X / 2})


def test_a_system_is_frozen():
    system = decay()
    with pytest.raises(FrozenInstanceError):
        system.name = "x"
    with pytest.raises(TypeError):
        system.equations["x"] = X
    assert system != 3


# -- deriving ------------------------------------------------------------------------------


def test_values_are_checked_against_their_ranges():
    system = decay(parameters=[Parameter("a", 1.0, low=0, high=2)])
    assert system.with_values(a=2).values == {"a": 2.0}
    assert system.values == {"a": 1.0}
    for wrong in ({"a": 3}, {"a": -1}, {"a": np.nan}, {"a": "1x"}, {"a": None}, {"b": 1}):
        with pytest.raises(ValueError):
            system.with_values(**wrong)


@pytest.mark.parametrize("name", CATALOGUE)
def test_numeric_systems_have_no_parameters(name):
    system = physics.get(name)
    numbers = system.numeric()
    assert not numbers.parameters
    point = {Jet(s): sympy.Rational(i + 3, 7) for i, s in enumerate(system.state_names)}
    point |= {coordinate("t"): sympy.Rational(1, 3)}
    values = {symbol(p): sympy.Rational(repr(v)) for p, v in system.values.items()}
    for state, expression in system.equations.items():
        if system.domain:
            same = canonical(expression.xreplace(values)), canonical(numbers.equations[state])
            assert same[0] == same[1]
            continue
        expected = float(expression.xreplace(values | point))
        assert float(numbers.equations[state].xreplace(point)) == pytest.approx(expected)


def test_a_hidden_formula_completes_a_system():
    whole = physics.get("lotka_volterra")
    x, y, beta, gamma = X, Y, symbol("beta"), symbol("gamma")
    part = replace(
        whole,
        equations={
            "x": whole.equations["x"] + beta * x * y,
            "y": whole.equations["y"] - gamma * x * y,
        },
        parameters=[p for p in whole.parameters if p.name in ("alpha", "delta")],
        diagnostics={},
    )
    hidden = Formula(
        inputs=["x", "y"],
        expressions={"x": -beta * x * y, "y": gamma * x * y},
        parameters=[p for p in whole.parameters if p.name in ("beta", "gamma")],
    )
    assert part.complete(hidden) == whole
    steered = decay(equations={"x": -A * X + symbol("f")}, controls=[Control(name="f")])
    closed = steered.complete(Formula(inputs=["x"], expressions={"f": X**2}))
    assert closed == decay(equations={"x": -A * X + X**2}) and not closed.controls
    with pytest.raises(ValueError, match="neither a state nor a control"):
        steered.complete(Formula(inputs=["x"], expressions={"g": X}))


def test_explicit_time_is_seen():
    assert decay().autonomous and not physics.get("duffing").autonomous


# -- what is refused -----------------------------------------------------------------------

PDE = {"domain": Box(low=(0,), high=(1,)), "parameters": ()}


@pytest.mark.parametrize(
    "changes, sentence",
    [
        ({"equations": {}}, "no equations"),
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"states": ["x", "y"]}, "no equation"),
        ({"states": []}, None),
        ({"states": ["y"]}, "no equation"),
        ({"equations": {"x": symbol("b")}}, "undeclared symbol 'b'"),
        ({"equations": {"x": Y}}, "no state"),
        ({"equations": {"x": "x"}}, "physics.parse"),
        ({"equations": {"x": sympy.oo}}, "finite"),
        ({"equations": {"x": sympy.nan}}, "finite"),
        ({"equations": {"x": sympy.I * X}}, "real"),
        ({"equations": {"x": sympy.Integer(-8) ** sympy.Rational(1, 3) * X}}, "real"),
        ({"equations": {"x": sympy.asin(2) * X}}, "real"),
        ({"equations": {"x": sympy.sin(sympy.exp(sympy.exp(1000)))}}, "large"),
        ({"equations": {"x": X**99}}, "exponents"),
        ({"equations": {"x": sympy.Piecewise((X, X > 0), (0, True))}}, "cannot stand"),
        ({"equations": {"x": sympy.Derivative(X, coordinate("t"))}}, "cannot stand"),
        ({"equations": {"x": Jet("x", "y")}}, "needs the coordinate"),
        ({"equations": {"sin": A}}, "cannot name"),
        ({"equations": {"t": A}}, "coordinate"),
        ({"equations": {"x; import os": A}}, "cannot name"),
        ({"parameters": [Parameter("a", 1.0), Parameter("a", 2.0)]}, "twice"),
        ({"parameters": [Parameter("a", 1.0), Parameter("x", 2.0)]}, "twice"),
        ({"parameters": [Parameter("a", 1.0), Parameter("t", 2.0)]}, "coordinate"),
        ({"time": "sometimes"}, "continuous"),
        ({"calculus": "new"}, "ito"),
        ({"noise": {("y", "w"): A}}, "no state"),
        ({"noise": {("x", "w"): symbol("q")}}, "undeclared"),
        ({"noise": {("x", "v"): symbol("q"), ("x", "w"): A}}, "undeclared"),
        ({"noise": {("x", "w w"): A}}, "cannot name"),
        ({"diagnostics": {"x": symbol("q")}}, "undeclared"),
        (PDE | {"equations": {"u": Jet("u", "y")}}, "spatial dimensions"),
        (PDE | {"equations": {"u": U * coordinate("y")}}, "undeclared"),
        (PDE | {"equations": {"x": -X}}, "coordinate"),
        (PDE | {"equations": {"y": -Y}}, "coordinate"),
    ],
)
def test_wrong_systems_are_refused(changes, sentence):
    if sentence is None:
        assert decay(**changes) == decay()
        return
    with pytest.raises(ValueError, match=sentence):
        decay(**changes)


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: d.pop("states"), lambda d: d.update(kind="formula"),
        lambda d: d.update(format=99), lambda d: d.update(equations=[]),
        lambda d: d.update(equations={"x": "y"}),
        lambda d: d.update(parameters=[{"name": "a"}]), lambda d: d.update(domain={"low": [0]}),
        lambda d: d.update(initial={"kind": "pickle"}), lambda d: d.update(noise=[["x", "w"]]),
        lambda d: d.update(equations={"x": ["p", "__import__"]}),
    ],
    ids=range(10),
)  # fmt: skip
def test_damaged_json_is_refused(damage):
    data = decay().to_json()
    damage(data)
    with pytest.raises(ValueError):
        System.from_json(json.dumps(data))


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '"x"', "NaN", "{}"])
def test_other_json_is_refused(text):
    with pytest.raises(ValueError):
        System.from_json(text)


@pytest.mark.parametrize(
    "corners",
    [((0,), (0,)), ((1,), (0,)), ((0,), (np.inf,)), ((0,), (np.nan,)), ((), ()), ((0, 0), (1,))],
)
def test_empty_and_infinite_boxes_are_refused(corners):
    with pytest.raises(ValueError):
        Box(low=corners[0], high=corners[1])


def test_initial_laws_draw_what_they_say():
    rng = np.random.default_rng(3)
    box = Uniform(low={"x": 1.0, "y": -2.0}, high={"x": 2.0, "y": -2.0}).draw(rng, ("y", "x"), 500)
    assert (box[:, 0] == -2).all() and 1 <= box[:, 1].min() < 1.1 < 1.9 < box[:, 1].max() < 2
    shares = Simplex(total=1.0, low={"I": 0.0, "R": 0.1}, high={"I": 0.1, "R": 0.2})
    drawn = shares.draw(rng, ("S", "I", "R"), 500)
    assert np.allclose(drawn.sum(axis=1), 1) and (drawn >= 0).all()
    with pytest.raises(ValueError):
        Uniform(low={"x": 1.0}, high={"y": 1.0})
    with pytest.raises(ValueError):
        Uniform(low={"x": 2.0}, high={"x": 1.0})
