"""Pendulum swing-up: dynamics, reward and policy as formulas, from 2000 real steps.

    zoo train sindy-rl-pendulum

Gymnasium's constants and reward; 600 random steps, then an episode of 200 after every refit; the
policy as a polynomial. One of 2 CPU cores, other work beside, 36 s: the network earns -139 (worst
of 50 episodes -368), the polynomial of 6 terms -144 (-354).
"""

from typing import Any

from zoo.models.sindy_rl.config import Training

CHECKPOINT = "sindy-rl.pendulum"
ENVIRONMENT = "pendulum"
OPTIONS: dict[str, Any] = {"degree": 3}
SCHEDULE = Training(
    real_steps=2000, random_steps=600, hold=4, iterations=30, horizon=100, episode=200,
    discount=0.97, smooth=3, reset_share=0.3,
)  # fmt: skip
DISTILLING: dict[str, Any] = {}


def build(seed: int = 0) -> tuple[Any, Any]:
    """(untrained model, environment)."""
    import zoo
    from physics import control

    return zoo.create("sindy-rl", ENVIRONMENT, seed=seed, **OPTIONS), control.get(ENVIRONMENT)


def train(schedule: Training, **run: Any) -> Any:
    """The trained model, its policy distilled."""
    model, environment = build(schedule.seed)
    trained = model.fit(environment, schedule, **run)
    return trained.distil(environment=environment, seed=schedule.seed, **DISTILLING)


def evaluate(model: Any) -> dict[str, dict]:
    """Returns of network and formula on the plant, and one step of the surrogate."""
    from zoo.models.sindy_rl.judging import judged

    return judged(model, tolerance=5.0)


def card(model: Any) -> dict[str, Any]:
    """What else stands on the card."""
    from physics import control
    from zoo.models.sindy_rl.judging import formulas

    return {
        "systems": [control.get(ENVIRONMENT).system.to_json()],
        "law": model.dynamics().to_json(),
        "extra": {"formulas": formulas(model), "distilled": model.distilled},
        "limits": (
            "Steps by 0.05 of the pendulum with Gymnasium's constants, |torque| <= 2, |speed| <= "
            "8. For other plants: zoo.finetune(model, environment)."
        ),
    }
