"""Laws of one form with numbers of their own per sample, planted: python -m benchmarks.varying

Six samples of each system, one or two parameters drawn per sample; the data do not tell them
("untold": they are dropped) or do ("told"). Recovered: exactly the right terms, and the right
numbers differing. Error: of the varying numbers, relative, the worst of all samples.
"""

import argparse
import time
import warnings
from itertools import product

import numpy as np

import physics
import symbolic

SEEDS, NOISES, SAMPLES = range(3), (0.0, 0.01, 0.05), 6
# name: (low and high of the parameters that vary, times, resolution)
CASES = {
    "lorenz63": ({"rho": (22, 34)}, np.linspace(0, 10, 501), None),
    "lotka_volterra": ({"alpha": (0.7, 1.4), "gamma": (0.7, 1.4)}, np.linspace(0, 20, 201), None),
    "van_der_pol": ({"mu": (0.5, 2.5)}, np.linspace(0, 20, 401), None),
    "burgers": ({"nu": (0.03, 0.1)}, np.linspace(0, 1.5, 76), 128),
    "fisher_kpp": ({"r": (0.5, 1.5)}, np.linspace(0, 4, 81), 128),
}


def main(names: list[str]) -> None:
    """Print one row per system, noise and way of telling."""
    warnings.simplefilter("ignore", UserWarning)
    print("| system | noise | told | recovered | numbers, % (worst) | wrong | seconds |")
    print("|---|---|---|---|---|---|---|")
    for name, noise, told in product(names or CASES, NOISES, (True, False)):
        rows = [_one(name, noise, told, seed) for seed in SEEDS]
        errors = [100 * r[1] for r in rows if r[0] == "recovered"]
        kinds = [r[0] for r in rows]
        worst = f"{np.median(errors):.2f} ({max(errors):.2f})" if errors else "-"
        seconds = np.median([r[2] for r in rows])
        print(
            f"| {name} | {noise:.0%} | {'yes' if told else 'no'} | {kinds.count('recovered')}/"
            f"{len(rows)} | {worst} | {kinds.count('wrong')} | {seconds:.1f} |",
            flush=True,
        )


def _one(name: str, noise: float, told: bool, seed: int) -> tuple[str, float, float]:
    """(recovered, wrong or none; error of the numbers; seconds)."""
    ranges, times, resolution = CASES[name]
    system, rng = physics.get(name), np.random.default_rng(seed)
    values = {k: rng.uniform(*r, SAMPLES) for k, r in ranges.items()}
    extra = {"resolution": resolution} if resolution else {}
    data = physics.solve(
        system, samples=SAMPLES, seed=seed, parameters=values, times=times, **extra
    )
    shaken = {
        n: (v.dims, v.values + noise * v.values.std() * rng.standard_normal(v.shape))
        for n, v in data.data_vars.items()
        if "time" in v.dims
    }
    data = data.assign(shaken)
    if not told:
        data = data.drop_vars(list(values)).drop_attrs()
    start = time.perf_counter()
    found = symbolic.discover(data)
    seconds = time.perf_counter() - start
    if found.best is None:
        return "none", np.nan, seconds
    if not symbolic.same_law(found.best, system).same_terms:
        return "wrong", np.nan, seconds
    errors = [_nearest(np.abs(own), values) for own in found.varying.values()]
    return "recovered" if errors else "wrong", max(errors, default=np.nan), seconds


def _nearest(own: np.ndarray, values: dict) -> float:
    """The worst relative error against the parameter that it is nearest to."""
    return min(float(np.max(np.abs(own - v) / v)) for v in values.values())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("systems", nargs="*", metavar="SYSTEM", help=", ".join(CASES))
    chosen = parser.parse_args().systems
    if unknown := [name for name in chosen if name not in CASES]:
        parser.error(f"no planted system {unknown[0]!r}; there are {', '.join(CASES)}")
    main(chosen)
