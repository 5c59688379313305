"""Spectral steps against their own FFTs and against Exponax: python -m benchmarks.solver [--json].

float32, ETDRK2 on both sides, same equation, steps in one scan, interleaved medians. Agreement
(relative L2 after the scan, same smooth initial field) is printed first; `agree64` is the same in
float64. `fft`: the inverse and forward transforms that the plan needs, alone, same batch.
Also: per-sample against shared coefficients, memory of a differentiable rollout, the catalogue.
"""

import argparse
import json
import time

import numpy as np

import physics
from benchmarks.timing import interleaved, machine
from physics.lower.spectral.spectral_stepper import SpectralStepper

TAU = 2 * np.pi
STEPS = 10


def flow(dim: int) -> list[str]:
    """Advective Burgers."""
    names = "uvw"[:dim]
    return [
        f"{a}_t = " + " ".join(f"- {b}*{a}_{x}" for b, x in zip(names, "xyz", strict=False))
        + f" + 0.05*laplacian({a})"
        for a in names
    ]  # fmt: skip


def pressure(dim: int) -> list[str]:
    """Incompressible Navier-Stokes, conservative under the projection."""
    names, axes = "uvw"[:dim], "xyz"[:dim]
    fluxes = [
        " + ".join(f"D({b}*{c}, {x})" for c, x in zip(names, axes, strict=True)) for b in names
    ]
    return [
        f"{a}_t = -leray({i}, {', '.join(fluxes)}) + 0.05*laplacian({a})"
        for i, a in enumerate(names)
    ]


def kuramoto(dim: int) -> str:
    """Gradient form with Σ ∂ᵢ⁴, as Exponax has it; it takes the mean out, so both results do."""
    axes = "xyz"[:dim]
    squares = " + ".join(f"u_{x}^2" for x in axes)
    fourth = " ".join(f"- u_{4 * x}" for x in axes)
    return f"u_t = -({squares})/2 - laplacian(u) {fourth}"


GRAY = ["u_t = 2e-5*laplacian(u) - u*v^2 + 0.04*(1 - u)", "v_t = 1e-5*laplacian(v) + u*v^2 - 0.1*v"]
SWIRL = "w_t = D(inverse_laplacian(w), x)*w_y - D(inverse_laplacian(w), y)*w_x + 0.01*laplacian(w)"


def cases(exponax) -> dict:
    """{name: (equations, dim, points, length, dt, their stepper, in the geometric mean)}."""
    its, make = exponax.stepper, {}
    for dim, n in ((1, 256), (2, 128), (3, 64)):
        make[f"burgers-{dim}d"] = (
            flow(dim), dim, n, TAU, 0.005,
            lambda d, n, h: its.Burgers(d, TAU, n, h, diffusivity=0.05, order=2), True,
        )  # fmt: skip
        make[f"ks-{dim}d"] = (
            kuramoto(dim), dim, n, 20.0, 0.02,
            lambda d, n, h: its.KuramotoSivashinsky(d, 20.0, n, h, order=2), True,
        )  # fmt: skip
    for dim, n in ((2, 128), (3, 64)):
        make[f"gray-scott-{dim}d"] = (
            GRAY, dim, n, 2.0, 0.005,
            lambda d, n, h: its.reaction.GrayScott(
                d, 2.0, n, h, diffusivity_1=2e-5, diffusivity_2=1e-5, feed_rate=0.04,
                kill_rate=0.06, order=2,
            ), True,
        )  # fmt: skip
    for n in (64, 128, 256):
        make[f"vorticity-2d-{n}"] = (
            SWIRL, 2, n, TAU, 0.005,
            lambda d, n, h: its.NavierStokesVorticity(d, TAU, n, h, diffusivity=0.01, order=2),
            n == 128,
        )  # fmt: skip
    make["velocity-3d"] = (
        pressure(3), 3, 64, TAU, 0.005,
        lambda d, n, h: its.NavierStokesVelocity(d, TAU, n, h, diffusivity=0.05, order=2), True,
    )  # fmt: skip
    make["fisher-kpp-2d"] = (
        "u_t = 0.01*laplacian(u) + u*(1 - u)", 2, 128, TAU, 0.01,
        lambda d, n, h: its.reaction.FisherKPP(d, TAU, n, h, diffusivity=0.01, order=2), False,
    )  # fmt: skip
    return make


