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

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.rows import append, load
from benchmarks.sindy_rl import EPISODES, JUDGED, SETTINGS
from zoo.models.sindy_rl.buffer import Buffer
from zoo.models.sindy_rl.config import Config, Training
from zoo.models.sindy_rl.dyna import learn
from zoo.models.sindy_rl.experience import Counted
from zoo.models.sindy_rl.fitting import trusted, within
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
        z = (jnp.concatenate([x, u], -1) - c.center) / c.scale
        return said(c.layers, z) * c.gain

    def step(self, c: Networks, x: Any, u: Any) -> tuple[Any, Any, Any]:
        """See Surrogate.step."""
        after = self.sparse.project(x + self.members(c, x, u).mean(0))
        out = ((after < c.low) | (after > c.high) | ~jnp.isfinite(after)).any(-1)
        after = jnp.where(out[..., None], x, after)
        return after, self.sparse.known(x, u, after), out


def said(layers: Any, z: Any) -> Any:
    """(member, …, out) of the inputs z (…, in)."""
    h = jnp.broadcast_to(z, (MEMBERS, *z.shape))
    for k, (weight, bias) in enumerate(layers):
        h = jnp.einsum("m...i,mio->m...o", h, weight) + bias.reshape(
            MEMBERS, *(1,) * (z.ndim - 1), -1
        )
        h = jnp.tanh(h) if k < len(layers) - 1 else h
    return h


@functools.partial(jax.jit, static_argnames=("config", "t"))
def fit(buffer: Buffer, bags: Any, *, config: Config, t: Training) -> tuple[Networks, Any]:
    """(networks, their numbers by member) fitted to the rows within bounds; bags: not used."""
    rows = buffer.rows
    good = buffer.real & within(rows.x, config.limits) & within(rows.after, config.limits)
    z, y = jnp.concatenate([rows.x, rows.u], -1), rows.after - rows.x
    mean = lambda v: jnp.where(good[:, None], v, 0.0).sum(0) / good.sum()  # noqa: E731
    spread = lambda v: jnp.sqrt(mean((v - mean(v)) ** 2))  # noqa: E731
    center, scale, gain = mean(z), spread(z) + 1e-6, spread(y) + 1e-9
    layers = _descend((z - center) / scale, y / gain, good, jax.random.key(t.seed))
    low, high = trusted(config, rows.x, buffer.real)
    worst = jnp.where(buffer.real, rows.reward, jnp.inf).min()
    flat = jnp.concatenate([v.reshape(MEMBERS, -1) for v in jax.tree.leaves(layers)], 1)
    return Networks(layers, center, scale, gain, low, high, worst), flat


def _descend(z: Any, y: Any, good: Any, key: Any) -> Any:
    """Layers fitted to the good ones of the rows."""
    import optax

    sizes = (z.shape[1], WIDTH, WIDTH, y.shape[1])
    keys = jax.random.split(key, 5)
    layers = tuple(
        (jax.random.normal(k, (MEMBERS, a, b)) / np.sqrt(a), jnp.zeros((MEMBERS, b)))
        for k, a, b in zip(keys, sizes, sizes[1:], strict=False)
    )
    count, upto = good.sum(), jnp.cumsum(good)
    drawn = jax.random.randint(keys[3], (MEMBERS, len(z)), 0, count)
    own = jnp.searchsorted(upto, drawn, side="right")  # rows of each member
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

    steps = EPOCHS * count // BATCH
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
