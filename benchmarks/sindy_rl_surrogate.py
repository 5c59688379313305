"""How right the sparse surrogate of the cart-pole is: python -m benchmarks.sindy_rl_surrogate.

Fitted to 8 000 steps under random actions from hanging, to the same with actions held, and to half
of those with 4 000 steps near upright; judged on one step of fresh rows, hanging and upright.
Reference: PySINDy's ensemble on the same task, 8 000 random rows, 41 terms.
"""

import numpy as np
from scipy.stats import spearmanr

from physics import control
from physics.control.environment import Environment
from physics.control.environments import cart_pole
from physics.control.ode_plant import OdePlant, Start
from zoo.models.sindy_rl import ensemble
from zoo.models.sindy_rl.experience import Counted, Rows, joined
from zoo.models.sindy_rl.library import Library

REFERENCE = (2.9e-4, 2.3e-4, 3.8e-4, 2.2e-2, 2.0e-2)


def upright() -> Environment:
    """The cart-pole whose episodes begin near upright."""
    given = control.get("cart_pole")
    plant = given.plant
    start = Start(center=(0.0, 0.0, 0.0, 0.0), spread=(0.5, 0.3, 0.5, 1.0))
    return Environment(
        name="cart_pole_upright",
        plant=OdePlant(plant.system, plant.measured, start, dt=given.dt),
        observed=given.observed, reward=cart_pole.reward(), dt=given.dt, steps=50,
        bounds=given.bounds, circles=given.circles,
    )  # fmt: skip


def rows_of(environment: Environment, count: int, hold: int, seed: int) -> Rows:
    """`count` rows of episodes under random actions, left at the stops."""
    counted, rng = Counted(environment), np.random.default_rng(seed)
    inside = lambda x: abs(x[..., 0]) < 1.75  # noqa: E731
    parts = []
    while counted.real_steps < count:
        parts.append(counted.random(environment.steps, hold, inside, rng))
    return Rows(*(column[:count] for column in joined(parts)))


def errors(library: Library, xi: np.ndarray, rows: Rows) -> np.ndarray:
    """(observed,) root mean square error of one step."""
    said = rows.x + library.terms(rows.x, rows.u) @ xi.T
    return np.sqrt(((said - rows.after) ** 2).mean(0))


def main() -> None:
    """Print the table."""
    hanging, above = control.get("cart_pole"), upright()
    plain, held = rows_of(hanging, 8000, 1, 0), rows_of(hanging, 8000, 10, 0)
    both = joined([Rows(*(c[:4000] for c in held)), rows_of(above, 4000, 10, 1)])
    tests = {
        "hanging": rows_of(hanging, 4000, 1, 2), "hanging, held": rows_of(hanging, 4000, 10, 2),
        "upright": rows_of(above, 4000, 10, 3),
    }  # fmt: skip
    own = Library(hanging.observed, hanging.controls, 2, hanging.circles)
    full = Library(hanging.observed, hanging.controls, 2)
    head = ["fitted to", "library", "terms", "judged on", *hanging.observed]
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
    numbers = lambda row: " | ".join(f"{v:.1e}" for v in row)  # noqa: E731
    print(f"| reference, random | 41 | 22 | hanging | {numbers(REFERENCE)} |")
    fits = {"random": (plain, full), "random, held": (held, own), "half of it upright": (both, own)}
    for name, (rows, library) in fits.items():
        found = ensemble.fit(
            library.terms(rows.x, rows.u), rows.after - rows.x, members=20, threshold=0.01,
            ridge=1e-6,
        ).median  # fmt: skip
        for judged, test in tests.items():
            cells = numbers(errors(library, found, test))
            kept = int((found != 0).sum())
            print(f"| {name} | {len(library)} | {kept} | {judged} | {cells} |")
    c = ensemble.fit(
        full.terms(plain.x, plain.u), plain.after - plain.x, members=20, threshold=0.01, ridge=1e-6
    )
    theta = full.terms(tests["upright"].x, tests["upright"].u)
    doubt = np.sqrt((np.einsum("mot,rt->mor", c.deviations, theta) ** 2).sum(0))
    gap = tests["upright"].x + theta @ c.median.T - tests["upright"].after
    ranks = [spearmanr(d, abs(g))[0] for d, g in zip(doubt, gap.T, strict=True)]
    print("Spearman, uncertainty and error, fitted to random, judged upright:", np.round(ranks, 2))
    for judged, test in tests.items():
        nothing = np.zeros((5, len(own)))
        print(f"| persistence | – | 0 | {judged} | {numbers(errors(own, nothing, test))} |")


if __name__ == "__main__":
    main()
