"""Exported C is compiled without a warning, loaded, and held against the equations."""

import ctypes
import itertools
import shutil
import subprocess

import numpy as np
import pytest
import sympy

import physics
import symbolic
from physics.formula import Formula
from physics.jets import Jet, symbol
from physics.symbols import Control, Parameter, State
from physics.system import System
from symbolic.exporters._c_names import RESERVED

COMPILER = next(filter(shutil.which, ("gcc", "cc", "clang")), None)
FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]
pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C compiler (gcc, cc or clang)")
POINTER = ctypes.POINTER(ctypes.c_double)
R = sympy.Rational
a, b, t = symbol("a"), symbol("b"), symbol("t")
ODES = [n for n in physics.list_systems() if physics.get(n).domain is None]


@pytest.fixture
def build(tmp_path):
    count = itertools.count()

    def compiled(source, *more):
        number = next(count)
        file, library = tmp_path / f"law{number}.c", tmp_path / f"law{number}.so"
        file.write_text(source, encoding="utf-8")
        command = [COMPILER, *FLAGS, *more, "-O1", "-shared", "-fPIC", "-o", library, file, "-lm"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + source
        return ctypes.CDLL(str(library))

    return compiled


def array(values):
    return (ctypes.c_double * max(len(values), 1))(*values)


def call(function, time, *arrays, size):
    out = array([0.0] * size)
    function.restype = None
    function(ctypes.c_double(time), *map(array, arrays), out)
    return np.array(out[:size])


def defaults(library, name, count):
    return list((ctypes.c_double * count).in_dll(library, f"{name}_default_params"))


def ode(name, equations, parameters=None, **rest):
    parameters = [Parameter(n, v) for n, v in (parameters or {}).items()]
    return System(name=name, equations=equations, parameters=parameters, **rest)


def truth(expression, point):
    exact = {s: sympy.Rational(point[s.name]) for s in expression.free_symbols}
    return float(expression.xreplace(exact).evalf(40))


def agrees(law, library, name, rtol=1e-12):
    """The compiled function equals the equations in high precision, parameters varied."""
    rng = np.random.default_rng(3)
    function = getattr(library, f"{name}_{'step' if law.time == 'discrete' else 'rhs'}")
    for k in range(4):
        states = rng.uniform(0.2, 1.8, len(law.state_names))
        values = [v * rng.uniform(0.5, 1.5) if k else v for v in law.values.values()]
        controls = rng.uniform(0.5, 1.0, len(law.controls))
        time = 3.0 * (k > 0)
        arrays = [states, values, *([controls] if law.controls else [])]
        found = call(function, time, *arrays, size=len(states))
        point = dict(zip(law.state_names, states, strict=True)) | {"t": time}
        point |= dict(zip(law.values, values, strict=True))
        point |= dict(zip((c.name for c in law.controls), controls, strict=True))
        expected = [truth(e, point) for e in law.equations.values()]
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-300)


@pytest.mark.parametrize("name", ODES)
def test_the_catalogue_gives_the_right_hand_sides_of_physics(name, build):
    import jax

    law = physics.get(name)
    library = build(symbolic.export(law, "c"))
    assert defaults(library, name, len(law.values)) == list(law.values.values())
    function = getattr(library, f"{name}_{'step' if law.time == 'discrete' else 'rhs'}")
    rng = np.random.default_rng(0)
    with jax.enable_x64(True):
        reference = physics.rhs(law)
        for _ in range(20):
            states, time = rng.normal(0, 3, len(law.state_names)), rng.uniform(0, 10)
            values = {n: v * rng.uniform(0.5, 1.5) for n, v in law.values.items()}
            found = call(function, time, states, values.values(), size=len(states))
            expected = np.asarray(reference(time, states, values))
            scale = 1 + np.abs(expected).max()
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * scale)


