"""Laws whose terms are in no library: what is returned?   python -m benchmarks.outside

The right answer is the law itself (genetic search may find it) or "no law found". Wrong: another
law is returned; `close` counts those of them whose right-hand side lies within 5 % of the true one
on the visited states. Five trajectories, 151 times; plain samples: 200 points.
"""

import argparse
import time
import warnings
from itertools import product

import numpy as np
import sympy

import physics
import symbolic
from physics.jets import Jet
from physics.lower.expression import evaluate

SEEDS, NOISES, RUNS = range(2), (0.0, 0.01, 0.05), 5
# name: (equations, low and high of the initial states, end)
CASES = {
    "tanh": (["x' = y", "y' = -tanh(3*x) - 0.1*y"], (-2, 2), 12),
    "drag": (["x' = y", "y' = -x - 0.3*abs(y)*y"], (-2, 2), 12),
    "quintic": (["x' = y", "y' = -x^5 - 0.1*y"], (-1.3, 1.3), 14),
    "root": (["x' = 1 - sqrt(x)*y", "y' = 0.5*sqrt(x)*y - 0.4*y"], (0.3, 2), 14),
    "gompertz": (["x' = 0.8*x*log(3/x)"], (0.1, 2), 6),
    "hill": (["x' = 1/(1 + y^3) - 0.5*x", "y' = x^2/(1 + x^2) - 0.4*y"], (0.1, 2), 20),
    "ricker": (["x[n+1] = r*x*exp(-x)"], (0.1, 3), 40),
    "beverton-holt": (["x[n+1] = 3*x/(1 + x)"], (0.01, 8), 20),
}
SAMPLES = {"absolute": np.abs, "sign": np.sign, "tanh": lambda x: np.tanh(2 * x)}


def main(names: list[str]) -> None:
    """Print one row per law and noise."""
    warnings.simplefilter("ignore")
    print("| law | noise | itself | none | wrong | of these close | seconds |")
    print("|---|---|---|---|---|---|---|")
    for name, noise in product(names or [*CASES, *(f"f={n}(x)" for n in SAMPLES)], NOISES):
        kinds, seconds = zip(*(_one(name, noise, seed) for seed in SEEDS), strict=True)
        itself, none, close = (kinds.count(k) for k in ("itself", "none", "close"))
        wrong = kinds.count("wrong") + close
        print(
            f"| {name} | {noise:.0%} | {itself}/{len(kinds)} | {none} | {wrong} | {close} | "
            f"{np.median(seconds):.1f} |",
            flush=True,
        )


def _one(name: str, noise: float, seed: int) -> tuple[str, float]:
    """(itself, none, close or wrong; seconds)."""
    rng = np.random.default_rng(seed)
    if name.startswith("f="):
        return _sampled(SAMPLES[name[2:-3]], noise, rng)
    equations, (low, high), end = CASES[name]
    constants = {"r": 2.5} if name == "ricker" else {}
    truth = physics.parse(equations, constants)
    discrete = truth.time == "discrete"
    times = np.arange(end) if discrete else np.linspace(0, end, 151)
    initial = rng.uniform(low, high, (RUNS, len(truth.states)))
    clean = physics.solve(truth, initial=initial, times=times)
    shaken = {
        n: (v.dims, v.values + noise * v.values.std() * rng.standard_normal(v.shape))
        for n, v in clean.data_vars.items()
    }
    start = time.perf_counter()
    found = symbolic.discover(clean.assign(shaken).drop_attrs(), time=truth.time)
    seconds = time.perf_counter() - start
    if found.best is None:
        return "none", seconds
    if symbolic.same_law(found.best, truth).same_terms:
        return "itself", seconds
    states = {Jet(n): clean[n].values.ravel() for n in truth.state_names}
    pairs = [
        [_at(law.numeric().equations[n], states) for law in (found.best, truth)]
        for n in truth.state_names
    ]
    near = all(np.linalg.norm(a - b) <= 0.05 * np.linalg.norm(b) for a, b in pairs)
    return "close" if near else "wrong", seconds


def _sampled(function, noise: float, rng) -> tuple[str, float]:
    x, y = rng.uniform(-2, 2, 200), rng.uniform(-2, 2, 200)
    clean = function(x)
    target = clean + noise * clean.std() * rng.standard_normal(200)
    start = time.perf_counter()
    found = symbolic.discover(inputs={"x": x, "y": y}, targets={"f": target})
    seconds = time.perf_counter() - start
    if found.best is None:
        return "none", seconds
    (expression,) = found.best.numeric().expressions.values()
    values = _at(expression, {Jet("x"): x, Jet("y"): y})
    near = np.linalg.norm(values - clean) <= 0.05 * np.linalg.norm(clean)
    held = expression.atoms(sympy.Abs, sympy.sign, sympy.tanh)
    return ("itself" if held and near else "close" if near else "wrong"), seconds


def _at(expression, values: dict) -> np.ndarray:
    some = next(iter(values.values()))
    return np.broadcast_to(np.asarray(evaluate([expression], values, np)[0], float), some.shape)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    every = [*CASES, *(f"f={n}(x)" for n in SAMPLES)]
    parser.add_argument("laws", nargs="*", metavar="LAW", help=", ".join(every))
    chosen = parser.parse_args().laws
    if unknown := [name for name in chosen if name not in every]:
        parser.error(f"no planted law {unknown[0]!r}; there are {', '.join(every)}")
    main(chosen)
