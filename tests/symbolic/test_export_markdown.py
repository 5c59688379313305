"""The document about a law: its equations read back, its tables hold every symbol."""

import math
import re

import numpy as np
import pytest
import sympy

import physics
import symbolic
from physics.formula import Formula
from physics.jets import Jet, symbol
from physics.symbols import Control, Parameter, State
from physics.system import System

x, a = Jet("x"), symbol("a")


def tables(text):
    """{name of the first column: rows of cells} of all tables."""
    found = {}
    for block in text.strip().split("\n\n"):
        if not block.startswith("|"):
            continue
        rows = [
            [c.strip().replace(r"\|", "|") for c in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in block.split("\n")
        ]
        assert len({len(row) for row in rows}) == 1, block
        assert set(rows[1]) == {"---"}
        found[rows[0][0]] = rows[2:]
    return found


def plain_text(text):
    return re.search(r"```text\n(.*?)\n```", text, re.DOTALL)[1]


def test_the_catalogue(catalogue_name):
    law = physics.get(catalogue_name)
    text = symbolic.export(law, "markdown")
    found = tables(text)
    assert [row[0].strip("`") for row in found["state"]] == list(law.state_names)
    written = {row[0].strip("`"): float(row[1]) for row in found.get("parameter", [])}
    assert written == pytest.approx(law.values, rel=1e-9)
    for row, parameter in zip(found.get("parameter", []), law.parameters, strict=True):
        assert row[2] == (parameter.unit or "")
    again = physics.parse(plain_text(text), law.parameters, domain=law.domain,
                          states=law.state_names) if not law.boundary else law  # fmt: skip
    assert symbolic.same_law(again, law)
    formulas = symbolic.export(law, "latex").partition(" \\\\\n& ")[0]
    assert formulas.removesuffix("\n\\end{aligned}") in text
    assert text.count("$$") == 2 and text.endswith("\n") and "\n\n\n" not in text
    for kind in law.domain.kinds if law.domain else ():
        assert kind in text


def test_a_system_says_units_ranges_walls_and_noise():
    law = System(
        name="tube",
        equations={"u": a * Jet("u", "xx") + symbol("q")},
        states=[State(name="u", unit="K", low=0, description="heat | cold")],
        parameters=[Parameter("a", 0.5, low=0.1, high=2, log=True, unit="L²/T")],
        controls=[Control(name="q", low=-1)],
        domain=physics.Box(low=(0,), high=(2,), kinds=("dirichlet",)),
        boundary={"x-": physics.Condition("robin", 1, symbol("a"))},
        noise={("u", "w"): a},
        units={"x": "L", "t": "T"},
        source="<script>, 1999",
    )
    text = symbolic.export(law, "markdown")
    found = tables(text)
    assert found["state"] == [["`u`", "K", "≥ 0", "heat | cold"]]
    assert found["parameter"] == [["`a`", "0.5", "L²/T", "0.1 … 2 (log)", ""]]
    assert found["control"] == [["`q`", "", "≥ -1", ""]]
    for piece in ("- `x` from 0 to 2 [L], dirichlet.", "At x-, robin for `u`: `(a)*u + du/dn = 1`",
                  "At x+, dirichlet for `u`: `u = 0`", "sense of Itô", "noise of u: a dW(w)",
                  "Time `t` [T]", "&lt;script&gt;"):  # fmt: skip
        assert piece in text, text


def test_a_formula():
    law = Formula(inputs=["x", "u_x"], expressions={"f": a * x / Jet("u", "x"), "g": sympy.pi * x},
                  parameters=[Parameter("a", 1 / 3, unit="1/T")], name="hidden")  # fmt: skip
    text = symbolic.export(law, "markdown", digits=3)
    assert text.startswith("# hidden\n") and "Inputs: `x`, `u_x`." in text
    assert tables(text)["parameter"][0][:3] == ["`a`", "0.3333333333", "1/T"]
    assert plain_text(text) == "f = a*x/u_x\ng = pi*x"
    assert "0.333" in symbolic.export(law, "markdown", values=True, digits=3)


def test_a_discovery_with_its_front_noise_and_doubts():
    truth = physics.get("lotka_volterra")
    data = physics.solve(truth, samples=3, seed=0, times=np.linspace(0, 10, 101))
    found = symbolic.discover(data, engine="sindy")
    text = symbolic.export(found, "markdown")
    rows = tables(text)
    front = rows[""]
    assert len(front) == len(found.candidates)
    assert [row[0] for row in front].index("**best**") == found.chosen
    for row, candidate in zip(front, found.candidates, strict=True):
        assert row[1:3] == [str(sum(candidate.terms.values())), str(candidate.complexity)]
        assert float(row[3]) == pytest.approx(candidate.error, rel=0.01, abs=1e-12)
        assert row[-1] == "<br>".join(f"`{line}`" for line in candidate.lines())
    assert [row[0] for row in rows["state"]] == ["`x`", "`y`"]
    assert found.method.split(" (")[0] in text and "**Best law:**" in text
    assert math.isclose(float(rows["parameter"][0][1]), next(iter(found.best.values.values())))


def test_a_discovery_without_a_law_says_why():
    rng = np.random.default_rng(0)
    inputs, noise = {"x": rng.normal(size=60), "y": rng.normal(size=60)}, rng.normal(size=60)
    found = symbolic.discover(inputs=inputs, targets={"f": noise}, engine="sindy")
    assert found.best is None
    text = symbolic.export(found, "markdown")
    assert "**No law found:**" in text and "## Equations" not in text
    assert symbolic.Discovery.from_json(found.to_json()).reason[:20] in text


def test_relations_that_cannot_be_told_are_listed():
    t = np.linspace(0, 6, 80)
    inputs = {"x": np.cos(t), "y": np.sin(t)}
    found = symbolic.discover(inputs=inputs, targets={"f": 2 * inputs["x"]}, engine="sindy")
    assert found.null_directions
    text = symbolic.export(found, "markdown")
    assert "## What cannot be told" in text and f"- `{found.null_directions[0]}`" in text


def test_a_discovery_goes_only_where_it_can_be_written():
    x, y = np.meshgrid(np.linspace(1, 2, 9), np.linspace(0, 3, 9))
    found = symbolic.discover(inputs={"x": x, "y": y}, targets={"f": x * y}, engine="sindy")
    with pytest.raises(ValueError, match=r"pass a discovery's \.best"):
        symbolic.export(found, "latex")
    with pytest.raises(ValueError, match=r"pass its \.best"):
        symbolic.export(found, "markdown", values=True)
    with pytest.raises(ValueError, match="from 1 to 17"):
        symbolic.export(found, "markdown", digits=0)


@pytest.mark.parametrize("text", ["a\n# title", "x | y", "<b>", "$$", "```", "\\ud800"])
def test_descriptions_stay_text(text):
    law = System(name=text, description=text, equations={"x": -a * x},
                 parameters=[Parameter("a", 1.0, description=text, unit="1/T")])  # fmt: skip
    written = symbolic.export(law, "markdown")
    assert tables(written)["parameter"][0][1] == "1"
    assert written.count("\n#") == 4 and "<b>" not in written
    assert len(re.findall(r"(?<!\\)\$\$", written)) == 2
    assert len(re.findall(r"^```", written, re.MULTILINE)) == 2