def test_every_kind_of_expression(build):
    x, y = Jet("x"), Jet("y")
    laws = [
        ode("functions", {
            "x": sympy.sin(x) ** 2 * sympy.exp(-x * y) + sympy.tan(y / 3) / sympy.cosh(x),
            "y": sympy.log(1 + x**2) - sympy.tanh(a * y) + sympy.sinh(x / 2) * sympy.cos(a * x),
        }, {"a": 0.4}),
        ode("inverse", {"x": sympy.asin(x / 9) + sympy.acos(y / 9), "y": sympy.atan(x * y)}),
        ode("kinks", {"x": sympy.Max(x, y, R(1, 2)) - sympy.Min(x, a * y),
                      "y": sympy.Abs(x - y) * sympy.sign(x - 1)}, {"a": 2.0}),
        ode("powers", {"x": x ** R(3, 4) - x ** -R(5, 2) + sympy.sqrt(x * y) + x**12 / 10**7,
                       "y": x**y + 2 ** (-x) + R(1, 3) ** y + y**a + a ** R(1, 3)}, {"a": 1.7}),
        ode("squares", {"x": -(x**2) * y**-2 + (x - y) ** 2 / (x + y) ** 3, "y": -((-x) ** 3) / 7}),
        ode("numbers", {"x": 1e-300 * x + 123456789123 * y + 0.1 + sympy.pi * x,
                        "y": sympy.sqrt(2) * x - sympy.E * y + sympy.sin(1) + 1e22 * x}),
        ode("fractions", {"x": x / 2 + R(1, 3), "y": 7 * x * y / (3 * (x + 2)) - 1 / (x * y)}),
        ode("forced", {"x": -x + sympy.cos(a * t) * t, "y": 3}, {"a": 2.0}),
        ode("controlled", {"x": -x + symbol("u1") * y, "y": symbol("lambda") ** 2 - y},
            controls=[Control(name="u1"), Control(name="lambda")]),
        ode("ricker", {"x": x * sympy.exp(a * (1 - x)), "n": Jet("n") / 2 + x}, {"a": 2.6},
            time="discrete"),
        ode("repeated", {s: sympy.sin(x * y) * sympy.exp(x * y) * k + sympy.sin(x * y) ** 2
                         for k, s in enumerate("xy", 2)}),
    ]  # fmt: skip
    for law in laws:
        agrees(law, build(symbolic.export(law, "c")), law.name)
        if law.parameters:
            agrees(law.numeric(), build(symbolic.export(law, "c", values=True)), law.name)


HOSTILE = ("double", "expm1", "y0", "u", "p", "du", "n", "int", "NAN", "I", "linux", "signbit")


def test_names_that_are_words_of_c(build):
    states = {s: Jet(s) for s in HOSTILE}
    ring = [*HOSTILE[1:], HOSTILE[0]]
    equations = {
        s: -states[s] / 3 + sympy.exp(-(states[other] ** 2)) * symbol("gamma") + symbol("c") * t
        for s, other in zip(HOSTILE, ring, strict=True)
    }
    law = ode("while", equations, {"gamma": 0.3, "c": 2.0})
    agrees(law, build(symbolic.export(law, "c")), "while")
    shadows = ode("map", {"next": Jet("next") + symbol("t1"), "n": Jet("n") * t}, {"t1": 3.0},
                  time="discrete")  # fmt: skip
    agrees(shadows, build(symbolic.export(shadows, "c")), "map")


@pytest.mark.turns
def test_every_reserved_word_can_be_a_state(build):
    words = sorted(w for w in RESERVED if physics.names.IDENTIFIER.fullmatch(w))
    words = [w for w in words if w not in physics.names.RESERVED]
    for chosen in np.array_split(words, 4):
        law = ode("words", {w: -Jet(w) * 2 for w in chosen.tolist()})
        source = symbolic.export(law, "c")
        agrees(law, build(source), "words")
        agrees(law, build(source, "-std=gnu99"), "words")