def start(stepper: SpectralStepper, batch: int):
    """Smooth random fields (batch, *space, channel), divergence-free for velocities."""
    import jax

    velocity = stepper.system.equations[stepper.names[0]].has(physics.jets.leray)
    law = physics.fields.RandomFourier(
        modes=3, amplitude=0.5, offset=0.0 if velocity else 0.5,
        part="divergence_free" if velocity else "",
    )  # fmt: skip
    keys = jax.random.split(jax.random.key(0), batch)
    return jax.vmap(lambda k: law.draw_field(k, stepper.grid, stepper.names))(keys)


def programs(name: str, case, exponax, precise: bool):
    """({name: (function, arguments)}, distance of ours and theirs, our stepper)."""
    import jax
    import jax.numpy as jnp

    lines, dim, n, length, dt, build, _ = case
    batch = 64 if dim == 1 else 1
    system = physics.parse(lines, length=[length] * dim)
    stepper = SpectralStepper(system, physics.Grid(system.domain, n), dt, order=2)
    coefficients, other = stepper.prepare(), build(dim, n, dt)
    u = start(stepper, batch).astype(float if precise else "float32")
    channels = jnp.moveaxis(u, -1, 1)

    def scan(step):
        def many(state):
            return jax.lax.scan(lambda c, _: (jax.vmap(step)(c), None), state, None, STEPS)[0]

        return jax.jit(many)

    inverse, forward = stepper.plan.transforms
    modes = jnp.ones((batch, inverse, *stepper.modes.shape), channels.astype(complex).dtype)

    def transform(state):
        there = stepper.modes.to_grid(state)
        back = stepper.modes.to_modes(jnp.resize(there, (forward, *there.shape[1:])))
        return state + 1e-9 * back[:1]

    def transforms(state):
        both = jax.vmap(lambda s: transform(transform(s)))
        return jax.lax.scan(lambda c, _: (both(c), None), state, None, STEPS)[0]

    state = jax.vmap(stepper.encode)(u)
    hat = jnp.fft.rfftn(channels, axes=range(2, 2 + dim))
    ours = scan(lambda s: stepper.step(s, coefficients))
    found = {
        "ours": (ours, (state,)),
        "exponax": (scan(lambda s: other(s)), (channels,)),
        "exponax Fourier": (scan(lambda s: other.step_fourier(s)), (hat,)),
        "fft": (jax.jit(transforms), (modes,)),
    }
    mine = jnp.moveaxis(jax.vmap(stepper.decode)(ours(state)), -1, 1)
    theirs = found["exponax"][0](channels)
    if name.startswith("ks"):
        space = tuple(range(2, 2 + dim))
        mine, theirs = (f - f.mean(space, keepdims=True) for f in (mine, theirs))
    apart = float(jnp.linalg.norm(mine - theirs) / jnp.linalg.norm(theirs))
    return found, apart, stepper


def against_exponax(rounds: int, only: str) -> list[dict]:
    """One record per case."""
    import exponax
    import jax

    records = []
    for name, case in cases(exponax).items():
        if only not in name:
            continue
        with jax.enable_x64(True):
            agree64 = programs(name, case, exponax, precise=True)[1]
        found, agree, stepper = programs(name, case, exponax, precise=False)
        times = interleaved(found, rounds)
        records.append({
            "case": name, "form": stepper.plan.form, "transforms": list(stepper.plan.transforms),
            "agree64": agree64, "agree32": agree,
            "ms": {k: 1e3 * v / STEPS for k, v in times.items()},
            "over_fft": times["ours"] / times["fft"],
            "faster": times["exponax"] / times["ours"],
            "faster_fourier": times["exponax Fourier"] / times["ours"], "mean": case[-1],
        })  # fmt: skip
    return records


def per_sample(rounds: int) -> dict:
    """Burgers 2-D, batch 16: every sample its own viscosity, against one shared."""
    import jax
    import jax.numpy as jnp

    system = physics.get("burgers", dim=2)
    stepper = SpectralStepper(system, physics.Grid(system.domain, 128), 0.005, order=2)
    u = start(stepper, 16)
    state = jax.vmap(stepper.encode)(u)
    shared = stepper.prepare()
    own = jax.jit(jax.vmap(lambda nu: stepper.prepare({"nu": nu})))(jnp.linspace(0.03, 0.1, 16))

    def scan(axis):
        step = jax.vmap(stepper.step, in_axes=(0, axis))
        return jax.jit(
            lambda s, c: jax.lax.scan(lambda x, _: (step(x, c), None), s, None, STEPS)[0]
        )

    times = interleaved(
        {"shared": (scan(None), (state, shared)), "own": (scan(0), (state, own))}, rounds
    )
    return {
        "ratio": times["own"] / times["shared"],
        **{k: 1e3 * v / STEPS for k, v in times.items()},
    }


