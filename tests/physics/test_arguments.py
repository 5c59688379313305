"""Wrong arguments of the public functions end in one sentence that says what to do."""

import numpy as np
import pytest

import physics
from physics import arguments
from physics.names import nearest


@pytest.fixture(scope="module")
def data():
    return physics.load("hudson-bay").rename(hare="x", lynx="y").map(lambda v: v.drop_attrs())


def sentence(call, *given, **keywords):
    """What the ValueError of a call says; one line that is not too long."""
    with pytest.raises(ValueError) as caught:
        call(*given, **keywords)
    said = str(caught.value)
    assert "\n" not in said and 15 < len(said) < 400
    return said


def test_checks_give_plain_values():
    assert arguments.whole(np.int64(3), "n") == 3 and type(arguments.whole(np.int8(3), "n")) is int
    assert arguments.real(np.float32(0.5), "a") == 0.5
    assert arguments.names("sigma", "free") == ("sigma",)
    assert arguments.names(iter(["a", "b"]), "free") == ("a", "b")
    assert arguments.mapping(None, "controls") == {}
    assert arguments.array([1, 2], "x").dtype == np.float64
    assert nearest(5, ["lorenz63", 7]) == ""


@pytest.mark.parametrize("value", [1.5, "a", True, -1, None, np.nan])
def test_whole_numbers(value):
    assert "whole number from 0" in sentence(arguments.whole, value, "seed", 0)


@pytest.mark.parametrize("value", ["abc", [1j, 1], np.ones(2) * 1j, [[1], [1, 2]], None, {}])
def test_arrays_of_real_numbers(value):
    sentence(arguments.array, value, "initial")


@pytest.mark.parametrize(
    "keywords",
    [
        *({"samples": v} for v in (1.5, "a", True, 0, -1)),
        *({"seed": v} for v in (1.5, -1, "a")),
        *({"dt": v} for v in ("a", 0, np.nan)),
        *({"rtol": v} for v in ("a", 0, -1, np.nan)),
        *({"atol": v} for v in (-1, np.inf)),
        *({"initial": v} for v in ([1j, 1, 1], "abc", [[1, 2, 3], [1, 2]], {"x": 1}, {5: 1})),
        *({"times": v} for v in ("abc", 5, [], [[0, 1]])),
        *({"vary": v} for v in (5, "sgma", [5])),
        *({"parameters": v} for v in (5, {5: 1}, {"sigma": "a"}, {"sigma": None})),
        *({"controls": v} for v in (5, {"f": 1})),
        {"method": 5}, {"precision": 5},
    ],
    ids=str,
)  # fmt: skip
def test_solve(keywords):
    sentence(physics.solve, physics.get("lorenz63"), **keywords)


@pytest.mark.parametrize("system", ["lorenz63", None, 5])
def test_a_system_is_needed(system, data):
    for call in (physics.solve, lambda s: physics.calibrate(s, data)):
        assert 'physics.get("lorenz63")' in sentence(call, system)


@pytest.mark.parametrize(
    "keywords",
    [{"parameters": ["a"]}, {"parameters": 5}, {"parameters": "a"}, {"controls": 5}],
    ids=str,
)
def test_parse(keywords):
    sentence(physics.parse, "x' = a*x", **keywords)


def test_parse_takes_one_control_by_its_bare_name():
    assert [c.name for c in physics.parse("x' = force*x", controls="force").controls] == ["force"]


def test_maps_of_too_many_steps():
    system = physics.get("logistic_map")
    assert "ten million" in sentence(physics.solve, system, times=[0, 1e9])
    assert "fewer samples" in sentence(physics.solve, system, times=[0, 9e6], samples=200)


def test_a_right_hand_side_that_is_not_finite_at_the_start():
    said = sentence(
        physics.solve, physics.parse("x' = log(x)"), initial=[[1.0], [-1.0]], times=[0, 1]
    )
    assert "not finite at the start of sample 1 (x = -1, t = 0)" in said


def test_fixed_steps_say_where_they_blew_up():
    with pytest.raises(physics.BlowUp, match=r"beyond t = 1\.\d+ \(of 2\)"):
        physics.solve(
            physics.parse("x' = x^2"), initial=[1.0], times=np.linspace(0, 2, 101), dt=0.1
        )


@pytest.mark.parametrize(
    "keywords",
    [{"free": 5}, {"free": ["alfa"]}, {"free": "alfa"}, {"level": "a"}, {"level": 2},
     {"segments": 0}, {"segments": 1.5}, {"steps": "a"}, {"initial": "abc"}],
    ids=str,
)  # fmt: skip
def test_calibrate(keywords, data):
    sentence(physics.calibrate, physics.get("lotka_volterra"), data, **keywords)


def test_calibrate_needs_data_of_its_states(data):
    system = physics.get("lotka_volterra")
    assert "xarray.Dataset" in sentence(physics.calibrate, system, None)
    said = sentence(physics.calibrate, system, physics.load("hudson-bay"))
    assert "it has: hare, lynx" in said


def test_calibrate_refuses_what_cannot_be_followed(data):
    system = physics.parse("x' = a*x^2 + b", parameters={"a": 1e8, "b": 1e8})
    assert "too fast" in sentence(physics.calibrate, system, data)
    far = data.assign_coords(time=data["time"].values * 1e298)
    assert "another unit" in sentence(physics.calibrate, system, far)


def test_calibrate_notes_what_the_data_do_not_show(data):
    system = physics.parse("x' = -a*x; y' = b*y", parameters={"a": 0.1, "b": 0.1})
    fit = physics.calibrate(system, data.drop_vars("y"))
    assert np.isinf(fit.intervals["b"]).all()
    assert any("say nothing about b" in note for note in fit.notes)


def test_nothing_free_is_nothing_to_note(data):
    values = {"a": 0.5, "b": 0.03, "c": 0.8, "d": 0.03}
    system = physics.parse("x' = a*x - b*x*y; y' = d*x*y - c*y", parameters=values)
    fit = physics.calibrate(system, data, free=[], initial=[30.0, 4.0])
    assert fit.values == {} and not any("trade off" in note for note in fit.notes)
