"""A neural ensemble in the place of the sparse one: python -m benchmarks.sindy_rl_neural.

Five networks of two layers of 64 tanh say the increments of a step, each fitted to rows drawn with
replacement by EPOCHS epochs of Adam at every refit; the policy is trained inside their mean. Loop,
budget of real steps, PPO and its settings are those of the sparse surrogate.
"""

import argparse
import functools
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.rows import append, load
from benchmarks.sindy_rl import EPISODES, JUDGED, SETTINGS
from zoo.models.sindy_rl.config import Config, Training
from zoo.models.sindy_rl.dyna import learn, trusted, within
from zoo.models.sindy_rl.experience import Counted, Rows
from zoo.models.sindy_rl.model import SindyRL, opened
from zoo.models.sindy_rl.surrogate import Surrogate

STORE = Path("docs/results/sindy-rl-neural.jsonl")
MEMBERS, WIDTH, EPOCHS, BATCH, RATE = 5, 64, 50, 256, 1e-3


class Networks(NamedTuple):
    """layers: ((member, in, out), (member, out)) each.   center, scale: of the inputs.   gain: of
    the increments.   low, high, worst: as in Coefficients."""

    layers: Any
    center: Any
    scale: Any
    gain: Any
    low: Any
    high: Any
    worst: Any


class NeuralSurrogate:
    """step and uncertainty as a Surrogate has them."""

    def __init__(self, sparse: Surrogate):
        self.sparse = sparse

    def members(self, c: Networks, x: Any, u: Any) -> Any:
        """(member, …, observed) increments."""
        import jax.numpy as jnp

        z = (jnp.concatenate([x, u], -1) - c.center) / c.scale
        return said(c.layers, z) * c.gain

    def step(self, c: Networks, x: Any, u: Any) -> tuple[Any, Any, Any]:
        """See Surrogate.step."""
        import jax.numpy as jnp

        after = self.sparse.project(x + self.members(c, x, u).mean(0))
        out = ((after < c.low) | (after > c.high) | ~jnp.isfinite(after)).any(-1)
        after = jnp.where(out[..., None], x, after)
        return after, self.sparse.known(x, u, after), out


def said(layers: Any, z: Any) -> Any:
    """(member, …, out) of the inputs z (…, in)."""
    import jax.numpy as jnp

    h = jnp.broadcast_to(z, (MEMBERS, *z.shape))
    for k, (weight, bias) in enumerate(layers):
        h = jnp.einsum("m...i,mio->m...o", h, weight) + bias.reshape(
            MEMBERS, *(1,) * (z.ndim - 1), -1
        )
        h = jnp.tanh(h) if k < len(layers) - 1 else h
    return h


def fit(rows: Rows, config: Config, t: Training, surrogate: Any) -> tuple[Networks, np.ndarray]:
    """(networks, their numbers by member) fitted to the rows within bounds."""
    import jax
    import jax.numpy as jnp

    good = (within(rows.x, config.limits) & within(rows.after, config.limits)).all(-1)
    z = np.concatenate([rows.x, rows.u], -1)[good]
    y = (rows.after - rows.x)[good]
    center, scale, gain = z.mean(0), z.std(0) + 1e-6, y.std(0) + 1e-9
    room = max(t.real_steps, len(z))  # one shape, one compilation
    pad = lambda v: np.concatenate([v, np.zeros((room - len(v), v.shape[1]))])  # noqa: E731
    arrays = (jnp.asarray(pad(v), jnp.float32) for v in ((z - center) / scale, y / gain))
    steps = EPOCHS * len(z) // BATCH
    layers = _train()(*arrays, len(z), steps, jax.random.key(t.seed))
    low, high = trusted(config, rows.x)
    numbers = (center, scale, gain, low, high, rows.reward.min())
    flat = np.concatenate([np.asarray(v).reshape(MEMBERS, -1) for v in jax.tree.leaves(layers)], 1)
    return Networks(layers, *(jnp.asarray(v, jnp.float32) for v in numbers)), flat


@functools.cache
def _train() -> Any:
    import jax

    return jax.jit(_descend)


def _descend(z: Any, y: Any, count: Any, steps: Any, key: Any) -> Any:
    import jax
    import jax.numpy as jnp
    import optax

    sizes = (z.shape[1], WIDTH, WIDTH, y.shape[1])
    keys = jax.random.split(key, 5)
    layers = tuple(
        (jax.random.normal(k, (MEMBERS, a, b)) / np.sqrt(a), jnp.zeros((MEMBERS, b)))
        for k, a, b in zip(keys, sizes, sizes[1:], strict=False)
    )
    own = jax.random.randint(keys[3], (MEMBERS, len(z)), 0, count)  # rows of each member
    optimiser = optax.adam(optax.linear_schedule(RATE, 0.1 * RATE, 2000))

    def loss(layers, places):
        inputs = z[places]  # (member, row, in)
        h = inputs
        for k, (weight, bias) in enumerate(layers):
            h = jnp.einsum("mri,mio->mro", h, weight) + bias[:, None]
            h = jnp.tanh(h) if k < len(layers) - 1 else h
        return ((h - y[places]) ** 2).mean((1, 2)).sum()

    def step(i, state):
        layers, memory = state
        drawn = jax.random.randint(jax.random.fold_in(keys[4], i), (MEMBERS, BATCH), 0, count)
        slope = jax.grad(loss)(layers, jnp.take_along_axis(own, drawn, 1))
        change, memory = optimiser.update(slope, memory)
        return optax.apply_updates(layers, change), memory

    return jax.lax.fori_loop(0, steps, step, (layers, optimiser.init(layers)))[0]


def one(seed: int) -> dict:
    """One run of the cart-pole."""
    from flax import nnx

    name, options, training, _ = SETTINGS["cart_pole"]
    began = time.perf_counter()
    model = SindyRL.create(name, seed=seed, **options)
    graph, weights = nnx.split(model.agent)
    surrogate = NeuralSurrogate(model.surrogate())
    outcome = learn(
        Counted(opened(name)), model.config, Training(**training, seed=seed), surrogate, graph,
        weights, fit=fit,
    )  # fmt: skip
    learnt = time.perf_counter() - began
    trained = model.with_state(model.state() | {"agent": nnx.to_pure_dict(outcome.weights)})
    judged = trained.returns(episodes=EPISODES, seed=JUDGED)
    return {
        "problem": "cart_pole_neural", "seed": seed,
        "real_steps": outcome.history[-1]["real_steps"], "network": float(judged.mean()),
        "worst": float(judged.min()), "learn_s": round(learnt, 1),
        "curve": [[h["real_steps"], round(h["return"], 1)] for h in outcome.history],
    }  # fmt: skip


def main() -> None:
    """Run what the store lacks, then print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--store", type=Path, default=STORE)
    options = parser.parse_args()
    for seed in options.seeds:
        if seed not in {r["seed"] for r in load(options.store)}:
            row = one(seed)
            append(options.store, row)
    for row in load(options.store):
        print(f"| neural ensemble | {row['seed']} | {row['real_steps']:,} | {row['network']:.0f} | "
              f"{row['worst']:.0f} | {row['learn_s']:.0f} |")  # fmt: skip


if __name__ == "__main__":
    main()
