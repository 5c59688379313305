"""Kuramoto-Sivashinsky: ∂ₜφ = −|∇φ|²/2 − α Δφ − ν Δ²φ, or for its slope u = ∇φ
∂ₜu = −∇(|u|²/2) − α Δu − ν Δ²u.

A flame front: long waves grow, short ones die, and the slopes pass energy between them. Cells of
size ~9 √(ν/α) merge and split for ever: spatiotemporal chaos. form="gradient" has the front φ,
whose mean drifts; form="conservative" its slope.
Parameters: alpha, anti-diffusion α [L²/T]; nu, hyperdiffusion ν [L⁴/T].
States: phi, front φ [L²/T] ("gradient"), or u (v, w), slope [L/T] ("conservative").
Diagnostics (densities, to be averaged over the box): energy of the slope.
Source: Kuramoto and Tsuzuki (1976), doi:10.1143/PTP.55.356; Sivashinsky (1977),
doi:10.1016/0094-5765(77)90096-0.
"""

import sympy

from physics.fields import RandomFourier
from physics.jets import expand_fluxes, fields, grad, laplacian, symbol
from physics.symbols import Parameter, State
from physics.system import System
from physics.systems._periodic import check_option, periodic

FORMS = ("gradient", "conservative")


def system(dim: int = 1, form: str = "conservative") -> System:
    """A flame front or its slope in one to three dimensions."""
    box = periodic(32.0, dim)
    check_option("form", form, FORMS)
    front = form == "gradient"
    states = fields("phi") if front else fields("u v w", dim)
    slopes = grad(states[0], dim) if front else states
    energy = sympy.Add(*(s**2 for s in slopes)) / 2
    nonlinear = [energy] if front else grad(energy, dim)
    vector = not front and dim > 1
    return System(
        name="kuramoto_sivashinsky",
        states=[State(name=s.name, unit="L²/T" if front else "L/T") for s in states],
        equations={s.name: -n + _linear(s, dim) for s, n in zip(states, nonlinear, strict=True)},
        parameters=[
            Parameter("alpha", 1.0, low=0.5, high=1.5, unit="L²/T", description="anti-diffusion"),
            Parameter("nu", 1.0, low=0.5, high=2, unit="L⁴/T", description="hyperdiffusion"),
        ],
        initial=RandomFourier(modes=4, amplitude=(0.5, 1.5), part="gradient" if vector else ""),
        horizon=50.0,
        diagnostics={"energy": energy},
        **box,
    )


def _linear(field, dim: int) -> sympy.Expr:
    """−α Δu − ν Δ²u."""
    twice = expand_fluxes(laplacian(laplacian(field, dim), dim))
    return -symbol("alpha") * laplacian(field, dim) - symbol("nu") * twice
