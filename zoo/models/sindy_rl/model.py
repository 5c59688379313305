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
from zoo.models.sindy_rl.config import Config, Training, config_of
from zoo.models.sindy_rl.experience import Rows, joined
from zoo.models.sindy_rl.networks import Agent
from zoo.models.sindy_rl.plants import known_reward, opened, plant_of
from zoo.models.sindy_rl.surrogate import Coefficients, Surrogate

MEMORIES = ("history", "rows", "starts", "training", "distilled")  # of a fitted model, not saved


class SindyRL(Model):
    """Sparse surrogate, sparse reward, actor and critic, sparse policy (see the package docstring).

    Statistics: members (member, observed, term), reward (term,), policy (control, term)."""

    family: ClassVar[str] = "sindy-rl"
    abilities: ClassVar[frozenset[str]] = frozenset(ABILITIES)
    accepts: ClassVar[frozenset[str]] = frozenset(ACCEPTS)
    targets: ClassVar[tuple[type, ...]] = (Environment, HostEnvironment)  # besides Systems
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
        return cls(config_of(opened(environment), options), rngs=nnx.Rngs(seed))

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
        folder: Any = None,
        resume: bool = False,
        progress: bool = False,
        command: str | None = None,
        **options: Any,
    ) -> "SindyRL":
        """A new model trained by Dyna on an environment; `say` is called after real episodes.

        data: an Environment, HostEnvironment or name.   schedule: a Training. Networks go on from
        what they are, so this also fine-tunes (random_steps=0).   folder: for a log; a run is not
        resumed. The result has `history` (one dict per real episode), `rows` and `starts`, which
        are not saved.
        """
        from zoo.models.sindy_rl.dyna import learn
        from zoo.models.sindy_rl.experience import Counted
        from zoo.models.sindy_rl.running import watched

        arguments.options(options, (), "training family 'sindy-rl'")
        if not isinstance(schedule, Training):
            raise ValueError(f"a Training is needed, not {type(schedule).__name__}")
        given = opened(data)
        counted = Counted(given)
        graph, weights = nnx.split(self.agent)
        with watched(schedule, folder, resume, progress, say) as told:
            outcome = learn(
                counted, self.config, schedule, self.surrogate(given), graph, weights, told
            )
        state = self.state()
        state["agent"] = nnx.to_pure_dict(outcome.weights)
        fitted = self.with_state(state | _surrogate_state(outcome.coefficients, outcome.members))
        settings = tuple(schedule.to_json().items())
        fitted.config = dataclasses.replace(self.config, training=settings)
        return fitted.remembering(
            history=outcome.history, rows=outcome.rows, starts=outcome.starts, training=schedule
        )

    def refitted(self, rows: Rows) -> "SindyRL":
        """The same networks, the surrogate fitted to more real rows too; after `fit` only."""
        from zoo.models.sindy_rl.fitting import refitted

        rows = joined([self.rows, rows])
        coefficients, members = refitted(rows, self.config, self.training)
        again = self.with_state(self.state() | _surrogate_state(coefficients, members))
        return again.remembering(**self.memories() | {"rows": rows})

    def errors(self) -> np.ndarray:
        """(observed,) root mean square error of a step on the real rows; 0 where none is known."""
        from zoo.models.sindy_rl.fitting import within

        if "rows" not in self.__dict__:
            return np.zeros(len(self.config.observed))
        rows, limits = self.rows, self.config.limits
        good = within(rows.x, limits) & within(rows.after, limits)
        xi = np.asarray(self.coefficients().xi, float)
        said = rows.x + self.config.library.terms(rows.x, rows.u) @ xi.T
        return np.sqrt(((said - rows.after)[good] ** 2).mean(0))

    def memories(self) -> dict:
        """What is known of the training, which is not saved."""
        return {n: self.__dict__[n] for n in MEMORIES if n in self.__dict__}

    def remembering(self, **known: Any) -> "SindyRL":
        """This model, with these memories set on it."""
        for name, value in known.items():
            object.__setattr__(self, name, value)
        return self

    def surrogate(self, environment: Any = None) -> Surrogate:
        """The surrogate's functions; a known reward is the environment's."""
        c = self.config
        known = None
        if c.known_reward:
            known = known_reward(opened(environment or c.environment))
        return Surrogate(c.library, c.reward_library, known)

    def coefficients(self, worst: float = 0.0) -> Coefficients:
        """Arrays of the surrogate: the median of the members, and their spread."""
        import jax.numpy as jnp

        from zoo.models.sindy_rl.ensemble import Ensemble

        found = Ensemble(np.asarray(self.members[...], np.float64))
        low, high = np.asarray(self.bounds[...]).T
        arrays = found.median, found.deviations, self.reward[...], low, high, worst
        return Coefficients(*(jnp.asarray(a, jnp.float32) for a in arrays))

    def tune(
        self, target: Any, *, steps: int | None = None, seed: int = 0, folder: Any = None,
        resume: bool = False, progress: bool = True, command: str | None = None,
        iterations: int | None = None, noise: float | None = None, penalty: float | None = None,
    ) -> "SindyRL":  # fmt: skip
        """A new model trained on for another plant, starting from these networks; zoo.finetune.

        target: an environment, its name, or a System of the same states (see tuning.py).
        steps: real steps, default half of those of the last training.   The others: of a Training.
        """
        environment = plant_of(self, target)
        if not self.config.training:
            raise ValueError("this model was never trained; use model.fit with a Training")
        kept = dict(self.config.training)
        count = kept["real_steps"] // 2 if steps is None else arguments.whole(steps, "steps", 1)
        asked = {"iterations": iterations, "noise": noise, "penalty": penalty}
        changed = {"random_steps": 0, "real_steps": count, "seed": seed}
        changed |= {name: value for name, value in asked.items() if value is not None}
        return self.fit(
            environment, Training(**kept | changed), folder=folder, resume=resume,
            progress=progress, command=command,
        )  # fmt: skip

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

    def predict(
        self, dataset=None, *, times=None, controls=None, samples=1, policy="network", seed=0,
        **options: Any,
    ):  # fmt: skip
        """What the surrogate says: a Dataset of the observed and the controls over (sample, time).

        dataset: its first observations are where episodes begin (default: where the environment
        begins, `samples` of them), and where it holds all controls, they act; else the policy does.
        controls: {name: number, (time,) or (sample, time)}, one value per interval, held over it.
        times: [T] whole intervals; default those of the data, or an episode.   policy: "network"
        or "formula".   Raises ValueError, or FailedRun where the surrogate grows without bound.
        """
        from zoo.models.sindy_rl.forecast import forecast

        arguments.options(options, (), "a prediction of family 'sindy-rl'")
        count = arguments.whole(samples, "samples", 1)
        return forecast(self, dataset, times, controls, count, policy, seed)

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

    def distil(
        self, starts: Any = None, *, environment: Any = None, trials: int = 0, seed: int = 0,
        **options: Any,
    ) -> "SindyRL":  # fmt: skip
        """A new model whose `policy` is a sparse polynomial fitted to the actor; see distil.py.

        starts: (n, observed) where surrogate episodes begin; default where the real ones did.
        trials: real episodes, at most, on `environment` (default the one of this name), until a
        polynomial earns what the actor did; they are counted in `distilled["real_steps"]` of the
        result.
        """
        from zoo.models.sindy_rl.distil import distil

        return distil(self, starts, environment, trials, seed, **options)

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


def _surrogate_state(c: Coefficients, members: np.ndarray) -> dict:
    return {
        "members": members.astype(np.float32), "reward": np.asarray(c.reward),
        "bounds": np.stack([np.asarray(c.low), np.asarray(c.high)], -1),
    }  # fmt: skip
