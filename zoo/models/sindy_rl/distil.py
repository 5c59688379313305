"""A sparse polynomial instead of the actor: u ≈ clip(Θ(x) Ξ).

The actor is asked along surrogate episodes from real beginnings, and beside them with noise on the
state. Then polynomials of several thresholds are fitted, each acts in the surrogate, and the actor
is asked at the states that the best of them visits; and again. Of all polynomials the one of the
fewest terms wins whose surrogate return is within tolerance of the best. No real step is taken.

Source: Zolman et al. (2024), arXiv:2403.09110 (sparse policies, noise on states); Ross, Gordon &
Bagnell (2011), arXiv:1011.0686 (asking along the pupil's own episodes).
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.models.sindy_rl import ensemble
from zoo.models.sindy_rl.surrogate import Surrogate

if TYPE_CHECKING:
    from zoo.models.sindy_rl.model import SindyRL

THRESHOLDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.3)
REACH = 3.0  # labels are clipped to this many half ranges
MOST = 20_000  # states that a round adds


def distilled(
    model: "SindyRL", *, starts: np.ndarray, rounds: int = 6, episodes: int = 16,
    steps: int | None = None, noise: float = 0.1, tolerance: float = 0.02, seed: int = 0,
) -> np.ndarray:  # fmt: skip
    """(control, term) coefficients.

    starts: (n, observed) where episodes begin.   noise: on states, in the networks' units.
    tolerance: of the surrogate return, relative.
    """
    c, rng = model.config, np.random.default_rng(seed)
    run = episodes_of(model, steps or c.steps)
    begin = starts[rng.integers(len(starts), size=episodes)]
    blank = np.zeros((len(THRESHOLDS), len(c.controls), len(c.policy_library)))
    states, alive, rewards = run(begin, blank[:1], True)
    seen, least = [beside(model, states[alive], noise, rng)], rewards.min()
    found: list[tuple[float, int, np.ndarray]] = []
    for turn in range(rounds):
        pool = np.concatenate(seen)
        terms, labels = c.policy_library.terms(pool), asked(model, pool)
        fits = np.stack([
            ensemble.fit(
                terms, labels, members=c.members, threshold=t, ridge=1e-6, seed=seed + turn
            ).median
            for t in THRESHOLDS
        ])  # fmt: skip
        states, alive, rewards = run(begin, fits, False)
        earned = np.where(alive, rewards, least).sum(0).mean(-1)
        found += [(e, int((f != 0).sum()), f) for e, f in zip(earned, fits, strict=True) if f.any()]
        best = int(earned.argmax())
        seen.append(beside(model, states[:, best][alive[:, best]], noise, rng))
    if not found:
        raise ValueError("the actor is zero wherever it was asked; train the model first")
    top = max(e for e, _, _ in found)
    good = [f for f in found if f[0] >= top - tolerance * abs(top)]
    return min(good, key=lambda f: (f[1], -f[0]))[2]


def episodes_of(model: "SindyRL", steps: int) -> Any:
    """run(starts (n, observed), coefficients (k, control, term), network) -> states (step, k, n,
    observed), alive and reward (step, k, n) in the surrogate, under k polynomials or the actor."""
    import jax
    import jax.numpy as jnp

    c, coefficients = model.config, model.coefficients()
    plain = Surrogate(c.library, c.reward_library)
    surrogate = model.surrogate() if c.environment and c.known_reward else plain
    low, high = (jnp.asarray(v, jnp.float32) for v in (c.low, c.high))

    @jax.jit
    def run(x, policies, network):
        def body(carry, _):
            x, alive = carry
            said = jnp.einsum("kct,knt->knc", policies, c.policy_library.terms(x))
            u = jnp.where(network, model.act(x), jnp.clip(said, low, high))
            after, reward, out = surrogate.step(coefficients, x, u)
            return (after, alive & ~out), (x, alive, reward)

        start = jnp.broadcast_to(x, (len(policies), *x.shape))
        begin = (start, jnp.ones(start.shape[:2], bool))
        return jax.lax.scan(body, begin, None, length=steps)[1]

    def of(starts, policies, network):
        arrays = jnp.asarray(starts, jnp.float32), jnp.asarray(policies, jnp.float32)
        return tuple(np.asarray(a) for a in run(*arrays, network))

    return of


def beside(
    model: "SindyRL", states: np.ndarray, noise: float, rng: np.random.Generator
) -> np.ndarray:
    """(2n, observed): at most MOST of the states, and the same with noise, on their circles."""
    import jax.numpy as jnp

    c = model.config
    kept = rng.permutation(len(states))[: MOST // 2]
    states = states[kept].astype(np.float64)
    moved = states + noise * np.array(c.scale) * rng.standard_normal(states.shape)
    project = Surrogate(c.library, c.reward_library).project
    return np.concatenate([states, np.asarray(project(jnp.asarray(moved)), np.float64)])


def asked(model: "SindyRL", states: np.ndarray) -> np.ndarray:
    """(n, control): what the actor says before its action is clipped to the range."""
    import jax.numpy as jnp

    c = model.config
    mean = model.agent.mean(jnp.asarray(states / np.array(c.scale), jnp.float32))
    low, high = np.array(c.low), np.array(c.high)
    half, middle = (high - low) / 2, (high + low) / 2
    return middle + half * np.clip(np.asarray(mean, np.float64), -REACH, REACH)
