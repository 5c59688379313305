"""A sparse polynomial instead of the actor: u ≈ clip(Θ(x) Ξ).

The actor is asked along surrogate episodes from real beginnings, and beside them with noise on the
state. Then polynomials of many sizes are fitted, each acts in the surrogate, and the actor is asked
at the states that the best of them visits; and again. Of all polynomials the one of the fewest
terms is chosen whose surrogate return, over the worst quarter of the episodes, is within tolerance
of the best.

The surrogate may be wrong where a pupil goes and its teacher never went. So the chosen one may be
tried on the plant, an episode at a time, counted: one that earns less than a share of what the
teacher did is put aside, the surrogate is fitted to its rows too, and the actor is asked there.

Source: Zolman et al. (2024), arXiv:2403.09110 (sparse policies, noise on states); Ross, Gordon &
Bagnell (2011), arXiv:1011.0686 (asking along the pupil's own episodes).
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from zoo.models.sindy_rl.elimination import eliminated
from zoo.models.sindy_rl.experience import Rows, joined
from zoo.models.sindy_rl.surrogate import Surrogate

if TYPE_CHECKING:
    from zoo.models.sindy_rl.experience import Counted
    from zoo.models.sindy_rl.model import SindyRL

SIZES = (4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 23, 26, 30, 35, 40, 47, 55)  # per control
MOST = 8000  # rows that a round adds
CONFIRMED = 2  # real episodes that a pupil must pass


class Pupil(NamedTuple):
    """coefficients: (control, term).   terms: how many are not zero.   surrogate: mean return of
    the worst quarter of its episodes there.   real: least return of
    its episodes on the plant, None where it was not tried."""

    coefficients: np.ndarray
    terms: int
    surrogate: float
    real: float | None = None


def distil(
    model: "SindyRL", starts: Any, environment: Any, trials: int, seed: int, **options: Any
) -> "SindyRL":
    """See SindyRL.distil; options as in `distilled`."""
    from zoo.models.sindy_rl.experience import Counted
    from zoo.models.sindy_rl.plants import opened

    known = model.memories()
    if starts is None and "starts" not in known:
        raise ValueError("a loaded model has no real episodes; give `starts`")
    starts = known["starts"] if starts is None else np.asarray(starts, float)
    counted = None
    if trials:
        if "history" not in known:
            raise ValueError("a loaded model knows no real rows; trials=0, or fit it first")
        counted = Counted(opened(environment or model.config.environment))
        options = {"teacher": model.history[-1]["best"]} | options
    pupil, tried, model = distilled(
        model, starts=starts, seed=seed, counted=counted, trials=trials, **options
    )
    state = model.state() | {"policy": pupil.coefficients.astype(np.float32)}
    taken = counted.real_steps if counted else 0
    tale = {"real_steps": taken, "tried": [(p.terms, p.surrogate, p.real) for p in tried]}
    return model.with_state(state).remembering(**model.memories() | {"distilled": tale})


def distilled(
    model: "SindyRL", *, starts: np.ndarray, rounds: int = 6, episodes: int = 32,
    steps: int | None = None, noise: float = 0.1, tolerance: float = 0.02, most: int = 55,
    counted: "Counted | None" = None, trials: int = 0, teacher: float = -np.inf,
    share: float = 0.03, seed: int = 0,
) -> tuple[Pupil, list[Pupil], "SindyRL"]:  # fmt: skip
    """(the pupil chosen, those tried on the plant, the model with the surrogate refitted to them).

    starts: (n, observed) where episodes begin.   noise: on states, in the networks' units.
    tolerance: of the surrogate return, relative.   most: terms per control.   counted, trials: the
    plant and how many episodes may be spent on it.   teacher, share: a pupil that earns less than
    the teacher's return but for `share` of it, in either of two episodes, is put aside.
    """
    rng = np.random.default_rng(seed)
    begin = _beginnings(model, starts, episodes, rng)
    length = steps or model.config.steps
    run = episodes_of(model, length, seed)
    blank = np.zeros((1, len(model.config.controls), len(model.config.policy_library)))
    states, alive, _ = run(begin, blank, True)
    pool = [beside(model, states[alive], noise, rng)]
    pupils = _schooled(model, run, begin, pool, rounds, noise, most, rng)
    tried: list[Pupil] = []
    bar, left = teacher - share * abs(teacher), trials
    while left > 0:
        best = chosen(pupils, tolerance)
        parts: list[Rows] = []
        while len(parts) < min(CONFIRMED, trials) and left > 0:
            parts.append(_tried(model, counted, best, rng))
            left -= 1
            if parts[-1].reward.sum() < bar:
                break
        least = min(float(part.reward.sum()) for part in parts)
        tried.append(best._replace(real=least))
        if least >= bar:
            return tried[-1], tried, model
        rows = joined(parts)
        model = model.refitted(rows)
        run = episodes_of(model, length, seed)
        pool.append(beside(model, rows.x, noise, rng))
        more = _schooled(model, run, begin, pool, max(1, rounds // 3), noise, most, rng)
        others = [p.coefficients for p in pupils if p.coefficients is not best.coefficients]
        pupils = [*judged(run, begin, np.stack(others)), *more]
    if tried:  # none was good enough: the best that was seen
        return max(tried, key=lambda p: p.real), tried, model
    return chosen(pupils, tolerance), tried, model


def chosen(pupils: list[Pupil], tolerance: float) -> Pupil:
    """The fewest terms within `tolerance` of the best surrogate return."""
    top = max(p.surrogate for p in pupils)
    good = [p for p in pupils if p.surrogate >= top - tolerance * abs(top)]
    return min(good, key=lambda p: (p.terms, -p.surrogate))


def judged(run: Any, begin: np.ndarray, coefficients: np.ndarray) -> list[Pupil]:
    """Pupils (k, control, term) by their mean return in the surrogate."""
    earned = _earned(run(begin, coefficients, False))
    return [
        Pupil(f, int((f != 0).sum()), float(e)) for f, e in zip(coefficients, earned, strict=True)
    ]


def _schooled(model, run, begin, pool, rounds, noise, most, rng) -> list[Pupil]:
    """Pupils of all rounds; the states where the actor was asked join the `pool`."""
    c = model.config
    low, high = np.array(c.low), np.array(c.high)
    sizes = {len(c.controls) * n for n in SIZES if n <= most}
    pupils: list[Pupil] = []
    for _ in range(rounds):
        seen = np.concatenate(pool)
        fits = np.stack(
            eliminated(c.policy_library.terms(seen), asked(model, seen), low, high, sizes)
        )
        states, alive, rewards = run(begin, fits, False)
        earned = _earned((states, alive, rewards))
        pupils += [
            Pupil(f, int((f != 0).sum()), float(e)) for f, e in zip(fits, earned, strict=True)
        ]
        best = int(earned.argmax())
        small = int(np.flatnonzero(earned >= earned[best] - 0.1 * abs(earned[best])).max())
        for k in {best, small}:  # sizes fall with k
            pool.append(beside(model, states[:, k][alive[:, k]], noise, rng))
    return pupils


def _earned(episodes: tuple) -> np.ndarray:
    """(k,) mean returns of the worst quarter; after a step out of bounds the rest counts as the
    worst of all steps."""
    _, alive, rewards = episodes
    least = rewards[alive].min() if alive.any() else 0.0
    total = np.sort(np.where(alive, rewards, min(least, 0.0)).sum(0), -1)
    return total[:, : max(1, total.shape[1] // 4)].mean(-1)


def _beginnings(model: "SindyRL", starts: np.ndarray, count: int, rng: Any) -> np.ndarray:
    """(count, observed): drawn from `starts`, moved by half of their spread, on their circles."""
    import jax.numpy as jnp

    c = model.config
    moved = starts[rng.integers(len(starts), size=count)]
    moved = moved + 0.5 * starts.std(0) * rng.standard_normal(moved.shape)
    return np.asarray(Surrogate(c.library, c.reward_library).project(jnp.asarray(moved)))


def _tried(model: "SindyRL", counted: "Counted", pupil: Pupil, rng: Any) -> Rows:
    """One real episode of a pupil."""
    import jax.numpy as jnp

    c = model.config
    low, high = (jnp.asarray(v, jnp.float32) for v in (c.low, c.high))

    def act(weights, x, _):
        return jnp.clip(c.policy_library.terms(x) @ weights.T, low, high)

    weights = jnp.asarray(pupil.coefficients, jnp.float32)
    return counted.follow(act, weights, rng, c.steps)


def episodes_of(model: "SindyRL", steps: int, seed: int = 0) -> Any:
    """run(starts (n, observed), coefficients (k, control, term), network) -> states (step, k, n,
    observed), alive and reward (step, k, n) in the surrogate, under k polynomials or the actor.

    Every step is followed by noise of the size of the surrogate's own errors on the real rows, the
    same for all polynomials, so that a policy does not pass that works by a hair.
    """
    import jax
    import jax.numpy as jnp

    c, coefficients = model.config, model.coefficients()
    plain = Surrogate(c.library, c.reward_library)
    surrogate = model.surrogate() if c.environment and c.known_reward else plain
    low, high = (jnp.asarray(v, jnp.float32) for v in (c.low, c.high))
    error = jnp.asarray(model.errors(), jnp.float32)

    @jax.jit
    def run(x, policies, network, coefficients):
        def body(carry, key):
            x, alive = carry
            said = jnp.einsum("kct,knt->knc", policies, c.policy_library.terms(x))
            u = jnp.where(network, model.act(x), jnp.clip(said, low, high))
            after, reward, out = surrogate.step(coefficients, x, u)
            after = surrogate.project(after + error * jax.random.normal(key, x.shape[1:]))
            return (after, alive & ~out), (x, alive, reward)

        start = jnp.broadcast_to(x, (len(policies), *x.shape))
        begin = (start, jnp.ones(start.shape[:2], bool))
        return jax.lax.scan(body, begin, jax.random.split(jax.random.key(seed), steps))[1]

    def of(starts, policies, network):
        arrays = jnp.asarray(starts, jnp.float32), jnp.asarray(policies, jnp.float32)
        return tuple(np.asarray(a) for a in run(*arrays, network, coefficients))

    return of


def beside(
    model: "SindyRL", states: np.ndarray, noise: float, rng: np.random.Generator
) -> np.ndarray:
    """(2n, observed): at most MOST // 2 states, and the same with noise, on their circles."""
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
    return middle + half * np.asarray(mean, np.float64)
