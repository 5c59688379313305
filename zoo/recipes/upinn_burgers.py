"""Burgers with hidden steepening: ∂ₜu = ν ∂ₓₓu + G(u, ∂ₓu), the viscosity known.

    zoo train upinn-burgers

Three simulated fields, 300 scattered points each out of 41 times x 128 places, 2 % Gaussian noise;
−u ∂ₓu is learnt by one network of u and ∂ₓu that all fields share. 2 CPU cores, 57 s: surrogate
error 0.75 %, correlation of the hidden term 0.9993, law −0.993 u ∂ₓu.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from zoo.training.schedule import Schedule

CHECKPOINT = "upinn.burgers"
SCHEDULE = Schedule(steps=200, optimiser="levenberg-marquardt", chunk=10, save=50, seed=0)

FIELDS, POINTS, NOISE = 3, 300, 0.02
TIMES = np.linspace(0.0, 2.0, 41)
RESOLUTION = 128
DATA_SEED = 2023


def build(seed: int = 0) -> tuple[Any, Any]:
    """(untrained model, noisy Dataset)."""
    return untrained(known(truth()), seed), data()


def truth(**values: float) -> Any:
    """The System that makes the data: two Fourier modes that steepen within the horizon."""
    import physics
    from physics.fields import RandomFourier

    system = physics.get("burgers")
    return replace(system, initial=RandomFourier(modes=2, amplitude=(0.4, 1.0))).with_values(
        **values
    )


def known(system: Any) -> Any:
    """Diffusion with the viscosity and the box of `system`, which is what is known."""
    import physics

    length = system.domain.high[0] - system.domain.low[0]
    part = physics.parse("u_t = nu*u_xx", {"nu": system.values["nu"]}, length=length)
    return replace(part, name="diffusion")


def untrained(system: Any, seed: int, fields: int = FIELDS) -> Any:
    """A model of `fields` fields whose known part is `system`."""
    import zoo

    return zoo.create(
        "upinn", system, fields, seed=seed, inputs=("u", "u_x"), width=32, collocation=400,
        harmonics=2,
    )  # fmt: skip


def exact(system: Any = None, seed: int = DATA_SEED) -> Any:
    """The fields without noise, in full."""
    import physics

    system = truth() if system is None else system
    return physics.solve(system, samples=FIELDS, seed=seed, times=TIMES, resolution=RESOLUTION)


def data(clean: Any = None, seed: int = DATA_SEED) -> Any:
    """Scattered noisy measurements: all but POINTS values per field are NaN."""
    clean = exact(seed=seed) if clean is None else clean
    rng = np.random.default_rng(seed)
    u = clean["u"].values
    seen = np.full(u.shape, np.nan)
    for field, measured in zip(u, seen, strict=True):
        at = np.unravel_index(rng.choice(field.size, POINTS, replace=False), field.shape)
        measured[at] = field[at] + NOISE * field.std() * rng.standard_normal(POINTS)
    return clean.assign(u=(clean["u"].dims, seen))


def train(schedule: Schedule, **run: Any) -> Any:
    """The trained model."""
    model, measured = build(schedule.seed)
    return model.fit(measured, schedule, **run)


def scores(model: Any, clean: Any, advection: float = 1.0) -> dict[str, float]:
    """Surrogate error (relative L2), correlation of G with −u ∂ₓu and its factor, at the truth."""
    said = model.predict(times=TIMES, points={"x": clean["x"].values})
    u = clean["u"].values
    count = u.shape[-1]
    wave = 2j * np.pi * np.fft.rfftfreq(count, (clean["x"].values[1] - clean["x"].values[0]))
    slope = np.fft.irfft(wave * np.fft.rfft(u, axis=-1), count, axis=-1)
    learnt, true = model.hidden({"u": u, "u_x": slope})["u"], -advection * u * slope
    return {
        "surrogate_error": _relative(said["u"].values, u),
        "correlation": float(np.corrcoef(learnt.ravel(), true.ravel())[0, 1]),
        "factor": float((learnt * true).sum() / (true**2).sum()),
        "hidden_error": _relative(learnt, true),
    }


def evaluate(model: Any) -> dict[str, dict]:
    """Errors against the System that made the data, and the law read off unaided."""
    import symbolic

    found = scores(model, exact())
    law = model.law(data()).best
    comparison = symbolic.same_law(law, truth()) if law is not None else None
    recovered = comparison is not None and comparison.same_terms
    return {
        "surrogate_error": {"value": found["surrogate_error"], "tolerance": 1e-3},
        "correlation": {"value": found["correlation"], "tolerance": 1e-3},
        "hidden_error": {"value": found["hidden_error"], "tolerance": 1e-2},
        "law_recovered": {"value": float(recovered), "tolerance": 0.0},
        "law_coefficient_error": {
            "value": float(comparison.worst) if recovered else 1.0,
            "tolerance": 2e-3,
        },
    }


def card(model: Any) -> dict[str, Any]:
    """What else stands on the card."""
    law = model.law(data()).best
    return {
        "systems": [truth().to_json()],
        "law": law.to_json() if law is not None else None,
        "limits": (
            "One periodic coordinate; the hidden term is only known where u and u_x were seen. "
            "Fine-tune before use on other data: zoo.finetune(model, data, known=...)."
        ),
    }


def _relative(value: np.ndarray, reference: np.ndarray) -> float:
    return float(np.linalg.norm(value - reference) / np.linalg.norm(reference))
