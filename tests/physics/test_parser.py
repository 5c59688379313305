"""What equations in text mean: notations, systems, time derivatives solved for."""

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import physics
from physics.domain import Box
from physics.jets import D, Jet, coordinate, symbol
from physics.parser import ParseError, parse, parse_expression
from physics.symbols import Control, Parameter, State

from .drawn import polynomials

X, Y, U, V = map(Jet, "xyuv")
A, B = symbol("a"), symbol("b")
R = sympy.Rational


def read(text: str) -> sympy.Expr:
    """An expression of the states x, y and the parameters a, b."""
    return parse_expression(text, states=["x", "y"], parameters=["a", "b"])


def read_field(text: str, dim: int = 2) -> sympy.Expr:
    """An expression of the fields u, v and the parameters a, b in a PDE."""
    return parse_expression(
        text, states=["u", "v"], parameters=["a", "b"], coordinates=["t", *"xyz"[:dim]]
    )


# -- what expressions mean -----------------------------------------------------------------


@pytest.mark.parametrize(
    "text, expected",
    [
        ("-x^2", -(X**2)),
        ("(-x)^2", X**2),
        ("2^3^2", 512),
        ("x^-2", X**-2),
        ("2^-x^2", 2 ** (-(X**2))),
        ("-2^2", -4),
        ("x**2", X**2),
        ("a - b - x", A - B - X),
        ("a / b / x", A / B / X),
        ("a / b * x", A / B * X),
        ("a * -x", -A * X),
        ("--x", X),
        ("-+-x", X),
        ("- x * y ^ 2", -X * Y**2),
        ("a - -x", A + X),
        ("1/3", R(1, 3)),
        ("0.1 + 0.2", R(3, 10)),
        ("1e-3*x", X / 1000),
        (".5*x + 5.", X / 2 + 5),
        ("1E2", 100),
        ("x^(1/2)", sympy.sqrt(X)),
        ("sqrt(x) * sqrt(x)", X),
        ("x^a^b", X ** (A**B)),
        ("sin(x)^2", sympy.sin(X) ** 2),
        ("-sin(x)", -sympy.sin(X)),
        ("ln(x) - log(x)", 0),
        ("abs(-x)", sympy.Abs(X)),
        ("abs(exp(x))", sympy.exp(X)),
        ("max(x, y, 1)", sympy.Max(X, Y, 1)),
        ("min(2, 3)*x", 2 * X),
        ("cos(pi)", -1),
        ("tan(x + pi/2)", -1 / sympy.tan(X)),
        ("exp(1)*x", sympy.E * X),
        ("sin(t)", sympy.sin(coordinate("t"))),
        ("x²", X**2),
        ("x⁻¹", 1 / X),
        ("x²·y", X**2 * Y),
        ("x² ^ 2", X**4),
        ("a × x − b ⋅ y", A * X - B * Y),
        ("(x)", X),
        ("((x))*((y))", X * Y),
        ("x\u00a0+\ty", X + Y),
    ],
)
def test_precedence_and_spellings(text, expected):
    assert sympy.expand(read(text) - expected) == 0


@given(polynomials([X, Y, A, B]), polynomials([X, Y, A, B]), st.sampled_from("+-*"))
def test_operators_agree_with_python(f, g, operator):
    text = f"({str(f).replace('**', '^')}) {operator} ({str(g).replace('**', '^')})"
    expected = {"+": f + g, "-": f - g, "*": f * g}[operator]
    assert sympy.expand(read(text) - expected) == 0


