"""Laws of fields: planted PDEs come back unaided, bad data are explained, bases are exact."""

import functools

import numpy as np
import pytest
import sympy

import physics
import symbolic
from physics.jets import Jet
from symbolic.spacetime import curves
from symbolic.spacetime.bases import Walled, Waves
from symbolic.spacetime.library import field_terms, simple_terms

VORTICITY = {"u": "-inverse_laplacian(omega_y)", "v": "inverse_laplacian(omega_x)"}


@functools.lru_cache
def clean(name, end, frames, points, samples=3, seed=7):
    options = {"forcing": 0} if name == "navier_stokes_vorticity" else {}
    truth = physics.get(name, **options)
    times = np.linspace(0, end, frames)
    return truth, physics.solve(truth, samples=samples, seed=seed, times=times, resolution=points)


def noisy(data, names, noise, seed=0):
    rng = np.random.default_rng(seed)
    shaken = {n: data[n] + noise * float(data[n].std()) * rng.standard_normal(data[n].shape)
              for n in names}  # fmt: skip
    return data.assign(shaken)


@pytest.mark.turns
@pytest.mark.parametrize("noise", [0.0, 0.01, 0.05])
@pytest.mark.parametrize(
    ("name", "end", "frames"),
    [("burgers", 1.5, 76), ("kdv", 2, 101), ("fisher_kpp", 4, 81), ("advection_diffusion", 4, 81)],
)
def test_planted_laws_of_one_dimension_come_back(name, end, frames, noise):
    truth, data = clean(name, end, frames, 128)
    found = symbolic.discover(noisy(data, truth.state_names, noise))
    same = symbolic.same_law(found.best, truth)
    assert same.same_terms, found
    assert same.worst < 0.03
    assert found.candidates[found.chosen].resimulated < 0.05
    assert found.best.domain == truth.domain
    assert "periodic" in found.method


@pytest.mark.turns
def test_two_coupled_fields_and_one_with_velocities_from_vorticity():
    truth, data = clean("lambda_omega", 10, 81, 32)
    found = symbolic.discover(noisy(data, "uv", 0.02))
    assert symbolic.same_law(found.best, truth).same_terms
    truth, data = clean("navier_stokes_vorticity", 4, 41, 32)
    found = symbolic.discover(noisy(data, ["omega"], 0.02), auxiliary=VORTICITY)
    same = symbolic.same_law(found.best, truth)
    assert same.same_terms and same.worst < 0.03
    assert found.best.autonomous and not found.best.controls


def test_a_sine_of_the_field_is_tried_where_products_fail():
    truth, data = clean("sine_gordon", 5, 81, 64)
    found = symbolic.discover(noisy(data, "uv", 0.01))
    assert symbolic.same_law(found.best, truth).same_terms


@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_laws_between_walls_come_back(noise):
    truth = physics.parse("u_t = nu*u_xx - u*u_x", {"nu": 0.3}, length=6.0,
                          boundary={"x-": 0.0, "x+": 0.0})  # fmt: skip
    x, rng = np.linspace(0, 6, 101), np.random.default_rng(3)
    modes = np.sin(np.arange(1, 6)[:, None] * np.pi * x / 6)
    data = physics.solve(
        truth, initial=rng.normal(size=(4, 5)) @ modes, times=np.linspace(0, 2, 81)
    )
    found = symbolic.discover(noisy(data, "u", noise))
    assert symbolic.same_law(found.best, truth).same_terms, found
    bare = noisy(data, "u", noise)
    bare.attrs.clear()
    found = symbolic.discover(bare, domain=truth.domain)
    assert symbolic.same_law(found.best, truth).same_terms, found


def test_noise_and_a_missing_term_give_no_law():
    _, data = clean("burgers", 1.5, 76, 128)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="is noise"):
        symbolic.discover(data.assign(u=data.u * 0 + rng.standard_normal(data.u.shape)))
    found = symbolic.discover(noisy(data, "u", 0.01), library=["u", "u_xx", "u^2"])
    assert found.best is None
    assert "missing" in found.reason or "explains" in found.reason


@pytest.mark.turns
def test_laws_of_fields_are_held_against_data():
    truth, data = clean("burgers", 1.5, 76, 128)
    right, wrong = symbolic.check(truth, data), symbolic.check(physics.get("heat"), data)
    assert right and right.total < 1e-6 and right.restarts == 24
    assert not wrong and wrong.from_start["u"] > 0.1
    shaken = noisy(data, "u", 0.02)
    found = symbolic.discover(shaken)
    assert symbolic.check(found.best, shaken).total < 0.04
    varied = physics.solve(truth, samples=3, seed=1, vary=["nu"], times=np.linspace(0, 1, 21),
                           resolution=64)  # fmt: skip
    assert symbolic.check(truth, varied).total < 1e-3
    assert symbolic.check(truth, varied, parameters={"nu": 0.5}).total > 0.05


