"""The data of the StNN tables: families, ranges and seeds, fixed before anything was trained.

Reported seeds are 0 … 4: seed s trains on trajectories drawn with 1000 + s, noise and network with
s. Test data are the same for all. Choices (windows, blocks, activations, training) were made on
seeds 100 … 104 with the validation data, which have seeds of their own."""

import functools

import numpy as np
import xarray

import physics

TRAIN, VALIDATION, TEST = 1000, 5000, 9000
SEEDS = (0, 1, 2, 3, 4)
NOISE = 0.01  # of a state's standard deviation
BURN = 5.0  # time units that Lorenz trajectories run before they are recorded
LORENZ, LOTKA = physics.get("lorenz63"), physics.get("lotka_volterra")

# LEADS, Yin et al. (2021), arXiv:2106.04546: (α, γ) of ten environments, β = δ = 0.5.
LEADS = (
    (0.5, 0.5), (0.25, 0.5), (0.75, 0.5), (1.0, 0.5), (0.5, 0.25),
    (0.5, 0.75), (0.5, 1.0), (0.25, 0.25), (0.75, 0.75), (1.0, 1.0),
)  # fmt: skip


@functools.lru_cache(maxsize=32)
def lorenz(dt: float, samples: int, count: int, seed: int) -> xarray.Dataset:
    """On the attractor: initial states uniform in the catalogue's box, then BURN time units."""
    start = physics.solve(LORENZ, samples=samples, seed=seed, times=[0.0, BURN])
    initial = np.stack([start[n].values[:, -1] for n in "xyz"], -1)
    return physics.solve(LORENZ, initial=initial, times=dt * np.arange(count))[["x", "y", "z"]]


@functools.lru_cache(maxsize=32)
def lotka(samples: int, count: int, seed: int, dt: float = 0.1) -> xarray.Dataset:
    """Initial states uniform in the catalogue's box."""
    data = physics.solve(LOTKA, samples=samples, seed=seed, times=dt * np.arange(count))
    return data[["x", "y"]]


@functools.lru_cache(maxsize=32)
def leads(samples: int, seed: int, count: int = 20, dt: float = 0.5) -> xarray.Dataset:
    """`samples` trajectories in each of the ten environments, initial states uniform in [1, 2]²."""
    system = physics.parse(
        ["x' = a*x - b*x*y", "y' = d*x*y - g*y"], parameters=dict(a=0.5, b=0.5, d=0.5, g=0.5)
    )
    rng = np.random.default_rng(seed)
    number = np.repeat(np.arange(len(LEADS)), samples)
    alpha, gamma = np.array(LEADS)[number].T
    data = physics.solve(
        system, initial=rng.uniform(1, 2, (len(number), 2)), times=dt * np.arange(count),
        parameters={"a": alpha, "g": gamma},
    )[["x", "y"]]  # fmt: skip
    return data.assign(environment=("sample", number))


def noisy(data: xarray.Dataset, seed: int, level: float = NOISE) -> xarray.Dataset:
    """Gaussian noise of `level` times each variable's standard deviation over all samples."""
    rng = np.random.default_rng(77_000 + seed)
    names = [n for n in data.data_vars if "time" in data[n].dims]
    return data.assign(
        {
            n: data[n] + level * float(data[n].std()) * rng.standard_normal(data[n].shape)
            for n in names
        }
    )


@functools.lru_cache(maxsize=64)
def problem(name: str, seed: int) -> tuple[xarray.Dataset, xarray.Dataset]:
    """(training data, data for choices) of one reported line."""
    if name == "lorenz-clean":  # dt 0.01
        return lorenz(0.01, 20, 500, TRAIN + seed), lorenz(0.01, 8, 500, VALIDATION)
    if name == "lorenz-noisy":  # dt 0.05, 1 %
        train, check = lorenz(0.05, 20, 1000, TRAIN + seed), lorenz(0.05, 8, 500, VALIDATION)
        return noisy(train, seed), noisy(check, 500)
    if name == "lotka":  # dt 0.1, 20 trajectories
        return lotka(20, 101, TRAIN + seed), lotka(8, 101, VALIDATION)
    if name == "leads":  # dt 0.5, one trajectory of 20 points in each of ten environments
        return leads(1, TRAIN + seed), leads(2, VALIDATION)
    raise ValueError(f"no problem {name!r}")


def test_data(name: str) -> tuple[xarray.Dataset, xarray.Dataset]:
    """(what the methods are given, what is true) of the test trajectories."""
    if name == "lorenz-clean":
        data = lorenz(0.01, 50, 1700, TEST)
        return data, data
    if name == "lorenz-noisy":
        data = lorenz(0.05, 50, 400, TEST)
        return noisy(data, 900), data
    if name == "lotka":
        data = lotka(50, 101 + 16, TEST)
        return data, data
    if name == "leads":
        data = leads(32, TEST)
        return data, data
    raise ValueError(f"no problem {name!r}")
