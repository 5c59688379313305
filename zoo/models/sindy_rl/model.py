"""SindyRL: dynamics, reward and policy as sparse formulas, and the networks they came from."""

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from flax import nnx

from physics import arguments
from physics.control.adapters import HostEnvironment
from physics.control.environment import Environment
from physics.formula import Formula
from physics.system import System
from zoo.model import Model, Statistic
from zoo.models.sindy_rl import ABILITIES, ACCEPTS
from zoo.models.sindy_rl.config import Config, Training
from zoo.models.sindy_rl.networks import Agent
from zoo.models.sindy_rl.surrogate import Coefficients, Surrogate

SHARE = 1 / 3  # of the half range of a bound is one unit for the networks


class SindyRL(Model):
    """Sparse surrogate, sparse reward, actor and critic, sparse policy (see the package docstring).

    Statistics: members (member, observed, term), reward (term,), policy (control, term)."""

    family: ClassVar[str] = "sindy-rl"
    abilities: ClassVar[frozenset[str]] = frozenset(ABILITIES)
    accepts: ClassVar[frozenset[str]] = frozenset(ACCEPTS)
    Config: ClassVar[type] = Config

    def __init__(self, config: Config, *, rngs: nnx.Rngs, log_std: float = -0.5):
        self.config = config
        seen, acted = len(config.observed), len(config.controls)
        self.agent = Agent(seen, acted, config.width, log_std, rngs=rngs)
        terms, policy = len(config.library), len(config.policy_library)
        self.members = Statistic(np.zeros((config.members, seen, terms), np.float32))
        count = len(config.reward_library) + (not config.reward_library.constant) + acted
        self.reward = Statistic(np.zeros(count, np.float32))
        self.policy = Statistic(np.zeros((acted, policy), np.float32))
        self.bounds = Statistic(config.limits.astype(np.float32))

    @classmethod
    def create(
        cls, environment: "str | Environment | HostEnvironment", *, seed: int = 0, **options: Any
    ) -> "SindyRL":
        """An untrained model for an environment or the name of one; options as in Config."""
        given = opened(environment)
        arguments.options(
            options, [f.name for f in dataclasses.fields(Config)], "family 'sindy-rl'"
        )
        ours = isinstance(given, Environment)
        within = given.bounds if ours else {}
        bounds = [within.get(n, (-np.inf, np.inf)) for n in given.observed]
        circles = given.circles if ours else ()
        round_names = {n for pair in circles for n in pair}
        scale = [
            1.0 if n in round_names or not np.isfinite(b).all() else SHARE * (b[1] - b[0]) / 2
            for n, b in zip(given.observed, bounds, strict=True)
        ]
        fields = {
            "environment": given.name if ours else "", "observed": given.observed,
            "controls": given.controls, "low": given.low.tolist(), "high": given.high.tolist(),
            "scale": scale, "bounds": bounds, "dt": given.dt if ours else 1.0,
            "steps": given.steps if ours else 1000, "circles": circles, "known_reward": ours,
        }  # fmt: skip
        return cls(Config(**fields | options), rngs=nnx.Rngs(seed))

    def about(self) -> str:
        """Plant and sizes."""
        c = self.config
        what = c.environment or "a host environment"
        return f"{what}, ({', '.join(c.observed)}) under ({', '.join(c.controls)})"

    # -- training --------------------------------------------------------------------------

    def fit(
        self,
        data: Any,
        schedule: Training,
        *,
        say: Callable[[dict], None] | None = None,
        **options: Any,
    ) -> "SindyRL":
        """A new model trained by Dyna on an environment; `say` is called after real episodes.

        data: an Environment, HostEnvironment or name.   schedule: a Training. Networks go on from
        what they are, so this also fine-tunes (random_steps=0). The result has
        `history` (one dict per real episode), `rows` and `starts`, which are not saved.
        """
        from zoo.models.sindy_rl.dyna import learn
        from zoo.models.sindy_rl.experience import Counted

        arguments.options(options, (), "training family 'sindy-rl'")
        given = opened(data)
        counted = Counted(given)
        graph, weights = nnx.split(self.agent)
        outcome = learn(counted, self.config, schedule, self.surrogate(given), graph, weights, say)
        state = self.state()
        state["agent"] = nnx.to_pure_dict(outcome.weights)
        c = outcome.coefficients
        state |= {
            "members": outcome.members.astype(np.float32), "reward": np.asarray(c.reward),
            "bounds": np.stack([np.asarray(c.low), np.asarray(c.high)], -1),
        }  # fmt: skip
        trained = self.with_state(state)
        object.__setattr__(trained, "history", outcome.history)
        object.__setattr__(trained, "rows", outcome.rows)
        object.__setattr__(trained, "starts", outcome.starts)
        return trained

    def surrogate(self, environment: Any = None) -> Surrogate:
        """The surrogate's functions; a known reward is the environment's."""
        c = self.config
        known = None
        if c.known_reward:
            known = _known_reward(opened(environment or c.environment))
        return Surrogate(c.library, c.reward_library, known)

    def coefficients(self, worst: float = 0.0) -> Coefficients:
        """Arrays of the surrogate: the median of the members, and their spread."""
        import jax.numpy as jnp

        from zoo.models.sindy_rl.ensemble import Ensemble

        found = Ensemble(np.asarray(self.members[...], np.float64))
        low, high = np.asarray(self.bounds[...]).T
        arrays = found.median, found.deviations, self.reward[...], low, high, worst
        return Coefficients(*(jnp.asarray(a, jnp.float32) for a in arrays))

    # -- acting ----------------------------------------------------------------------------

    def act(self, x: Any, policy: str = "network") -> Any:
        """(…, control) action in the units of the plant at x (…, observed).

        policy: "network", the mean of the actor, or "formula", the distilled polynomial.
        """
        import jax.numpy as jnp

        x = jnp.asarray(x, jnp.float32)
        c = self.config
        low, high = (jnp.asarray(v, jnp.float32) for v in (c.low, c.high))
        if policy == "formula":
            value = c.policy_library.terms(x) @ self.policy[...].T
        elif policy == "network":
            mean = self.agent.mean(x / jnp.asarray(c.scale, jnp.float32))
            value = (low + high) / 2 + (high - low) / 2 * mean
        else:
            raise ValueError(f'policy is "network" or "formula", not {policy!r}')
        return jnp.clip(value, low, high)

    def returns(
        self, environment: Any = None, *, episodes: int = 8, seed: int = 0, policy: str = "network"
    ) -> np.ndarray:
        """(episode,) real returns of the plain policy on one of our environments."""
        import jax

        from physics.control.environment import rollout

        given = opened(environment or self.config.environment)
        run = lambda key: rollout(given, lambda x, _: self.act(x, policy), key)  # noqa: E731
        rows = jax.jit(jax.vmap(run))(jax.random.split(jax.random.key(seed), episodes))
        return np.asarray((rows["reward"] * rows["alive"]).sum(-1))

    def uncertainty(self, x: Any, u: Any) -> np.ndarray:
        """(…, observed) standard deviation of one step of the surrogate, in closed form."""
        import jax.numpy as jnp

        x, u = jnp.asarray(x, jnp.float32), jnp.asarray(u, jnp.float32)
        functions = Surrogate(self.config.library, self.config.reward_library)
        return np.asarray(functions.uncertainty(self.coefficients(), x, u))

    def distil(self, starts: Any = None, *, seed: int = 0, **options: Any) -> "SindyRL":
        """A new model whose `policy` is a sparse polynomial fitted to the actor; see distil.py.

        starts: (n, observed) where surrogate episodes begin; default where the real ones did.
        """
        from zoo.models.sindy_rl.distil import distilled

        starts = self.__dict__.get("starts") if starts is None else np.asarray(starts, float)
        if starts is None:
            raise ValueError("a loaded model has no real episodes; give `starts`")
        state = self.state()
        state["policy"] = distilled(self, starts=starts, seed=seed, **options).astype(np.float32)
        return self.with_state(state)

    # -- formulas --------------------------------------------------------------------------

    def dynamics(self) -> System:
        """The surrogate as a discrete-time System with controls."""
        from zoo.models.sindy_rl.law import dynamics

        return dynamics(self)

    def reward_formula(self) -> Formula:
        """The reward: the environment's where it is known, else the sparse one."""
        from zoo.models.sindy_rl.law import reward

        return reward(self)

    def policy_formula(self) -> Formula:
        """The distilled policy, clipped to the range of the controls."""
        from zoo.models.sindy_rl.law import policy

        return policy(self)

    def law(self, dataset=None, engine: str = "auto", **options: Any):
        """A Discovery whose best law is `dynamics()`, judged on real rows where there are any."""
        from zoo.models.sindy_rl.law import discovery

        arguments.options(options, (), "the law of family 'sindy-rl'")
        if dataset is not None or engine != "auto":
            raise ValueError("family 'sindy-rl' holds its law; give neither data nor an engine")
        return discovery(self)


def opened(environment: Any) -> "Environment | HostEnvironment":
    """An environment, or the one of that name."""
    if isinstance(environment, Environment | HostEnvironment):
        return environment
    from physics.control.names import get

    return get(environment)


def _known_reward(environment: Environment) -> Any:
    if not isinstance(environment, Environment):
        raise ValueError("the reward of a host environment is not known; known_reward=False")
    index = {n: i for i, n in enumerate(environment.observed)}
    missing = set(environment.reward.inputs) - set(index) - set(environment.controls)
    if missing:
        raise ValueError(
            f"the reward of {environment.name!r} needs {sorted(missing)[0]!r}, which is not "
            f"observed; known_reward=False"
        )
    from physics.control.environment import formula_values

    def known(x, u, after):
        told = after if environment.rewarded == "after" else x
        names = environment.observed
        return formula_values(environment.reward, names, told, environment.controls, u)[0]

    return known
