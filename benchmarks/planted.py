"""Systems that discovery is scored on, with their sampling: the same data for all methods."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import physics

VORTICITY = {"u": "-inverse_laplacian(omega_y)", "v": "inverse_laplacian(omega_x)"}


@dataclass(frozen=True)
class Case:
    """truth() is the System; it is solved from `samples` initial states at `times`.

    group: "ode", "pde" or "rational".   low, high: of initial states, else the system's own law.
    """

    group: str
    truth: Callable[[], physics.System]
    times: np.ndarray
    samples: int = 4
    low: dict | None = None
    high: dict | None = None
    resolution: int | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def data(self, noise: float, seed: int) -> tuple[Any, Any, physics.System]:
        """(noisy Dataset, clean Dataset, truth); noise relative to the spread of each state."""
        truth = self.truth()
        rng = np.random.default_rng(1000 + seed)
        given: dict[str, Any] = {"samples": self.samples, "seed": seed, "times": self.times}
        if self.low is not None:
            given["initial"] = {
                n: rng.uniform(self.low[n], self.high[n], self.samples) for n in self.low
            }
        if self.resolution:
            given["resolution"] = self.resolution
        clean = physics.solve(truth, **given)
        noisy = clean.copy()
        for name in truth.state_names:
            values = clean[name].values
            error = noise * values.std() * rng.standard_normal(values.shape)
            noisy[name] = (clean[name].dims, values + error, clean[name].attrs)
        return noisy, clean, truth


def _catalogue(name: str, **options: Any) -> Callable[[], physics.System]:
    return lambda: physics.get(name, **options)


def _oscillator() -> physics.System:
    return physics.parse(
        ["x' = -a*x^3 + b*y^3", "y' = -b*x^3 - a*y^3"], {"a": 0.1, "b": 2.0}, name="cubic"
    )


def _michaelis() -> physics.System:
    return physics.parse(
        "s' = k - v*s/(m + s)", {"k": 0.6, "v": 1.5, "m": 0.3}, name="michaelis_menten"
    )


def _span(end: float, count: int) -> np.ndarray:
    return np.linspace(0.0, end, count)


CASES: dict[str, Case] = {
    "lorenz63": Case("ode", _catalogue("lorenz63"), _span(10, 501)),
    "rossler": Case("ode", _catalogue("rossler"), _span(50, 501)),
    "lotka_volterra": Case("ode", _catalogue("lotka_volterra"), _span(20, 201)),
    "van_der_pol": Case("ode", _catalogue("van_der_pol"), _span(20, 401)),
    "fitzhugh_nagumo": Case("ode", _catalogue("fitzhugh_nagumo"), _span(100, 501)),
    "sir": Case(
        "ode", _catalogue("sir"), _span(60, 121), 6,
        {"S": 0.4, "I": 0.01, "R": 0.0}, {"S": 1.2, "I": 0.1, "R": 0.4},
    ),
    "cubic": Case("ode", _oscillator, _span(20, 401), 4, {"x": -2, "y": -2}, {"x": 2, "y": 2}),
    "pendulum": Case("ode", _catalogue("pendulum"), _span(20, 201)),
    "burgers": Case("pde", _catalogue("burgers"), _span(1.5, 76), resolution=128),
    "kdv": Case("pde", _catalogue("kdv"), _span(2, 101), resolution=128),
    "kuramoto_sivashinsky": Case(
        "pde", _catalogue("kuramoto_sivashinsky"), _span(50, 201), resolution=128
    ),
    "fisher_kpp": Case("pde", _catalogue("fisher_kpp"), _span(4, 81), resolution=128),
    "heat": Case("pde", _catalogue("heat"), _span(2, 81), resolution=128),
    "advection_diffusion": Case(
        "pde", _catalogue("advection_diffusion"), _span(4, 81), resolution=128
    ),
    "navier_stokes_vorticity": Case(
        "pde", _catalogue("navier_stokes_vorticity", forcing=0), _span(4, 61), 3, resolution=48,
        options={"auxiliary": VORTICITY},
    ),
    "apoptosis": Case("rational", _catalogue("apoptosis"), _span(20, 801), 6),
    "michaelis_menten": Case("rational", _michaelis, _span(8, 161), 4, {"s": 0.0}, {"s": 4.0}),
}  # fmt: skip
