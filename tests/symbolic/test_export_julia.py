"""Exported Julia, held against the equations by a small reader of Julia expressions.

Julia itself is not at hand: what is tested is that files are balanced, that names are legal, that
numbers read back as the same doubles, and that every right-hand side has the law's values.
"""

import re

import pytest
import sympy

import physics
import symbolic
from physics.boundary import Condition
from physics.domain import Box
from physics.formula import Formula
from physics.jets import D, Jet, expand_fluxes, symbol
from physics.symbols import Control, Parameter
from physics.system import System

from .julia import (
    Julia,
    R,
    a,
    agrees,
    code,
    declared,
    in_functions,
    ode,
    rows,
    symbolically,
    t,
    u,
    well_formed,
    x,
    y,
)

LAWS = [
    ode("functions", {
        "x": sympy.sin(x) ** 2 * sympy.exp(-x * y) + sympy.tan(y / 3) / sympy.cosh(x),
        "y": sympy.log(1 + x**2) - sympy.tanh(a * y) + sympy.sinh(x / 2) * sympy.cos(a * x),
    }, {"a": 0.4}),
    ode("kinks", {"x": sympy.Max(x, y, R(1, 2)) - sympy.Min(x, a * y),
                  "y": sympy.Abs(x - y) * sympy.sign(x - 1) + sympy.asin(x / 9)}, {"a": 2.0}),
    ode("powers", {"x": x ** R(3, 4) - x ** -R(5, 2) + sympy.sqrt(x * y) + x**12 / 10**7,
                   "y": x**y + 2 ** (-x) + R(1, 3) ** y - (-x) ** 3 + (x**2) ** y}, {"a": 1.7}),
    ode("numbers", {"x": 1e-300 * x + 123456789123 * y + 0.1 + sympy.pi * x,
                    "y": sympy.sqrt(2) * x - sympy.E * y + sympy.sin(1) + 1e22 * x}),
    ode("fractions", {"x": x / 2 + R(1, 3), "y": 7 * x * y / (3 * (x + 2)) - 1 / (x * y)}),
    ode("forced", {"x": -x + sympy.cos(a * t) * t, "y": 3}, {"a": 2.0}),
    ode("words", {"end": -Jet("end") * symbol("function"), "EM": Jet("EM") ** 2, "sys": Jet("end"),
                  "eqs": symbol("prob") * Jet("sys")}, {"function": 2.0, "prob": -0.5}),
    ode("controlled", {"x": -x + symbol("u1") * y, "y": symbol("lambda") ** 2 - y}, {},
        controls=[Control(name="u1"), Control(name="lambda")]),
    ode("map", {"u": Jet("u") * sympy.exp(a * (1 - Jet("p"))), "p": Jet("n") / 2 + t,
                "n": Jet("u")}, {"a": 2.6}, time="discrete"),
    ode("bare map", {"x": 1 - x**2}, time="discrete"),
]  # fmt: skip


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_right_hand_sides(law):
    agrees(law, symbolic.export(law, "julia"))
    agrees(law.numeric(), symbolic.export(law, "julia", values=True))


@pytest.mark.parametrize("name", [n for n in physics.list_systems() if not physics.get(n).domain])
def test_the_catalogue(name):
    law = physics.get(name)
    source = symbolic.export(law, "julia")
    agrees(law, source)
    if law.time == "continuous":
        assert f"(0.0, {law.horizon!r})" in source and "ODEProblem(sys, [], " in source
        starts = re.findall(r"^    (\w+)\(t\) = (.*)$", source, re.MULTILINE)
        assert len(starts) == len(law.equations)
        for state, (_, value) in zip(law.state_names, starts, strict=True):
            low, high = law.initial.low, law.initial.high
            assert (
                low.get(state, 0) <= float(value) <= high.get(state, law.initial.low.get(state, 1))
            )


def test_without_an_initial_law_the_reader_is_asked():
    source = symbolic.export(LAWS[0], "julia")
    assert "ODEProblem(sys, [x => 1.0, y => 1.0], (0.0, 10.0))  # put your own" in source


@pytest.mark.parametrize(("calculus", "method"), [("ito", "EM()"), ("stratonovich", "EulerHeun()")])
def test_noise_is_brownian(calculus, method):
    noise = {("x", "w1"): a * x, ("y", "w1"): 1 - x, ("y", "end"): sympy.sqrt(y)}
    law = ode("noisy", {"x": -x, "y": -y}, {"a": 0.3}, calculus=calculus, noise=noise)
    source = symbolic.export(law, "julia")
    well_formed(source)
    found = rows(source)
    assert "@brownians w1 end_" in source and "SDEProblem(sys" in source and method in source
    names = {"x": 0.5, "y": 4.0, "a": 0.3, "w1": 10.0, "end_": 100.0}
    assert Julia(found["D(x)"], names).value == pytest.approx(-0.5 + 0.15 * 10)
    assert Julia(found["D(y)"], names).value == pytest.approx(-4 + 0.5 * 10 + 200)


