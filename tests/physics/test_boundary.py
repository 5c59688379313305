import json
from dataclasses import replace

import numpy as np
import pytest
import sympy

import physics
from physics.boundary import Condition, condition, sides, walled
from physics.domain import Box
from physics.system import System


def heat(**options) -> System:
    return physics.parse("u_t = nu*u_xx", {"nu": 0.1}, length=1, **options)


def test_missing_sides_take_the_kind_of_the_box():
    box = Box(low=(0, 0), high=(1, 1), kinds=("neumann", "periodic"))
    system = physics.parse("u_t = laplacian(u)", domain=box, boundary={"x-": 2.0})
    assert condition(system, "u", "x-") == Condition("dirichlet", 2)
    assert condition(system, "u", "x+") == Condition("neumann")
    assert condition(system, "u", "y-") is None
    assert sides(2) == ["x-", "x+", "y-", "y+"]


def test_a_condition_of_one_state_goes_before_that_of_all():
    system = physics.parse(
        "h_t = -D(m, x); m_t = -D(m^2/h + h^2/2, x)",
        boundary={"x-": "neumann", "x+": "neumann", "m:x-": 0.0},
    )
    assert condition(system, "m", "x-").kind == "dirichlet"
    assert condition(system, "h", "x-").kind == condition(system, "m", "x+").kind == "neumann"


def test_numbers_kinds_text_and_conditions_can_be_given():
    given = {"x-": "a*sin(t)", "x+": Condition("robin", 1, sympy.Symbol("nu"))}
    system = physics.parse("u_t = nu*u_xx", {"nu": 0.1, "a": 2.0}, length=1, boundary=given)
    assert system.boundary["x-"].value == sympy.Symbol("a") * sympy.sin(sympy.Symbol("t"))
    assert system.boundary["x+"].slope == sympy.Symbol("nu")
    assert system.domain.kinds == ("outflow",)
    assert heat(boundary={"x-": "neumann", "x+": "neumann"}).domain.kinds == ("neumann",)
    assert heat(boundary={"x-": 1}).domain.kinds == ("outflow",)


def test_json_keeps_conditions_and_stays_readable_without_them():
    system = heat(boundary={"x-": "nu*t", "u:x+": Condition("robin", 1, 0.5)})
    written = json.loads(json.dumps(system.to_json()))
    assert System.from_json(written).boundary == system.boundary
    assert System.from_json(written) == system
    plain = heat().to_json()
    assert "boundary" not in plain
    assert System.from_json(plain).boundary == {}


def test_kinds_enter_the_key_and_values_do_not():
    def walls(**kinds):
        box = Box(low=(0,), high=(1,), kinds=(kinds.pop("box", "dirichlet"),))
        boundary = {k.replace("_", ""): v for k, v in kinds.items()}
        return System(
            name="heat",
            equations={"u": physics.Jet("u", "xx")},
            domain=box,
            boundary={k.replace("low", "-").replace("high", "+"): v for k, v in boundary.items()},
        )

    assert walls(x_low=Condition("dirichlet", 1)) == walls()
    assert walls(x_low=Condition("neumann")) != walls()
    both = {"x_low": Condition("neumann"), "x_high": Condition("neumann", 3)}
    assert walls(**both) == walls(box="neumann")
    assert walls(box="periodic") != walls()


def test_parameters_are_put_into_conditions():
    system = heat(boundary={"x-": "nu*t", "x+": "neumann"})
    assert system.numeric().boundary["x-"].value == sympy.Symbol("t") / 10
    assert system.without("nu").boundary["x-"].value == 0


def test_conditions_on_a_periodic_box_make_its_kinds():
    box = Box(low=(0, 0), high=(1, 1))
    assert walled(box, {"x-": Condition("neumann")}).kinds == ("outflow", "periodic")
    assert walled(box, {}).kinds == box.kinds


@pytest.mark.parametrize(
    ("boundary", "message"),
    [
        ({"q": 1}, "sides are x-, x\\+"),
        ({"y-": 1}, "sides are x-, x\\+"),
        ({"w:x-": 1}, "sides are x-, x\\+"),
        ({"x-": "neuman"}, 'nearest: "neumann"'),
        ({"x-": "b*t"}, 'undeclared symbol "b"'),
        ({"x-": "x*t"}, "x"),
        ({"x-": None}, "number or a SymPy expression"),
        ({"x-": float("nan")}, "finite"),
    ],
)
def test_what_is_no_condition_is_refused(boundary, message):
    with pytest.raises(ValueError, match=message):
        heat(boundary=boundary)


def test_what_a_kind_does_not_take_is_refused():
    with pytest.raises(ValueError, match="slope"):
        Condition("dirichlet", 1, 2)
    with pytest.raises(ValueError, match="takes no value"):
        Condition("outflow", 1)
    with pytest.raises(ValueError, match="periodic along x"):
        replace(heat(), boundary={"x-": Condition("neumann")})
    with pytest.raises(ValueError, match="may hold numbers"):
        heat(boundary={"x-": Condition("dirichlet", physics.Jet("u"))})
    with pytest.raises(ValueError, match="boundary= is for PDEs"):
        physics.parse("x' = -x", boundary={"x-": 1})


def test_values_of_walls_are_those_of_the_system_that_is_solved():
    ends = []
    for value in (1.0, 2.0):  # equal systems, as values are no part of the key
        sides = {"x-": value, "x+": 0.0}
        system = physics.parse("u_t = nu*u_xx", parameters={"nu": 0.1}, length=1.0, boundary=sides)
        data = physics.solve(system, initial=np.zeros(17), times=[0.0, 0.5], resolution=17)
        ends.append(float(data["u"][0, -1, 0]))
    assert np.allclose(ends, [1.0, 2.0])
