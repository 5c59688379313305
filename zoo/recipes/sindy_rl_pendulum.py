"""Pendulum swing-up: dynamics, reward and policy as formulas, from 2000 real steps.

    zoo train sindy-rl-pendulum

Gymnasium's constants and reward; 600 random steps, then an episode of 200 after every refit; the
policy as a polynomial. One of 2 CPU cores, other work beside, 41 s: the network earns -141 (worst
of 50 episodes -372), the polynomial of 12 terms -139 (-367). The weights that are shipped are of
the run before, -139 (-368) and, with 6 terms, -144 (-354).
"""

from typing import Any

from zoo.models.sindy_rl.config import Training
from zoo.models.sindy_rl.recipe import Making

CHECKPOINT = "sindy-rl.pendulum"
ENVIRONMENT = "pendulum"
OPTIONS: dict[str, Any] = {"degree": 3}
SCHEDULE = Training(
    real_steps=2000, random_steps=600, hold=4, iterations=30, horizon=100, episode=200,
    discount=0.97, smooth=3, reset_share=0.3,
)  # fmt: skip
DISTILLING: dict[str, Any] = {}

_making = Making(
    environment=ENVIRONMENT, options=OPTIONS, distilling=DISTILLING,
    limits=(
        "Steps by 0.05 of the pendulum with Gymnasium's constants, |torque| <= 2, |speed| <= "
        "8. For other plants: zoo.finetune(model, environment)."
    ),
)  # fmt: skip
build, train, evaluate, card = _making.build, _making.train, _making.evaluate, _making.card