def test_formula_is_a_function_that_returns_a_named_tuple():
    law = Formula(
        inputs=["x", "y", "u_x", "in"],
        expressions={"f": x / y - a * R(1, 3), "end": Jet("u", "x") ** 2 - symbol("in")},
        parameters=[Parameter("a", 0.25)],
    )
    source = symbolic.export(law, "julia")
    well_formed(source)
    assert "function formula(x, y, u_x, in_; a = 0.25)" in source
    inside = re.search(r"return \(\n(.*)\n    \)", source, re.DOTALL)[1]
    pairs = dict(line.strip().rstrip(",").split(" = ") for line in inside.split("\n"))
    names = {"x": 1.0, "y": 2.0, "u_x": 3.0, "in_": 4.0, "a": 0.75}
    assert {k: Julia(v, names).value for k, v in pairs.items()} == {"f": 0.25, "end_": 5.0}


FIELDS = [n for n in physics.list_systems() if physics.get(n).domain]


@pytest.mark.parametrize("name", FIELDS)
def test_partial_differential_equations(name):
    law = physics.get(name)
    try:
        source = symbolic.export(law, "julia")
    except ValueError as error:
        assert "MethodOfLines" in str(error) and "physics.solve" in str(error)
        assert any(e.has(*physics.jets.NONLOCAL) for e in law.equations.values()) or law.boundary
        return
    well_formed(source)
    found = rows(source)
    assert declared(source) == law.values
    for (state, expression), (left, right) in zip(
        law.equations.items(), found.items(), strict=True
    ):
        text, where = symbolically(right, law)
        assert left == f"Dt({state}({', '.join(map(str, where))}))"
        truth = in_functions(expand_fluxes(expression), where)
        assert sympy.nsimplify(sympy.expand(text - truth), rational=True).simplify() == 0
    bcs = re.search(r"bcs = \[\n(.*?)\n    \]", source, re.DOTALL)[1].split("\n")
    walls = sum(1 if k == "periodic" else 2 for k in law.domain.kinds)
    assert len(bcs) == len(law.equations) * (1 + walls)
    for c, low, high in zip("xyz", law.domain.low, law.domain.high, strict=False):
        assert f"{c} ∈ Interval({low!r}, {high!r})," in source


def test_most_of_the_catalogue_can_be_written():
    refused = []
    for name in FIELDS:
        try:
            symbolic.export(physics.get(name), "julia")
        except ValueError:
            refused.append(name)
    assert set(refused) == {
        "burgers_source", "mhd2d", "navier_stokes_velocity", "navier_stokes_vorticity",
    }  # fmt: skip


def test_walls_are_written_with_outward_normals():
    law = physics.parse(
        "u_t = k*u_xx", dict(k=2.0), length=3,
        boundary={"x-": Condition("robin", 1, 2.5), "x+": Condition("neumann", 0.5)},
    )  # fmt: skip
    source = symbolic.export(law, "julia")
    assert "2.5*u(t, 0.0) - Dx(u(t, 0.0)) ~ 1.0," in source  # ∂u/∂n = -u_x at the lower wall
    assert "Dx(u(t, 3.0)) ~ 0.5," in source and "Dx = Differential(x)" in source
    law = physics.parse("u_t = u_xx", length=3, boundary={"x-": Condition("neumann", 0.5)})
    box = Box(low=(0.0,), high=(3.0,), kinds=("dirichlet",))
    law = physics.parse("u_t = u_xx", domain=box, boundary={"x-": Condition("neumann", t)})
    source = symbolic.export(law, "julia")
    assert "-Dx(u(t, 0.0)) ~ t," in source and "u(t, 3.0) ~ 0.0," in source


BOX = Box(low=(0,), high=(1,))


@pytest.mark.parametrize(
    ("law", "words"),
    [
        (physics.get("burgers_source"), "inflow at x-"),
        (physics.get("navier_stokes_vorticity"), "inverse_laplacian"),
        (ode("slopes", {"u": Jet("u", "x") ** 2}, domain=BOX), "multiplies odd"),
        (ode("noisy", {"u": Jet("u", "xx")}, domain=BOX, noise={("u", "w"): R(1)}), "noise"),
        (ode("beam", {"u": -Jet("u", "xxxx")}, domain=Box(low=(0,), high=(1,),
                                                          kinds=("dirichlet",))), "order 4"),
        (Formula(inputs=["a b"], expressions={"g": R(1)}), "cannot be exported as a name"),
    ],
)  # fmt: skip
def test_what_julia_cannot_take_is_refused(law, words):
    with pytest.raises(ValueError, match=words):
        symbolic.export(law, "julia")


def test_fluxes_of_slopes_stay_fluxes():
    law = ode("porous", {"u": D(D(u**3, symbol("x")), symbol("x"))}, domain=BOX)
    assert "~ Dx(3.0*u(t, x)^2*Dx(u(t, x)))," in symbolic.export(law, "julia")


@pytest.mark.parametrize(
    "text", ["line\nexploit()", "=# exploit() #=", '"""', "$(exploit())", "\\"]
)
def test_descriptions_stay_in_comments(text):
    law = System(name=text, description=text, equations={"x": -a * x},
                 parameters=[Parameter("a", 1.0, description=text, unit="]")])  # fmt: skip
    source = symbolic.export(law, "julia")
    assert "exploit" not in code(source)
    well_formed(source)
    agrees(law, source)
