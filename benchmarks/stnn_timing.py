"""Inference of the structured network against the dense one: python -m benchmarks.stnn_timing.

Widths n → 2pn → pn → pn → n, p = 4, float32, batch 1 and 1024. First the ways to compute the
structured one (radix and matrix leaves) side by side, then the best of them against the dense
network. All candidates of a line run in turn in one process, medians; outputs of the variants are
compared first."""

import argparse
import json
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from benchmarks.rows import append
from benchmarks.timing import interleaved, machine
from zoo.models.stnn.network import Network, apply

STORE = Path("docs/results/stnn-timing.jsonl")
SIZES = (64, 128, 256, 512, 1024, 2048, 4096)
BATCHES = (1, 1024)
BLOCKS = 4
VARIANTS = ((2, 2), (4, 2), (8, 2), (2, 8), (2, 32), (2, 128), (4, 32), (8, 32), (8, 64))
AGREE = 1e-3


def structured(n: int) -> dict:
    """Weights of an untrained StNN."""
    made = Network(n, BLOCKS, False, 0.1, rngs=nnx.Rngs(0))
    state = nnx.to_pure_dict(nnx.state(made, nnx.Param))
    return jax.tree.map(lambda a: jnp.asarray(a, jnp.float32), state)


def dense(n: int) -> list:
    """Kernels and biases of the dense network."""
    sizes = (n, 2 * BLOCKS * n, BLOCKS * n, BLOCKS * n, n)
    rng = np.random.default_rng(0)
    shapes = zip(sizes[:-1], sizes[1:], strict=True)
    return [
        (jnp.asarray(rng.standard_normal((a, b), np.float32) / np.sqrt(a)), jnp.zeros(b))
        for a, b in shapes
    ]


def run_dense(layers: list, x):
    """tanh, tanh, identity, linear: the activations of the structured one."""
    for i, (kernel, bias) in enumerate(layers):
        x = x @ kernel + bias
        x = jnp.tanh(x) if i < 2 else x
    return x


def line(n: int, batch: int, rounds: int) -> dict:
    """Seconds of every variant and of the dense network."""
    x = jnp.asarray(np.random.default_rng(1).standard_normal((batch, n)), jnp.float32)
    weights = structured(n)
    candidates = {}
    for radix, leaf in VARIANTS:
        if leaf <= 2 * n:
            run = jax.jit(partial(
                apply, activations=("tanh", "tanh", "identity"), radix=radix, leaf=leaf
            ))  # fmt: skip
            candidates[f"radix {radix}, leaf {leaf}"] = (run, (weights, x))
    outputs = [np.asarray(run(*given)) for run, given in candidates.values()]
    for other in outputs[1:]:
        assert np.linalg.norm(other - outputs[0]) < AGREE * np.linalg.norm(outputs[0])
    candidates["dense"] = (jax.jit(run_dense), (dense(n), x))
    return {"n": n, "batch": batch, **interleaved(candidates, rounds), "machine": machine()}


def report(rows: list[dict]) -> str:
    """Markdown, in milliseconds."""
    names = [f"radix {r}, leaf {m}" for r, m in VARIANTS]
    lines = [f"| n | batch | {' | '.join(names)} | dense | dense / best |"]
    lines.append("|---" * (len(names) + 4) + "|")
    for row in rows:
        found = [row[k] for k in names if k in row]
        cells = [f"{1e3 * row[k]:.3g}" if k in row else "–" for k in (*names, "dense")]
        lines.append(
            f"| {row['n']} | {row['batch']} | {' | '.join(cells)} | "
            f"{row['dense'] / min(found):.1f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run what the store lacks, then print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--store", type=Path, default=STORE)
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    rows = [json.loads(t) for t in options.store.read_text().splitlines()] \
        if options.store.exists() else []  # fmt: skip
    for n in [] if options.report else options.sizes:
        for batch in BATCHES:
            if (n, batch) not in {(r["n"], r["batch"]) for r in rows}:
                work = n * batch
                rows.append(line(n, batch, 1 if work > 4e6 else 3 if work > 10**6 else 11))
                append(options.store, rows[-1])
    print(report(rows))


if __name__ == "__main__":
    main()