def test_the_same_data_give_the_same_law_and_foreign_data_their_box():
    truth, data = clean("burgers", 1.5, 76, 128)
    bare = noisy(data, "u", 0.01).drop_attrs()
    one, two = symbolic.discover(bare), symbolic.discover(bare)
    assert one.to_json() == two.to_json()
    assert symbolic.same_law(one.best, truth).same_terms
    assert one.best.domain.kinds == ("periodic",)
    assert abs(one.best.domain.high[0] - 2 * np.pi) < 1e-9


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda d: d.isel(time=slice(5)), {}, "5 times are too few"),
        (lambda d: d.isel(x=slice(10)), {}, "10 points along x are too few"),
        (lambda d: d.where(d.u > 0), {}, "gaps"),
        (lambda d: d.assign_coords(x=d.x**2), {}, "unevenly spaced"),
        (lambda d: d.drop_vars("x"), {}, "needs the coordinate 'x'"),
        (lambda d: d * 0 + 1, {}, "constant"),
        (lambda d: d, {"targets": ["v"]}, "no field 'v'"),
        (lambda d: d, {"auxiliary": ["w"]}, "no field 'w'"),
        (lambda d: d, {"auxiliary": {"w": np.ones(3)}}, "has shape"),
        (lambda d: d, {"auxiliary": {"w": "sin(q)"}}, "q"),
        (lambda d: d, {"library": ["u_q"]}, "no input"),
        (lambda d: d, {"engine": "operon"}, "searched by"),
        (lambda d: d, {"time": "discrete"}, "leave time= out"),
        (lambda d: d, {"domain": "periodic"}, "domain is a Box"),
    ],
)
def test_bad_fields_are_explained(change, options, message):
    _, data = clean("burgers", 1.5, 76, 128)
    with pytest.raises(ValueError, match=message):
        symbolic.discover(change(data), **options)


@pytest.mark.parametrize("basis", [Waves(32, 2.0), Walled(41, 2.0)])
def test_bases_are_orthonormal_and_their_derivatives_right(basis):
    assert np.allclose(basis.measured.T @ basis.measured, np.eye(basis.size), atol=1e-10)
    share = np.linspace(0.2, 0.8, 7)
    for order in (1, 2, 3):
        h = 1e-5
        low, high = (basis.values(share + s * h / 2.0, order - 1) for s in (-1, 1))
        slope = basis.values(share, order)
        assert np.abs((high - low) / (h * basis.length) - slope).max() < 1e-5 * np.abs(slope).max()
    points, weights = basis.quadrature(4 * basis.size)
    inside = (basis.tests(points) * weights) @ basis.values(points)
    assert np.allclose(inside @ inside.T, np.eye(len(inside)), atol=1e-8)


def test_curves_tell_noise_from_signal():
    times, rng = np.linspace(0, 4, 80), np.random.default_rng(1)
    signal = np.stack([np.sin(2 * times), 0 * times], -1)[None].repeat(3, 0)
    found = curves.smooth(times, signal + 0.1 * rng.standard_normal(signal.shape))
    assert list(found.kept) == [0]
    assert all(abs(p.noise[0] / 0.1 - 1) < 0.2 for p in found.pieces)
    errors = [np.abs(p.mean[:, 0] - np.sin(2 * p.nodes)).max() for p in found.pieces]
    assert max(errors) < 0.15


def test_libraries_hold_what_field_equations_hold():
    small, full = simple_terms("uv", [], 2, 3), field_terms("uv", [], 2, 3)
    assert set(small) <= set(full) and len(set(full)) == len(full)
    u, v = Jet("u"), Jet("v")
    laplacian_twice = Jet("u", "xxxx") + 2 * Jet("u", "xxyy") + Jet("u", "yyyy")
    for term in (sympy.Integer(1), u * v**2, Jet("u", "yy"), v * Jet("u", "y"), laplacian_twice):
        assert term in small
    assert u**2 * Jet("v", "x") in full and Jet("u", "x") ** 2 in full


# -- partly known --------------------------------------------------------------------------


def diffusion(equation: str, **options):
    burgers = physics.get("burgers")
    return physics.parse(
        equation, {"nu": burgers.values["nu"]}, length=burgers.domain.high[0], **options
    )


@pytest.mark.parametrize("equation", ["u_t = nu*u_xx", "u_t = D(nu*u_x, x)", "u_t = nu*u_xx - 2*G"])
def test_the_rest_of_a_partly_known_pde(equation):
    burgers = physics.get("burgers")
    data = physics.solve(burgers, samples=3, times=np.linspace(0, 1, 51), resolution=128)
    controls = ["G"] if "G" in equation else ()
    known = diffusion(equation, controls=controls)
    found = symbolic.discover(data, known=known)
    assert symbolic.same_law(found.best, burgers, rtol=1e-2), found
    hidden = found.candidates[found.chosen].hidden
    (output,) = hidden.outputs
    assert output == ("G" if controls else "u")
    assert {"u", "u_x"} <= set(hidden.inputs)


def test_what_is_known_must_fit_the_data():
    burgers = physics.get("burgers")
    data = physics.solve(burgers, samples=1, times=np.linspace(0, 1, 21), resolution=64)
    with pytest.raises(ValueError, match="an ODE or map; the data have the coordinates x"):
        symbolic.discover(data, known=physics.get("lorenz63"))
    flow = physics.get("navier_stokes_vorticity", forcing=0)
    with pytest.raises(ValueError, match="a PDE in 2 dimensions; the data have"):
        symbolic.discover(data, known=flow)
    record = physics.solve(physics.get("lorenz63"), times=np.linspace(0, 1, 50))
    with pytest.raises(ValueError, match="no spatial coordinate"):
        symbolic.discover(record, known=burgers)