def memory() -> dict:
    """Temporary memory of the gradient of a 200-step rollout, grouped against plain scan."""
    import jax

    from physics.integrate.marching import march

    system = physics.get("burgers", dim=2)
    stepper = SpectralStepper(system, physics.Grid(system.domain, 64), 0.005, order=2)
    u = start(stepper, 1)[0]
    coefficients = stepper.prepare()

    def plain(s):
        return jax.lax.scan(lambda c, _: (stepper.step(c, coefficients), None), s, None, 200)[0]

    def size(run):
        loss = lambda u: (stepper.decode(run(stepper.encode(u))) ** 2).sum()  # noqa: E731
        compiled = jax.jit(jax.grad(loss)).lower(u).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    grouped = size(lambda s: march(stepper, s, coefficients, 200))
    return {"grouped_MiB": grouped / 2**20, "plain_MiB": size(plain) / 2**20,
            "ratio": grouped / size(plain)}  # fmt: skip


def catalogue() -> list[dict]:
    """Seconds to construct, lower and run the first step of every system, cold."""
    import jax
    import jax.numpy as jnp

    records = []
    for name in physics.list_systems():
        started = time.perf_counter()
        system = physics.get(name)
        if system.domain is None:
            u = jnp.ones(len(system.state_names))
            jax.block_until_ready(jax.jit(physics.rhs(system))(0.0, u))
        else:
            points = {1: 128, 2: 64, 3: 32}[system.dim]
            stepper = physics.stepper(system, points, float(system.horizon) / 1000)
            u = jnp.ones((*stepper.grid.points, len(system.state_names)))
            jax.block_until_ready(jax.jit(stepper)(u))
        records.append({"system": name, "s": time.perf_counter() - started})
    return records


def report(result: dict) -> str:
    """Markdown."""
    lines = [
        result["machine"], "",
        "| case | form | transforms | agree 64 | agree 32 | ours, ms | over own FFTs | Exponax | "
        "Exponax, Fourier |", "|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for r in result["exponax"]:
        lines.append(
            f"| {r['case']} | {r['form']} | {r['transforms'][0]} + {r['transforms'][1]} | "
            f"{r['agree64']:.0e} | {r['agree32']:.0e} | {r['ms']['ours']:.3f} | "
            f"{r['over_fft']:.2f}x | {r['faster']:.2f}x | {r['faster_fourier']:.2f}x |"
        )
    ratios = [r["faster"] for r in result["exponax"] if r["mean"]]
    if ratios:
        mean = float(np.exp(np.mean(np.log(ratios))))
        lines.append(f"\ngeometric mean over Exponax's step: {mean:.2f}x, least {min(ratios):.2f}x")
    if "per_sample" in result:
        lines.append(f"per-sample coefficients: {result['per_sample']['ratio']:.3f}x of shared")
        m = result["memory"]
        lines.append(
            f"memory: {m['grouped_MiB']:.1f} of {m['plain_MiB']:.1f} MiB ({m['ratio']:.3f})"
        )
        slow = sorted(result["catalogue"], key=lambda r: -r["s"])
        total = sum(r["s"] for r in slow)
        lines.append(
            f"catalogue: {len(slow)} systems in {total:.0f} s, slowest "
            + ", ".join(f"{r['system']} {r['s']:.1f} s" for r in slow[:3])
        )
    return "\n".join(lines)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--only", default="", help="part of a case's name; leaves the rest out")
    options = parser.parse_args()
    result = {"machine": machine(), "exponax": against_exponax(options.rounds, options.only)}
    if not options.only:
        result |= {
            "per_sample": per_sample(options.rounds), "memory": memory(), "catalogue": catalogue(),
        }  # fmt: skip
    print(json.dumps(result) if options.json else report(result))


if __name__ == "__main__":
    main()
