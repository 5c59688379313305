"""Cart-pole swing-up: dynamics, reward and policy as formulas, from 10 000 real steps.

    zoo train sindy-rl-cartpole

dm_control's cart-pole; 3000 random steps from hanging, then an episode of 1000 after every refit;
the policy as a polynomial, tried on the plant for at most six more episodes. One of
2 CPU cores, other work beside, 125 s, 2000 steps of trials: the network earns 876 of 1000 (worst of
50 episodes 875), the polynomial of 12 terms 873 (854).
"""

from typing import Any

from zoo.models.sindy_rl.config import Training

CHECKPOINT = "sindy-rl.cartpole"
ENVIRONMENT = "cart_pole"
OPTIONS: dict[str, Any] = {}
SCHEDULE = Training(
    real_steps=10_000, random_steps=3000, hold=10, iterations=60, horizon=200, episode=1000,
    discount=0.99, reset_share=0.3,
)  # fmt: skip
DISTILLING: dict[str, Any] = {"trials": 6}


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
            "Steps by 0.01 of the cart-pole with dm_control's constants, from hanging at rest; the "
            "dynamics hold off the stops at |x| = 1.8. For other plants: zoo.finetune(model, "
            "environment)."
        ),
    }