def test_formula_is_one_function_per_output(build):
    x, y = Jet("x"), Jet("y")
    law = Formula(
        inputs=["x", "y", "u_x", "double", "t", "exp"],
        expressions={
            "f": x / y + R(1, 3) * y / (3 + a * x),
            "int": Jet("u", "x") ** 5 - symbol("double") / 7 + t,
            "g": sympy.Integer(1),
            "h": sympy.exp(symbol("exp") / 2),
        },
        parameters=[Parameter("a", 0.25), Parameter("b", 1.0)],
        name="hidden",
    )
    library = build(symbolic.export(law, "c"))
    inputs = [1.5, -0.75, 0.5, 2.0, 3.0, 0.5]
    values = dict(zip(law.inputs, inputs, strict=True)) | {"a": 0.5, "b": 1.0}
    for output, expression in law.expressions.items():
        function = getattr(library, f"hidden_{output}")
        function.restype = ctypes.c_double
        found = function(*map(ctypes.c_double, inputs), array([0.5, 1.0]))
        named = {s: values[s.name] for s in expression.free_symbols}
        assert found == pytest.approx(float(expression.subs(named)), rel=1e-14)
    assert defaults(library, "hidden", 2) == [0.25, 1.0]


def test_a_formula_without_inputs_and_parameters(build):
    law = Formula(inputs=[], expressions={"E": R(2, 3)}, name="M")
    library = build(symbolic.export(law, "c"), "-std=gnu99")
    library.law_M_E.restype = ctypes.c_double
    assert library.law_M_E() == 2 / 3


def test_noise_is_a_matrix_by_rows(build):
    x, y = Jet("x"), Jet("y")
    law = ode("noisy", {"x": -x, "y": -y}, {"a": 0.3}, calculus="stratonovich",
              noise={("x", "w1"): a * x**5, ("y", "w1"): 1, ("y", "w2"): sympy.sqrt(y) * y**4},
    )  # fmt: skip
    source = symbolic.export(law, "c")
    assert "stratonovich" in source
    found = call(build(source).noisy_diffusion, 0.0, [2.0, 9.0], [0.3], size=4)
    np.testing.assert_allclose(found, [0.3 * 32, 0.0, 1.0, 3.0 * 9**4])


def test_the_result_may_overwrite_the_state(build):
    x, y = Jet("x"), Jet("y")
    law = ode("swap", {"x": y, "y": x * y}, time="discrete")
    state = array([2.0, 3.0])
    step = build(symbolic.export(law, "c")).swap_step
    step.restype = None
    step(ctypes.c_double(0), state, None, state)
    assert list(state) == [3.0, 6.0]


@pytest.mark.parametrize(
    "text",
    ["ends here */ int exploit = 1; /*", "hidden \\\nint exploit;", "??/\nint e;", "ü\x00 ∂"],
)
def test_descriptions_stay_in_comments(text, build):
    law = System(
        name=text or "x",
        description=text,
        equations={"x": -a * Jet("x")},
        states=[State(name="x", unit="*/", description=text)],
        parameters=[Parameter("a", 1.0, description=text)],
    )
    library = build(symbolic.export(law, "c"))
    assert not hasattr(library, "exploit") and not hasattr(library, "e")


def test_random_rational_functions(build):
    rng = np.random.default_rng(5)
    x, y = Jet("x"), Jet("y")

    def polynomial(degree):
        powers = [(i, j) for i in range(degree) for j in range(degree - i)]
        return sum(R(str(round(rng.normal(), 3))) * x**i * y**j for i, j in powers)

    for k in range(6):
        rows = {s: polynomial(4) / (9 + polynomial(2) ** 2) - polynomial(3) for s in "xy"}
        law = ode(f"random{k}", rows)
        agrees(law, build(symbolic.export(law, "c")), law.name, rtol=1e-9)


@pytest.mark.parametrize(
    ("law", "words"),
    [
        (physics.get("burgers"), "'burgers' is a PDE"),
        (Formula(inputs=["u"], expressions={"g": physics.jets.inverse_laplacian(Jet("u"))}),
         "grid"),
        (Formula(inputs=["a;b"], expressions={"g": R(1)}), "cannot be exported as a name"),
        (Formula(inputs=["x"], expressions={"g": Jet("x") * sympy.Integer(10) ** 400}), "float64"),
    ],
)  # fmt: skip
def test_what_c_cannot_hold_is_refused(law, words):
    with pytest.raises(ValueError, match=words):
        symbolic.export(law, "c")
