"""What a Φ-ROM costs: python -m benchmarks.phi_rom_speed [PART …].

step: gradient of the physics loss at latent 100, 2 states on 64 x 64 points of which 409 are
projected, 16 snapshots: ours, ours with J forwards, and written plainly (`phi_rom_forward`),
interleaved. agree: that the three are one loss. tangent: J and projection of
that alone. encode: Gauss-Newton against 1000 steps of Adam from zeros (rate 0.1, best iterate), on
63 unseen fields. rollout: encoding one field and 200 frames of 32 trajectories against the solver
on grids of several sizes. Both on phi-rom.burgers-source. Medians of repetitions in one process.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

import physics
import zoo
from benchmarks import phi_rom_data
from benchmarks.rows import append, load
from zoo.models.phi_rom.judging import errors
from zoo.recipes import phi_rom_burgers_source as burgers

STORE = Path("docs/results/phi-rom-speed.jsonl")
LATENT, POINTS, PICKED, SNAPSHOTS = 100, 64, 409, 16
ADAM_STEPS, ADAM_RATE = 1000, 0.1


def timed(run: Any, repeat: int) -> list[float]:
    """Seconds of `repeat` calls after one that compiles."""
    import jax

    jax.block_until_ready(run())
    found = []
    for _ in range(repeat):
        started = time.perf_counter()
        jax.block_until_ready(run())
        found.append(time.perf_counter() - started)
    return found


def step() -> dict:
    """Gradient of L_dyn: ours, ours with J forwards, and the plain formulation."""
    runs, row = of_step(SNAPSHOTS, np.float32), {"what": "step"}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(3):
        for name, f in runs.items():
            seconds[name] += timed(f, 1)
    medians = {name: float(np.median(s)) for name, s in seconds.items()}
    return row | {f"{n}_s": s for n, s in medians.items()} | {
        f"ratio_{n}": s / medians["ours"] for n, s in medians.items() if n != "ours"
    }  # fmt: skip


def of_step(snapshots: int, dtype: Any) -> dict:
    """{name: a call that gives (loss, gradient)} of the three formulations."""
    import jax

    from benchmarks.phi_rom_forward import plain_loss
    from zoo.models.phi_rom.losses import Physics, dynamics
    from zoo.models.phi_rom.tendency import grid_places, scaled, tendency

    system = physics.get("brusselator_pde")
    model = zoo.create("phi-rom", system, size="large", grid=POINTS, latent=LATENT)
    c, weights = model.config, jax.tree.map(lambda a: np.asarray(a, dtype), model.weights())
    ones = np.ones(len(system.states), dtype)
    places, none = scaled(c, grid_places(c)).astype(dtype), np.zeros(1, dtype)
    batch = Physics(places, 0 * ones, ones, ones[0], none, none + 1)
    rng = np.random.default_rng(0)
    latents = (0.3 * rng.standard_normal((snapshots, LATENT))).astype(dtype)
    values, pick = np.zeros((snapshots, 1), dtype), rng.choice(POINTS**2, PICKED, False)
    each = (np.tile(places, (snapshots, 1, 1)), np.tile(pick, (snapshots, 1)))
    change = tendency(c)

    def ours(mode):
        def loss(weights, latents):
            return dynamics(c, weights, latents, values, batch, pick, mode=mode)[0]

        f = jax.jit(jax.value_and_grad(loss, (0, 1)))
        return lambda: f(weights, latents)

    def plain(solve):
        f = plain_loss(c, lambda u: change(u, {}), values, solve)
        f = jax.jit(jax.value_and_grad(f, (0, 1)))
        return lambda: f(weights, latents, *each)

    return {"ours": ours("reverse"), "ours_forward": ours("forward"),
            "plain_qr": plain("qr"), "plain_cholesky": plain("cholesky")}  # fmt: skip


def agree() -> dict:
    """[loss, gradient]: relative differences from ours, three snapshots, in float64.

    In float32 rounding does more, to 100 columns that nearly depend on each other; it is told too.
    """
    import jax

    row: dict = {"what": "agree"}
    for dtype, snapshots in ((np.float64, 3), (np.float32, 3)):
        with jax.enable_x64(dtype is np.float64):
            found = {n: jax.tree.leaves(jax.device_get(f()))
                     for n, f in of_step(snapshots, dtype).items()}  # fmt: skip
        flat = {n: (v[0], np.concatenate([np.ravel(g) for g in v[1:]])) for n, v in found.items()}
        loss, slope = flat.pop("ours")
        row[np.dtype(dtype).name] = {
            n: [abs(float(v / loss) - 1), float(np.linalg.norm(g - slope) / np.linalg.norm(slope))]
            for n, (v, g) in flat.items()
        }  # fmt: skip
    return row


def tangent() -> dict:
    """J and the projection alone, with their gradient, of the same size as in `step`."""
    import jax

    from zoo.models.phi_rom.decoders import features
    from zoo.models.phi_rom.projection import jacobian, project
    from zoo.models.phi_rom.tendency import grid_places, scaled

    model = zoo.create("phi-rom", physics.get("brusselator_pde"), size="large", grid=POINTS)
    c, weights = model.config, model.weights()["decoder"]
    rng = np.random.default_rng(0)
    places = scaled(c, grid_places(c))[rng.choice(POINTS**2, PICKED, False)]
    latents = 0.3 * rng.standard_normal((SNAPSHOTS, LATENT)).astype(np.float32)
    change = rng.standard_normal((SNAPSHOTS, PICKED, 2)).astype(np.float32)

    def run(mode, whole):
        def rates(weights, latents):
            shared = features(c, weights, places)
            slopes = jax.vmap(lambda a: jacobian(c, weights, shared, a, mode))(latents)
            return (jax.vmap(project)(slopes, change).rate ** 2).sum()

        return jax.jit(jax.value_and_grad(rates, (0, 1)) if whole else rates)

    row: dict = {"what": "tangent"}
    for whole, name in ((False, "forward_pass"), (True, "with_gradient")):
        runs = {mode: run(mode, whole) for mode in ("reverse", "forward")}
        seconds = {m: float(np.median(timed(lambda f=f: f(weights, latents), 5)))
                   for m, f in runs.items()}  # fmt: skip
        row[name] = seconds | {"ratio": seconds["forward"] / seconds["reverse"]}
    return row


def encode(model: Any, truth: Any) -> dict:
    """Gauss-Newton and Adam on the same fields."""
    import jax
    import jax.numpy as jnp
    import optax

    from zoo.models.phi_rom import encoding, forecasting, reading
    from zoo.models.phi_rom.decoders import decode, features
    from zoo.models.phi_rom.tendency import scaled

    c, s = model.config, model.statistics()
    measured = reading.read(c, truth.isel(time=slice(0, None, 29)))
    every = measured.values.reshape(-1, *measured.values.shape[2:])
    fields, mask = forecasting.normal(model, every[:64])
    decoder, places = model.weights()["decoder"], scaled(c, measured.places)
    size = (fields**2).sum((1, 2))

    def newton():
        return encoding.encode(c, decoder, s["anchors"], places, fields, mask)

    rule = optax.adam(ADAM_RATE)

    def fit(field):
        shared = features(c, decoder, places)

        def loss(a):
            return ((decode(c, decoder, shared, a) - field) ** 2).sum()

        def move(carry, _):
            a, state, best, least = carry
            value, slope = jax.value_and_grad(loss)(a)
            better = value < least
            best, least = jnp.where(better, a, best), jnp.where(better, value, least)
            moves, state = rule.update(slope, state)
            return (optax.apply_updates(a, moves), state, best, least), None

        zero = jnp.zeros(c.latent)
        first = (zero, rule.init(zero), zero, jnp.asarray(jnp.inf))
        return jax.lax.scan(move, first, None, length=ADAM_STEPS)[0][3]

    adam = jax.jit(jax.vmap(fit))
    fast, slow = timed(newton, 1), timed(lambda: adam(fields), 1)
    for _ in range(3):  # in turns, as other work on the machine comes and goes
        fast += timed(newton, 2)
        slow += timed(lambda: adam(fields), 1)
    left = np.sqrt(np.asarray(adam(fields)) / size)
    mine = np.asarray(newton().misfit)
    return {
        "what": "encode", "newton_s": float(np.median(fast)), "adam_s": float(np.median(slow)),
        "ratio": float(np.median(slow) / np.median(fast)), "fields": len(fields),
        "newton_misfit": [float(mine.mean()), float(mine.max())],
        "adam_misfit": [float(left.mean()), float(left.max())],
    }  # fmt: skip


def rollout(model: Any) -> dict:
    """Error and time of the model and of the solver on coarser grids, both against 256 cells."""
    problem = phi_rom_data.burgers("unseen")
    many = np.resize(burgers.UNSEEN, 32)
    truth = np.resize(problem.sets["unseen"]["u"].values, (32, 200, 256))
    first = problem.sets["unseen"].isel(time=[0])
    start = first.isel(sample=np.arange(32) % 9).assign_coords(sample=np.arange(32))
    times = burgers.DT * np.arange(burgers.FRAMES)

    def rom():
        return model.predict(start, times=times)["u"].values

    row = {"what": "rollout", "rom_s": float(np.median(timed(rom, 3)))}
    row["rom_error"] = errors(rom(), truth, 100)
    x = first["x"].values
    for cells in (32, 64, 128, 256):
        grid = 100 * (np.arange(cells) + 0.5) / cells
        begin = np.interp(grid, x, first["u"].values[0, 0])

        def solver(cells=cells, begin=begin):
            return physics.solve(
                problem.system, initial=np.repeat(begin[None], 32, 0), times=times,
                parameters={"mu2": many}, resolution=cells, scheme="finite-volume", order=1,
                dt=burgers.DT / max(1, cells // 32), precision="float32",
            )["u"].values  # fmt: skip

        seconds = float(np.median(timed(solver, 3)))
        said = np.stack([[np.interp(x, grid, u) for u in t] for t in solver()])
        row[f"solver_{cells}"] = {"s": seconds, **errors(said, truth, 100)}
    return row


def main() -> None:
    """Measure, store, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "parts", nargs="*", default=["agree", "step", "tangent", "encode", "rollout"]
    )
    parser.add_argument("--model", default="phi-rom.burgers-source")
    parser.add_argument("--store", type=Path, default=STORE)
    options = parser.parse_args()
    alone = {"agree": agree, "step": step, "tangent": tangent}
    model = zoo.load(options.model) if set(options.parts) - set(alone) else None
    for part in options.parts:
        if part in alone:
            row = alone[part]()
        elif part == "encode":
            row = encode(model, phi_rom_data.burgers("unseen").sets["unseen"])
        else:
            row = rollout(model)
        append(options.store, row)
        print(json.dumps(row), flush=True)
    print(f"{len(load(options.store))} rows in {options.store}")


if __name__ == "__main__":
    main()
