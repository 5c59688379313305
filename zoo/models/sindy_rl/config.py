"""What a SINDy-RL model is made of, and how it is trained, as JSON."""

from dataclasses import asdict, dataclass, fields
from math import isfinite
from typing import Any

import numpy as np

from physics import arguments
from physics.control.adapters import HostEnvironment
from physics.control.environment import Environment
from zoo.models.sindy_rl.library import Library
from zoo.training.schedule import Schedule

SHARE = 1 / 3  # of the half range of a bound is one unit for the networks


@dataclass(frozen=True, kw_only=True)
class Config:
    """environment: name in physics.control, "" for a host's.   observed, controls: names.
    low, high: range of the controls.   scale: (observed,) by which observations are divided for
    the networks.   dt: control interval [T].   known_reward: whether the environment's reward
    formula is used; else a sparse one is fitted.   bounds: (low, high) of each observation
    where a surrogate may be trusted, None where that is left to the data.   degree, bilinear: of
    the library of the dynamics; reward_degree, policy_degree: of those of reward and policy.
    symmetries: as in an Environment; every real row is fitted in all its images.
    training: (name, value) of the Training that it went through last, which fine-tuning repeats.
    """

    environment: str
    observed: tuple[str, ...]
    controls: tuple[str, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    scale: tuple[float, ...]
    bounds: tuple[tuple[float | None, float | None], ...]
    dt: float
    steps: int
    circles: tuple[tuple[str, str], ...] = ()
    known_reward: bool = True
    degree: int = 2
    bilinear: bool = True
    reward_degree: int = 2
    policy_degree: int = 3
    members: int = 20
    width: int = 64
    symmetries: tuple[tuple[tuple[int, ...], ...], ...] = ()
    training: tuple[tuple[str, Any], ...] = ()

    def __post_init__(self):
        for name in ("observed", "controls", "low", "high", "scale"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for name in ("bounds", "circles", "training"):
            object.__setattr__(self, name, tuple(tuple(pair) for pair in getattr(self, name)))
        images = tuple(tuple(tuple(part) for part in s) for s in self.symmetries)
        object.__setattr__(self, "symmetries", images)
        finite = lambda end: end if end is not None and isfinite(end) else None  # noqa: E731
        object.__setattr__(self, "bounds", tuple((finite(a), finite(b)) for a, b in self.bounds))
        if self.members < 2:
            raise ValueError(f"an ensemble has at least 2 members, not {self.members}")
        for name in ("degree", "reward_degree", "policy_degree"):
            if not 1 <= getattr(self, name) <= 5:
                raise ValueError(f"{name} is a whole number from 1 to 5")

    @property
    def limits(self) -> np.ndarray:
        """(observed, 2) bounds, infinite where none are given."""
        ends = [[-np.inf if a is None else a, np.inf if b is None else b] for a, b in self.bounds]
        return np.array(ends, float)

    @property
    def library(self) -> Library:
        """Of the dynamics."""
        circles, both = self.circles, self.bilinear
        return Library(self.observed, self.controls, self.degree, circles, bilinear=both)

    @property
    def reward_library(self) -> Library:
        """Of a sparse reward."""
        circles = self.circles
        return Library(self.observed, self.controls, self.reward_degree, circles, affine=False)

    @property
    def policy_library(self) -> Library:
        """Of the distilled policy."""
        circles = self.circles
        return Library(self.observed, self.controls, self.policy_degree, circles, affine=False)


@dataclass(frozen=True, kw_only=True)
class Training:
    """random_steps: real steps under random actions, each held for `hold` intervals; 0 where the
    policy is trained already and another plant is new: it then gathers the first rows itself.
    real_steps: budget of real steps in all.   iterations: PPO iterations between real episodes.
    envs, horizon: surrogate steps per iteration.   reset_share: of surrogate episodes that begin
    where real ones did, the others anywhere in the data.   penalty: on uncertainty.
    rollback: episodes in a row below `tolerance` of the best before the best policy returns.
    smooth: real episodes over whose mean policies are compared; 1 where all begin alike, else what
    the surrogate foresees of their beginnings is taken off, see foresight.py.
    threshold, ridge, shrink: of the fit, see ensemble.py.
    noise: of the actions in real episodes, relative to the spread that the policy has learnt.
    """

    real_steps: int
    random_steps: int
    hold: int = 1
    random_episode: int = 1000
    iterations: int = 10
    noise: float = 0.3
    threshold: float = 0.01
    ridge: float = 1e-6
    shrink: float = 0.0
    reward_threshold: float = 0.02
    envs: int = 64
    horizon: int = 128
    episode: int = 500
    epochs: int = 6
    minibatches: int = 8
    rate: float = 3e-4
    last_rate: float = 1e-4
    discount: float = 0.99
    trace: float = 0.95
    clip: float = 0.2
    entropy: float = 0.0
    log_std: float = -0.5
    reset_share: float = 0.5
    penalty: float = 0.0
    rollback: int = 3
    tolerance: float = 0.5
    smooth: int = 1
    seed: int = 0

    def __post_init__(self):
        least = {"real_steps": 1, "hold": 1, "random_episode": 1, "iterations": 1, "envs": 1,
                 "horizon": 1, "episode": 1, "epochs": 1, "minibatches": 1, "smooth": 1,
                 "random_steps": 0, "rollback": 0, "seed": 0}  # fmt: skip
        for name, low in least.items():
            object.__setattr__(self, name, arguments.whole(getattr(self, name), name, low))
        if self.random_steps >= self.real_steps:
            raise ValueError(
                f"random_steps={self.random_steps} leaves the policy none of {self.real_steps} "
                "real_steps; give fewer of them"
            )
        for name in ("discount", "trace", "reset_share"):
            if not 0 <= arguments.real(getattr(self, name), name) <= 1:
                raise ValueError(f"{name} lies between 0 and 1, not {getattr(self, name)!r}")
        if self.discount == 1:
            raise ValueError("discount is below 1, else leaving has no worth")
        if self.minibatches > self.envs * self.horizon:
            raise ValueError("minibatches are no more than envs * horizon")

    with_overrides = Schedule.with_overrides

    @property
    def steps(self) -> int:
        """The real steps of the whole training."""
        return self.real_steps

    def to_json(self) -> dict:
        """Plain JSON."""
        return asdict(self)


def config_of(given: Environment | HostEnvironment, options: dict[str, Any]) -> Config:
    """The Config for an environment; options replace what it says."""
    arguments.options(options, [f.name for f in fields(Config)], "family 'sindy-rl'")
    ours = isinstance(given, Environment)
    within = given.bounds if isinstance(given, Environment) else {}
    bounds = [within.get(n, (-np.inf, np.inf)) for n in given.observed]
    circles = given.circles if isinstance(given, Environment) else ()
    round_names = {n for pair in circles for n in pair}
    scale = [
        1.0 if n in round_names or not np.isfinite(b).all() else SHARE * (b[1] - b[0]) / 2
        for n, b in zip(given.observed, bounds, strict=True)
    ]
    found = {
        "environment": given.name if ours else "", "observed": given.observed,
        "controls": given.controls, "low": given.low.tolist(), "high": given.high.tolist(),
        "scale": scale, "bounds": bounds, "dt": given.dt if ours else 1.0,
        "steps": given.steps if ours else 1000, "circles": circles, "known_reward": ours,
        "symmetries": given.symmetries if isinstance(given, Environment) else (),
    }  # fmt: skip
    return Config(**found | options)
