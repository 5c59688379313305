"""What discover was asked for: nothing is ignored, and what is wrong is said before any work."""

import functools
import warnings

import numpy as np
import pytest
import sympy
import xarray

import physics
import symbolic
import zoo
from physics.jets import Jet
from symbolic.library import monomials, polynomials
from symbolic.measurements import origin_of
from symbolic.slopes import slope
from symbolic.spacetime import finding
from symbolic.spacetime.library import field_count, field_terms

SPACETIME = ("sample", "time", "x")


@functools.lru_cache
def lotka(samples=3):
    times = np.linspace(0, 8, 81)
    return physics.solve(physics.get("lotka_volterra"), samples=samples, seed=0, times=times)


def waves(frames=31, points=32) -> xarray.Dataset:
    """Decaying, travelling waves: u_t = u_x + u_xx / 5."""
    t, x = np.linspace(0, 2, frames)[:, None], 2 * np.pi * np.arange(points) / points
    rows = [
        np.exp(-0.2 * t) * np.sin(x + t + phase) + 0.5 * np.exp(-0.8 * t) * np.cos(2 * (x + t))
        for phase in (0.0, 1.0, 2.0)
    ]
    return xarray.Dataset({"u": (SPACETIME, np.stack(rows))}, coords={"time": t[:, 0], "x": x})


def samples() -> dict:
    x = np.linspace(1, 2, 40)
    return {"inputs": {"x": x}, "targets": {"f": x**2}}


def text(like: xarray.DataArray, kind) -> tuple:
    return like.dims, np.full(like.shape, "high", dtype=kind)


BOX = physics.Box(low=(0.0,), high=(1.0,))


# -- refused at once -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"targets": ["x", "x"]}, "targets= names 'x' twice"),
        ({"inputs": ["y", "y"]}, "inputs= names 'y' twice"),
        ({"inputs": ["x"], "targets": ["x", "y"]}, "'x' is named as an input and as a target"),
        ({"targets": []}, r"targets=\[\] names nothing"),
        ({"time": "foo"}, "not 'foo'"),
        ({"functions": ["sine"]}, "unknown function 'sine'"),
    ],
)
@pytest.mark.parametrize("make", [lotka, waves])
def test_names_are_checked_before_any_work(make, options, message, monkeypatch):
    monkeypatch.setattr("symbolic.discovery.read_trajectories", None)
    monkeypatch.setattr("symbolic.discovery.read_fields", None)
    with pytest.raises(ValueError, match=message):
        symbolic.discover(make(), **options)


def test_candidates_are_counted_before_they_are_made(monkeypatch):
    rng = np.random.default_rng(0)
    walks = {f"s{i}": (("sample", "time"), rng.normal(size=(2, 50)).cumsum(1)) for i in range(60)}
    many = xarray.Dataset(walks, coords={"time": np.arange(50.0)})
    monkeypatch.setattr("symbolic.discovery.OdeForm", None)
    monkeypatch.setattr("symbolic.library.polynomials", None)
    for options in ({}, {"time": "discrete"}):
        with pytest.raises(ValueError, match="39711 candidate terms are more than 400"):
            symbolic.discover(many, **options)
    arrays = {n: v[1] for n, v in walks.items()}
    with pytest.raises(ValueError, match="39711 candidate terms"):
        symbolic.discover(inputs=arrays, targets={"f": arrays["s0"] ** 2})
    fields = xarray.concat([waves().u * i for i in range(1, 8)], "field")
    many = xarray.Dataset({f"u{i}": fields.isel(field=i) for i in range(7)})
    monkeypatch.setattr(finding, "FieldForm", None)
    with pytest.raises(ValueError, match="candidate terms are more than 400"):
        symbolic.discover(many)


def test_counts_of_terms_are_right():
    assert monomials(3, 4) == len(polynomials([Jet(n) for n in "xyz"], 4))
    for states, extra, dim, degree in [(1, 0, 1, 3), (2, 1, 2, 1), (1, 2, 3, 2)]:
        made = field_terms("uv"[:states], "pq"[:extra], dim, degree)
        assert field_count(states, extra, dim, degree) == len(made)


@pytest.mark.parametrize(
    "options",
    [{"time": "discrete"}, {"auxiliary": ["u"]}, {"domain": BOX}, {"tune": True},
     {"varying": True}, {"varying": False}],
    ids=str,
)  # fmt: skip
def test_what_says_nothing_of_samples_is_refused(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"{name}= does not apply to plain samples"):
        symbolic.discover(**samples(), **options)


@pytest.mark.parametrize("options", [{"inputs": ["zzz"]}, {"tune": True}], ids=str)
def test_what_says_nothing_of_fields_is_refused(options):
    with pytest.raises(ValueError, match="= does not apply to fields"):
        symbolic.discover(waves(), **options)


def test_data_before_data_and_values_that_are_no_choice():
    with pytest.raises(ValueError, match="give a model before the data"):
        zoo.explain(lotka(), lotka())
    with pytest.raises(ValueError, match="values is True or False, not 'yes'"):
        symbolic.export(physics.get("lorenz63"), "latex", values="yes")


def test_files_of_data_are_explained(tmp_path):
    file = physics.save(lotka()[["x", "y"]], tmp_path / "hares.csv")
    assert symbolic.same_law(zoo.explain(file, tune=False).best, physics.get("lotka_volterra"),
                             rtol=0.01)  # fmt: skip
    for name in (tmp_path / "plain.csv", str(tmp_path / "plain.cvs")):
        with pytest.raises(ValueError, match=r"no file .*plain"):
            zoo.explain(name)
    with pytest.raises(ValueError, match=r"neither .csv, .nc nor .zarr"):
        zoo.explain(file.rename(tmp_path / "hares.table"))


