"""A plant whose steps are exactly polynomial, a host like it, and a model trained on it."""

import functools

import numpy as np

from physics.control.environment import Environment
from physics.control.ode_plant import OdePlant, Start
from physics.formula import Formula
from physics.jets import fields, symbol
from physics.symbols import Control
from physics.system import System
from zoo.models.sindy_rl.config import Training
from zoo.models.sindy_rl.model import SindyRL

TINY = Training(
    real_steps=300, random_steps=100, hold=3, iterations=3, envs=16, horizon=50, episode=50,
    epochs=3, minibatches=4, rate=1e-3, last_rate=1e-3, discount=0.95, threshold=0.001,
    reward_threshold=1e-4, rollback=1, tolerance=1.0,
)  # fmt: skip


def integrator(plant: type[OdePlant] = OdePlant, **options) -> Environment:
    """x″ = u: a step of an interval h is linear in (x, v, u)."""
    x, v = fields("x v")
    system = System(
        name="integrator",
        equations={"x": v, "v": symbol("u")},
        controls=[Control(name="u", low=-1, high=1)],
    )
    measured = Formula(name="measured", inputs=["x", "v"], expressions={"x": x, "v": v})
    total = -(symbol("x") ** 2) - symbol("v") ** 2 / 10 - symbol("u") ** 2 / 100
    reward = Formula(inputs=["x", "v", "u"], expressions={"reward": total})
    return Environment(
        name="integrator", observed=("x", "v"), reward=reward, dt=0.1, steps=50,
        plant=plant(system, measured, Start(center=(1.0, 0.0), spread=(0.2, 0.1)), dt=0.1),
        bounds={"x": (-5.0, 5.0), "v": (-5.0, 5.0)}, **options,
    )  # fmt: skip


@functools.cache
def trained() -> tuple[Environment, SindyRL]:
    """(integrator, a model trained on it by TINY)."""
    environment = integrator()
    model = SindyRL.create(environment, known_reward=False, seed=0)
    return environment, model.fit(environment, TINY)


class Host:
    """What of a Gymnasium environment is used, without Gymnasium; episodes of 20, 15, 20, … steps.
    taken: its own count of them."""

    class Box:
        """A space of vectors."""

        def __init__(self, count):
            self.shape, self.dtype = (count,), np.float32
            self.low, self.high = -np.ones(count), np.ones(count)

    def __init__(self):
        self.observation_space, self.action_space = self.Box(2), self.Box(1)
        self.taken = self.episodes = 0

    def reset(self, seed=None):
        """(observation, info)."""
        self.x, self.age = np.random.default_rng(seed).normal(size=2), 0
        self.episodes += 1
        return self.x.copy(), {}

    def step(self, action):
        """(observation, reward, over, late, info)."""
        self.taken += 1
        self.age += 1
        self.x = self.x + 0.1 * np.array([self.x[1], float(action[0])])
        over = self.episodes % 2 == 0 and self.age == 15
        return self.x.copy(), -float(self.x @ self.x), over, self.age == 20, {}
