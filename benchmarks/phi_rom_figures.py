"""Figure of docs/phi_rom.md: python -m benchmarks.phi_rom_figures [--folder docs/figures].

phi-rom.burgers-source at an unseen μ₂: field, forecast and error of two forecasts, from the first
field and from 13 noisy sensors over the first frames, which are drawn.
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np

import zoo
from benchmarks.phi_rom import scattered
from benchmarks.phi_rom_data import burgers
from benchmarks.phi_rom_sensors import NOISE, SENSORS
from zoo.recipes.phi_rom_burgers_source import TRAINING

matplotlib.use("agg")
BLUE, ORANGE, GREEN, GREY = "#2f6db5", "#d1752c", "#3d8a5a", "#8a8f98"
WHICH, WINDOW, SEED, EVERY = 5, 20, 0, 6  # trajectory, frames assimilated, of the sensors, drawn


def animation(path: Path) -> None:
    """Two panels that run through all frames: fields above, errors below."""
    from matplotlib.animation import FuncAnimation, PillowWriter
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    model, rng = zoo.load("phi-rom.burgers-source"), np.random.default_rng(SEED)
    truth = burgers("unseen").sets["unseen"].isel(sample=[WHICH])
    places = np.sort(rng.choice(truth.sizes["x"], SENSORS, replace=False))
    deviation = NOISE * float(truth["u"].std())
    sensors = scattered(truth, "u", places)
    sensors = sensors.assign(u=sensors["u"] + deviation * rng.standard_normal(sensors["u"].shape))
    x, times, u = truth["x"].values, truth["time"].values, truth["u"].values[0]
    ahead = {"times": times, "points": {"x": x}}
    said = {
        "from the first field": (BLUE, model.predict(truth.isel(time=[0]), **ahead)),
        f"from {WINDOW} frames of {SENSORS} noisy sensors": (
            ORANGE, model.predict(sensors.isel(time=slice(0, WINDOW)), window=WINDOW,
                                  noise=deviation, **ahead),
        ),
    }  # fmt: skip
    figure = Figure(figsize=(5.0, 3.2), dpi=72, layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    above.set(xlim=(0, 100), ylim=(0.5, u.max() * 1.05), ylabel="u")
    (field,) = above.plot(x, u[0], color=GREY, lw=3.5, label="solver")
    lines = [
        (above.plot(x, s["u"].values[0, 0], color=c, lw=1.3, label=n)[0],
         below.semilogy(x, np.ones_like(x), color=c, lw=1.1)[0], s["u"].values[0])
        for n, (c, s) in said.items()
    ]  # fmt: skip
    (dots,) = above.plot(x[places], sensors["u"].values[0, 0], "o", color=GREEN, ms=4)
    above.legend(fontsize=7, frameon=False, loc="upper right")
    below.set(ylim=(1e-5, 3), xlabel="x", ylabel="|error|")

    def draw(frame):
        k = frame * EVERY
        field.set_ydata(u[k])
        for line, error, values in lines:
            line.set_ydata(values[k])
            error.set_ydata(np.maximum(np.abs(values[k] - u[k]), 1e-6))
        dots.set_data(*((x[places], sensors["u"].values[0, k]) if k < WINDOW else ([], [])))
        beyond = ", beyond the training horizon" if k >= TRAINING else ""
        above.set_title(f"t = {times[k]:.2f}{beyond}", fontsize=8)

    moving = FuncAnimation(figure, draw, frames=-(-len(times) // EVERY))
    moving.save(path, writer=PillowWriter(fps=7))


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("docs/figures"))
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    animation(folder / "phi-rom-burgers.gif")


if __name__ == "__main__":
    main()
