"""Cart-pole swing-up: dynamics, reward and policy as formulas, from 10 000 real steps.

    zoo train sindy-rl-cartpole

dm_control's cart-pole; 3000 random steps from hanging, then an episode of 1000 after every refit;
the policy as a polynomial, tried on the plant for at most six more episodes. One of
2 CPU cores, other work beside, 136 s, 2000 steps of trials: the network earns 880 of 1000 (worst of
50 episodes 879), the polynomial of 12 terms 875 (869). The weights that are shipped are of the run
before, 876 (875) and 873 (854).
"""

from typing import Any

from zoo.models.sindy_rl.config import Training
from zoo.models.sindy_rl.recipe import Making

CHECKPOINT = "sindy-rl.cartpole"
ENVIRONMENT = "cart_pole"
OPTIONS: dict[str, Any] = {}
SCHEDULE = Training(
    real_steps=10_000, random_steps=3000, hold=10, iterations=60, horizon=200, episode=1000,
    discount=0.99, reset_share=0.3,
)  # fmt: skip
DISTILLING: dict[str, Any] = {"trials": 6}

_making = Making(
    environment=ENVIRONMENT, options=OPTIONS, distilling=DISTILLING,
    limits=(
        "Steps by 0.01 of the cart-pole with dm_control's constants, from hanging at rest; the "
        "dynamics hold off the stops at |x| = 1.8. For other plants: zoo.finetune(model, "
        "environment)."
    ),
)  # fmt: skip
build, train, evaluate, card = _making.build, _making.train, _making.evaluate, _making.card