@pytest.mark.parametrize(
    "text, expected",
    [
        ("u_xx", Jet("u", "xx")),
        ("u_yx", Jet("u", "xy")),
        ("∂ₓu", Jet("u", "x")),
        ("∂ₓₓu", Jet("u", "xx")),
        ("∂ₓ²u", Jet("u", "xx")),
        ("∂_y v", Jet("v", "y")),
        ("∂ᵧ v", Jet("v", "y")),
        ("∂u/∂x", Jet("u", "x")),
        ("∂²u/∂y²", Jet("u", "yy")),
        ("∂ₓ(u^2/2)", D(U**2 / 2, coordinate("x"))),
        ("D(u^2/2, x)", D(U**2 / 2, coordinate("x"))),
        ("D(D(u, x), y)", Jet("u", "xy")),
        ("Δu", Jet("u", "xx") + Jet("u", "yy")),
        ("∆ u", Jet("u", "xx") + Jet("u", "yy")),
        ("∇²u", Jet("u", "xx") + Jet("u", "yy")),
        ("∇⁴u - Δ²u", 0),
        ("laplacian(u)", Jet("u", "xx") + Jet("u", "yy")),
        ("div(u, v)", Jet("u", "x") + Jet("v", "y")),
        ("curl(u, v)", Jet("v", "x") - Jet("u", "y")),
        ("advect(u, v, v)", U * Jet("v", "x") + V * Jet("v", "y")),
        ("sin(x)*u_x", sympy.sin(coordinate("x")) * Jet("u", "x")),
    ],
)
def test_spatial_notations(text, expected):
    assert sympy.expand(read_field(text) - expected) == 0


def test_fluxes_and_nonlocal_operators_stay_as_typed():
    assert read_field("D(u^2/2, x)") == D(U**2 / 2, coordinate("x"))
    text = "inverse_laplacian(u*v)"
    assert str(read_field(text)) == text


# -- systems -------------------------------------------------------------------------------

ODES = ["x' = y; y' = a*x", "dx/dt = y\ndy/dt = a*x", "x_t = y; y_t = a*x", "∂x/∂t = y; ∂ₜy = a*x",
        "x′ = y; y’ = a·x", "y' - a*x = 0; x' = y", "2*x' = 2*y\r\n\r\n -y' = -a*x;;"]  # fmt: skip


@pytest.mark.parametrize("text", ODES)
def test_notations_of_an_ode(text):
    assert parse(text, {"a": 2.0}, states=["x", "y"]) == parse(ODES[0], {"a": 2})


PDES = [
    "u_t + u*u_x = nu*u_xx",
    "u' = -u*u_x + nu*u_xx",
    "∂u/∂t = ν·∂²u/∂x² − u·∂ₓu",
    "∂ₜu + u*∂ₓu - nu*Δu = 0",
    "-u_t/2 = u*u_x/2 - nu*laplacian(u)/2",
    "u_t = -D(u^2/2, x) + D(nu*u_x, x)",
    "du/dt = nu*∇²u - u*u_x",
]


@pytest.mark.parametrize("text", PDES)
def test_notations_of_a_pde(text):
    system = parse(text, {"nu": 0.02})
    assert system == parse(PDES[0], {"ν": 0.02}) and system.dim == 1
    assert system.values == {"nu": 0.02}


@pytest.mark.parametrize(
    "text", ["x[n+1] = r*x[n]*(1 - x[n])", "x[n+1] = r*x*(1 - x)", "x[k+1] - r*x[k]*(1 - x[k]) = 0"]
)
def test_notations_of_a_map(text):
    assert parse(text, {"r": 3.9}) == physics.get("logistic_map")
    assert parse(text, {"r": 3.9}, time="discrete").time == "discrete"


def test_a_map_may_use_the_new_value():
    two = parse("x[n+1] = a*x + y; y[n+1] = 2*x[n+1]", {"a": 0.5})
    assert two == parse("x[n+1] = a*x + y; y[n+1] = 2*(a*x + y)", {"a": 0.5})


@pytest.mark.parametrize(
    "name", ["lambda", "S", "I", "E", "N", "Q", "e", "i", "dt", "beta", "O", "ln2"]
)
def test_names_with_a_meaning_elsewhere_are_ordinary(name):
    as_state = parse(f"{name}' = -{name}^2")
    assert as_state.equations[name] == -(Jet(name) ** 2)
    as_parameter = parse(f"x' = {name}*x", {name: 2.0})
    assert as_parameter.equations["x"] == symbol(name) * X


def test_greek_letters_are_their_names():
    text = "x' = α*x - β*x*y; θ' = µ*θ₁; θ₁' = -ω₀; y' = Γ*ϕ"
    values = {"α": 1, "beta": 2, "μ": 3, "ω₀": 4, "Gamma": 5, "phi": 6}
    greek = parse(text, values)
    assert greek.state_names == ("x", "theta", "theta_1", "y")
    assert list(greek.values) == ["alpha", "beta", "mu", "omega_0", "Gamma", "phi"]


