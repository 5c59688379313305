"""Figures of docs/sindy_rl.md: python -m benchmarks.sindy_rl_figures [--folder docs/figures].

Learning curves from the stores in docs/results; the swing-up by the formula and the uncertainty of
the surrogate over the state plane, both of the checkpoint `sindy-rl.cartpole`.
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np

from benchmarks.rows import load
from benchmarks.sindy_rl import STORE
from benchmarks.sindy_rl_free import STORE as FREE
from benchmarks.sindy_rl_neural import STORE as NEURAL

matplotlib.use("agg")
BLUE, ORANGE, GREEN, GREY = "#2f6db5", "#d1752c", "#3d8a5a", "#8a8f98"
BARS = {"cart_pole": (500, 800), "pendulum": (-300, -200)}


def curves(path: Path) -> None:
    """Real return of every episode against real steps, all seeds, and model-free PPO."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4), layout="constrained")
    kinds = [("cart_pole", "sparse dynamics", BLUE), ("cart_pole_linear", "linear dynamics", GREEN)]
    for panel, problem in zip(figure.subplots(1, 2), BARS, strict=True):
        rows = load(STORE) + load(NEURAL)
        shown = [(problem, "sparse dynamics", BLUE)]
        if problem == "cart_pole":
            shown = [("cart_pole_neural", "neural ensemble", ORANGE), *kinds[1:], kinds[0]]
        for name, label, colour in shown:
            for k, row in enumerate(r for r in rows if r["problem"] == name):
                steps, earned = np.array(row["curve"]).T
                panel.plot(steps, earned, color=colour, lw=1.1, label=None if k else label)
        for k, row in enumerate(r for r in load(FREE) if r["problem"] == problem):
            steps, earned = np.array(row["curve"]).T
            panel.plot(steps, earned, color=GREY, lw=1.1, label=None if k else "model-free PPO")
        for bar in BARS[problem]:
            panel.axhline(bar, color="k", lw=0.6, ls=":")
        panel.set_xscale("log")
        panel.set_title(problem.replace("_", "-"), fontsize=10)
        panel.set_xlabel("real steps")
        panel.set_ylabel("return of a real episode")
        panel.legend(fontsize=8, frameon=False, loc="center")
    figure.savefig(path, dpi=110)


def swing(path: Path, seconds: float = 6.0, every: int = 5) -> None:
    """The plant under the polynomial policy."""
    import jax
    from matplotlib.animation import FuncAnimation, PillowWriter
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    import zoo
    from physics import control

    model, environment = zoo.load("sindy-rl.cartpole"), control.get("cart_pole")
    run = lambda key: control.rollout(environment, lambda x, _: model.act(x, "formula"), key)  # noqa: E731
    rows = {k: np.asarray(v) for k, v in jax.jit(run)(jax.random.key(0)).items()}
    seen, action = rows["observation"], rows["action"][:, 0]
    figure = Figure(figsize=(4.2, 2.4), dpi=80, layout="constrained")
    FigureCanvasAgg(figure)
    panel = figure.subplots()
    panel.set(xlim=(-2, 2), ylim=(-1.15, 1.15), aspect="equal", yticks=[])
    panel.axhline(0, color=GREY, lw=1, zorder=0)
    (cart,) = panel.plot([], [], "s", color=BLUE, ms=14)
    (pole,) = panel.plot([], [], "-", color=ORANGE, lw=4, solid_capstyle="round")
    (force,) = panel.plot([], [], "-", color=GREEN, lw=3)

    def draw(frame):
        k = frame * every
        x, c, s = seen[k, :3]
        cart.set_data([x], [0])
        pole.set_data([x, x + s], [0, c])
        force.set_data([x, x + 0.8 * action[k]], [-0.9, -0.9])
        panel.set_title(f"{k * environment.dt:.2f} s", fontsize=8)
        return cart, pole, force

    count = int(seconds / environment.dt / every)
    moving = FuncAnimation(figure, draw, frames=count)
    moving.save(path, writer=PillowWriter(fps=round(1 / environment.dt / every)))


def doubt(path: Path) -> None:
    """Closed-form uncertainty of a step over (θ, θ′), at rest in the middle of the rail, beside
    the error of that step, with an episode of the network."""
    import jax
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    import zoo
    from physics import control

    model, environment = zoo.load("sindy-rl.cartpole"), control.get("cart_pole")
    angle, speed = np.meshgrid(np.linspace(-np.pi, np.pi, 121), np.linspace(-15, 15, 101))
    zero = np.zeros_like(angle)
    seen = np.stack([zero, np.cos(angle), np.sin(angle), zero, speed], -1)
    state, still = np.stack([zero, angle, zero, speed], -1), zero[..., None]
    flat = jax.jit(jax.vmap(environment.plant.advance))(
        state.reshape(-1, 4).astype(np.float32), still.reshape(-1, 1).astype(np.float32)
    )
    after = np.asarray(environment.plant.measure(flat)).reshape(seen.shape)
    xi = np.asarray(model.coefficients().xi, float)
    gap = np.abs(seen + model.config.library.terms(seen, still) @ xi.T - after)[..., 4]
    sure = model.uncertainty(seen, still)[..., 4]
    run = lambda key: control.rollout(environment, lambda x, _: model.act(x), key)  # noqa: E731
    rows = np.asarray(jax.jit(run)(jax.random.key(0))["observation"])
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    titles = "standard deviation, √(θ C θᵀ)", "error of the step"
    for panel, value, title in zip(
        figure.subplots(1, 2, sharey=True), (sure, gap), titles, strict=True
    ):
        drawn = panel.pcolormesh(
            angle, speed, np.maximum(value, 1e-6), cmap="viridis", rasterized=True,
            norm=LogNorm(1e-4, 1e-1),
        )  # fmt: skip
        panel.plot(np.arctan2(rows[:, 2], rows[:, 1]), rows[:, 4], ".", color="w", ms=1.5)
        panel.set_title(f"{title}, of θ′ [1/s]", fontsize=9)
        panel.set_xlabel("θ from upright")
        figure.colorbar(drawn, ax=panel)
    figure.axes[0].set_ylabel("θ′ [1/s]")
    figure.savefig(path, dpi=100)


def main() -> None:
    """Draw all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("docs/figures"))
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    curves(folder / "sindy-rl-learning.png")
    swing(folder / "sindy-rl-swing-up.gif")
    doubt(folder / "sindy-rl-uncertainty.png")


if __name__ == "__main__":
    main()