def test_samples_are_explained_without_a_solver():
    x = np.linspace(1, 2, 40)
    data = xarray.Dataset({"x": ("point", x), "f": ("point", x**2)})
    found = zoo.explain(data, targets=["f"], engine="sindy")
    assert found.candidates[found.chosen].lines() == ["f = x^2"]


# -- data that cannot be read --------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda d: d.assign(x=d.x * (1 + 1j)), {}, "'x' holds complex numbers"),
        (lambda d: d.assign(x=d.x * (1 + 1j)), {"inputs": ["x"]}, "'x' holds complex numbers"),
        (lambda d: d.assign(x=text(d.x, str)), {}, "'x' holds text"),
        (lambda d: d.assign(x=text(d.x, object)), {}, "'x' holds text"),
        (lambda d: d[["x"]].assign(x=text(d.x, str)), {}, "'x' holds text"),
        (lambda d: d[["x", "y"]].expand_dims(member=2), {}, r"dims \(member, sample, time\)"),
        (lambda d: d.assign(w=d.x.expand_dims(lon=2)), {"targets": ["w"]}, r"dims \(lon, sample"),
        (lambda d: d[["x", "y"]].rename(x=0, y=1), {}, "a variable called 0, which is no text"),
        (lambda d: d.assign_coords(time=d.time**1.5), {"time": "discrete"}, "evenly spaced times"),
    ],
)
def test_trajectories_that_cannot_be_read_are_explained(change, options, message):
    with pytest.raises(ValueError, match=message):
        symbolic.discover(change(lotka()), **options)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda d: d.drop_vars("time"), {}, "data needs the coordinate 'time'"),
        (lambda d: d.isel(sample=slice(0)), {}, "'u' has no sample"),
        (lambda d: d.rename(x="lon"), {}, r"'u' has the dims \(sample, time, lon\)"),
        (lambda d: d.expand_dims(member=2), {}, r"'u' has the dims \(member, sample, time, x\)"),
        (lambda d: d.rename(u=0), {}, "a variable called 0, which is no text"),
        (lambda d: d.assign(u=d.u * 1j), {}, "complex numbers"),
        (lambda d: d * 1e60, {}, "too large to compute with; convert it to another unit"),
        (lambda d: d, {"auxiliary": {"w": waves().u.where(waves().u > 0)}}, "'w' has gaps"),
        (
            lambda d: d,
            {"auxiliary": {"w": waves().u.values + np.inf}},
            "'w' has gaps or infinities",
        ),
        (lambda d: d, {"auxiliary": {"u": "u_x"}}, "'u' is a state and cannot be auxiliary too"),
        (lambda d: d, {"library": ["inverse_laplacian(u)"]}, "is nonlocal: make it a field"),
    ],
)
def test_fields_that_cannot_be_read_are_explained(change, options, message):
    with pytest.raises(ValueError, match=message):
        symbolic.discover(change(waves()), **options)


def test_steps_of_a_map_may_be_missing():
    henon = physics.get("henon_map")
    data = physics.solve(henon, samples=2, seed=0, times=np.arange(60)).drop_isel(time=[7, 8, 30])
    assert symbolic.same_law(symbolic.discover(data).best, henon, rtol=1e-4)


def test_a_sample_that_was_not_measured_is_passed_over_silently():
    data = lotka(4)[["x", "y"]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = symbolic.discover(data.where(data.sample > 0))
    assert symbolic.same_law(found.best, physics.get("lotka_volterra"), rtol=0.01)


# -- laws that could not be looked for -----------------------------------------------------


@pytest.mark.parametrize(
    "terms", [["u_x", "laplacian(u)"], ["D(u, x)", "D(u_x, x)"], ["∂ₓu", "Δu"]]
)
def test_derivatives_may_be_written_as_in_equations(terms):
    found = symbolic.discover(waves(), library=[*terms, "D(u^2/2, x)"])
    assert symbolic.same_law(found.best, physics.parse("u_t = u_x + 0.2*u_xx"), rtol=0.01), found


def test_walls_of_a_law_hold_numbers():
    truth = physics.get("burgers_source")
    parameters, times = {"mu1": 3.0}, np.linspace(0, 1, 41)
    data = physics.solve(truth, samples=2, times=times, resolution=32, parameters=parameters)
    assert origin_of(data).values["mu1"] == 3.0
    found = symbolic.discover(data, library=["u*u_x", "1", "x"])
    assert found.candidates[0].law.boundary["x-"].value == 3
    differs = data.assign(mu1=("sample", [3.0, 4.0]))
    found = symbolic.discover(differs, library=["u*u_x", "1", "x"], varying=False)
    assert found.candidates[0].law.boundary["x-"].value == sympy.Rational("4.25")


def test_kinks_have_slopes():
    x, y = Jet("x"), sympy.Symbol("y")
    assert slope(y * sympy.Abs(x) + sympy.sign(x) + x**2, x) == y * sympy.sign(x) + 2 * x
    assert slope(sympy.Abs(x * y), y) == x * sympy.sign(x * y)
    assert slope(x**2 * y, x) == 2 * x * y
    drag = physics.parse(["x' = v", "v' = -x - 0.5*v*abs(v)"])
    initial = [[2, 0], [0, 3], [-1, 2]]
    data = physics.solve(drag, initial=initial, times=np.linspace(0, 10, 151)).drop_attrs()
    library = ["x", "v", "v*abs(v)", "sign(v)", "abs(x)", "v^3"]
    assert symbolic.same_law(symbolic.discover(data, library=library).best, drag, rtol=0.02)
