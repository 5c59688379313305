"""What it costs to simulate while training: python -m benchmarks.stream [--json].

A 1.5 M-parameter autoencoder (patches, MLP blocks) learns on 48 x 48 crops of ten 2-D systems. The
same train step runs on batches held in memory and on a stream that simulates beside it, in turns
of one refresh; sums over `rounds` refreshes of every system, start-up excluded.
"""

import argparse
import json
import time

import numpy as np

import physics
from benchmarks.timing import machine

NAMES = ("heat", "burgers", "kuramoto_sivashinsky", "fisher_kpp", "allen_cahn", "cahn_hilliard",
         "swift_hohenberg", "gray_scott", "lambda_omega", "navier_stokes_vorticity")  # fmt: skip
PATCH, WIDTH, DEPTH = 8, 272, 5


def systems() -> list:
    """Ten periodic systems in two dimensions."""
    return [
        physics.get(name) if name == "navier_stokes_vorticity" else physics.get(name, dim=2)
        for name in NAMES
    ]


def autoencoder(crop: int, channels: int):
    """(parameters, loss) of a patch-wise autoencoder of about 1.5 M parameters."""
    import jax
    import jax.numpy as jnp

    size = PATCH * PATCH * channels
    shapes = {"in": (size, WIDTH), "out": (WIDTH, size), "mix": ((crop // PATCH) ** 2,) * 2}
    for i in range(DEPTH):
        shapes[f"up{i}"], shapes[f"down{i}"] = (WIDTH, 2 * WIDTH), (2 * WIDTH, WIDTH)
    keys = jax.random.split(jax.random.key(0), len(shapes))
    parameters = {
        name: jax.random.normal(key, shape) / np.sqrt(shape[0])
        for key, (name, shape) in zip(keys, shapes.items(), strict=True)
    }

    def patches(x):
        b, n, _, c = x.shape
        x = x.reshape(b, n // PATCH, PATCH, n // PATCH, PATCH, c).swapaxes(2, 3)
        return x.reshape(b, -1, size)

    def loss(p, fields):
        x = fields[:, 0]
        scale = jnp.std(x, axis=(1, 2), keepdims=True) + 1e-3
        target = patches((x - x.mean((1, 2), keepdims=True)) / scale)
        h = target @ p["in"]
        h = h + jnp.einsum("st,btw->bsw", p["mix"], h)
        for i in range(DEPTH):
            h = h + jax.nn.gelu(h @ p[f"up{i}"]) @ p[f"down{i}"] / DEPTH
        return ((h @ p["out"] - target) ** 2).mean()

    return parameters, loss


def measure(rounds: int, reuse: float) -> dict:
    """Median seconds per step with and without the stream, and what the stream delivered."""
    import jax
    import optax

    started = time.perf_counter()
    stream = physics.Stream(
        systems(), resolution=64, frames=16, members=80, group=4, batch=16, crop=48, reuse=reuse,
        donate=True,
    )  # fmt: skip
    state = stream.init(jax.random.key(0))
    start_up = time.perf_counter() - started
    parameters, loss = autoencoder(48, stream.channels)
    optimiser = optax.adam(1e-3)
    memory = optimiser.init(parameters)

    @jax.jit
    def train(parameters, memory, fields):
        value, slope = jax.value_and_grad(loss)(parameters, fields)
        change, memory = optimiser.update(slope, memory)
        return optax.apply_updates(parameters, change), memory, value

    held = []
    for _ in range(4):
        batch, state = stream.next(state)
        held.append(batch["fields"])
    steps = stream.every
    jax.block_until_ready(train(parameters, memory, held[0]))
    for _ in range(stream.every):  # the first refresh of a batch shape is not typical
        batch, state = stream.next(state)
    begin = stream.volume(state)
    times: dict[str, list[float]] = {"alone": [], "stream": []}
    for _ in range(rounds * len(stream.sources)):
        tick = time.perf_counter()
        for i in range(steps):
            parameters, memory, value = train(parameters, memory, held[i % 4])
        jax.block_until_ready(value)
        times["alone"].append((time.perf_counter() - tick) / steps)
        tick = time.perf_counter()
        for _ in range(steps):
            batch, state = stream.next(state)
            parameters, memory, value = train(parameters, memory, batch["fields"])
        jax.block_until_ready((value, state))
        times["stream"].append((time.perf_counter() - tick) / steps)
    end = stream.volume(state)
    new = end["snapshots"] - begin["snapshots"]
    mean = {k: float(np.mean(v)) for k, v in times.items()}
    return {
        "machine": machine(),
        "parameters": int(sum(np.size(p) for p in parameters.values())),
        "ms": {k: 1e3 * v for k, v in mean.items()},
        "ratio": mean["stream"] / mean["alone"],
        "reuse": (end["drawn"] - begin["drawn"]) / max(new, 1),
        "systems": end["systems"],
        "rejected": end["rejected"],
        "snapshots_per_hour": new / (sum(times["stream"]) * steps) * 3600,
        "start_up_s": start_up,
        "rounds": rounds,
        "steps_per_round": steps,
        "loss": float(value),
    }


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--reuse", type=float, default=14.0, help="draws per snapshot asked for")
    options = parser.parse_args()
    r = measure(options.rounds, options.reuse)
    if options.json:
        print(json.dumps(r))
        return
    print(r["machine"])
    print(
        f"autoencoder of {r['parameters']:,} parameters: {r['ms']['alone']:.1f} ms per step alone, "
        f"{r['ms']['stream']:.1f} ms on the stream: {r['ratio']:.3f}x\n"
        f"{r['reuse']:.1f} draws per new snapshot, {r['systems']} systems live, {r['rejected']} "
        f"trajectories rejected, {r['snapshots_per_hour']:,.0f} snapshots per hour of training, "
        f"start-up {r['start_up_s']:.0f} s"
    )


if __name__ == "__main__":
    main()