def test_letters_are_states_in_an_ode_and_coordinates_in_a_pde():
    assert parse("x' = y; y' = z; z' = x*t").state_names == ("x", "y", "z")
    forced = parse("u_t = u_xx + sin(x)*cos(t)")
    assert forced.equations["u"].has(coordinate("x"), coordinate("t"))
    assert parse("u_t = -u + sin(x)", length=2.0).dim == 1


@pytest.mark.parametrize(
    "text, keywords, high",
    [
        ("u_t = u_x", {}, (2 * np.pi,)),
        ("u_t = u_yy", {}, (2 * np.pi,) * 2),
        ("u_t = D(u^2, z)", {}, (2 * np.pi,) * 3),
        ("u_t = laplacian(u)", {}, (2 * np.pi,)),
        ("u_t = laplacian(u)", {"length": (1, 2, 3)}, (1, 2, 3)),
        ("u_t = u_yy", {"length": 4}, (4, 4)),
        ("u_t = u_x", {"length": np.float32(4)}, (4,)),
        ("u_t = u_x", {"length": np.array([4.0, 5.0])}, (4, 5)),
        ("u_t = -u", {"length": 3}, (3,)),
    ],
)
def test_boxes(text, keywords, high):
    box = parse(text, **keywords).domain
    assert box.low == (0.0,) * len(high) and box.high == pytest.approx(high)
    assert set(box.kinds) == {"periodic"}


def test_a_domain_may_be_given():
    box = Box(low=(-1,), high=(1,), kinds=("dirichlet",))
    assert parse("u_t = u_xx", domain=box).domain is box


def test_parameters_controls_states_units_and_initial_values():
    system = parse(
        ["v' = -k*x/m + f", "x' = v"],
        [Parameter("k", 2.0, low=0, unit="N/m"), Parameter("m", 1.0, low=0.1, high=9)],
        controls=[Control(name="f", low=-1)],
        states=[State(name="x", low=0), "v"],
        name="spring",
        initial={"x": (0.0, 1.0), "v": 0.5},
        units={"x": "m", "t": "s", "m": "kg", "f": "m/s²"},
    )
    assert (system.name, system.state_names, system.controls[0].name) == ("spring", ("x", "v"), "f")
    assert system.parameter("k").unit == "N/m" and system.parameter("m").unit == "kg"
    assert system.states[0].unit == "m" and system.states[0].low == 0
    assert system.units == {"t": "s"} and system.controls[0].unit == "m/s²"
    drawn = system.initial.draw(np.random.default_rng(0), system.state_names, 50)
    assert (drawn[:, 1] == 0.5).all() and 0 <= drawn[:, 0].min() < drawn[:, 0].max() < 1


# -- solving for the time derivatives -------------------------------------------------------


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.integers(-4, 4), min_size=3, max_size=3), min_size=3, max_size=3),
    st.lists(polynomials([X, Y, Jet("z"), A]), min_size=3, max_size=3),
)
def test_coupled_time_derivatives_are_solved_as_a_linear_system(rows, right):
    matrix = sympy.Matrix(rows)
    text = []
    for row, f in zip(rows, right, strict=True):
        left = " + ".join(f"({c})*{s}'" for c, s in zip(row, "xyz", strict=True))
        text.append(f"{left} + 0*a = {f}")
    if matrix.det() == 0 or any(not any(row) for row in rows):
        with pytest.raises(ParseError):
            parse(text, {"a": 1.0})
        return
    system = parse(text, {"a": 1.0}, states="xyz")
    expected = matrix.solve(sympy.Matrix(right))
    for found, wanted in zip(system.equations.values(), expected, strict=True):
        assert sympy.expand(found - wanted) == 0


def test_factors_may_be_parameters():
    system = parse("a*x' + b*y' = x; b*x' - a*y' = 1", {"a": 1.0, "b": 2.0})
    for state, wanted in {"x": A * X + B, "y": B * X - A}.items():
        assert sympy.simplify(system.equations[state] - wanted / (A**2 + B**2)) == 0
    assert parse("a*x' = y; y' = 1", {"a": 3.0}).equations["x"] == Y / A
